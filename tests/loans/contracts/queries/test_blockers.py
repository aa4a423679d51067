"""Unpaid bills and pending debits (REPAY-18)."""

from datetime import date

import pytest

from loans.contracts.queries.blockers import open_line
from loans.models import Loan, Mandate
from tests.loans.test_guards import ORDER
from tests.raw import execute

DAY = date(2026, 10, 1)

pytestmark = pytest.mark.django_db


def test_a_bill_is_late_from_the_day_after_its_due_date(make_bill):
    bill, other = make_bill(due_on=date(2026, 10, 1)), make_bill(due_on=date(2026, 10, 2))

    assert not open_line(bill.customer_id, on=date(2026, 10, 1)).has_unpaid_bill
    assert open_line(bill.customer_id, on=date(2026, 10, 2)).has_unpaid_bill
    assert not open_line(other.customer_id, on=date(2026, 10, 2)).has_unpaid_bill


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
    bill, other = make_bill(), make_bill()
    card_id = Mandate.objects.get(customer=bill.customer_id).card_id
    values = ("1", bill.pk, bill.customer_id, card_id, None, origin, 1, 500)
    [(order_id,)] = execute(ORDER, *values)
    for state in ways:
        execute("UPDATE loans_debitorder SET state = %s WHERE id = %s", state, order_id)

    assert open_line(bill.customer_id, on=DAY).has_pending_debit is is_pending
    assert not open_line(other.customer_id, on=DAY).has_pending_debit


def test_a_settlement_is_pending_too(make_bill):
    bill, other = make_bill(), make_bill()
    card_id = Mandate.objects.get(customer=bill.customer_id).card_id
    loan_id = Loan.objects.get(customer=bill.customer_id).pk
    execute(
        "INSERT INTO loans_debitorder (number, loan_id, customer_id, card_id, state, origin, "
        "purpose, cycle, attempt, business_date, amount_fen, taken_fen, code, reference, "
        "requested_by) VALUES ('1', %s, %s, %s, 'planned', 'customer', 'settlement', 1, 1, "
        "'2026-10-01', 500, 0, '', '', 'test')",
        loan_id, bill.customer_id, card_id,
    )  # fmt: skip

    assert open_line(bill.customer_id, on=DAY).has_pending_debit
    assert not open_line(other.customer_id, on=DAY).has_pending_debit


def test_a_customer_without_a_line_has_nothing_to_draw_on(make_bill):
    assert open_line(make_bill().customer_id + 1, on=DAY) is None
