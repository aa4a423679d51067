"""The bullet of the table 1.9 becomes a plan on D: rows, bill and cap to the fen (REPAY-6)."""

import pytest

from loans.accounting.rules import engine
from loans.accounting.rules.codes import Plan
from loans.accounting.rules.outcomes import Cause, ComputedCharge, Decision
from loans.accounting.rules.position import InstalmentKey, Position, blank
from loans.conversion.rules.conversion import Convert, convertible_fen
from loans.policy import LoanTerms
from tests.loans.cases import DUE_ON, TERMS, bill, day, loan, part

ROW, OTHER = InstalmentKey(7, 0), InstalmentKey(9, 0)
DEARER = LoanTerms(plan_3_fee_ppm=20_000)


def bullet(principal_fen=1_000_000, **facts):
    return loan(part(principal_fen, bill_id=1, due_on=day(0), **facts))._replace(drawn_on=day(-30))


def convert(asked, loans, *, plan=Plan.PLAN_3, on=DUE_ON, fee_terms=TERMS):
    position = Position({1: asked}, loans)
    event = Convert(5, 1, 7, plan, on, fee_terms)
    return engine.run(position, [event], dict.fromkeys(loans, TERMS))


def test_the_principal_becomes_rows_and_the_bill_keeps_its_interest():
    result = convert(bill(ROW), {7: bullet()})

    asked, owed = result.position.bills[1], result.position.loans[7]
    assert (asked.state, asked.total_fen, asked.minimum_fen) == ("billed", 15_000, 15_000)
    assert (asked.rows, asked.debit_on) == ((ROW,), day(0))
    kept, *rows = owed.parts
    assert (kept.debt.interest_fen, kept.debt.total_fen, kept.accrual) == (15_000, 15_000, "none")
    assert [(row.due_on.isoformat(), row.debt.total_fen, row.uncharged_plan_fee_fen, row.bill_id)
            for row in rows] == [
        ("2026-11-01", 333_333, 5_000, None),
        ("2026-12-01", 333_333, 5_000, None),
        ("2027-01-01", 333_334, 5_000, None),
    ]  # fmt: skip
    assert (owed.is_bullet, owed.converted_on, owed.converted_to) == (False, day(0), "plan-3")
    assert result.decisions == [
        Decision("convert", 1, day(0), "converted-to-instalments"),
        Decision("issue", 1, day(0), "converted-to-instalments"),
    ]
    [interest] = result.charges
    assert interest == ComputedCharge(
        7, 0, "own", day(-30), day(-30), day(0), 1_000_000, 500_000, 15_000, 15_000,
        Cause("end_of_day", 1),
    )  # fmt: skip
    assert {(row.accrual, row.segment_on, row.segment_base_fen) for row in rows} == {
        ("none", day(0), 0)
    }


def test_the_cap_goes_on_with_the_account_of_the_same_loan():
    owed = convert(bill(ROW), {7: bullet()}).position.loans[7]

    assert (owed.principal_nights_fen, owed.charged_fen) == (30_000_000, 15_000)
    assert owed.principal_fen == 1_000_000


def test_what_was_asked_before_is_reported_with_the_rows():
    [found] = convert(bill(ROW), {7: bullet()}).converted

    assert found[:2] == (5, 7)
    assert (found.printed_total_fen, found.printed_minimum_fen) == (1_015_000, 101_500)
    assert [(row.principal_fen, row.fee_fen) for row in found.rows] == [
        (333_333, 5_000), (333_333, 5_000), (333_334, 5_000),
    ]  # fmt: skip


def test_the_fee_is_that_of_the_cost_sheet():
    [found] = convert(bill(ROW), {7: bullet()}, fee_terms=DEARER).converted

    assert sum(row.fee_fen for row in found.rows) == 20_000


def test_only_what_is_unpaid_is_converted_and_what_was_paid_stays_in_the_total():
    """5,000.00 paid on D-5 settle 125.00 of interest and 4,875.00; 5,125.00 bear 5 nights."""
    owing = bullet(512_500, segment_on=day(-5))._replace(
        accrued_on=day(-5), charged_fen=12_500, principal_nights_fen=25_000_000
    )
    asked = bill(ROW, paid_fen=500_000, last_paid_on=day(-5))

    result = convert(asked, {7: owing})

    asked, rows = result.position.bills[1], result.position.loans[7].parts[1:]
    assert (asked.total_fen, asked.minimum_fen) == (501_281, 501_281)
    assert [row.debt.principal_fen for row in rows] == [170_833, 170_833, 170_834]


