"""The engine folds events over a position: order, accruals, charges, moves, and nothing else."""

from dataclasses import replace
from typing import NamedTuple

import pytest

from loans.accounting.rules import engine
from loans.accounting.rules.allocation import Claim
from loans.accounting.rules.cap import Charged
from loans.accounting.rules.codes import BillMove, LoanMove
from loans.accounting.rules.debt import Debt
from loans.accounting.rules.engine import Accrued, Run, RunResult, accrued, nightly_charges
from loans.accounting.rules.outcomes import (
    Allocation,
    Cause,
    ComputedCharge,
    Decision,
    WaivedCharge,
)
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


def due_plan():
    """A plan of two rows: the fee of the first one falls due on D, under a cap of 39 fen."""
    first = part(1_000, "none", segment_base_fen=0, due_on=day(0), uncharged_plan_fee_fen=60)
    later = first._replace(due_on=day(31))
    return loan(first, later, accrued_on=day(-30))._replace(is_bullet=False)


def plan_fee(n, *, index=0, contract_fen=60, charged_fen=39, cause=CAUSE):
    return ComputedCharge(
        7, index, "plan_fee", day(n), day(n), day(n), 0, 0, contract_fen, charged_fen, cause
    )


def test_a_plan_fee_is_charged_on_its_due_date_as_far_as_the_cap_goes():
    # 2,000 x 30 nights x 24 % / 365 are 39.4.
    made = accrued(due_plan(), on=day(5), terms=TERMS)

    assert nightly_charges(7, made, terms=TERMS, cause=CAUSE) == [plan_fee(0)]
    assert [one.debt.plan_fee_fen for one in made.end.parts] == [39, 0]
    assert [one.uncharged_plan_fee_fen for one in made.end.parts] == [0, 60]


def test_a_plan_fee_of_a_day_without_nights_is_charged_with_its_cause():
    start = due_plan()._replace(accrued_on=day(0), principal_nights_fen=60_000)
    made = accrued(start, on=day(0), terms=TERMS)

    assert nightly_charges(7, made, terms=TERMS, cause=CAUSE) == [plan_fee(0)]


def test_plan_fees_that_are_paid_early_are_charged_on_the_day_of_the_payment():
    loans = {7: due_plan(), 8: due_plan()._replace(principal_nights_fen=10**6)}
    run = under_way(OLD, NEW, loans=loans)
    paid = Cause("repayment", 5)

    run.charge_plan_fees([NEW, InstalmentKey(8, 1)], on=day(-9), cause=paid)

    assert run.charges == [
        plan_fee(-9, charged_fen=60, cause=paid)._replace(loan_id=8),
        plan_fee(-9, index=1, charged_fen=60, cause=paid)._replace(loan_id=8),
    ]
    assert run.position.loans[7] is loans[7]
    assert [one.uncharged_plan_fee_fen for one in run.position.loans[8].parts] == [0, 0]


def test_what_paying_takes_has_the_plan_fees_of_the_bill_charged():
    loans = {7: due_plan()._replace(principal_nights_fen=10**6), 8: loan(part(500))}
    run = under_way(OLD, NEW, loans=loans)
    asked = run.position.bills[1]

    owing = run.payable(asked)

    assert [one.debt for one in owing[7].parts] == [
        Debt(plan_fee_fen=60, principal_fen=1_000), Debt(principal_fen=1_000),
    ]  # fmt: skip
    assert owing[8] is loans[8]
    assert run.unpaid_fen(asked) == 1_060 + 500
    assert run.position.loans == loans


def test_a_claim_has_what_paying_takes_and_the_rate_of_its_segment():
    lowered = loan(part(500), rate_ppm=400)._replace(
        factor_permille=900, full_rate_on=day(30), drawn_on=day(-30)
    )
    plan = due_plan()._replace(principal_nights_fen=10**6, drawn_on=day(-31))
    run = under_way(OLD, NEW, loans={7: plan, 8: lowered})

    assert run.claims(run.position.bills[1], [NEW, OLD]) == [
        Claim(Debt(principal_fen=500), 360_000, False, day(-30)),
        Claim(Debt(plan_fee_fen=60, principal_fen=1_000), 0, True, day(-31)),
    ]


