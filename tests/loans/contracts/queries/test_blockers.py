"""Unpaid bills and pending debits (REPAY-18)."""

from datetime import date

import pytest

from loans.contracts.queries.blockers import has_pending_debit, has_unpaid_bill
from loans.models import Loan, Mandate
from tests.loans.test_guards import ORDER
from tests.raw import execute

pytestmark = pytest.mark.django_db


def test_a_bill_is_late_from_the_day_after_its_due_date(make_bill):
    bill = make_bill(due_on=date(2026, 10, 1))

    assert not has_unpaid_bill(bill.customer_id, on=date(2026, 10, 1))
    assert has_unpaid_bill(bill.customer_id, on=date(2026, 10, 2))
    assert not has_unpaid_bill(bill.customer_id + 1, on=date(2026, 10, 2))


@pytest.mark.parametrize("origin", ["auto", "customer"])
@pytest.mark.parametrize(
    ("ways", "is_pending"),
    [
        ((), True),
        (("sent",), True),
        (("sent", "unknown"), True),
        (("sent", "failed"), False),
        (("cancelled",), False),
    ],
)
def test_a_debit_is_pending_until_its_result_is_known(make_bill, origin, ways, is_pending):
    bill = make_bill()
    card_id = Mandate.objects.get(customer=bill.customer_id).card_id
    values = ("1", bill.pk, bill.customer_id, card_id, None, origin, 1, 500)
    [(order_id,)] = execute(ORDER, *values)
    for state in ways:
        execute("UPDATE loans_debitorder SET state = %s WHERE id = %s", state, order_id)

    assert has_pending_debit(bill.customer_id) is is_pending
    assert not has_pending_debit(bill.customer_id + 1)


def test_a_settlement_is_pending_too(make_bill):
    bill = make_bill()
    card_id = Mandate.objects.get(customer=bill.customer_id).card_id
    loan_id = Loan.objects.get(customer=bill.customer_id).pk
    execute(
        "INSERT INTO loans_debitorder (number, loan_id, customer_id, card_id, state, origin, "
        "purpose, cycle, attempt, business_date, amount_fen, taken_fen, code, reference, "
        "requested_by) VALUES ('1', %s, %s, %s, 'planned', 'customer', 'settlement', 1, 1, "
        "'2026-10-01', 500, 0, '', '', 'test')",
        loan_id, bill.customer_id, card_id,
    )  # fmt: skip

    assert has_pending_debit(bill.customer_id)
    assert not has_pending_debit(bill.customer_id + 1)