def test_the_other_loans_of_the_bill_stay_as_they_are():
    """The case L160: 1,350.00 at 400 ppm and 9.63 of interest are 10 % above what is mandatory."""
    other = bullet(135_000)._replace(rate_ppm=400)
    asked = bill(ROW, OTHER, total_fen=298_083, minimum_fen=29_808)

    result = convert(asked, {7: bullet(160_500)._replace(rate_ppm=200), 9: other})

    asked = result.position.bills[1]
    assert (asked.total_fen, asked.minimum_fen) == (137_583, 13_758)
    assert result.position.loans[9].parts[0].debt.principal_fen == 135_000
    assert result.position.loans[9].is_bullet


def test_a_bill_that_was_to_be_paid_whole_still_is():
    asked = bill(ROW, OTHER, total_fen=2_030_000, minimum_fen=2_030_000)

    asked = convert(asked, {7: bullet(), 9: bullet()}).position.bills[1]

    assert (asked.total_fen, asked.minimum_fen) == (1_030_000, 1_030_000)


def test_a_late_fee_from_before_an_extension_is_no_part_of_the_total():
    asked = bill(ROW, late_fee_fen=508, late_fee_on=day(-2))

    asked = convert(asked, {7: bullet(late_fee_fen=508)}).position.bills[1]

    assert (asked.total_fen, asked.minimum_fen) == (15_000, 15_000)


def test_a_bill_of_which_nothing_is_left_is_paid():
    owing = bullet(500_000, segment_on=day(0))._replace(accrued_on=day(0), charged_fen=15_000)
    asked = bill(ROW, paid_fen=515_000, last_paid_on=day(0))

    result = convert(asked, {7: owing})

    asked = result.position.bills[1]
    assert (asked.state, asked.total_fen, asked.paid_on) == ("paid", 515_000, day(0))
    assert result.decisions[-1] == Decision("pay", 1, day(0), "paid-in-full")
    assert result.position.loans[7].state == "active"


def test_what_was_waived_of_a_bill_stays_in_its_total():
    asked = bill(ROW, waived_fen=300, paid_fen=200)

    asked = convert(asked, {7: bullet()}).position.bills[1]

    assert (asked.total_fen, asked.minimum_fen) == (15_500, 15_500)


def test_a_bill_that_asks_nothing_any_more_keeps_its_total_and_is_paid():
    owing = bullet(1_000)._replace(accrued_on=day(0))
    asked = bill(ROW, total_fen=1_000, minimum_fen=1_000)

    asked = convert(asked, {7: owing}).position.bills[1]

    assert (asked.total_fen, asked.minimum_fen, asked.state) == (1_000, 1_000, "paid")
    assert asked.paid_on == day(0)


def test_rows_that_an_undone_conversion_left_are_blank():
    owing = bullet()
    left = blank(owing.parts[0])
    owing = owing._replace(parts=(owing.parts[0], *[left] * 6))

    parts = convert(bill(ROW), {7: owing}).position.loans[7].parts

    assert len(parts) == 7
    assert [part.debt.principal_fen for part in parts] == [0, 333_333, 333_333, 333_334, 0, 0, 0]


@pytest.mark.parametrize(
    ("asked", "owing", "on"),
    [
        (bill(ROW, state="paid"), bullet(), day(0)),
        (bill(ROW, state="grace"), bullet(), day(0)),
        (bill(ROW, due_on=day(9)), bullet(), day(0)),
        (bill(OTHER), bullet(), day(0)),
        (bill(ROW), bullet(2), day(0)),
        (bill(ROW), bullet()._replace(is_bullet=False), day(0)),
        (bill(ROW), bullet()._replace(state="overdue"), day(0)),
    ],
)
def test_what_cannot_be_converted_stays_as_it_is(asked, owing, on):
    loans = {7: owing, 9: bullet()}
    result = convert(asked, loans, on=on)

    assert result.position == Position({1: asked}, loans)
    assert (result.charges, result.decisions) == ([], [])
    [found] = result.converted
    assert (found.rows, found.printed_total_fen) == ((), 1_015_000)


@pytest.mark.parametrize(("fen", "plan"), [(3, "plan-3"), (6, "plan-6"), (12, "plan-12")])
def test_a_plan_needs_a_fen_an_instalment(fen, plan):
    assert convertible_fen(bill(ROW), 7, bullet(fen), Plan(plan)) == fen
    assert convertible_fen(bill(ROW), 7, bullet(fen - 1), Plan(plan)) == 0
