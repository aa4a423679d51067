"""The cost sheet of a conversion: for which bills and loans, and what it shows (LAW-2, REPAY-6)."""

from datetime import date
from uuid import uuid4

import pytest
from django.utils.translation import override

from loans.conversion.operations import sheets
from loans.conversion.operations.sheets import ConversionRequest
from loans.models import Loan, Plan, Quote
from tests.loans.contracts.operations.test_offers import bring_to
from tests.loans.conversion.sheets import convert
from tests.policies import put_in_force
from tests.raw import execute


def with_two_loans(borrower, make_bill):
    """A bill of two bullets: 1,000.00, and 500.00 that was drawn a day later."""
    bill = make_bill(
        customer=borrower.customer, due_on=date(2026, 11, 30), drawn_on=date(2026, 10, 30),
        principal_fen=100_000,
    )  # fmt: skip
    make_bill(
        customer=borrower.customer, due_on=date(2026, 12, 30), drawn_on=date(2026, 10, 31),
        principal_fen=50_000,
    )  # fmt: skip
    execute("UPDATE loans_instalment SET bill_id = %s, due_on = '2026-11-30'", bill.pk)
    return bill, *Loan.objects.order_by("drawn_on")


def test_a_bill_is_converted_from_its_due_date_on(borrower, make_bill):
    bill = make_bill(
        customer=borrower.customer, due_on=date(2026, 11, 30), drawn_on=date(2026, 10, 30),
        principal_fen=100_000,
    )  # fmt: skip
    request = ConversionRequest(bill.public_id, Plan.PLAN_6)

    quote = sheets.offer(request, context=borrower.context())

    assert (quote.purpose, quote.bill_id, quote.amount_fen) == ("conversion", bill.pk, 100_000)
    assert (quote.drawn_on, quote.first_due_on) == (date(2026, 11, 30), date(2026, 12, 30))
    assert [row["due_on"] for row in quote.sheet["schedule"]][:3] == [
        "2026-12-30", "2027-01-30", "2027-02-28",
    ]  # fmt: skip
    assert quote.sheet["affordability"]["existing_fen"] == 0  # the bill itself is replaced


@pytest.mark.parametrize(
    ("due_on", "state", "plan", "reason"),
    [
        (date(2026, 11, 23), "billed", "plan-3", "bill-past-due"),
        (date(2026, 11, 23), "grace", "plan-3", "bill-past-due"),
        (date(2026, 11, 30), "paid", "plan-3", "bill-closed"),
        (date(2026, 11, 30), "billed", "bullet", "no-plan"),
    ],
)
def test_only_an_issued_bill_is_converted_and_only_until_its_due_date(
    borrower, make_bill, due_on, state, plan, reason
):
    bill = make_bill(customer=borrower.customer, due_on=due_on, principal_fen=100_000)
    bring_to(state, borrower.customer)

    with pytest.raises(sheets.NotConvertibleError) as refused:
        sheets.offer(ConversionRequest(bill.public_id, Plan(plan)), context=borrower.context())
    assert refused.value.facts["reason"] == reason
    assert not Quote.objects.exists()


def test_rows_of_a_plan_are_not_converted_again(borrower, make_bill):
    bill = make_bill(customer=borrower.customer, due_on=date(2026, 11, 30), principal_fen=100_000)
    execute("UPDATE loans_loan SET plan = 'plan-3' WHERE customer_id = %s", borrower.customer.pk)

    with pytest.raises(sheets.NotConvertibleError) as refused, override("en"):
        sheets.offer(ConversionRequest(bill.public_id, Plan.PLAN_3), context=borrower.context())
    assert refused.value.facts["reason"] == "no-bullet-principal"
    with override("en"):
        assert str(refused.value) == (
            "This bill cannot be converted into instalments: No principal that is repaid in one "
            "amount is left unpaid on it. Pay the bill; interest, fees and instalments cannot be "
            "converted."
        )


def test_a_bill_whose_conversion_is_planned_is_refused_with_that(borrower, make_bill):
    bill = make_bill(customer=borrower.customer, due_on=date(2026, 11, 30), principal_fen=100_000)
    [planned] = convert(bill, Plan.PLAN_3, at=borrower.context().at)

    for loan_ids in ((), (planned.loan.public_id,)):
        asked = ConversionRequest(bill.public_id, Plan.PLAN_6, loan_ids)
        with pytest.raises(sheets.NotConvertibleError) as refused:
            sheets.offer(asked, context=borrower.context())
        assert refused.value.facts["reason"] == "conversion-planned"
    assert Quote.objects.count() == 1


def test_the_sheet_lists_every_bullet_of_the_bill(borrower, make_bill):
    bill, older, younger = with_two_loans(borrower, make_bill)

    asked = ConversionRequest(bill.public_id, Plan.PLAN_3)
    quote = sheets.offer(asked, context=borrower.context())

    assert quote.sheet["loans"] == [
        {"id": str(older.public_id), "drawn_on": "2026-10-30", "principal_fen": 100_000},
        {"id": str(younger.public_id), "drawn_on": "2026-10-31", "principal_fen": 50_000},
    ]
    assert quote.amount_fen == 150_000
    assert "Converted: the loan drawn on 2026-10-31, 500.00 yuan of its principal." in quote.text_en
    assert "The interest up to 2026-11-30 stays in the bill." in quote.text_en


def test_the_customer_may_choose_among_them(borrower, make_bill):
    bill, _older, younger = with_two_loans(borrower, make_bill)

    asked = ConversionRequest(bill.public_id, Plan.PLAN_3, (younger.public_id,))
    quote = sheets.offer(asked, context=borrower.context())

    assert [one["id"] for one in quote.sheet["loans"]] == [str(younger.public_id)]
    assert (quote.amount_fen, quote.sheet["cost_fen"]) == (50_000, 750)


def test_a_loan_that_is_not_under_the_bill_is_refused(borrower, make_bill):
    bill, older, _younger = with_two_loans(borrower, make_bill)
    asked = ConversionRequest(bill.public_id, Plan.PLAN_3, (older.public_id, uuid4()))

    with pytest.raises(sheets.NotConvertibleError) as refused:
        sheets.offer(asked, context=borrower.context())
    assert refused.value.facts["reason"] == "loan-not-convertible"
    assert not Quote.objects.exists()


def test_the_fee_is_that_of_the_day_and_everything_else_that_of_the_loan(borrower, make_bill):
    bill = make_bill(customer=borrower.customer, due_on=date(2026, 11, 30), principal_fen=100_000)
    numbers = {"plan_3_fee_ppm": 20_000, "late_fee_ppm": 400}
    put_in_force("loans", numbers, on=borrower.context().on)

    asked = ConversionRequest(bill.public_id, Plan.PLAN_3)
    quote = sheets.offer(asked, context=borrower.context())

    assert quote.sheet["cost_fen"] == 2_000
    assert quote.sheet["contingent"][0] == {"item": "late_fee", "ppm": 500}
