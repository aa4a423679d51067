"""The numbers of decisions: stored once for each content, and read back exactly."""

from datetime import date

import pytest

from risk.decisions.operations import numbers
from risk.models import PolicyNumbers
from risk.policy import LimitPolicy, ScoringPolicy
from tests.policies import put_in_force

pytestmark = pytest.mark.django_db
ON = date(2026, 11, 24)


def test_numbers_come_back_exactly_and_are_stored_once():
    frozen = numbers.freeze(on=ON)

    assert numbers.freeze(on=ON) == frozen
    assert numbers.thaw(frozen.digests) == frozen
    assert (frozen.scoring, frozen.limits) == (ScoringPolicy(), LimitPolicy())
    assert PolicyNumbers.objects.count() == 2


def test_other_numbers_leave_the_earlier_ones_as_they_were():
    before = numbers.freeze(on=ON)
    put_in_force("scoring", {"grade_c_min": 510}, on=date(2026, 12, 1))

    after = numbers.freeze(on=date(2026, 12, 1))

    assert after.digests["scoring"] != before.digests["scoring"]
    assert numbers.thaw(before.digests).scoring.grade_c_min == 500
    assert numbers.thaw(after.digests).scoring.grade_c_min == 510
