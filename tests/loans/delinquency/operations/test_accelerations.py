"""Later instalments called due by staff, after more than 90 days past due (RATE-5)."""

import pytest

from loans.accounting.rules.accrual import penalty_fen
from loans.delinquency.operations import accelerations
from loans.delinquency.operations.accelerations import NothingLaterError, NotLongOverdueError
from loans.models import Acceleration, Instalment
from tests.loans.conftest import day, moment
from tests.loans.delinquency.plans import as_plan
from tests.loans.delinquency.test_overdue_life import live, pay, payoff_fen, reread
from tests.loans.repayment.operations.test_reprocess import differences

pytestmark = pytest.mark.usefixtures("committed_db")


@pytest.fixture
def overdue(make_bill, channel):
    """A plan of three rows, the first of them overdue since D+4, on D+91."""
    bill = as_plan(make_bill(mode="off", principal_fen=300_000))
    live(bill, channel, until=4)
    live(bill, channel, first=91, until=91)
    assert reread(bill).state == "overdue"
    return bill


def accelerate(bill, *, n=91):
    return accelerations.accelerate(
        [bill.pk], by="ada", on=day(n), reason="no answer to three letters", at=moment(day(n))
    )


def test_all_rows_stand_under_the_bill_and_bear_penalty(overdue):
    before_fen = payoff_fen(overdue, day(91))

    accelerate(overdue)

    rows = Instalment.objects.order_by("number")
    assert [row.bill_id for row in rows] == [overdue.pk] * 3
    assert [(row.accrual, row.segment_on) for row in rows[1:]] == [("penalty", day(91))] * 2
    assert [row.uncharged_plan_fee_fen for row in rows] == [0, 0, 0]
    assert payoff_fen(overdue, day(91)) == before_fen + 200_000
    assert differences() == []


def test_the_penalty_of_the_later_rows_begins_with_the_night_of_the_day(overdue):
    accelerate(overdue)

    one, two = (payoff_fen(overdue, day(n)) for n in (91, 92))
    first = Instalment.objects.order_by("number")[0]
    grown_fen = penalty_fen(first.segment_base_fen, 1000, (day(92) - first.segment_on).days)
    assert two - one == 200 + grown_fen - first.segment_posted_fen


def test_paying_everything_settles_the_loan(overdue, channel):
    accelerate(overdue)

    pay(overdue, channel, payoff_fen(overdue, day(92)), at=moment(day(92)))

    assert reread(overdue).state == "paid"
    assert Instalment.objects.get(number=3).loan.state == "settled"
    assert differences() == []


def test_the_fact_keeps_who_and_why(overdue):
    accelerate(overdue)

    fact = Acceleration.objects.get()
    assert (fact.bill_id, fact.accelerated_on, fact.accelerated_by, fact.reason) == (
        overdue.pk, day(91), "ada", "no answer to three letters",
    )  # fmt: skip


def test_ninety_days_are_not_enough(overdue):
    with pytest.raises(NotLongOverdueError):
        accelerate(overdue, n=90)

    assert not Acceleration.objects.exists()
    assert Instalment.objects.filter(bill=overdue).count() == 1


def test_it_is_done_once(overdue):
    accelerate(overdue)

    with pytest.raises(NothingLaterError):
        accelerate(overdue)

    assert Acceleration.objects.count() == 1
