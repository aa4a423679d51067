"""A limit walks to its target by at most 20 % a day, once a day (LIMIT-5)."""

import pytest

from risk.lines import operations as lines
from risk.lines.operations.walk import walk
from risk.models import CreditLine
from tests.risk.lines.making import BY, CAPACITY, changes, customer, day, granted, moment, reread

pytestmark = pytest.mark.django_db


def towards(income_fen):
    """Grant 14,000.00, then an income that gives another target."""
    who = customer()
    granted(who=who)
    return granted(CAPACITY._replace(income_fen=income_fen), who=who, evidence="second")


def step(line, n):
    walk([line.pk], by=BY, on=day(n), at=moment(day(n)))
    return reread(line).limit_fen


def test_a_higher_target_is_reached_by_a_fifth_a_day():
    line = towards(1_000_000)

    assert [step(line, n) for n in (1, 2, 3)] == [1_680_000, 2_000_000, 2_000_000]
    assert changes(line)[2:] == [
        (1_400_000, 1_680_000, 2_000_000, "LIMIT-5", "limit-walked"),
        (1_680_000, 2_000_000, 2_000_000, "LIMIT-5", "limit-walked"),
    ]


def test_a_lower_target_is_reached_by_a_fifth_a_day_and_stops_at_the_lowest():
    line = granted()
    change = lines.InputsChange(line.pk, "x", income_fen=10_000)
    lines.revise([change], by=BY, on=day(0), at=moment(day(0)))

    limits = [step(line, n) for n in range(1, 20)]

    assert limits[:3] == [1_120_000, 900_000, 720_000]
    assert (limits[-1], reread(line).state) == (50_000, "suspended")


def test_a_day_that_is_repeated_moves_nothing():
    line = towards(1_000_000)

    assert [step(line, 1), step(line, 1)] == [1_680_000, 1_680_000]
    assert len(changes(line)) == 3


def test_the_day_of_the_first_grant_has_no_step():
    line = towards(1_000_000)

    assert step(line, 0) == 1_400_000


def test_fixed_and_temporary_limit_stay_within_the_cap_together():
    line = granted(CAPACITY._replace(income_fen=13_000_000))
    CreditLine.objects.filter(pk=line.pk).update(temporary_fen=3_000_000)
    change = lines.InputsChange(line.pk, "x", income_fen=15_000_000)
    lines.revise([change], by=BY, on=day(1), at=moment(day(1)))

    assert step(line, 1) == 27_000_000
    CreditLine.objects.filter(pk=line.pk).update(temporary_fen=0)
    assert step(line, 2) == 30_000_000


def test_a_line_without_a_model_part_keeps_its_limit():
    line = CreditLine.objects.create(
        customer=customer(), limit_fen=1_234_500, buffer_permille=150, opened_on=day(0)
    )

    assert step(line, 1) == 1_234_500