def test_segments_of_one_loan_alone_begin_where_it_is_named():
    run = under_way(OLD, NEW, loans={7: loan(part(900)), 8: loan(part(700))})

    run.start_segments(run.position.bills[1], "revolving", on=day(3), loan_id=8)

    found = {key: one.parts[0][1:3] for key, one in run.position.loans.items()}
    assert found == {7: ("own", day(-30)), 8: ("revolving", day(3))}


def test_a_preferred_rate_ends_in_every_part_that_bears_it_and_in_no_other():
    kinds = "own", "revolving", "penalty", "none"
    rows = [part(10_000, kind, segment_on=day(0)) for kind in kinds]
    start = loan(*rows, accrued_on=day(0))._replace(
        factor_permille=900, full_rate_on=day(8), principal_nights_fen=10**7
    )
    run = under_way(loans={7: start})

    run.accrue_loan(7, on=day(9), cause=CAUSE)

    assert [one.segment_on for one in run.position.loans[7].parts] == [
        day(8), day(8), day(0), day(0),
    ]  # fmt: skip
    before, after = run.charges[:3], run.charges[3:]
    assert [(one.kind, one.from_on, one.to_on, one.rate_micro) for one in before] == [
        ("own", day(0), day(8), 450_000),
        ("revolving", day(0), day(8), 675_000),
        ("penalty", day(0), day(8), 1_000_000),
    ]
    assert [(one.kind, one.from_on, one.to_on, one.rate_micro) for one in after] == [
        ("own", day(8), day(9), 500_000),
        ("revolving", day(8), day(9), 750_000),
        ("penalty", day(8), day(9), 1_000_000),
    ]
    assert {one.cause for one in run.charges} == {CAUSE}


class Everything(NamedTuple):
    """An event that charges, settles and waives something of two loans."""

    n: int

    def apply(self, run):
        on = day(self.n)
        for loan_id in (7, 8):
            run.accrue_loan(loan_id, on=on, cause=CAUSE)
            run.allocations.append(Allocation(4, loan_id, 0, on, Debt(principal_fen=1), 1))
            run.waived.append(WaivedCharge(5, loan_id, 0, on, Debt(interest_fen=1), 1))


class Move(NamedTuple):
    """An event that moves the loan 7."""

    move: LoanMove

    def apply(self, run):
        run.move_loan(7, self.move, on=day(1), reason="y")


def marks(events, **of_first):
    """Return the marks of what two loans were charged, of what they were paid, and waived."""
    loans = {7: loan(part())._replace(**of_first), 8: loan(part())}
    position = Position({1: bill(OLD, NEW)}, loans)
    result = engine.run(position, events, dict.fromkeys(loans, TERMS))
    return (
        [one.is_off_books for one in result.charges],
        [one.is_recovery for one in result.allocations],
        [one.is_off_books for one in result.waived],
    )


def test_what_becomes_of_a_loan_that_was_charged_off_before_is_marked():
    assert marks([Everything(1)], state="charged_off") == ([True, False],) * 3


def test_an_event_is_marked_by_what_was_charged_off_before_it():
    written_off, recovered = Move(LoanMove.CHARGE_OFF), Move(LoanMove.RECOVER)

    assert marks([Everything(1), written_off, Everything(2)]) == ([False, False, True, False],) * 3
    assert marks([written_off, recovered, Everything(1)]) == ([False, False],) * 3


def test_charges_are_one_a_part():
    made = accrued(due_plan(), on=day(5), terms=TERMS)._replace(charges=[])

    with pytest.raises(ValueError, match="shorter"):
        nightly_charges(7, made, terms=TERMS, cause=CAUSE)
    with pytest.raises(ValueError, match="shorter"):
        engine.plan_fee_charges(7, made.start, [], cause=CAUSE)


def test_a_late_fee_after_the_end_of_a_preferred_rate_charges_both_segments_with_its_cause():
    lowered = loan(part(1_000_000, late_fee_base_fen=1_015_000))._replace(
        factor_permille=900, full_rate_on=day(-10)
    )
    run = under_way(loans={7: lowered})

    run.charge_late_fee(run.position.bills[1], {OLD: 508}, on=day(1), cause=CAUSE)

    assert [(one.kind, one.from_on, one.charged_fen, one.cause) for one in run.charges] == [
        ("own", day(-30), 9_000, CAUSE),
        ("own", day(-10), 5_500, CAUSE),
        ("late_fee", day(1), 508, CAUSE),
    ]
