"""The end of a day for one bill, by rules alone: moves, segments, the late fee (GEN-8)."""

from dataclasses import replace

import pytest

from loans.accounting.rules import engine
from loans.accounting.rules.codes import BillMove, LoanMove
from loans.accounting.rules.debt import Debt
from loans.accounting.rules.position import InstalmentKey, Position, start_segment
from loans.delinquency.rules.end_of_day import REASONS, EndOfDay, Refusals
from tests.loans.cases import TERMS, bill, day, loan, part

ONLY = InstalmentKey(7, 0)


def standing(*rows, loans=None, **facts):
    """A position with one bill, that of the table 1.9 if nothing else is given."""
    rows = rows or (ONLY,)
    return Position({1: bill(*rows, **facts)}, loans or {7: loan(part(bill_id=1))})


def close(position, *days, has_mandate=True, terms=TERMS):
    """Close some days of the bill, from D on."""
    events = [EndOfDay(1, day(n), has_mandate) for n in days]
    return engine.run(position, events, dict.fromkeys(position.loans, terms))


def moves(result):
    return [one.move for one in result.decisions]


def in_grace(**facts):
    """The bill of the table 1.9 as it stands in grace, nothing paid, its debits refused."""
    late = {"refusals": 3, "refused_on": day(0), "late_fee_on": day(1), "late_fee_fen": 508,
            "closed_through": day(3)}  # fmt: skip
    row = part(interest_fen=15_500, late_fee_fen=508, segment_posted_fen=15_500, bill_id=1)
    held = loan(row, accrued_on=day(1))._replace(principal_nights_fen=31_000_000,
                                                 charged_fen=16_008)  # fmt: skip
    return standing(loans={7: held}, state="grace", **(late | facts))


def test_the_due_date_itself_charges_its_nights_and_decides_nothing():
    result = close(standing(), 0)

    assert result.decisions == []
    assert result.position.bills[1] == bill(ONLY, closed_through=day(0))
    assert result.position.owed(1) == Debt(interest_fen=15_000, principal_fen=1_000_000)


def test_the_day_after_an_unpaid_due_date_begins_grace():
    result = close(standing(refused_on=day(1)), 1)

    [decision] = result.decisions
    assert decision == (BillMove.ENTER_GRACE, 1, day(1), REASONS[BillMove.ENTER_GRACE])
    assert result.position.bills[1] == bill(
        ONLY, state="grace", refused_on=day(1), closed_through=day(1), charged_at_due_fen=15_000
    )
    assert result.position.loans[7].accrued_on == day(0)


def test_the_base_of_the_late_fee_is_what_was_billed_and_is_unpaid():
    row = part(100_000, "none", plan_fee_fen=6_000, interest_fen=40, late_fee_fen=7, penalty_fen=5)
    plan = loan(row, part(900_000, "none"), accrued_on=day(0))._replace(is_bullet=False)

    result = close(standing(loans={7: plan}), 1)

    bases_fen = [one.late_fee_base_fen for one in result.position.loans[7].parts]
    assert bases_fen == [106_040, 0]


def test_the_first_counted_refusal_brings_the_late_fee_the_day_after():
    result = close(standing(refusals=1, refused_on=day(0)), 1)

    assert [(one.kind, one.from_on, one.to_on, one.charged_fen) for one in result.charges] == [
        ("own", day(-30), day(0), 15_000), ("own", day(0), day(1), 500),
        ("late_fee", day(1), day(1), 508),
    ]  # fmt: skip
    closed = result.position.bills[1]
    assert (closed.late_fee_on, closed.late_fee_fen) == (day(1), 508)
    assert {one.cause for one in result.charges} == {("end_of_day", 1)}


def test_the_late_fee_comes_once():
    result = close(standing(refusals=1, refused_on=day(0)), 1, 2, 3)

    assert [one.to_on for one in result.charges if one.kind == "late_fee"] == [day(1)]
    assert result.position.owed(1).late_fee_fen == 508


@pytest.mark.parametrize(
    ("mode", "has_mandate", "fee_fen"),
    [("full", True, 0), ("off", True, 508), ("full", False, 508)],
)
def test_where_nobody_debits_the_late_fee_waits_for_no_refusal(mode, has_mandate, fee_fen):
    result = close(standing(mode=mode), 1, has_mandate=has_mandate)

    assert result.position.bills[1].late_fee_fen == fee_fen


