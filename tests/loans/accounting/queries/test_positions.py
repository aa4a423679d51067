"""Rows read as positions, and positions written as rows: each value in its own column."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from backoffice.core import bulk
from loans.accounting.operations.terms import signed_under
from loans.accounting.queries.positions import (
    BILL_COLUMNS,
    LOAN_COLUMNS,
    PART_COLUMNS,
    bill_position_of,
    bill_values,
    loan_values,
    part_values,
    position_of,
    positions_of,
    terms_of,
)
from loans.accounting.rules.debt import Debt
from loans.accounting.rules.position import InstalmentKey, InstalmentPosition
from loans.models import Bill, Instalment, Loan
from tests.loans.cases import TERMS, day

PARTLY_PAID = {
    "unpaid_penalty_fen": 1, "unpaid_late_fee_fen": 20, "unpaid_interest_fen": 300,
    "unpaid_plan_fee_fen": 4_000, "unpaid_principal_fen": 50_000, "accrual": "penalty",
    "segment_on": day(4), "segment_base_fen": 50_001, "segment_posted_fen": 77, "bill_id": 5,
    "late_fee_base_fen": 1_015_000, "due_on": day(0), "uncharged_plan_fee_fen": 3_000,
}  # fmt: skip
LATE = {
    "daily_rate_ppm": 350, "accrued_on": day(9), "principal_nights_fen": 39_000_000,
    "charged_fen": 22_518, "waived_fen": 38, "drawn_on": day(-30), "plan": "plan-3",
    "state": "overdue", "overdue_on": day(4), "ended_on": day(60), "unpaid_principal_fen": 50_000,
    "converted_on": None, "converted_to": "",
}  # fmt: skip


def instalment(**changes):
    return bulk.new(Instalment, **(PARTLY_PAID | changes))


def loan(**changes):
    return bulk.new(Loan, **(LATE | changes))


def test_each_column_of_an_instalment_is_read_as_its_own_value():
    [part] = position_of(loan(), [instalment()]).parts

    assert part == InstalmentPosition(
        debt=Debt(1, 20, 300, 4_000, 50_000), accrual="penalty", segment_on=day(4),
        segment_base_fen=50_001, segment_posted_fen=77, bill_id=5, late_fee_base_fen=1_015_000,
        due_on=day(0), uncharged_plan_fee_fen=3_000,
    )  # fmt: skip


def test_the_instalments_stay_in_their_order():
    rows = [instalment(segment_base_fen=base_fen) for base_fen in (3, 1, 2)]

    assert [part.segment_base_fen for part in position_of(loan(), rows).parts] == [3, 1, 2]


def test_each_column_of_a_loan_is_read_as_its_own_value():
    found = position_of(loan(), [])._asdict()

    assert found == {
        "rate_ppm": 350, "parts": (), "accrued_on": day(9), "principal_nights_fen": 39_000_000,
        "charged_fen": 22_518, "waived_fen": 38, "drawn_on": day(-30), "is_bullet": False,
        "state": "overdue", "overdue_on": day(4), "ended_on": day(60), "factor_permille": 1000,
        "full_rate_on": date.max, "converted_on": None, "converted_to": "",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("plan", "is_bullet"),
    [("bullet", True), ("plan-3", False), ("plan-6", False), ("plan-12", False)],
)
def test_only_a_loan_without_a_plan_is_a_bullet(plan, is_bullet):
    assert position_of(loan(plan=plan), []).is_bullet is is_bullet


def test_a_converted_loan_is_no_bullet_any_more():
    converted = loan(plan="bullet", converted_on=day(0), converted_to="plan-6")

    found = position_of(converted, [])

    assert (found.is_bullet, found.converted_on, found.converted_to) == (False, day(0), "plan-6")


def test_an_instalment_is_written_to_the_columns_it_was_read_from():
    row = instalment()
    [part] = position_of(loan(), [row]).parts

    written = dict(zip(PART_COLUMNS, part_values(part), strict=True))

    assert written == PARTLY_PAID


def test_a_loan_is_written_to_the_columns_it_was_read_from():
    position = position_of(loan(), [instalment(), instalment(unpaid_principal_fen=1)])

    written = dict(zip(LOAN_COLUMNS, loan_values(position), strict=True))

    assert written == {name: LATE[name] for name in LOAN_COLUMNS} | {"unpaid_principal_fen": 50_001}


def test_a_bill_is_written_to_the_columns_it_was_read_from():
    counted = {name: n for n, name in enumerate(BILL_COLUMNS, 1)}
    rows = (InstalmentKey(7, 0),)
    row = bulk.new(Bill, id=5, state="grace", **counted)

    position = bill_position_of(row, rows, (7,), terms_id=7)

    assert position[:5] == (5, "grace", rows, (7,), 7)
    assert dict(zip(BILL_COLUMNS, bill_values(position), strict=True)) == counted
    assert {name: getattr(position, name) for name in BILL_COLUMNS} == counted


def test_the_state_of_a_bill_is_not_written_with_its_values():
    columns = {field.attname for field in Bill._meta.concrete_fields}

    left_out = {"id", "public_id", "customer_id", "state"}
    assert columns - {*BILL_COLUMNS} == left_out
    assert "state" not in LOAN_COLUMNS


def test_stored_rows_read_as_they_were_written(db, make_bill):
    bill = make_bill(principal_fen=500_000, rate_ppm=200)

    position = position_of(Loan.objects.get(), Instalment.objects.all())

    assert (position.rate_ppm, position.principal_fen, position.is_bullet) == (200, 500_000, True)
    assert position.parts[0].bill_id == bill.pk
    assert position.accrued_on == bill.due_on - timedelta(days=30)


def test_loans_are_read_without_records_as_from_them(db, make_bill):
    make_bill(principal_fen=500_000, rate_ppm=200)
    make_bill(policy=replace(TERMS, penalty_ppm=750))
    first, second = Loan.objects.order_by("pk")
    Loan.objects.filter(pk=first.pk).update(
        accrued_on=day(9), principal_nights_fen=3, charged_fen=4, waived_fen=5, plan="plan-3",
        overdue_on=day(4), ended_on=day(60),
    )  # fmt: skip
    again = Instalment.objects.get(loan=first)
    again.pk, again.number, again.segment_posted_fen = None, 2, 77
    again.save()

    found = list(positions_of(Instalment.objects.all()))

    assert found == [
        (terms_of(loan.terms_id), position_of(loan, loan.instalments.order_by("number")))
        for loan in Loan.objects.order_by("pk")
    ]
    assert [len(loan.parts) for _terms, loan in found] == [2, 1]
    assert second.terms_id != first.terms_id


def test_the_terms_are_those_of_the_contract(db):
    rows = [signed_under(TERMS), signed_under(replace(TERMS, penalty_ppm=750))]

    found = [terms_of(row.pk) for row in rows]

    assert found == [TERMS, replace(TERMS, penalty_ppm=750)]


def test_terms_that_were_read_are_not_read_again(db, django_assert_num_queries):
    row = signed_under(replace(TERMS, penalty_ppm=751))
    first = terms_of(row.pk)

    with django_assert_num_queries(0):
        assert terms_of(row.pk) is first
