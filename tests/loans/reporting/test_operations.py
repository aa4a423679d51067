"""What a customer's copy holds of loans: the rows of that customer, each under its heading."""

from datetime import time

import pytest
from django.db import transaction

from accounts.privacy.operations import exports
from backoffice.core import workflow
from loans.accounting.operations.batch import LoanBatch
from loans.contracts.operations import offers
from loans.contracts.operations.offers import DrawdownRequest
from loans.delinquency.operations import end_of_day
from loans.models import Mandate, Plan, UnappliedFunds
from loans.reporting.operations import SECTIONS
from tests.loans.arrivals import arrived
from tests.loans.conftest import day, moment
from tests.loans.contracts.conftest import borrower_of

pytestmark = pytest.mark.django_db

BY_NAME = {section.name: section for section in SECTIONS}


def rows(name, customer_id, limit=500):
    """The rows of a section under its headings."""
    section = BY_NAME[name]
    return [dict(zip(section.columns, row, strict=True)) for row in
            section.rows(customer_id, limit)]  # fmt: skip


@transaction.atomic
def pay(bill, amount_fen, *, n):
    payment = arrived(bill, amount_fen, n=n)
    batch = LoanBatch.lock([bill.pk])
    batch.run([payment])
    batch.write(by="test", at=moment(day(n)))


def test_a_loan_is_copied_with_what_is_unpaid(make_bill):
    bill = make_bill()
    pay(bill, 101_500, n=0)

    assert rows("loans", bill.customer_id) == [
        {"plan": "bullet", "principal_fen": 1_000_000, "unpaid_principal_fen": 913_500,
         "state": "active", "drawn_on": day(-30), "ended_on": None}
    ]  # fmt: skip


def test_a_settled_loan_is_copied_with_its_last_day(make_bill):
    bill = make_bill()
    pay(bill, 1_015_000, n=0)

    [loan] = rows("loans", bill.customer_id)

    assert (loan["state"], loan["ended_on"], loan["unpaid_principal_fen"]) == (
        "settled", day(0), 0,
    )  # fmt: skip


def test_a_bill_is_copied_with_what_it_asked_and_how_it_ended(make_bill):
    bill = make_bill(mode="off")
    for n in range(1, 5):
        end_of_day.close(
            [bill.pk], by="system:end-of-day", on=day(n), at=moment(day(n), time(0, 5))
        )
    pay(bill, 1_017_508, n=4)

    assert rows("bills", bill.customer_id) == [
        {"state": "paid", "billed_on": day(-10), "due_on": day(0), "total_fen": 1_015_000,
         "minimum_fen": 101_500, "paid_fen": 1_017_508, "late_fee_fen": 508, "paid_on": day(4),
         "overdue_on": day(4)}
    ]  # fmt: skip


def test_repayments_and_what_waits_of_them_are_copied(make_bill):
    bill = make_bill()
    pay(bill, 1_015_700, n=0)
    UnappliedFunds.objects.update(refunded_at=moment(day(2)))

    assert rows("repayments", bill.customer_id) == [{"amount_fen": 1_015_700, "value_on": day(0)}]
    assert rows("unapplied_funds", bill.customer_id) == [
        {"amount_fen": 700, "waiting_since": moment(day(0)), "refunded_at": moment(day(2))}
    ]


def test_a_mandate_is_copied_with_four_digits_of_its_card(make_bill):
    bill = make_bill()
    with transaction.atomic():
        mandates = list(Mandate.objects.select_for_update())
        workflow.move(mandates, "terminate", by="x", reason="y", at=moment(day(1)))
        workflow.save(mandates, "terminated_at")

    [mandate] = rows("mandates", bill.customer_id)

    signed = Mandate.objects.get()
    assert mandate == {"state": "terminated", "card": signed.card.last_four,
                       "signed_at": signed.signed_at, "terminated_at": moment(day(1))}  # fmt: skip
    assert signed.card.number not in str(mandate)


def test_the_newest_rows_come_first_and_no_more_than_asked_for(make_bill):
    bill = make_bill()
    for amount_fen in (100, 200, 300):
        pay(bill, amount_fen, n=0)

    assert [row["amount_fen"] for row in rows("repayments", bill.customer_id)] == [300, 200, 100]
    assert [row["amount_fen"] for row in rows("repayments", bill.customer_id, 2)] == [300, 200]


@pytest.mark.parametrize("name", sorted(BY_NAME.keys() - {"cost_sheets", "conversions"}))
def test_nothing_of_another_customer_is_copied(make_bill, name):
    mine, other = make_bill(), make_bill()
    for bill in (mine, other):
        pay(bill, 1_015_700, n=0)

    counts = [len(rows(name, bill.customer_id)) for bill in (mine, other)]

    assert counts == [1, 1]
    assert rows(name, other.customer_id + 1) == []


def test_every_section_is_part_of_a_customers_copy(make_bill):
    bill = make_bill()

    copy = exports.as_json(bill.customer, at=moment(day(0)))["sections"]

    assert [name for name in copy if name in BY_NAME] == [
        "loans", "cost_sheets", "bills", "conversions", "repayments", "unapplied_funds", "mandates",
    ]  # fmt: skip
    assert [row["principal_fen"] for row in copy["loans"]["rows"]] == [1_000_000]


def test_a_cost_sheet_is_copied_with_its_text_and_how_long_it_was_read(db):
    borrower = borrower_of()
    request = DrawdownRequest(500_000, Plan.BULLET)
    quote = offers.offer(request, context=borrower.context())

    [copied] = rows("cost_sheets", borrower.customer.pk)

    assert (copied["amount_fen"], copied["plan"], copied["state"]) == (500_000, "bullet", "offered")
    assert (copied["text_zh"], copied["digest"]) == (quote.text_zh, quote.digest)
    assert copied["seconds_read"] is None
    assert rows("cost_sheets", borrower.customer.pk + 1) == []
