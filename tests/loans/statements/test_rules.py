"""The arithmetic of a monthly statement: what stands before, what changes, what stands after."""

from datetime import date

from loans.accounting.rules.debt import NOTHING, Debt
from loans.statements.rules import (
    LineKind,
    LoanMonth,
    MonthTotals,
    StatedChange,
    WaitingMonth,
    statement_of,
)

FIRST, TENTH = date(2026, 10, 1), date(2026, 10, 10)


def line(kind, debt=NOTHING, *, on=TENTH, loan_id=7, **other):
    return StatedChange(on, other.pop("recorded_on", on), kind, loan_id, debt, **other)


def principal(fen):
    return Debt(principal_fen=fen)


def test_a_loan_closes_with_what_its_components_come_to():
    before = [
        line(LineKind.TAKEN_OVER, principal(1_000), on=FIRST),
        line(LineKind.TAKEN_OVER, Debt(interest_fen=20), on=FIRST),
    ]
    within = [
        line(LineKind.DRAWN, principal(500), loan_id=8),
        line(LineKind.INTEREST, Debt(interest_fen=30)),
        line(LineKind.LATE_FEE, Debt(late_fee_fen=5)),
        line(LineKind.WAIVER, Debt(late_fee_fen=-5)),
        line(LineKind.REPAYMENT, Debt(interest_fen=-50)),
        line(LineKind.REPAYMENT, principal(-400)),
        line(LineKind.PREPAYMENT_FEE, loan_id=8, fee_fen=9),
    ]

    found = statement_of(before, within)

    first, second = found.loans
    assert first == LoanMonth(
        7, Debt(0, 0, 20, 0, 1_000), NOTHING, Debt(0, 5, 30, 0, 0), Debt(0, 5, 0, 0, 0),
        Debt(0, 0, 50, 0, 400), 0,
    )  # fmt: skip
    assert first.closing == principal(600)
    assert (second.closing, second.prepayment_fee_fen) == (principal(500), 9)
    assert found.totals == MonthTotals(1_020, 500, 35, 5, 450, 9, 1_100)


def test_the_parts_of_one_payment_are_one_line():
    found = statement_of(
        [],
        [
            line(LineKind.REPAYMENT, principal(-400)),
            line(LineKind.INTEREST, Debt(interest_fen=30), on=FIRST),
            line(LineKind.REPAYMENT, Debt(interest_fen=-50)),
        ],
    )

    assert [(one.on, one.kind, one.amount_fen) for one in found.lines] == [
        (FIRST, "interest", 30), (TENTH, "repayment", -450),
    ]  # fmt: skip


def test_a_correction_and_what_was_recorded_late_have_lines_of_their_own():
    paid = line(LineKind.REPAYMENT, principal(-400))
    back = line(LineKind.REPAYMENT, principal(400), is_correction=True)
    late = line(LineKind.REPAYMENT, principal(-100), recorded_on=date(2026, 11, 2))

    found = statement_of([], [paid, back, late])

    assert found.lines == [paid, back, late]
    assert found.loans[0].paid == principal(100)


def test_money_beyond_what_was_owed_waits_until_it_is_refunded():
    surplus = line(LineKind.SURPLUS, loan_id=None, waiting_fen=70)
    refund = line(LineKind.REFUND, loan_id=None, waiting_fen=-30)

    found = statement_of([surplus._replace(waiting_fen=10, on=FIRST)], [surplus, refund])

    assert found.waiting == WaitingMonth(10, 70, 30)
    assert found.waiting.closing_fen == 50
    assert [one.amount_fen for one in found.lines] == [-70, 30]
    assert found.loans == []


def test_a_loan_that_owes_nothing_and_does_nothing_is_left_out():
    before = [
        line(LineKind.TAKEN_OVER, principal(10)),
        line(LineKind.REPAYMENT, principal(-10)),
        line(LineKind.TAKEN_OVER, principal(1), loan_id=8),
    ]

    assert [one.loan_id for one in statement_of(before, []).loans] == [8]
