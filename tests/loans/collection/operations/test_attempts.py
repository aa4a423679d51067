"""Whether a bill is debited on a day, and how much is asked of it (REPAY-10)."""

import pytest
from django.db import transaction

from loans.accounting.operations.batch import LoanBatch
from loans.collection.operations import attempts
from tests.loans.conftest import day

pytestmark = pytest.mark.django_db


@pytest.fixture
def locked(make_bill):
    """Return the batch of a new bill of 10,150.00, 1,015.00 of it the minimum, and its id."""

    def lock(mode="full"):
        bill = make_bill(mode=mode)
        return LoanBatch.lock([bill.pk]), bill.pk

    with transaction.atomic():
        yield lock


def test_a_bill_is_attempted_from_its_due_date_on(locked):
    batch, bill_id = locked()
    bill = batch.position.bills[bill_id]

    assert attempts.due_for_debit(batch, bill, on=day(-1)) is None
    assert attempts.due_for_debit(batch, bill, on=day(0)) == bill


def test_a_bill_without_a_day_is_not_attempted(locked):
    batch, bill_id = locked()
    bill = batch.change_bill(bill_id, debit_on=None)

    assert attempts.due_for_debit(batch, bill, on=day(0)) is None


def test_three_counted_refusals_end_the_attempts(locked):
    batch, bill_id = locked()
    bill = batch.change_bill(bill_id, refusals=3)

    assert attempts.due_for_debit(batch, bill, on=day(0)) is None


@pytest.mark.parametrize(("mode", "asked_fen"), [("full", 1_015_000), ("minimum", 101_500)])
def test_the_mode_decides_how_much_is_asked_on_the_due_date(locked, mode, asked_fen):
    batch, bill_id = locked(mode)

    assert attempts.due_fen(batch, batch.position.bills[bill_id], on=day(0)) == asked_fen
