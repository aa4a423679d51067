"""Early settlement and prepayment: fee, quote, and what the money does (REPAY-3, REPAY-4)."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loans.accounting.rules.debt import Debt
from loans.accounting.rules.engine import run
from loans.accounting.rules.outcomes import Allocation, Cause, ComputedCharge, Decision, Surplus
from loans.accounting.rules.position import (
    InstalmentKey,
    InstalmentPosition,
    LoanPosition,
    Position,
)
from loans.contracts.rules.due_dates import months_after
from loans.policy import LoanTerms
from loans.repayment.rules.settlement import (
    EarlyQuote,
    Prepayment,
    Settlement,
    money_for_loan,
    prepayment_fee_fen,
    prepayment_quote,
    principal_within,
    settlement_quote,
)
from tests.loans.cases import bill
from tests.profiles import pure

TERMS = LoanTerms()
DRAWN_ON = date(2026, 9, 1)


def bullet(principal_fen=1_000_000, rate_ppm=500) -> LoanPosition:
    part = InstalmentPosition(Debt(principal_fen=principal_fen), "own", DRAWN_ON, principal_fen)
    return LoanPosition(rate_ppm, (part,), DRAWN_ON, drawn_on=DRAWN_ON)


def after(event, loan=None):
    return run(Position({}, {1: loan or bullet()}), [event], {1: TERMS})


@pytest.mark.parametrize(
    ("principal_fen", "fee_fen"),
    [
        (60_000, 500),  # EX-18
        (100_000, 500),  # EX-19
        (100_099, 500),  # EX-20
        (100_100, 501),  # EX-21
        (800_000, 4_000),  # EX-22
        (30_000_000, 150_000),  # EX-23
        (300, 500),  # EX-24
        (0, 0),
    ],
)
def test_the_fee_is_half_a_percent_and_at_least_five_yuan(principal_fen, fee_fen):
    assert prepayment_fee_fen(principal_fen, TERMS) == fee_fen


@pure
@given(st.integers(0, 40_000_000))
def test_no_more_principal_fits_into_an_amount_with_its_fee(money_fen):
    fen = principal_within(money_fen, TERMS)

    assert fen == 0 or fen + prepayment_fee_fen(fen, TERMS) <= money_fen
    assert fen + 1 + prepayment_fee_fen(fen + 1, TERMS) > money_fen


def test_a_bullet_is_settled_on_night_ten_for_principal_interest_and_fee():
    found = settlement_quote(Position({}, {1: bullet()}), 1, on=date(2026, 9, 11), terms={1: TERMS})

    assert found == EarlyQuote(Debt(interest_fen=5_000, principal_fen=1_000_000), 5_000)
    assert found.total_fen == 1_010_000  # EX-25


def test_a_settlement_on_the_day_of_the_drawdown_counts_one_night():
    found = settlement_quote(
        Position({}, {1: bullet(800_000, 300)}), 1, on=DRAWN_ON, terms={1: TERMS}
    )

    assert found.debt == Debt(interest_fen=240, principal_fen=800_000)  # EX-10


def test_a_prepayment_takes_all_interest_and_the_fee_on_its_own_principal():
    found = prepayment_quote(bullet(), 200_000, on=date(2026, 9, 11), terms=TERMS)

    assert found == EarlyQuote(Debt(interest_fen=5_000, principal_fen=200_000), 1_000)


def test_a_prepayment_of_the_day_of_the_drawdown_bears_no_night():
    found = prepayment_quote(bullet(), 20_000, on=DRAWN_ON, terms=TERMS)

    assert found == EarlyQuote(Debt(principal_fen=20_000), 500)


def test_the_amount_quoted_settles_the_loan_and_charges_the_fee():
    result = after(Settlement(7, 1, 1_010_000, date(2026, 9, 11)))

    loan = result.position.loans[1]
    assert (loan.state, loan.ended_on, loan.principal_fen) == ("settled", date(2026, 9, 11), 0)
    assert loan.charged_fen == 5_000  # the fee is outside of the cap
    assert [(one.kind, one.charged_fen) for one in result.charges] == [
        ("own", 5_000), ("prepayment", 5_000),
    ]  # fmt: skip
    [paid] = result.allocations
    assert paid.debt == Debt(interest_fen=5_000, principal_fen=1_000_000)
    assert (paid.bill_id, result.surpluses) == (None, [])


def plan(paid=0, on=date(2027, 1, 21)):
    """12,000.00 in twelve rows from 2026-10-01 on, the first ones paid, charged up to a day."""
    parts = tuple(
        InstalmentPosition(
            Debt(principal_fen=0 if n < paid else 100_000), "none", DRAWN_ON, 100_000,
            due_on=months_after(date(2026, 10, 1), n),
            uncharged_plan_fee_fen=0 if n < paid else 6_000,
        )
        for n in range(12)
    )  # fmt: skip
    nights_fen = (on - DRAWN_ON).days * 1_000_000
    return LoanPosition(
        500, parts, on, drawn_on=DRAWN_ON, is_bullet=False,
        principal_nights_fen=nights_fen, charged_fen=6_000 * paid,
    )  # fmt: skip


def quoted(loan, on):
    return settlement_quote(Position({}, {1: loan}), 1, on=on, terms={1: TERMS})


def test_a_plan_is_settled_with_the_fee_of_the_started_period_alone():
    found = quoted(plan(paid=4), date(2027, 1, 21))

    assert found == EarlyQuote(Debt(plan_fee_fen=6_000, principal_fen=800_000), 4_000)
    assert found.total_fen == 810_000  # EX-26


def test_on_the_due_date_of_a_paid_row_the_next_period_has_not_started():
    on = date(2027, 1, 1)
    [row] = [n for n, part in enumerate(plan().parts) if part.due_on == on]
    loan = plan(paid=row + 1, on=on)

    assert quoted(loan, on).total_fen == 800_000 + 4_000  # EX-27


def test_a_billed_row_of_a_plan_is_not_early_any_more():
    loan = plan(paid=4)
    loan = loan.with_part(4, loan.parts[4]._replace(bill_id=9))

    assert quoted(loan, date(2027, 1, 25)).total_fen == 809_500  # REPAY-4: 1,060 + 7,000 + 35


def test_the_fee_of_a_started_period_passes_through_the_cap_of_the_nights_so_far():
    loan = plan(on=DRAWN_ON)._replace(principal_nights_fen=0)

    found = quoted(loan, DRAWN_ON)

    assert (found.debt.plan_fee_fen, found.waived_fen) == (789, 5_211)  # 1,200,000 x 24 % / 365


def test_a_settled_plan_keeps_no_fee_of_later_periods():
    result = after(Settlement(7, 1, 810_000, date(2027, 1, 21)), plan(paid=4))

    loan = result.position.loans[1]
    assert loan.state == "settled"
    assert {part.uncharged_plan_fee_fen for part in loan.parts} == {0}
    assert [(one.kind, one.charged_fen) for one in result.charges] == [
        ("plan_fee", 6_000), ("prepayment", 4_000),
    ]  # fmt: skip


def test_money_that_is_not_enough_for_a_plan_waits_whole():
    loan = plan(paid=4)

    result = after(Settlement(7, 1, 809_999, date(2027, 1, 21)), loan)

    assert result.position.loans[1] == loan
    assert [one.amount_fen for one in result.surpluses] == [809_999]


def test_more_than_is_owed_waits_for_its_refund():
    result = after(Settlement(7, 1, 1_010_100, date(2026, 9, 11)))

    assert [(one.loan_id, one.bill_id, one.amount_fen) for one in result.surpluses] == [
        (1, None, 100)
    ]


def test_money_that_is_not_enough_for_a_bullet_repays_what_it_covers_with_the_fee():
    result = after(Settlement(7, 1, 1_010_000, date(2026, 9, 12)))

    loan = result.position.loans[1]
    assert (loan.state, loan.principal_fen) == ("active", 498)
    assert sum(one.charged_fen for one in result.charges) == 5_500 + 4_998
    assert result.surpluses == []


def test_money_too_small_for_a_prepayment_changes_nothing_and_waits():
    result = after(Prepayment(7, 1, 10_400, date(2026, 9, 2), 10_000))

    assert result.position.loans[1].principal_fen == 1_000_000
    assert [one.amount_fen for one in result.surpluses] == [10_400]
    assert result.allocations == []


def test_a_prepayment_repays_no_more_than_it_named():
    result = after(Prepayment(7, 1, 206_500, date(2026, 9, 11), 200_000))

    loan = result.position.loans[1]
    assert (loan.state, loan.principal_fen) == ("active", 800_000)
    assert loan.parts[0].segment_on == date(2026, 9, 11)
    assert [one.amount_fen for one in result.surpluses] == [500]


def test_money_for_a_settled_loan_waits():
    first = after(Settlement(7, 1, 1_010_000, date(2026, 9, 11)))

    second = after(Settlement(8, 1, 1_010_000, date(2026, 9, 11)), first.position.loans[1])

    assert [one.amount_fen for one in second.surpluses] == [1_010_000]
    assert (second.charges, second.allocations) == ([], [])


BILL = 3
ON = date(2026, 9, 25)
CAUSE = Cause("repayment", 7)


def under_bill(loan: LoanPosition, *rows: int, **facts) -> Position:
    """The loan with some rows under the bill of 2026-10-01."""
    parts = tuple(
        part._replace(bill_id=BILL) if index in rows else part
        for index, part in enumerate(loan.parts)
    )
    keys = [InstalmentKey(1, index) for index in rows]
    asked = bill(*keys, id=BILL, due_on=date(2026, 10, 1), billed_on=date(2026, 9, 21), **facts)
    return Position({BILL: asked}, {1: loan._replace(parts=parts)})


def happens(event, position):
    return run(position, [event], {1: TERMS})


def test_the_prepayment_fee_is_a_charge_of_the_day_with_its_base_and_rate():
    on = date(2026, 9, 11)

    [_interest, fee] = after(Prepayment(7, 1, 206_000, on, 200_000)).charges

    assert fee == ComputedCharge(
        1, 0, "prepayment", on, on, on, 200_000, 5_000_000, 1_000, 1_000, CAUSE
    )


def test_the_fee_of_a_settled_plan_stands_on_its_first_row_under_no_bill():
    loan = plan(paid=4)
    loan = loan.with_part(4, loan.parts[4]._replace(bill_id=9))

    result = happens(Settlement(7, 1, 809_500, date(2027, 1, 25)), Position(
        {9: bill(InstalmentKey(1, 4), id=9)}, {1: loan}
    ))  # fmt: skip

    [row, fee] = result.charges
    assert (row.part_index, row.kind, row.cause) == (4, "plan_fee", CAUSE)
    assert (fee.part_index, fee.kind, fee.base_fen, fee.charged_fen) == (
        5, "prepayment", 700_000, 3_500,
    )  # fmt: skip
    assert (fee.cause, fee.to_on) == (CAUSE, date(2027, 1, 25))


def test_what_a_settlement_pays_is_allocated_row_by_row_to_the_day_and_the_bill():
    on = date(2027, 7, 25)
    loan = plan(paid=10, on=on)
    loan = loan.with_part(10, loan.parts[10]._replace(bill_id=9))
    position = Position({9: bill(InstalmentKey(1, 10), id=9)}, {1: loan})

    result = happens(Settlement(7, 1, 207_000, on), position)

    assert result.allocations == [
        Allocation(7, 1, 10, on, Debt(plan_fee_fen=6_000, principal_fen=100_000), 9),
        Allocation(7, 1, 11, on, Debt(principal_fen=100_000), None),
    ]
    assert result.surpluses == [Surplus(7, None, on, 207_000 - 206_500, 1)]
    paid = result.position.bills[9]
    assert (paid.paid_fen, paid.last_paid_on, paid.state) == (106_000, on, "paid")


def test_money_short_of_a_billed_bullet_pays_its_interest_and_then_its_principal():
    """After the bill date nothing is early: the money is a part payment without a fee (REPAY-3)."""
    result = happens(Settlement(7, 1, 500_000, ON), under_bill(bullet(), 0))

    # 24 nights of 500 are 12,000.
    settled = Debt(interest_fen=12_000, principal_fen=488_000)
    assert result.allocations == [Allocation(7, 1, 0, ON, settled, BILL)]
    assert [(one.kind, one.cause) for one in result.charges] == [("own", CAUSE)]
    assert result.surpluses == []
    asked = result.position.bills[BILL]
    assert (asked.state, asked.paid_fen, asked.shortfall_fen) == ("billed", 500_000, 512_000)
    assert result.position.loans[1].principal_fen == 512_000


def test_a_prepayment_that_finds_its_loan_billed_pays_the_bill_up_to_what_it_named():
    result = happens(Prepayment(7, 1, 213_000, ON, 200_000), under_bill(bullet(), 0))

    settled = Debt(interest_fen=12_000, principal_fen=200_000)
    assert [one.debt for one in result.allocations] == [settled]
    assert result.surpluses == [Surplus(7, None, ON, 1_000, 1)]
    assert [one.kind for one in result.charges] == ["own"]


def test_money_short_of_a_plan_pays_its_billed_row_and_charges_its_fee():
    position = under_bill(plan(on=ON), 0)

    result = happens(Settlement(7, 1, 106_500, ON), position)

    assert result.allocations == [
        Allocation(7, 1, 0, ON, Debt(plan_fee_fen=6_000, principal_fen=100_000), BILL)
    ]
    [fee] = result.charges
    assert (fee.kind, fee.part_index, fee.to_on, fee.charged_fen, fee.cause) == (
        "plan_fee", 0, ON, 6_000, CAUSE,
    )  # fmt: skip
    assert result.surpluses == [Surplus(7, None, ON, 500, 1)]
    assert result.position.bills[BILL].state == "paid"
    assert result.position.loans[1].state == "active"


def test_the_smallest_prepayment_is_taken():
    on = date(2026, 9, 2)

    # A night of 500, a fee of 500.
    result = after(Prepayment(7, 1, 11_000, on, 10_000))

    assert [one.debt for one in result.allocations] == [
        Debt(interest_fen=500, principal_fen=10_000)
    ]
    assert result.surpluses == []


def test_two_rows_of_a_loan_count_towards_their_bill_together():
    position = under_bill(plan(on=ON), 0, 1)

    result = happens(Settlement(7, 1, 212_000, ON), position)

    assert result.position.bills[BILL].paid_fen == 212_000
    assert result.position.bills[BILL].state == "paid"


def test_the_money_of_an_order_is_the_event_of_its_purpose():
    settled = money_for_loan("settlement", 7, 1, 1_010_000, ON, principal_fen=None)
    prepaid = money_for_loan("prepayment", 7, 1, 206_000, ON, principal_fen=200_000)

    assert settled == Settlement(repayment_id=7, loan_id=1, amount_fen=1_010_000, on=ON)
    assert prepaid == Prepayment(
        repayment_id=7, loan_id=1, amount_fen=206_000, on=ON, principal_fen=200_000
    )
    assert (type(settled), type(prepaid)) == (Settlement, Prepayment)
    with pytest.raises(AssertionError, match=r"^a prepayment names the principal that it repays$"):
        money_for_loan("prepayment", 7, 1, 206_000, ON, principal_fen=None)


def test_a_settlement_charges_its_nights_and_fees_because_of_the_repayment():
    on = date(2026, 9, 11)

    interest, fee = after(Settlement(7, 1, 1_010_000, on)).charges

    assert interest == ComputedCharge(
        1, 0, "own", DRAWN_ON, DRAWN_ON, on, 1_000_000, 500_000, 5_000, 5_000, CAUSE
    )
    assert fee == ComputedCharge(
        1, 0, "prepayment", on, on, on, 1_000_000, 5_000_000, 5_000, 5_000, CAUSE
    )


def test_what_settles_a_loan_is_decided_on_the_day_of_the_money():
    result = happens(Settlement(7, 1, 1_012_000, ON), under_bill(bullet(), 0))

    assert result.decisions == [
        Decision("settle", 1, ON, "settled-early"), Decision("pay", BILL, ON, "paid-in-full"),
    ]  # fmt: skip
    paid = result.position.bills[BILL]
    assert (paid.paid_on, paid.last_paid_on, paid.shortfall_fen) == (ON, ON, 0)
    assert result.position.loans[1].ended_on == ON


def test_another_loan_of_the_paid_bill_is_cured_on_the_day_of_the_money():
    """What was overdue of it is paid, and the settlement ends the bill that named both."""
    position = under_bill(bullet(), 0)
    asked = position.bills[BILL]
    other = plan(on=ON)
    paid_row = other.parts[0]._replace(debt=Debt(), bill_id=BILL, uncharged_plan_fee_fen=0)
    other = other.with_part(0, paid_row)._replace(state="overdue")
    rows = (*asked.rows, InstalmentKey(2, 0))
    position = Position(
        {BILL: asked._replace(rows=rows, loan_ids=(1, 2))}, {**position.loans, 2: other}
    )

    result = run(position, [Settlement(7, 1, 1_012_000, ON)], {1: TERMS, 2: TERMS})

    assert result.decisions[-1] == Decision("cure", 2, ON, "past-due-paid")


def test_money_short_of_a_fen_pays_the_bill_of_a_plan_in_part():
    position = under_bill(plan(on=ON), 0, 1)

    result = happens(Settlement(7, 1, 150_000, ON), position)

    assert [(one.part_index, one.debt) for one in result.allocations] == [
        (0, Debt(plan_fee_fen=6_000, principal_fen=100_000)),
        (1, Debt(plan_fee_fen=6_000, principal_fen=38_000)),
    ]
    asked = result.position.bills[BILL]
    assert (asked.state, asked.paid_fen, asked.shortfall_fen, asked.last_paid_on) == (
        "billed", 150_000, 62_000, ON,
    )  # fmt: skip


def test_a_converted_bill_is_no_row_of_the_plan():
    loan = plan(paid=4)
    rest = loan.parts[0]._replace(debt=Debt(interest_fen=300), due_on=date(2027, 1, 22))
    converted = loan._replace(parts=(rest, *loan.parts[1:]), converted_on=date(2026, 9, 30))

    found = quoted(converted, date(2027, 1, 21))

    assert found.debt == Debt(interest_fen=300, plan_fee_fen=6_000, principal_fen=800_000)


def test_a_settlement_in_the_first_period_charges_the_fee_of_the_first_row():
    result = after(Settlement(7, 1, 1_300_000, date(2026, 9, 25)), plan(on=date(2026, 9, 25)))

    assert [(one.kind, one.part_index) for one in result.charges] == [
        ("plan_fee", 0), ("prepayment", 0),
    ]  # fmt: skip


def test_on_the_last_due_date_and_after_it_no_period_starts():
    last_on = date(2027, 9, 1)
    loan = plan(paid=11, on=date(2027, 8, 30))

    assert loan.parts[11].due_on == last_on
    assert quoted(loan, last_on).debt == Debt(plan_fee_fen=6_000, principal_fen=100_000)
    assert quoted(loan, date(2027, 9, 25)).debt == Debt(plan_fee_fen=6_000, principal_fen=100_000)


def test_no_more_principal_is_repaid_than_the_loan_has_left():
    result = after(Prepayment(7, 1, 2_000_000, date(2026, 9, 11), 1_500_000))

    assert [one.debt for one in result.allocations] == [
        Debt(interest_fen=5_000, principal_fen=1_000_000)
    ]
    assert result.surpluses == [Surplus(7, None, date(2026, 9, 11), 990_000, 1)]
    assert result.position.loans[1].state == "settled"