def test_the_older_drawdown_takes_the_fen_that_two_loans_cannot_share():
    young = loan(part(1_000), rate_ppm=0)._replace(drawn_on=day(-30), principal_nights_fen=10**6)
    old = young._replace(drawn_on=day(-31))
    rows = InstalmentKey(7, 0), InstalmentKey(8, 0)

    result = close(standing(*rows, loans={7: young, 8: old}, mode="off"), 1)

    fees_fen = [one.parts[0].debt.late_fee_fen for one in result.position.loans.values()]
    assert fees_fen == [0, 1]
    assert result.position.bills[1].late_fee_fen == 1


def test_a_bill_keeps_of_the_late_fee_what_the_cap_left():
    held = loan(part(1_000_000, "none"), accrued_on=day(0))._replace(
        principal_nights_fen=30_000_000
    )
    held = held._replace(charged_fen=20_383 - 100)

    result = close(standing(loans={7: held}, mode="off"), 1)

    assert result.charges[-1].contract_fen == 500
    assert result.position.bills[1].late_fee_fen == 100
    assert result.position.loans[7].waived_fen == 400


def test_a_day_that_was_closed_changes_nothing():
    position = standing(closed_through=day(1), refused_on=day(0))

    result = close(position, 0, 1)

    assert result.position.bills[1] is position.bills[1]
    assert result.position.loans[7] is position.loans[7]
    assert (result.charges, result.decisions) == ([], [])


@pytest.mark.parametrize("state", ["open", "paid", "min_paid", "carried", "converted", "extended"])
def test_a_bill_that_is_not_collected_is_left_alone(state):
    position = standing(state=state)

    result = close(position, 1, 4, 7)

    assert result.position.bills[1] is position.bills[1]
    assert result.charges == []


def test_a_minimum_met_by_the_due_date_lets_the_bullets_alone_revolve():
    bullet = loan(part(913_500, bill_id=1), accrued_on=day(0))
    plan = loan(part(5_000, "none", bill_id=1))
    position = standing(
        ONLY, InstalmentKey(8, 0), loans={7: bullet, 8: plan}, paid_fen=101_500,
        last_paid_on=day(-2), shortfall_fen=918_500, refused_on=day(0),
    )  # fmt: skip

    result = close(position, 1)

    assert moves(result) == [BillMove.SETTLE_MINIMUM]
    revolving, row = (one.parts[0] for one in result.position.loans.values())
    assert revolving == start_segment(bullet.parts[0], "revolving", on=day(0))
    assert row == plan.parts[0]
    closed = result.position.bills[1]
    assert (closed.state, closed.debit_on, closed.late_fee_on) == ("min_paid", None, None)


def test_grace_cured_by_the_minimum_revolves_from_the_night_of_the_payment():
    row = part(950_000, bill_id=1, segment_on=day(2))
    position = standing(loans={7: loan(row, accrued_on=day(2))}, state="grace", late_fee_fen=508,
                        late_fee_on=day(1), paid_fen=102_008, last_paid_on=day(2),
                        shortfall_fen=950_000, closed_through=day(2))  # fmt: skip

    result = close(position, 3)

    assert moves(result) == [BillMove.SETTLE_MINIMUM]
    assert result.position.loans[7].parts[0] == start_segment(row, "revolving", on=day(2))


def test_a_waiver_that_completes_the_minimum_charges_no_night_twice():
    """Paid on D+1 up to 5 fen, waived on D+2: the night of D+1 bears the own rate (REPAY-15)."""
    row = part(950_000, bill_id=1, segment_on=day(1), segment_posted_fen=475)
    position = standing(loans={7: loan(row, accrued_on=day(2))}, state="grace", late_fee_fen=508,
                        late_fee_on=day(1), paid_fen=102_003, waived_fen=5, last_paid_on=day(1),
                        shortfall_fen=950_005, closed_through=day(2))  # fmt: skip

    result = close(position, 3)

    assert moves(result) == [BillMove.SETTLE_MINIMUM]
    assert result.position.loans[7].parts[0] == start_segment(row, "revolving", on=day(2))


def test_a_minimum_without_late_fee_leaves_no_base_to_charge_later():
    row = part(900, bill_id=1, segment_on=day(0))
    position = standing(loans={7: loan(row, accrued_on=day(0))}, paid_fen=1_014_100, mode="off",
                        last_paid_on=day(0), shortfall_fen=900)  # fmt: skip

    result = close(position, 1)

    assert moves(result) == [BillMove.ENTER_GRACE]
    assert result.position.loans[7].parts[0].late_fee_base_fen == 0
    assert result.position.owed(1).late_fee_fen == 0


