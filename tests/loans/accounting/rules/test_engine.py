"""The engine folds events over a position: order, accruals, charges, moves, and nothing else."""

from dataclasses import replace
from typing import NamedTuple

import pytest

from loans.accounting.rules import engine
from loans.accounting.rules.cap import Charged
from loans.accounting.rules.codes import BillMove, LoanMove
from loans.accounting.rules.debt import Debt
from loans.accounting.rules.engine import Accrued, Run, RunResult, accrued, nightly_charges
from loans.accounting.rules.outcomes import Cause, ComputedCharge, Decision
from loans.accounting.rules.position import InstalmentKey, Position
from loans.models import Bill, Loan
from tests.loans.cases import TERMS, bill, day, loan, part

CAUSE = Cause("end_of_day", 1)
OLD, NEW = InstalmentKey(7, 0), InstalmentKey(8, 0)
DIFFERENT = replace(TERMS, penalty_ppm=2_000, revolve_factor_permille=2_000, late_fee_ppm=1_000)


class Nights(NamedTuple):
    """An event that charges the nights of a bill up to a day."""

    n: int

    def apply(self, run):
        run.accrue(run.position.bills[1], on=day(self.n), cause=CAUSE)


class Payoff(NamedTuple):
    """An event that clears the interest charged so far and moves the bill."""

    n: int

    def apply(self, run):
        row = run.position.loans[7].parts[0]
        run.change_part(7, 0, row._replace(debt=row.debt._replace(interest_fen=0)))
        run.move_bill(1, BillMove.PAY, on=day(self.n), reason="y", paid_on=day(self.n))


def under_way(*rows, loans=None, terms=TERMS, known=None, **facts):
    """A run over one bill, before any event."""
    loans = loans or {7: loan(part())}
    position = Position({1: bill(*(rows or (OLD,)), **facts)}, loans)
    return Run(position, dict.fromkeys(loans, terms), known or {})


def test_no_event_leads_nowhere():
    position = Position({1: bill(OLD)}, {7: loan(part())})

    assert engine.run(position, [], {7: TERMS}) == RunResult(position, *[[]] * 8)


def test_events_apply_in_their_order():
    position = Position({1: bill(OLD)}, {7: loan(part())})

    first_nights = engine.run(position, [Nights(0), Payoff(0)], {7: TERMS})
    first_payoff = engine.run(position, [Payoff(0), Nights(0)], {7: TERMS})

    assert first_nights.position.owed(1).interest_fen == 0
    assert first_payoff.position.owed(1).interest_fen == 15_000
    assert [move.move for move in first_payoff.decisions] == [BillMove.PAY]


def test_the_position_that_a_run_starts_from_stays_as_it_is():
    before = bill(OLD), loan(part())
    position = Position({1: before[0]}, {7: before[1]})

    engine.run(position, [Nights(0), Payoff(0)], {7: TERMS})

    assert position == Position({1: before[0]}, {7: before[1]})


def test_each_loan_of_a_bill_is_charged_once_up_to_the_day():
    run = under_way(OLD, NEW, InstalmentKey(8, 1), loans={
        7: loan(part(1_000_000), accrued_on=day(2)),
        8: loan(part(500_000), part(500_000)),
        9: loan(part(1_000_000)),
    })  # fmt: skip
    ahead, other = run.position.loans[7], run.position.loans[9]

    for _twice in range(2):
        run.accrue(run.position.bills[1], on=day(1), cause=CAUSE)

    assert run.position.loans[7] is ahead
    assert run.position.loans[9] is other
    assert run.position.loans[8].accrued_on == day(1)
    assert [(one.loan_id, one.part_index, one.charged_fen) for one in run.charges] == [
        (8, 0, 7_750), (8, 1, 7_750),
    ]  # fmt: skip


def test_each_loan_is_charged_under_its_own_terms():
    revolving = part(1_000_000, "revolving", segment_on=day(0))
    loans = {7: loan(revolving, accrued_on=day(0)), 8: loan(revolving, accrued_on=day(0))}
    loans = {key: one._replace(principal_nights_fen=10**9) for key, one in loans.items()}
    run = Run(Position({1: bill(OLD, NEW)}, loans), {7: TERMS, 8: DIFFERENT}, {})

    run.accrue(run.position.bills[1], on=day(1), cause=CAUSE)

    assert [(one.rate_micro, one.charged_fen) for one in run.charges] == [
        (750_000, 750), (1_000_000, 1_000),
    ]  # fmt: skip


