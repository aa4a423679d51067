"""Bills and loans are read with their locks, and again only where somebody has changed one."""

import pytest
from django.db import transaction

from backoffice.core import bulk
from loans.accounting.operations.loan_snapshots import BillRows, LoanSnapshot
from loans.accounting.queries.positions import position_of
from loans.models import Bill, Instalment, Loan
from tests.loans.conftest import day
from tests.raw import execute

pytestmark = pytest.mark.django_db


def loans():
    return Loan.objects.order_by("pk")


@pytest.fixture
def two(make_bill):
    """Two loans, the second of three instalments that were stored out of their order."""
    make_bill()
    make_bill(principal_fen=300)
    first, second = loans()
    for number in (3, 2):
        Instalment.objects.create(
            loan=second, customer_id=second.customer_id, number=number, due_on=day(number),
            principal_fen=number, unpaid_principal_fen=number, accrual="none", segment_on=day(0),
        )  # fmt: skip
    return first, second


def test_each_loan_is_read_with_its_instalments_in_their_order(two):
    first, second = two

    snapshot = LoanSnapshot.read(loans())

    assert list(snapshot.loans) == [first.pk, second.pk]
    assert snapshot.loans[second.pk] == second
    numbers = {key: [row.number for row in rows] for key, rows in snapshot.instalments.items()}
    assert numbers == {first.pk: [1], second.pk: [1, 2, 3]}
    assert snapshot.positions == {
        loan.pk: position_of(loan, loan.instalments.order_by("number")) for loan in two
    }


def test_the_loans_come_in_the_order_of_the_query(two):
    first, second = two

    assert list(LoanSnapshot.read(Loan.objects.order_by("-pk")).loans) == [second.pk, first.pk]


def test_no_loans_are_an_empty_snapshot():
    assert LoanSnapshot.read(Loan.objects.filter(pk__any=bulk.Of([]))) == ({}, {}, {}, {})


def test_what_nobody_has_changed_is_not_read_again(two, django_assert_num_queries):
    seen = LoanSnapshot.read(loans())

    with django_assert_num_queries(1):
        again = seen.read_if_changed(loans())

    assert again == seen
    for loan in two:
        assert again.loans[loan.pk] is seen.loans[loan.pk]
        assert again.positions[loan.pk] is seen.positions[loan.pk]


def test_of_what_was_read_only_the_loans_asked_for_are_kept(two):
    first, _second = two
    seen = LoanSnapshot.read(loans())

    again = seen.read_if_changed(Loan.objects.filter(pk=first.pk))

    assert [list(found) for found in again] == [[first.pk]] * 4
    assert again.instalments[first.pk] is seen.instalments[first.pk]


def test_a_loan_that_was_changed_is_read_again(two):
    first, second = two
    seen = LoanSnapshot.read(loans())
    Loan.objects.filter(pk=second.pk).update(charged_fen=9)

    again = seen.read_if_changed(loans())

    assert (again.positions[first.pk], again.positions[second.pk].charged_fen) == (
        seen.positions[first.pk], 9,
    )  # fmt: skip
    assert again.loans[first.pk] is not seen.loans[first.pk]
    assert again.versions[second.pk] != seen.versions[second.pk]


def test_a_loan_that_was_not_read_before_is_read(two):
    first, second = two
    seen = LoanSnapshot.read(Loan.objects.filter(pk=first.pk))

    again = seen.read_if_changed(loans())

    assert list(again.loans) == [first.pk, second.pk]
    assert len(again.instalments[second.pk]) == 3


def test_a_lock_alone_changes_no_version(two):
    seen = LoanSnapshot.read(loans())

    with transaction.atomic():
        execute("SELECT id FROM loans_loan FOR UPDATE")

    assert LoanSnapshot.read(loans()).versions == seen.versions


def bills():
    return Bill.objects.order_by("pk")


def test_bills_that_nobody_has_changed_are_not_read_again(two, django_assert_num_queries):
    seen = BillRows.read(bills())
    one = next(iter(seen.bills))

    with django_assert_num_queries(1):
        again = seen.read_if_changed(Bill.objects.filter(pk=one))

    assert list(again.bills) == list(again.versions) == [one]
    assert again.bills[one] is seen.bills[one]


def test_bills_are_read_again_where_one_was_changed(two):
    seen = BillRows.read(bills())
    first, second = seen.bills
    Bill.objects.filter(pk=second).update(tries=2)

    again = seen.read_if_changed(bills())

    assert [bill.tries for bill in again.bills.values()] == [0, 2]
    assert again.bills[first] is not seen.bills[first]


def test_a_bill_that_was_not_read_before_is_read(two):
    first, second = bills()
    seen = BillRows.read(Bill.objects.filter(pk=first.pk))

    assert list(seen.read_if_changed(bills()).bills) == [first.pk, second.pk]


def test_no_bills_are_no_rows():
    assert BillRows.read(Bill.objects.filter(pk__any=bulk.Of([]))) == ({}, {})
