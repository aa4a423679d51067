"""The job of the limits: a day computed once, days caught up one by one (GEN-8)."""

from datetime import timedelta

import pytest

from backoffice.core.models import JobRun
from risk.lines import operations as lines
from risk.lines.operations import temporary
from risk.models import CreditLine, LimitChange
from tests.loans.days import work
from tests.policies import put_in_force
from tests.risk.lines.making import (
    BY,
    CAPACITY,
    ON,
    changes,
    customer,
    day,
    granted,
    moment,
    report,
    reread,
)

JOB = "00:10"


@pytest.fixture
def towards(committed_db):
    """A line of 14,000.00 on its way to 20,000.00, and one that nothing touches."""
    who = customer()
    granted(who=who)
    granted()
    return granted(CAPACITY._replace(income_fen=1_000_000), who=who, evidence="second")


def test_a_day_computes_only_what_was_touched(towards):
    run = work(JOB, day(1))

    assert (run.planned, run.done, run.finished_at is not None) == (1, 1, True)
    assert reread(towards).limit_fen == 1_680_000
    assert LimitChange.objects.filter(rule="LIMIT-5").count() == 1


def test_a_day_that_runs_again_changes_nothing(towards):
    work(JOB, day(1))
    before = [*LimitChange.objects.values_list()]
    JobRun.objects.all().delete()

    work(JOB, day(1))

    assert [*LimitChange.objects.values_list()] == before


def test_missed_days_are_caught_up_one_by_one(towards):
    for n in (1, 2, 3):
        work(JOB, day(n))

    walked = LimitChange.objects.filter(line=towards, rule="LIMIT-5").order_by("pk")
    assert [*walked.values_list("effective_on", "new_fen")] == [
        (day(1), 1_680_000), (day(2), 2_000_000),
    ]  # fmt: skip


def test_a_bill_in_full_raises_the_limit_on_the_day_after(committed_db):
    line = granted()
    report(line, day(30))

    work(JOB, day(31))

    assert reread(line).limit_fen == 1_470_000
    assert [change[3:] for change in changes(line)] == [
        ("LIMIT-1", "limit-granted"), ("LIMIT-10", "limit-bill-in-full"),
        ("LIMIT-5", "limit-walked"),
    ]  # fmt: skip


def test_what_has_ended_is_taken_off(committed_db):
    line = granted()
    for n in (90, 60, 30):
        report(line, ON - timedelta(n))
    temporary.request(line.customer, amount_fen=100_000, days=1, by=BY, on=ON, at=moment(ON))
    purchase = lines.Purchase(line.customer_id, "payment:1", 600_000, moment(ON))
    lines.hold_for_purchase([purchase], by=BY, on=ON)

    work(JOB, day(3))

    found = CreditLine.objects.get()
    assert (found.temporary_fen, found.held_fen, found.limit_fen) == (0, 0, 1_400_000)


def test_new_numbers_of_limits_move_every_open_line_from_their_day_on(committed_db):
    line, closed = granted(), granted()
    lines.close([closed.customer_id], by=BY, reason="left", at=moment(ON))
    put_in_force("limits", {"income_permille": 2100}, on=day(2))

    before, run, after = (work(JOB, day(n)) for n in (1, 2, 3))

    assert (before.planned, run.planned, run.done, after.planned) == (0, 1, 1, 0)
    assert [change[:4] for change in changes(line)][1:] == [
        (1_400_000, 1_400_000, 1_470_000, "LIMIT-12"), (1_400_000, 1_470_000, 1_470_000, "LIMIT-5"),
    ]  # fmt: skip
    assert reread(closed).limit_fen == 1_400_000