def nearly_paid(**facts):
    """A bill in grace of which a payment left 10.00."""
    row = part(1_000, bill_id=1, segment_on=day(1))
    held = loan(row, accrued_on=day(1))._replace(principal_nights_fen=31_000_000)
    paid = {"paid_fen": 1_015_008, "last_paid_on": day(1), "shortfall_fen": 1_000,
            "late_fee_on": day(1), "late_fee_fen": 508, "closed_through": day(2)}  # fmt: skip
    return standing(loans={7: held}, state="grace", **(paid | facts))


@pytest.mark.parametrize(("n", "expected"), [(3, []), (4, [BillMove.CARRY])])
def test_a_small_balance_is_carried_when_grace_is_over(n, expected):
    assert moves(close(nearly_paid(), n)) == expected


def test_what_is_carried_is_charged_to_the_day_and_stays_under_the_bill_at_its_own_rate():
    position = nearly_paid()

    result = close(position, 4)

    carried = result.position.bills[1]
    assert (carried.state, carried.rows) == ("carried", position.bills[1].rows)
    assert carried.debit_on is None
    [row], [left] = position.loans[7].parts, result.position.loans[7].parts
    assert left == row._replace(
        debt=Debt(interest_fen=2, principal_fen=1_000), segment_posted_fen=2
    )
    assert result.position.loans[7].accrued_on == day(4)


@pytest.mark.parametrize(
    ("principal_fen", "expected"),
    [(998, BillMove.CARRY), (999, BillMove.RECORD_OVERDUE), (1_000, BillMove.RECORD_OVERDUE)],
)
def test_the_nights_before_today_count_when_a_balance_is_small(principal_fen, expected):
    # Four nights bear 1.996, 1.998 and 2 fen: 2 fen on top, 1,000 and more.
    row = part(principal_fen, bill_id=1, segment_on=day(0))
    position = standing(loans={7: loan(row, accrued_on=day(0))}, state="grace", refusals=3,
                        late_fee_on=day(1), closed_through=day(3))  # fmt: skip

    result = close(position, 4)

    assert moves(result)[-1] == expected


def test_the_nights_of_each_loan_count_once_when_a_balance_is_small():
    row = part(499, bill_id=1, segment_on=day(0))
    held = loan(row, accrued_on=day(0))._replace(principal_nights_fen=10**6)
    late = {"state": "grace", "refusals": 3, "late_fee_on": day(1), "closed_through": day(3)}
    position = standing(ONLY, InstalmentKey(8, 0), loans={7: held, 8: held}, **late)

    result = close(position, 4)

    assert moves(result) == [BillMove.CARRY]
    assert [one.parts[0].debt.total_fen for one in result.position.loans.values()] == [500, 500]


def test_three_refusals_and_grace_over_start_penalty_and_a_recovery_cycle():
    result = close(in_grace(tries=2, debit_on=None), 4)

    assert moves(result) == [LoanMove.RECORD_OVERDUE, BillMove.RECORD_OVERDUE]
    assert {(one.on, one.reason) for one in result.decisions} == {(day(4), "grace-over")}
    late = result.position.bills[1]
    assert (late.state, late.overdue_on) == ("overdue", day(4))
    assert (late.cycle, late.cycle_on, late.debit_on) == (2, day(6), day(6))
    assert (late.refusals, late.tries) == (0, 0)
    held = result.position.loans[7]
    assert (held.state, held.overdue_on, held.accrued_on) == ("overdue", day(4), day(4))
    assert held.parts[0].debt == Debt(0, 508, 17_000, 0, 1_000_000)
    assert held.parts[0][1:4] == ("penalty", day(4), 1_000_000)


def test_later_instalments_of_an_overdue_loan_bear_no_penalty():
    row, later = part(100_000, "none", bill_id=1), part(900_000, "none")
    held = loan(row, later, accrued_on=day(3))._replace(is_bullet=False)
    position = standing(loans={7: held}, state="grace", refusals=3, late_fee_on=day(1),
                        closed_through=day(3))  # fmt: skip

    result = close(position, 4)

    assert [one.accrual for one in result.position.loans[7].parts] == ["penalty", "none"]