def test_a_nightly_charge_names_its_segment_its_nights_and_its_rate():
    run = under_way(loans={7: loan(part(segment_on=day(-30)), accrued_on=day(-2))})
    [row] = run.position.loans[7].parts
    run.change_part(7, 0, row._replace(segment_posted_fen=14_000))

    run.accrue(run.position.bills[1], on=day(1), cause=CAUSE)

    assert run.charges == [
        ComputedCharge(7, 0, "own", day(-30), day(-2), day(1), 1_000_000, 500_000, 1_500, 1_500,
                       CAUSE)
    ]  # fmt: skip


def test_a_charge_shows_what_the_formula_gives_and_what_the_cap_left():
    start = loan(part(1_000_000, "penalty", segment_on=day(0)), accrued_on=day(0))
    made = accrued(start, on=day(1), terms=TERMS)

    [charge] = nightly_charges(7, made, terms=TERMS, cause=CAUSE)

    assert (charge.kind, charge.rate_micro) == ("penalty", 1_000_000)
    assert (charge.contract_fen, charge.charged_fen) == (1_000, 657)


def test_an_instalment_that_bears_nothing_is_charged_nothing():
    start = loan(part(1_000, "none"), part(1_000_000), accrued_on=day(-30))
    made = accrued(start, on=day(0), terms=TERMS)

    charges = nightly_charges(7, made, terms=TERMS, cause=CAUSE)

    assert [(one.part_index, one.charged_fen) for one in charges] == [(1, 15_000)]


def test_without_a_night_no_charge_is_made():
    made = accrued(loan(part(), accrued_on=day(0)), on=day(0), terms=TERMS)

    assert nightly_charges(7, made, terms=TERMS, cause=CAUSE) == []


def test_what_is_known_of_the_same_loan_and_day_is_not_computed_again():
    start = loan(part())
    known = Accrued(start, day(0), start._replace(charged_fen=9), [Charged(Debt(interest_fen=9))])

    assert accrued(start, on=day(0), terms=TERMS, known=known) is known
    run = under_way(loans={7: start}, known={7: known})
    run.accrue(run.position.bills[1], on=day(0), cause=CAUSE)
    assert run.position.loans[7] is known.end
    assert [one.charged_fen for one in run.charges] == [9]


@pytest.mark.parametrize("n", [-1, 1])
def test_what_is_known_of_another_day_is_not_used(n):
    start = loan(part())
    known = Accrued(start, day(n), start._replace(charged_fen=9), [Charged()])

    assert accrued(start, on=day(0), terms=TERMS, known=known).end.charged_fen == 15_000


def test_what_is_known_of_the_loan_as_it_was_before_is_not_used():
    before = loan(part())
    known = Accrued(before, day(0), before._replace(charged_fen=9), [Charged()])
    changed = before._replace(rate_ppm=200)

    assert accrued(changed, on=day(0), terms=TERMS, known=known).end.charged_fen == 6_000


def test_a_late_fee_comes_after_the_nights_before_it():
    run = under_way(loans={7: loan(part(late_fee_base_fen=1_015_000))})

    kept_fen = run.charge_late_fee(run.position.bills[1], {OLD: 508}, on=day(1), cause=CAUSE)

    assert kept_fen == 508
    assert [(one.kind, one.charged_fen) for one in run.charges] == [
        ("own", 15_500), ("late_fee", 508),
    ]  # fmt: skip
    assert run.charges[1] == ComputedCharge(
        7, 0, "late_fee", day(1), day(1), day(1), 1_015_000, 500_000, 508, 508, CAUSE
    )
    assert run.position.owed(1) == Debt(late_fee_fen=508, interest_fen=15_500,
                                        principal_fen=1_000_000)  # fmt: skip


