"""A payment by rules alone: where it goes, what it ends, what it leaves over (REPAY-8)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loans.accounting.rules import engine
from loans.accounting.rules.codes import BillMove, LoanMove
from loans.accounting.rules.debt import NOTHING, Debt
from loans.accounting.rules.outcomes import Allocation, Surplus
from loans.accounting.rules.position import InstalmentKey, Position, start_segment
from loans.repayment.rules import Payment
from tests.loans.cases import TERMS, bill, day, loan, part
from tests.profiles import pure

ONE, OTHER = InstalmentKey(7, 0), InstalmentKey(8, 0)


def standing(*rows, loans, **facts):
    return Position({1: bill(*(rows or (ONE,)), **facts)}, loans)


def pay(position, *amounts_fen, n=0):
    """Apply payments of one day to the bill."""
    events = [Payment(40 + i, 1, fen, day(n)) for i, fen in enumerate(amounts_fen, 1)]
    return engine.run(position, events, dict.fromkeys(position.loans, TERMS))


def overdue(**facts):
    """The bill of the table 1.9 on 10-10: ten nights late, five of them under penalty."""
    debt = {"penalty_fen": 5_010, "late_fee_fen": 508, "interest_fen": 17_000}
    row = part(1_000_000, "penalty", segment_on=day(4), segment_posted_fen=5_010, bill_id=1, **debt)
    held = loan(row, accrued_on=day(9))._replace(
        principal_nights_fen=39_000_000, charged_fen=22_518, state="overdue", overdue_on=day(4)
    )
    return standing(loans={7: held}, state="overdue", overdue_on=day(4), **facts)


def test_a_part_payment_on_overdue_day_six_follows_the_order_of_the_article():
    result = pay(overdue(), 100_000, n=9)

    assert result.allocations == [
        Allocation(41, 7, 0, day(9), Debt(5_010, 508, 17_000, 0, 77_482), 1)
    ]
    assert result.position.owed(1) == Debt(principal_fen=922_518)
    assert (result.surpluses, result.decisions) == ([], [])


def test_the_reduced_principal_bears_penalty_in_a_segment_from_the_day_of_payment():
    before = overdue()

    after = pay(before, 100_000, n=9).position.loans[7]

    row = before.loans[7].parts[0]._replace(debt=Debt(principal_fen=922_518))
    assert after.parts == (start_segment(row, "penalty", on=day(9)),)
    assert after.parts[0].segment_base_fen == 922_518


def test_penalty_left_unpaid_stays_in_the_base_of_the_new_segment():
    [row] = pay(overdue(), 10, n=9).position.loans[7].parts

    assert row.debt.penalty_fen == 5_000
    assert (row.segment_base_fen, row.segment_posted_fen) == (1_005_000, 0)


def test_the_nights_before_the_payment_are_charged_first_and_name_it():
    result = pay(standing(loans={7: loan(part())}), 101_500, n=1)

    [charge] = result.charges
    assert (charge.charged_fen, charge.to_on, charge.cause) == (15_500, day(1), ("repayment", 41))
    [allocation] = result.allocations
    assert allocation.debt == Debt(interest_fen=15_500, principal_fen=86_000)


def test_nights_that_were_charged_ahead_of_a_payment_are_not_charged_again():
    position = standing(loans={7: loan(part(), accrued_on=day(0))})

    result = pay(position, 86_500, n=-3)

    assert result.charges == []
    assert result.position.loans[7].parts[0].segment_on == day(0)
    assert result.position.bills[1].last_paid_on == day(-3)


@pytest.mark.parametrize(
    ("accrual", "after", "base_fen"), [("penalty", "penalty", 40), ("own", "none", 0)]
)
def test_without_principal_only_unpaid_penalty_bears_on(accrual, after, base_fen):
    row = part(0, accrual, penalty_fen=50)

    result = pay(standing(loans={7: loan(row, accrued_on=day(4))}), 10, n=4)

    [left] = result.position.loans[7].parts
    assert (left.accrual, left.segment_on, left.segment_base_fen) == (after, day(4), base_fen)


def test_a_bill_remembers_what_was_paid_when_and_what_the_payment_left():
    position = standing(loans={7: loan(part())}, paid_fen=200, last_paid_on=day(-9))

    paid = pay(position, 101_500).position.bills[1]

    assert paid == position.bills[1]._replace(
        paid_fen=101_700, last_paid_on=day(0), shortfall_fen=913_500
    )


def test_a_second_payment_of_the_day_finds_no_night_to_charge():
    result = pay(standing(loans={7: loan(part())}), 15_000, 100)

    assert [one.cause.id for one in result.charges] == [41]
    assert [one.debt for one in result.allocations] == [
        Debt(interest_fen=15_000), Debt(principal_fen=100),
    ]  # fmt: skip


@pytest.mark.parametrize(("left_fen", "state"), [(0, "paid"), (1, "billed")])
def test_a_bill_is_paid_by_its_last_fen(left_fen, state):
    result = pay(standing(loans={7: loan(part())}), 1_015_000 - left_fen)

    paid = result.position.bills[1]
    assert (paid.state, paid.shortfall_fen) == (state, left_fen)
    assert paid.paid_on == (None if left_fen else day(0))


def test_what_pays_a_bullet_in_full_moves_the_bill_and_then_settles_the_loan():
    result = pay(overdue(), 1_022_518, n=9)

    assert [(one.move, one.id, one.on, one.reason) for one in result.decisions] == [
        (BillMove.PAY, 1, day(9), "paid-in-full"),
        (LoanMove.SETTLE, 7, day(9), "repaid-in-full"),
    ]  # fmt: skip
    settled = result.position.loans[7]
    assert (settled.state, settled.ended_on) == ("settled", day(9))
    assert (settled.parts[0].accrual, settled.parts[0].debt) == ("none", NOTHING)


def test_a_loan_that_still_owes_a_later_instalment_is_not_settled():
    plan = loan(part(100), part(0, "none", plan_fee_fen=6), accrued_on=day(0))

    result = pay(standing(loans={7: plan._replace(is_bullet=False)}), 100)

    assert [one.move for one in result.decisions] == [BillMove.PAY]
    assert result.position.loans[7].state == "active"


def test_a_loan_ends_on_the_day_on_which_the_bill_was_last_paid():
    empty = loan(part(0, "none"), accrued_on=day(0))
    position = standing(loans={7: empty}, state="paid", last_paid_on=day(-1), paid_on=day(-1))

    result = pay(position, 5, n=2)

    assert [(one.move, one.on) for one in result.decisions] == [(LoanMove.SETTLE, day(-1))]
    assert result.position.loans[7].ended_on == day(-1)


def test_one_fen_too_much_is_a_surplus_of_its_repayment():
    result = pay(standing(loans={7: loan(part())}), 1_015_001)

    assert result.surpluses == [Surplus(41, 1, day(0), 1)]
    paid = result.position.bills[1]
    assert (paid.state, paid.paid_fen) == ("paid", 1_015_000)


def test_money_of_which_nothing_is_owed_leaves_the_bill_as_it_is():
    position = standing(loans={7: loan(part())})._replace(
        bills={1: bill(state="carried", paid_fen=900, last_paid_on=day(-1), shortfall_fen=100)}
    )

    result = pay(position, 500, n=6)

    assert result.surpluses == [Surplus(41, 1, day(6), 500)]
    assert result.position == position
    assert (result.allocations, result.decisions, result.charges) == ([], [], [])


def test_a_payment_after_a_bill_was_paid_waits_and_pays_nothing_twice():
    result = pay(standing(loans={7: loan(part())}), 1_015_000, 700)

    assert [one.move for one in result.decisions] == [BillMove.PAY, LoanMove.SETTLE]
    assert result.surpluses == [Surplus(42, 1, day(0), 700)]
    assert result.position.bills[1].paid_fen == 1_015_000


def test_a_plan_whose_past_due_is_paid_is_cured_and_goes_on():
    row = part(100_000, "penalty", segment_on=day(4), bill_id=1)
    plan = loan(row, part(900_000, "none"), accrued_on=day(4))
    plan = plan._replace(is_bullet=False, state="overdue", overdue_on=day(4))

    result = pay(standing(loans={7: plan}, state="overdue"), 100_000, n=4)

    assert [(one.move, one.on, one.reason) for one in result.decisions] == [
        (BillMove.PAY, day(4), "paid-in-full"), (LoanMove.CURE, day(4), "past-due-paid"),
    ]  # fmt: skip
    cured = result.position.loans[7]
    assert (cured.state, cured.overdue_on, cured.ended_on) == ("active", None, None)
    assert [one.accrual for one in cured.parts] == ["none", "none"]


def test_a_loan_is_not_cured_while_its_bill_owes_another():
    rows = part(100_000, "penalty", bill_id=1, segment_on=day(4)), part(900_000, "none")
    plan = loan(*rows, accrued_on=day(4))._replace(is_bullet=False, state="overdue")
    other = loan(part(50_000, bill_id=1), accrued_on=day(4))

    result = pay(standing(ONE, OTHER, loans={7: plan, 8: other}, state="overdue"), 149_999, n=4)

    assert result.decisions == []
    assert result.position.loans[7].state == "overdue"


def test_an_instalment_that_gets_nothing_keeps_its_segment():
    dear, cheap = loan(part(1_000), accrued_on=day(0)), loan(part(1_000), accrued_on=day(0))
    cheap = cheap._replace(rate_ppm=200)

    result = pay(standing(ONE, OTHER, loans={7: cheap, 8: dear}), 999)

    assert result.position.loans[7] is cheap
    assert [(one.loan_id, one.debt) for one in result.allocations] == [
        (8, Debt(principal_fen=999))
    ]  # fmt: skip


def test_the_current_rate_counts_and_not_that_of_the_contract():
    own = loan(part(1_000), accrued_on=day(0))
    revolving = loan(part(1_000, "revolving"), rate_ppm=400, accrued_on=day(0))

    result = pay(standing(ONE, OTHER, loans={7: own, 8: revolving}), 600)

    assert [one.loan_id for one in result.allocations] == [8]  # 600 ppm before 500


def test_principal_of_a_plan_goes_before_that_of_a_dearer_bullet():
    bullet = loan(part(1_000), accrued_on=day(0))
    plan = loan(part(1_000, "none"), accrued_on=day(0))._replace(is_bullet=False)

    result = pay(standing(ONE, OTHER, loans={7: bullet, 8: plan}), 600)

    assert [one.loan_id for one in result.allocations] == [8]


def test_of_equal_rates_the_older_drawdown_is_paid_first():
    young = loan(part(1_000), accrued_on=day(0))._replace(drawn_on=day(-30))
    old = young._replace(drawn_on=day(-31))

    result = pay(standing(ONE, OTHER, loans={7: young, 8: old}), 600)

    assert [one.loan_id for one in result.allocations] == [8]


def test_every_instalment_under_a_bill_is_allocated_under_its_own_number():
    plan = loan(part(5, "none"), part(300, "none"), part(400, "none"), accrued_on=day(0))
    rows = InstalmentKey(7, 1), InstalmentKey(7, 2)

    result = pay(standing(*rows, loans={7: plan._replace(is_bullet=False)}), 700)

    assert [(one.part_index, one.debt.principal_fen) for one in result.allocations] == [
        (1, 300), (2, 400),
    ]  # fmt: skip
    assert result.position.loans[7].parts[0] == plan.parts[0]


fen = st.integers(0, 3_000)
debts = st.builds(Debt, fen, fen, fen, fen, fen)
accruals = st.sampled_from(["own", "none", "revolving", "penalty"])
rows = st.lists(st.tuples(debts, accruals), min_size=1, max_size=4)


@pure
@given(rows, st.lists(st.integers(1, 20_000), min_size=1, max_size=3))
def test_money_is_neither_lost_nor_invented(rows, amounts_fen):
    loans = {
        10 + n: loan(part()._replace(debt=debt, accrual=kind), accrued_on=day(0))
        for n, (debt, kind) in enumerate(rows)
    }
    position = standing(*(InstalmentKey(loan_id, 0) for loan_id in loans), loans=loans)

    result = pay(position, *amounts_fen)

    settled = sum((one.debt for one in result.allocations), NOTHING)
    left_fen = sum(one.amount_fen for one in result.surpluses)
    assert settled.total_fen + left_fen == sum(amounts_fen)
    assert result.position.owed(1) == position.owed(1) - settled
    assert result.position.bills[1].paid_fen == settled.total_fen
    assert not left_fen or result.position.owed(1) == NOTHING


def billed_plan(**facts):
    """A bill with the first row of a plan, its fee due with it on D; twenty nights are charged."""
    row = part(100_000, "none", segment_base_fen=0, due_on=day(0), uncharged_plan_fee_fen=500,
               bill_id=1)  # fmt: skip
    later = part(100_000, "none", segment_base_fen=0, due_on=day(31), uncharged_plan_fee_fen=500)
    plan = loan(row, later, accrued_on=day(-10))._replace(
        is_bullet=False, principal_nights_fen=200_000 * 20
    )
    return standing(loans={7: plan}, **facts)


def fees_of(result):
    return [
        (one.debt.plan_fee_fen, one.uncharged_plan_fee_fen)
        for one in result.position.loans[7].parts
    ]


def test_money_before_the_due_date_is_charged_the_fee_of_its_row_and_no_other():
    result = pay(billed_plan(), 60_500, n=-5)

    assert result.allocations == [Allocation(41, 7, 0, day(-5), Debt(0, 0, 0, 500, 60_000), 1)]
    assert fees_of(result) == [(0, 0), (0, 500)]
    [fee] = result.charges
    assert (fee.kind, fee.from_on, fee.to_on, fee.contract_fen, fee.charged_fen, fee.cause) == (
        "plan_fee", day(-5), day(-5), 500, 500, ("repayment", 41),
    )  # fmt: skip
    assert result.position.bills[1].shortfall_fen == 40_000


def test_a_row_with_its_fee_paid_before_the_due_date_pays_the_bill():
    result = pay(billed_plan(), 100_500, n=-5)

    assert result.position.bills[1].state == "paid"
    assert result.surpluses == []
    assert result.position.loans[7].state == "active"


def test_money_that_stops_before_the_fee_leaves_it_to_fall_due():
    standing_now = billed_plan()
    row = standing_now.loans[7].parts[0]
    owing = row._replace(debt=Debt(late_fee_fen=30, principal_fen=100_000))
    loans = {7: standing_now.loans[7].with_part(0, owing)}

    result = pay(standing_now._replace(loans=loans), 30, n=-5)

    assert fees_of(result) == [(0, 500), (0, 500)]
    assert result.charges == []
    assert result.position.bills[1].shortfall_fen == 100_500


def taken_over(**facts):
    """A carried bill whose row stands under the next one, which asks for another loan too."""
    loans = {7: loan(part(300), accrued_on=day(0)), 8: loan(part(500), accrued_on=day(0))}
    carried = bill(state="carried", billed_rows=(ONE,))
    later = bill(ONE, OTHER, id=2, paid_fen=40, billed_rows=(ONE, OTHER))
    return Position({1: carried, 2: later._replace(**facts)}, loans)


def test_money_for_a_bill_pays_its_row_where_a_later_bill_has_taken_it_over():
    position = taken_over()

    result = pay(position, 350)

    assert result.allocations == [Allocation(41, 7, 0, day(0), Debt(principal_fen=300), 2)]
    assert result.surpluses == [Surplus(41, 1, day(0), 50)]
    assert result.position.bills[1] == position.bills[1]
    paid = result.position.bills[2]
    assert (paid.state, paid.paid_fen, paid.shortfall_fen, paid.last_paid_on) == (
        "billed", 340, 500, day(0),
    )  # fmt: skip
    assert result.position.loans[7].state == "settled"
    assert result.position.loans[8] == position.loans[8]


def two_bills(**older):
    loans = {7: loan(part(300), accrued_on=day(0)), 8: loan(part(500), accrued_on=day(0))}
    first = bill(ONE)._replace(**older)
    return Position({1: first, 2: bill(OTHER, id=2)}, loans)


def by_hand(position, fen):
    event = Payment(41, 2, fen, day(0), older_ids=(1,))
    return engine.run(position, [event], dict.fromkeys(position.loans, TERMS))


@pytest.mark.parametrize("state", ["billed", "grace", "overdue", "min_paid", "carried"])
def test_money_paid_by_hand_settles_the_older_bill_first(state):
    result = by_hand(two_bills(state=state), 301)

    assert result.allocations == [
        Allocation(41, 7, 0, day(0), Debt(principal_fen=300), 1),
        Allocation(41, 8, 0, day(0), Debt(principal_fen=1), 2),
    ]
    assert result.surpluses == []
    assert [result.position.bills[n].paid_fen for n in (1, 2)] == [300, 1]


@pytest.mark.parametrize("older", [{"state": "paid"}, {"rows": ()}])
def test_an_older_bill_that_asks_nothing_is_passed_over(older):
    result = by_hand(two_bills(**older), 100)

    assert [(one.loan_id, one.bill_id) for one in result.allocations] == [(8, 2)]
    assert result.position.bills[1].paid_fen == 0


def test_money_that_ends_with_the_older_bill_leaves_the_named_one_as_it_is():
    position = two_bills()

    result = by_hand(position, 300)

    assert [one.bill_id for one in result.allocations] == [1]
    assert (result.surpluses, result.position.bills[2]) == ([], position.bills[2])


def test_what_is_too_much_for_both_bills_is_a_surplus_of_the_named_one():
    assert by_hand(two_bills(), 807).surpluses == [Surplus(41, 2, day(0), 7)]
