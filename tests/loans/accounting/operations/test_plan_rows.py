"""Rows of a plan beside those a loan has: made blank, filled, and made blank again."""

from datetime import date

import pytest

from loans.accounting.operations import plan_rows
from loans.accounting.rules.outcomes import ConvertedLoan
from loans.contracts.rules.plans import PlanRow
from loans.models import Instalment
from tests.loans.cases import loan, part

pytestmark = pytest.mark.django_db


@pytest.fixture
def first(make_bill):
    make_bill()
    return Instalment.objects.get()


def test_blank_rows_follow_those_a_loan_has(first):
    rows = plan_rows.blank_rows(first, count=2)

    stored = Instalment.objects.exclude(pk=first.pk).order_by("number")
    assert list(stored) == rows
    assert [(row.number, row.principal_fen, row.accrual, row.bill_id) for row in stored] == [
        (2, 0, "none", None), (3, 0, "none", None),
    ]  # fmt: skip


def test_a_loan_that_has_enough_rows_gets_none(first):
    assert plan_rows.blank_rows(first, count=-3) == []
    assert Instalment.objects.count() == 1


def test_a_position_has_a_blank_part_for_each_row():
    found = plan_rows.with_blanks(loan(part(900)), 3)

    assert [one.debt.total_fen for one in found.parts] == [900, 0, 0]
    assert {one.accrual for one in found.parts[1:]} == {"none"}


def test_rows_hold_what_was_agreed_and_nothing_beyond(first):
    rows = [first, *plan_rows.blank_rows(first, count=3)]
    made = [PlanRow(n, date(2026, 11, n), 300, 5) for n in (1, 2)]

    columns = plan_rows.write([ConvertedLoan(5, first.loan_id, tuple(made), 1, 1)],
                              {first.loan_id: rows})  # fmt: skip

    assert columns == ("principal_fen", "plan_fee_fen")
    assert [(row.principal_fen, row.plan_fee_fen) for row in rows] == [
        (1_000_000, 0), (300, 5), (300, 5), (0, 0),
    ]  # fmt: skip


def test_without_a_conversion_no_column_is_written():
    assert plan_rows.write([], {}) == ()
