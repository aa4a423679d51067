"""Which rows a batch and a snapshot of loans lock against other sessions, and until when."""

import pytest
from django.db import transaction

from loans.accounting.operations.batch import LoanBatch
from loans.accounting.operations.loan_snapshots import LoanSnapshot
from loans.models import Loan
from tests.raw import lockable

pytestmark = pytest.mark.usefixtures("committed_db")


def only_loan(bill):
    return Loan.objects.get(instalments__bill=bill)


def loans():
    return Loan.objects.order_by("pk")


def test_the_bills_and_the_loans_behind_them_are_locked_and_no_others(make_bill, database_name):
    locked, other = make_bill(), make_bill()

    with transaction.atomic():
        LoanBatch.lock([locked.pk])
        free = [lockable(table, database_name) for table in ("loans_bill", "loans_loan")]

    assert free == [[other.pk], [only_loan(other).pk]]


def test_to_compute_what_is_owed_the_bills_alone_are_locked(make_bill, database_name):
    bill = make_bill()

    with transaction.atomic():
        batch = LoanBatch.lock_bills([bill.pk])
        free = [lockable(table, database_name) for table in ("loans_bill", "loans_loan")]

    assert free == [[], [only_loan(bill).pk]]
    assert batch.position.bills[bill.pk].loan_ids == (only_loan(bill).pk,)


def test_a_second_batch_locks_the_loans_that_a_first_one_only_read(make_bill, database_name):
    bill, other = make_bill(), make_bill()
    with transaction.atomic():
        seen = LoanBatch.lock_bills([bill.pk])

    with transaction.atomic():
        LoanBatch.lock([bill.pk], seen=seen)
        free = lockable("loans_loan", database_name)

    assert free == [only_loan(other).pk]


def test_loans_are_locked_also_where_they_are_not_read_again(make_bill, database_name):
    make_bill()
    make_bill()
    first, second = loans()
    seen = LoanSnapshot.read(loans())

    with transaction.atomic():
        seen.read_if_changed(Loan.objects.select_for_update().filter(pk=first.pk))
        assert lockable("loans_loan", database_name) == [second.pk]

    assert lockable("loans_loan", database_name) == [first.pk, second.pk]
