"""The debts of a day over HTTP: today, any day before it, and only one's own."""

from datetime import date, time

import pytest

from loans.delinquency.operations import end_of_day
from loans.models import Bill, Loan
from tests.accounts.api.conftest import problem
from tests.loans.conftest import day, moment


@pytest.fixture
def phone(newcomer, make_bill):
    """A customer whose bill of October nobody debited or paid."""
    bill = make_bill(customer=newcomer.customer)
    for n in range(10):
        end_of_day.close(
            [bill.pk], by="system:end-of-day", on=day(n), at=moment(day(n), time(0, 5))
        )
    return newcomer


def test_a_past_day_names_each_loan_and_bill_with_what_was_owed(phone):
    found = phone.get("me/debts?as_of=2026-10-01").json()

    loan, bill = Loan.objects.get(), Bill.objects.get()
    owed = {"penalty_fen": 0, "late_fee_fen": 0, "interest_fen": 15_000, "plan_fee_fen": 0,
            "principal_fen": 1_000_000, "total_fen": 1_015_000}  # fmt: skip
    assert found == {
        "as_of": "2026-10-01",
        "loans": [
            {"id": str(loan.public_id), "state": "active", "plan": "bullet",
             "principal_fen": 1_000_000, "drawn_on": "2026-09-01", "overdue_on": None,
             "owed": owed}
        ],
        "bills": [
            {"id": str(bill.public_id), "state": "billed", "billed_on": "2026-09-21",
             "due_on": "2026-10-01", "total_fen": 1_015_000, "minimum_fen": 101_500,
             "paid_fen": 0, "owed_fen": 1_015_000}
        ],
        "total": owed,
    }  # fmt: skip


def test_without_a_day_it_is_today(phone):
    found = phone.get("me/debts").json()

    loan = Loan.objects.get()
    assert (found["as_of"], found["loans"][0]["state"]) == ("2026-11-24", "overdue")
    today = phone.get(f"loans/{loan.public_id}").json()
    assert (
        found["loans"][0]["owed"]["total_fen"] == found["total"]["total_fen"] == today["owed_fen"]
    )


def test_before_the_first_loan_nothing_was_owed(phone):
    found = phone.get("me/debts?as_of=2026-08-31").json()

    assert (found["loans"], found["bills"], found["total"]["total_fen"]) == ([], [], 0)


@pytest.mark.parametrize("as_of", ["2026-11-25", "2026-10", "20261001", "2026-02-30", "x", ""])
def test_what_is_no_day_up_to_today_is_refused(phone, as_of):
    answer = phone.get(f"me/debts?as_of={as_of}")

    assert problem(answer) == (400, "invalid-input")
    assert answer.json()["errors"][0]["pointer"] == "/as_of"


def test_debts_of_another_customer_are_not_shown(phone, make_bill):
    make_bill()

    assert len(phone.get("me/debts").json()["loans"]) == 1


def test_who_never_borrowed_owes_nothing(newcomer):
    assert date.fromisoformat(newcomer.get("me/debts").json()["as_of"]) == date(2026, 11, 24)
