"""Every number of the product has a range, which holds its default and is kept."""

from dataclasses import fields, replace
from datetime import time

import pytest

from backoffice.core import policy, ranges
from backoffice.core.ranges import FieldOptions, NotAllowedError, Range

FIELDS = [
    pytest.param(known, one, id=f"{app}.{one.name}")
    for app, known in policy.registered().items()
    for one in fields(known)
]


def beyond(limits):
    """Return the values next to a range, outside."""
    if isinstance(limits, FieldOptions):
        return ["nonsense"]
    if isinstance(limits.least, time):
        return [time(6, 59), time(22, 1)]
    return [limits.least - 1, limits.most + 1, 10**30, -(10**30)]


@pytest.mark.parametrize(("known", "one"), FIELDS)
def test_a_field_takes_its_default_and_nothing_out_of_its_range(known, one):
    limits = ranges.allowed(one)
    assert limits is not None

    for value in beyond(limits):
        with pytest.raises(NotAllowedError) as caught:
            replace(known(), **{one.name: value})
        assert (caught.value.name, caught.value.allowed) == (one.name, limits)


@pytest.mark.parametrize(
    ("limits", "text"),
    [
        (Range(1, 365), "1 – 365"),
        (Range(time(7), time(22)), "07:00 – 22:00"),
        (FieldOptions(("BANK", "MICRO")), "BANK, MICRO"),
    ],
)
def test_what_is_allowed_is_shown_as_people_type_it(limits, text):
    assert str(limits) == text
