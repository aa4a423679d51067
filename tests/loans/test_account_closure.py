"""Who owes, is owed or is being debited cannot leave; the mandate ends with the leaving."""

import pytest

from accounts.privacy.operations import exports
from backoffice.core import workflow
from loans import account_closure
from loans.models import DebitOrder, Loan, Mandate, Repayment, UnappliedFunds
from tests.loans.conftest import DUE_ON, moment

pytestmark = pytest.mark.django_db

AT = moment(DUE_ON)


@pytest.fixture
def settled(make_bill):
    """The bill of a customer who owes nothing any more."""
    bill = make_bill()
    loan = Loan.objects.get()
    Loan.objects.update(unpaid_principal_fen=0)
    loan.refresh_from_db()
    workflow.move([loan], "settle", by="x", reason="paid", at=AT, on=DUE_ON)
    workflow.save([loan], "ended_on")
    return bill


def order_of(bill, state):
    with workflow.importing():
        return DebitOrder.objects.create(
            number="1", bill=bill, customer_id=bill.customer_id, card=Mandate.objects.get().card,
            state=state, origin="auto", cycle=1, attempt=1, business_date=DUE_ON, amount_fen=100,
            asked_at=None if state in ("planned", "cancelled") else AT,
            answered_at=AT if state in ("succeeded", "failed") else None,
            reference="1" if state == "succeeded" else "",
            taken_fen=100 if state == "succeeded" else 0,
        )  # fmt: skip


def test_who_owes_cannot_leave(make_bill):
    assert account_closure.blocker(make_bill().customer_id) == "debts-open"


def test_who_owes_nothing_may_leave(settled):
    assert account_closure.blocker(settled.customer_id) == ""


@pytest.mark.parametrize(
    ("state", "code"),
    [("planned", "debit-under-way"), ("sent", "debit-under-way"), ("unknown", "debit-under-way"),
     ("failed", ""), ("cancelled", "")],
)  # fmt: skip
def test_who_is_being_debited_cannot_leave(settled, state, code):
    order_of(settled, state)

    assert account_closure.blocker(settled.customer_id) == code


@pytest.mark.parametrize(("refunded_at", "code"), [(None, "money-waiting"), (AT, "")])
def test_whose_money_waits_cannot_leave(settled, refunded_at, code):
    repayment = Repayment.objects.create(
        order=order_of(settled, "succeeded"), bill=settled, customer_id=settled.customer_id,
        amount_fen=100, value_on=DUE_ON, recorded_at=AT,
    )  # fmt: skip
    UnappliedFunds.objects.create(
        customer_id=settled.customer_id, repayment=repayment, amount_fen=5, waiting_since=AT,
        refunded_at=refunded_at,
    )  # fmt: skip

    assert account_closure.blocker(settled.customer_id) == code


def test_the_mandate_ends_once(settled):
    for _ in "12":
        account_closure.end(settled.customer_id, by="retention", reason="left", at=AT)

    ended = Mandate.objects.get()
    assert (ended.state, ended.terminated_at) == ("terminated", AT)


def test_the_copy_tells_of_loans_bills_and_mandates(make_bill):
    bill = make_bill()

    sections = exports.as_json(bill.customer, at=AT)["sections"]

    [loan], [bill_row], [mandate] = (
        sections[name]["rows"] for name in ("loans", "bills", "mandates")
    )
    assert loan["principal_fen"] == Loan.objects.get().principal_fen
    assert (bill_row["due_on"], bill_row["total_fen"]) == (DUE_ON, bill.total_fen)
    assert (mandate["card"], mandate["state"]) == (Mandate.objects.get().card.last_four, "signed")
