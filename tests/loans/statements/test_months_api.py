"""The monthly statement over HTTP: as JSON, as PDF, and only one's own."""

from datetime import time

import pytest

from loans.delinquency.operations import end_of_day
from loans.models import Bill, Loan
from loans.statements.api.months import StatementUnknownError
from tests.accounts.api.conftest import problem
from tests.loans.conftest import day, moment


@pytest.fixture
def phone(newcomer, make_bill):
    """A customer whose bill of October nobody debited or paid until it was overdue."""
    bill = make_bill(customer=newcomer.customer)
    for n in range(10):
        end_of_day.close(
            [bill.pk], by="system:end-of-day", on=day(n), at=moment(day(n), time(0, 5))
        )
    return newcomer


def test_the_months_are_listed_with_the_running_one(phone):
    assert phone.get("me/statements").json()["results"] == [
        {"month": "2026-11", "has_ended": False},
        {"month": "2026-10", "has_ended": True},
        {"month": "2026-09", "has_ended": True},
    ]


def test_a_month_is_stated_to_the_fen(phone):
    found = phone.get("me/statements/2026-10").json()

    loan, bill = Loan.objects.get(), Bill.objects.get()
    assert (found["from_on"], found["to_on"], found["has_ended"]) == (
        "2026-10-01", "2026-10-31", True,
    )  # fmt: skip
    [stated] = found["loans"]
    assert (stated["id"], stated["opening"]["principal_fen"]) == (str(loan.public_id), 1_000_000)
    assert found["totals"] == {
        "opening_fen": 1_000_000, "received_fen": 0, "charged_fen": 17_508, "waived_fen": 0,
        "paid_fen": 0, "prepayment_fee_fen": 0, "closing_fen": 1_017_508,
    }  # fmt: skip
    assert [(one["on"], one["kind"], one["amount_fen"]) for one in found["lines"]] == [
        ("2026-10-01", "interest", 15_000),
        ("2026-10-02", "interest", 500),
        ("2026-10-02", "late_fee", 508),
        ("2026-10-05", "interest", 1_500),
    ]
    assert found["waiting"] == dict.fromkeys(
        ("opening_fen", "received_fen", "refunded_fen", "closing_fen"), 0
    )
    assert found["bills"] == []
    [billed] = phone.get("me/statements/2026-09").json()["bills"]
    assert (billed["id"], billed["total_fen"]) == (str(bill.public_id), 1_015_000)


@pytest.mark.parametrize(
    ("query", "headers"), [("?form=pdf", {}), ("", {"accept": "application/pdf"})]
)
def test_the_same_statement_is_a_pdf_of_the_same_bytes(phone, query, headers):
    answer = phone.get(f"me/statements/2026-10{query}", **headers)

    assert answer.content.startswith(b"%PDF-")
    assert answer["content-type"] == "application/pdf"
    assert answer["content-disposition"] == 'attachment; filename="weidai-2026-10.pdf"'
    assert phone.get("me/statements/2026-10?form=pdf").content == answer.content


@pytest.mark.parametrize("month", ["2026-08", "2026-12", "2026-13", "2026-10-01", "0000-00", "x"])
def test_a_month_without_a_statement_says_where_the_months_are(phone, month):
    answer = phone.get(f"me/statements/{month}")

    assert problem(answer) == (404, StatementUnknownError.code)
    assert answer.json()["next_steps"][0]["endpoint"] == "/api/v1/me/statements"


def test_an_unknown_form_is_named(phone):
    answer = phone.get("me/statements/2026-10?form=doc")

    assert problem(answer) == (400, "invalid-input")
    assert answer.json()["errors"][0]["pointer"] == "/form"