def test_a_loan_that_is_overdue_by_another_bill_is_not_moved_again():
    position = in_grace()
    before = position.loans[7]._replace(state="overdue", overdue_on=day(-10))

    result = close(Position(position.bills, {7: before}), 4)

    assert moves(result) == [BillMove.RECORD_OVERDUE]
    assert result.position.loans[7].overdue_on == day(-10)


@pytest.mark.parametrize(
    ("refusals", "n", "state"), [(3, 3, "grace"), (2, 6, "grace"), (2, 7, "overdue")]
)
def test_a_bill_is_recorded_on_its_day_and_not_before(refusals, n, state):
    result = close(in_grace(refusals=refusals, closed_through=day(n - 1)), n)

    assert result.position.bills[1].state == state


@pytest.mark.parametrize(
    ("mode", "has_mandate", "state"),
    [("full", True, "grace"), ("off", True, "overdue"), ("full", False, "overdue")],
)
def test_where_nobody_debits_grace_alone_decides(mode, has_mandate, state):
    result = close(in_grace(refusals=0, mode=mode), 4, has_mandate=has_mandate)

    assert result.position.bills[1].state == state


def test_a_refusal_of_the_recovery_brings_the_late_fee_of_an_overdue_bill():
    faulty = close(in_grace(refusals=0, refused_on=None, late_fee_on=None, late_fee_fen=0), 7)
    refused = faulty.position.bills[1]._replace(refusals=1, refused_on=day(9))
    assert (refused.state, refused.late_fee_on) == ("overdue", None)

    [row] = faulty.position.loans[7].parts
    held = faulty.position.loans[7].with_part(0, row._replace(late_fee_base_fen=1_015_000))
    result = close(Position({1: refused}, {7: held}), 9, 10)

    assert [one.to_on for one in result.charges if one.kind == "late_fee"] == [day(10)]
    assert result.position.bills[1].late_fee_on == day(10)


def test_an_overdue_bill_is_closed_each_day_without_a_further_move():
    late = close(in_grace(), 4)

    result = close(late.position, 5)

    assert result.decisions == []
    assert result.position.bills[1] == late.position.bills[1]._replace(closed_through=day(5))


def test_days_that_were_missed_are_caught_up_in_one_run_as_day_by_day():
    position = standing(refusals=3, refused_on=day(0))

    at_once = close(position, 0, 1, 2, 3, 4)
    stepwise = position
    for n in range(5):
        stepwise = close(stepwise, n).position

    assert at_once.position == stepwise
    assert at_once.position.owed(1) == Debt(0, 508, 17_000, 0, 1_000_000)


def test_a_past_day_decides_with_the_refusals_that_were_known_when_it_began():
    position = in_grace(refusals=0, refused_on=None)
    event = EndOfDay(1, day(4), True, Refusals(3, day(0)))

    result = engine.run(position, [event], {7: TERMS})

    assert result.position.bills[1].overdue_on == day(4)
    assert result.position.bills[1].refused_on == day(0)


def test_a_past_day_forgets_refusals_that_came_after_it_began():
    position = standing(refusals=3, refused_on=day(0))
    event = EndOfDay(1, day(1), True, Refusals(0, None))

    result = engine.run(position, [event], {7: TERMS})

    closed = result.position.bills[1]
    assert (closed.refusals, closed.refused_on, closed.late_fee_on) == (0, None, None)


def test_the_day_is_decided_by_the_terms_of_the_contract():
    longer = replace(TERMS, grace_days=5, second_window_days=6)

    assert close(in_grace(), 4, terms=longer).decisions == []
    assert moves(close(in_grace(), 6, terms=longer))[-1] == BillMove.RECORD_OVERDUE


def test_what_revolved_since_an_earlier_bill_is_carried_at_its_own_rate():
    row = part(900, "revolving", bill_id=1, segment_on=day(0))
    held = loan(row, accrued_on=day(0))._replace(principal_nights_fen=31_000_000)
    position = standing(loans={7: held}, state="grace", paid_fen=101_500, last_paid_on=day(0),
                        shortfall_fen=900, closed_through=day(3))  # fmt: skip

    result = close(position, 4)

    assert moves(result) == [BillMove.CARRY]
    [left] = result.position.loans[7].parts
    assert (left.accrual, left.segment_on, left.debt.interest_fen) == ("own", day(4), 3)