def test_a_late_fee_returns_what_the_cap_left_of_it():
    run = under_way(loans={7: loan(part(10_000), accrued_on=day(-30))})

    kept_fen = run.charge_late_fee(run.position.bills[1], {OLD: 50}, on=day(0), cause=CAUSE)

    assert kept_fen == 47
    assert (run.charges[-1].contract_fen, run.charges[-1].charged_fen) == (50, 47)
    assert run.position.loans[7].waived_fen == 3


def test_a_late_fee_is_charged_to_the_instalments_it_names():
    run = under_way(OLD, NEW, terms=DIFFERENT, loans={
        7: loan(part(1_000_000, "none"), part(1_000_000, "none"))._replace(is_bullet=False),
        8: loan(part(1_000_000, "none")),
    })  # fmt: skip

    fees_fen = {OLD: 300, NEW: 0}
    kept_fen = run.charge_late_fee(run.position.bills[1], fees_fen, on=day(1), cause=CAUSE)

    assert kept_fen == 300
    assert [(one.loan_id, one.part_index, one.charged_fen) for one in run.charges] == [
        (7, 0, 300), (8, 0, 0),
    ]  # fmt: skip
    assert {one.rate_micro for one in run.charges} == {1_000_000}
    assert run.position.loans[7].parts[1].debt.late_fee_fen == 0


def test_new_segments_are_those_of_one_accrual_where_it_is_named():
    loans = {7: loan(part(900), part(800, "none")), 8: loan(part(700))}
    run = under_way(OLD, InstalmentKey(7, 1), loans=loans)

    run.start_segments(run.position.bills[1], "revolving", on=day(0), only="own")

    kinds = [[row.accrual for row in run.position.loans[key].parts] for key in (7, 8)]
    assert kinds == [["revolving", "none"], ["own"]]
    assert run.position.loans[7].parts[0].segment_on == day(0)


def test_new_segments_are_those_of_every_instalment_of_the_bill_otherwise():
    loans = {7: loan(part(900, penalty_fen=5), part(800, "none"), part(700))}
    run = under_way(OLD, InstalmentKey(7, 1), loans=loans)

    run.start_segments(run.position.bills[1], "penalty", on=day(4))

    assert [(row.accrual, row.segment_base_fen) for row in run.position.loans[7].parts] == [
        ("penalty", 905), ("penalty", 800), ("own", 700),
    ]  # fmt: skip


def test_a_move_of_a_bill_is_a_decision_and_its_values():
    run = under_way()

    moved = run.move_bill(1, BillMove.PAY, on=day(2), reason="y", paid_on=day(1))

    assert moved is run.position.bills[1]
    assert moved == bill(OLD, state="paid", paid_on=day(1))
    assert run.decisions == [Decision(BillMove.PAY, 1, day(2), "y")]


def test_a_move_of_a_loan_is_a_decision_and_its_values():
    run = under_way()

    run.move_loan(7, LoanMove.SETTLE, on=day(2), reason="y", ended_on=day(2))

    assert run.position.loans[7] == loan(part())._replace(state="settled", ended_on=day(2))
    assert run.decisions == [Decision(LoanMove.SETTLE, 7, day(2), "y")]


@pytest.mark.parametrize("move", BillMove)
def test_a_bill_is_moved_where_its_machine_moves_it(move):
    run = under_way()

    moved = run.move_bill(1, move, on=day(1), reason="y")

    [target] = {one.target for one in getattr(Bill, move)._django_fsm.transitions.values()}
    assert moved.state == target


@pytest.mark.parametrize("move", LoanMove)
def test_a_loan_is_moved_where_its_machine_moves_it(move):
    run = under_way()

    run.move_loan(7, move, on=day(1), reason="y")

    [target] = {one.target for one in getattr(Loan, move)._django_fsm.transitions.values()}
    assert run.position.loans[7].state == target


def test_the_terms_of_a_bill_are_those_of_its_oldest_loan():
    loans = {7: loan(part()), 8: loan(part())}
    run = Run(Position({1: bill(NEW, OLD)}, loans), {7: TERMS, 8: DIFFERENT}, {})

    assert run.bill_terms(run.position.bills[1]) is TERMS
    with pytest.raises(AssertionError, match="never had a loan"):
        run.bill_terms(run.position.bills[1]._replace(terms_id=None))
