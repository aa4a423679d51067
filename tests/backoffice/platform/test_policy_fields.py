"""Product numbers in words: values exact in the unit that people read, and back."""

from datetime import time

import pytest
from django.utils.translation import override

from backoffice.platform import policy_fields
from backoffice.platform.policy_fields import Unit

YUAN, FACTOR, PERCENT, DAYS = (
    Unit("yuan", 100),
    Unit("times", 1000),
    Unit("%", 10_000),
    Unit("days", 1),
)


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (1_000_000, YUAN, "10,000.00 yuan"),
        (1, YUAN, "0.01 yuan"),
        (2200, FACTOR, "2.2 times"),
        (1000, FACTOR, "1 times"),
        (50, FACTOR, "0.05 times"),
        (-1350, FACTOR, "-1.35 times"),
        (500, PERCENT, "0.05%"),
        (240_000, PERCENT, "24%"),
        (3, DAYS, "3 days"),
        (10_485_760, Unit("bytes", 1), "10,485,760 bytes"),
        (time(9, 0), Unit("", 1), "09:00"),
        ("BANK", Unit("", 1), "BANK"),
        (True, DAYS, "True days"),
    ],
)
def test_a_value_is_shown_exact_in_its_unit(value, unit, text):
    assert policy_fields.with_unit(value, unit) == text


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("10,000.00", YUAN, 1_000_000),
        ("0.01", YUAN, 1),
        ("0.001", YUAN, None),
        ("2.2", FACTOR, 2200),
        (" 0.05 ", PERCENT, 500),
        ("3", DAYS, 3),
        ("3.5", DAYS, None),
        ("many", DAYS, None),
        ("1/0", DAYS, None),
        ("", DAYS, None),
    ],
)
def test_a_typed_value_becomes_whole_stored_units_or_nothing(text, unit, value):
    assert policy_fields.stored(text, unit) == value


def test_a_field_without_words_is_shown_as_it_is_stored():
    title, unit, rule = policy_fields.field_of("limits", "later_fen")

    assert (title, policy_fields.with_unit(7, unit), rule) == ("later_fen", "7", "")
    assert policy_fields.title_of("later") == "later"


@pytest.mark.parametrize(
    ("unit", "words"),
    [
        (Unit("yuan", 100), "a number in yuan with at most 2 decimals"),
        (Unit("%", 10_000), "a number in % with at most 4 decimals"),
        (Unit("days", 1), "a whole number in days"),
        (Unit("", 1), "a whole number"),
    ],
)
def test_a_number_is_asked_for_in_its_unit_with_its_decimals(unit, words):
    with override("en"):
        assert policy_fields.number_wanted(unit) == words
