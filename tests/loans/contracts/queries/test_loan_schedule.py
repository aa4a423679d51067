"""The instalments of a loan as its customer reads them (REPAY-2)."""

from datetime import date, timedelta

import pytest

from loans.contracts.operations import disbursement
from loans.contracts.queries import loan_schedule
from loans.models import Loan, Plan
from tests.loans.drawn import DRAWN_AT, DRAWN_ON, make_customer, make_disbursing

pytestmark = pytest.mark.usefixtures("committed_db")


def drawn(channel, **terms):
    payout = make_disbursing(*make_customer(), **terms)
    disbursement.send([payout.pk], channel=channel, at=DRAWN_AT)
    return Loan.objects.get()


def test_a_bullet_falls_due_with_the_interest_of_its_nights(channel):
    [row] = loan_schedule.rows_of(drawn(channel), on=DRAWN_ON)

    assert (row.due_on, row.principal_fen, row.interest_fen) == (
        date(2026, 10, 1),
        1_000_000,
        15_000,
    )
    assert (row.total_fen, row.owed_fen, row.bill_id) == (1_015_000, 1_000_000, None)


def test_what_is_owed_grows_with_the_nights(channel):
    loan = drawn(channel)

    assert loan_schedule.owed_fen([loan], on=DRAWN_ON + timedelta(days=3)) == {loan.pk: 1_001_500}
    assert loan_schedule.owed_fen([], on=DRAWN_ON) == {}


def test_rows_of_a_plan_have_their_fee_and_no_interest(channel):
    rows = loan_schedule.rows_of(drawn(channel, plan=Plan.PLAN_3), on=DRAWN_ON)

    assert [(row.principal_fen, row.interest_fen, row.plan_fee_fen) for row in rows] == [
        (333_333, 0, 5_000), (333_333, 0, 5_000), (333_334, 0, 5_000),
    ]  # fmt: skip
    assert [row.owed_fen for row in rows] == [333_333, 333_333, 333_334]


def test_a_loan_whose_money_has_not_come_owes_nothing_and_shows_its_schedule():
    make_disbursing(*make_customer())
    loan = Loan.objects.get()

    [row] = loan_schedule.rows_of(loan, on=DRAWN_ON + timedelta(days=5))

    assert (row.total_fen, row.owed_fen) == (1_015_000, 0)
    assert loan_schedule.owed_fen([loan], on=DRAWN_ON + timedelta(days=5)) == {loan.pk: 0}
