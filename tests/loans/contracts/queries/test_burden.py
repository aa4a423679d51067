"""Verified income, and what running loans ask in each month (LAW-2)."""

from datetime import date

import pytest

from loans.contracts.queries.burden import burden_of
from loans.policy import QuotePolicy
from risk.models import CreditLine, ModelInputs
from tests.accounts.people import AT
from tests.raw import execute

pytestmark = pytest.mark.django_db
POLICY = QuotePolicy()
ON = date(2026, 11, 24)


def with_income(customer_id, income_fen):
    ModelInputs.objects.create(
        customer_id=customer_id, line=CreditLine.objects.get(customer=customer_id),
        effective_on=ON, at=AT, income_fen=income_fen, occupation_permille=1000,
        consumption_permille=1000, changed_by="system:limits",
    )  # fmt: skip


def test_the_latest_verified_income_counts(make_bill):
    bill = make_bill()
    with_income(bill.customer_id, 500_000)
    with_income(bill.customer_id, 800_000)

    assert burden_of(bill.customer_id, on=ON, policy=POLICY).income_fen == 800_000


def test_without_a_verified_income_there_is_none(make_bill):
    bill = make_bill()
    with_income(bill.customer_id, 0)

    assert burden_of(bill.customer_id, on=ON, policy=POLICY).income_fen is None


def test_what_is_due_later_counts_with_its_interest(make_bill):
    bill = make_bill(drawn_on=date(2026, 11, 5), due_on=date(2026, 12, 5), principal_fen=100_000)

    found = burden_of(bill.customer_id, on=ON, policy=POLICY)

    assert found.due_fen == {date(2026, 12, 1): 101_500}  # 30 nights at 0.05 %
    assert found.share_max_permille == 500


def test_what_is_due_already_counts_as_it_is_unpaid(make_bill):
    bill = make_bill(drawn_on=date(2026, 9, 1), due_on=date(2026, 10, 1), principal_fen=100_000)
    execute(
        "UPDATE loans_instalment SET unpaid_interest_fen = 1500, unpaid_late_fee_fen = 51, "
        "unpaid_penalty_fen = 10 WHERE bill_id = %s",
        bill.pk,
    )

    found = burden_of(bill.customer_id, on=ON, policy=POLICY)

    assert found.due_fen == {date(2026, 10, 1): 101_561}


def test_a_loan_that_is_converted_is_left_out(make_bill):
    bill = make_bill(due_on=date(2026, 11, 30))
    other = make_bill(due_on=date(2026, 12, 30), customer=bill.customer, principal_fen=100)

    found = burden_of(
        bill.customer_id, on=ON, policy=POLICY, leave_out=[bill.instalments.get().loan_id]
    )

    assert list(found.due_fen) == [date(2026, 12, 1)]
    assert other.pk != bill.pk


def test_a_row_of_a_plan_counts_with_its_fee(make_bill):
    bill = make_bill(drawn_on=date(2026, 11, 5), due_on=date(2026, 12, 5), principal_fen=100_000)
    execute(
        "UPDATE loans_instalment SET accrual = 'none', plan_fee_fen = 500, "
        "uncharged_plan_fee_fen = 500 WHERE bill_id = %s",
        bill.pk,
    )

    found = burden_of(bill.customer_id, on=ON, policy=POLICY)

    assert found.due_fen == {date(2026, 12, 1): 100_500}


def test_a_charge_off_changes_nothing_of_what_is_due(make_bill):
    bill = make_bill(drawn_on=date(2026, 9, 1), due_on=date(2026, 10, 1), principal_fen=100_000)
    execute("UPDATE loans_loan SET state = 'charged_off', ended_on = '2026-11-20'")

    found = burden_of(bill.customer_id, on=ON, policy=POLICY)

    assert found.due_fen == {date(2026, 10, 1): 100_000}
