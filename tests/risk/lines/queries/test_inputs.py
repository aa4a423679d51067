"""The inputs in force of lines."""

import pytest

from risk.lines import operations as lines
from risk.lines.queries import inputs
from tests.risk.lines.making import BY, ON, granted, moment

pytestmark = pytest.mark.django_db


def test_the_latest_inputs_of_each_line_are_in_force():
    first, second = granted(), granted()
    change = lines.InputsChange(first.pk, "x", income_fen=1)
    lines.revise([change], by=BY, on=ON, at=moment(ON))

    found = inputs.latest([first.pk, second.pk])

    assert found[first.pk].income_fen == 1
    assert found[second.pk].evidence != "x"
    assert inputs.latest([]) == {}
