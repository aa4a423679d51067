"""The rulebook's table 1.9 and its variants (a) to (e), by rules alone."""

from datetime import date

import pytest

from loans.accounting.rules.accrual import contract_fen
from loans.accounting.rules.allocation import Claim, allocate
from loans.accounting.rules.cap import accrue, cap_fen
from loans.accounting.rules.codes import BillMove
from loans.accounting.rules.debt import Debt
from loans.accounting.rules.position import start_segment
from loans.collection.rules import cycle as cycles
from loans.collection.rules.cycle import Cycle, Demand, ask_fen
from loans.delinquency.rules.classification import BillOutcome, Unpaid, decide
from loans.delinquency.rules.late_fee import late_fees_fen
from tests.loans.cases import DUE_ON, TERMS, day, loan, part

# date, interest, late fee, penalty, contract total, cap, payoff
TABLE = [
    ("2026-10-01", 15_000, 0, 0, 15_000, 19_726, 1_015_000),
    ("2026-10-02", 15_500, 508, 0, 16_008, 20_383, 1_016_008),
    ("2026-10-03", 16_000, 508, 0, 16_508, 21_041, 1_016_508),
    ("2026-10-04", 16_500, 508, 0, 17_008, 21_698, 1_017_008),
    ("2026-10-05", 17_000, 508, 0, 17_508, 22_356, 1_017_508),
    ("2026-10-06", 17_000, 508, 1_000, 18_508, 23_013, 1_018_508),
    ("2026-10-07", 17_000, 508, 2_001, 19_509, 23_671, 1_019_509),
    ("2026-10-08", 17_000, 508, 3_003, 20_511, 24_328, 1_020_511),
    ("2026-10-09", 17_000, 508, 4_006, 21_514, 24_986, 1_021_514),
    ("2026-10-10", 17_000, 508, 5_010, 22_518, 25_643, 1_022_518),
    ("2026-10-11", 17_000, 508, 6_015, 23_523, 26_301, 1_023_523),
    ("2026-10-12", 17_000, 508, 7_021, 24_529, 26_958, 1_024_529),
    ("2026-10-13", 17_000, 508, 8_028, 25_536, 27_616, 1_025_536),
    ("2026-10-14", 17_000, 508, 9_036, 26_544, 28_273, 1_026_544),
    ("2026-10-15", 17_000, 508, 10_045, 27_553, 28_931, 1_027_553),
]


def run_until(on, start=None):
    """The table's loan after the 00:05 close of a day, unpaid throughout."""
    position = start or loan(part())
    for n in range((on - DUE_ON).days + 1):
        fees_fen = late_fees_fen([position.parts[0].debt.principal_fen + 15_000], TERMS)
        position, _charges = accrue(
            position, on=day(n), terms=TERMS, late_fees_fen=fees_fen if n == 1 else ()
        )
        if n == 4:
            [row] = position.parts
            position = position._replace(parts=(start_segment(row, "penalty", on=day(4)),))
    return position


def settle(position, paid_fen):
    [row] = position.parts
    [parts], left_fen = allocate(paid_fen, [Claim(row.debt, 500_000, False, day(-30))])
    assert left_fen == 0
    return parts


@pytest.mark.parametrize("row", TABLE, ids=[row[0] for row in TABLE])
def test_a_row_of_the_table(row):
    on, interest, late_fee, penalty, total, cap, payoff = row

    position = run_until(date.fromisoformat(on))

    [found] = position.parts
    assert (found.debt.interest_fen, found.debt.late_fee_fen, found.debt.penalty_fen) == (
        interest,
        late_fee,
        penalty,
    )
    assert (position.charged_fen, position.waived_fen) == (total, 0)
    assert cap_fen(position.principal_nights_fen, TERMS) == cap
    assert found.debt.total_fen == payoff


@pytest.mark.parametrize(
    ("on", "contract", "cap"),
    [("2026-10-19", 31_599, 31_561), ("2026-11-10", 54_145, 46_027)],
)
def test_the_day_on_which_the_cap_binds_and_one_long_after(on, contract, cap):
    on = date.fromisoformat(on)

    position = run_until(on)

    borne_fen = contract_fen("penalty", 1_000_000, 500, (on - day(4)).days, TERMS)
    assert 17_508 + borne_fen == contract
    assert (position.charged_fen, position.waived_fen) == (cap, contract - cap)


def test_on_the_day_the_cap_binds_975_fen_are_charged_and_38_waived():
    before, after = run_until(date(2026, 10, 18)), run_until(date(2026, 10, 19))

    assert after.charged_fen - before.charged_fen == 975
    assert after.waived_fen == 38


def test_a_payment_of_3000_yuan_on_the_fifteenth():
    position = run_until(date(2026, 10, 15))

    paid = settle(position, 300_000)

    assert paid == Debt(10_045, 508, 17_000, 0, 272_447)
    left = start_segment(
        position.parts[0]._replace(debt=Debt(principal_fen=727_553)),
        "penalty",
        on=date(2026, 10, 15),
    )
    assert contract_fen("penalty", left.segment_base_fen, 500, 1, TERMS) == 728


def unpaid(
    position, *, paid_fen=0, shortfall_fen=None, state="billed", refusals=0, last_paid_on=None
):
    [row] = position.parts
    return Unpaid(
        state, DUE_ON, 101_500, paid_fen, last_paid_on, shortfall_fen, row.debt.total_fen,
        row.debt.total_fen - row.debt.principal_fen, row.debt.late_fee_fen, refusals, True,
    )  # fmt: skip


def test_variant_a_the_second_attempt_settles_everything_in_grace():
    position = run_until(day(1))

    paid = settle(position, 1_016_008)

    assert paid == Debt(0, 508, 15_500, 0, 1_000_000)


def test_variant_b_a_met_minimum_revolves_from_the_due_date():
    position = run_until(DUE_ON)
    paid = settle(position, 101_500)
    assert paid == Debt(0, 0, 15_000, 0, 86_500)
    row = position.parts[0]._replace(debt=Debt(principal_fen=913_500))
    left = position._replace(parts=(row,))

    decision = decide(
        unpaid(left, paid_fen=101_500, shortfall_fen=913_500, last_paid_on=DUE_ON),
        on=day(1),
        terms=TERMS,
    )

    assert decision == BillOutcome((BillMove.SETTLE_MINIMUM,), DUE_ON)
    revolving = left._replace(parts=(start_segment(row, "revolving", on=DUE_ON),))
    _position, [charge] = accrue(revolving, on=day(1), terms=TERMS)
    assert charge.debt.interest_fen == 685


@pytest.mark.parametrize(("paid_fen", "shortfall_fen", "asked_fen"),
                         [(1_015_000, 1_008, 1_008), (1_015_008, 1_000, 0)])  # fmt: skip
def test_variant_c_eight_fen_decide_whether_the_rest_is_debited(paid_fen, shortfall_fen, asked_fen):
    position = run_until(day(1))
    paid = settle(position, paid_fen)
    assert paid == Debt(0, 508, 15_500, 0, paid_fen - 16_008)

    demand = Demand("full", False, False, 101_500, paid_fen, shortfall_fen, shortfall_fen, 0, 1_008)

    assert ask_fen(demand, TERMS) == asked_fen


def test_variant_c_the_rest_within_tolerance_is_carried_when_grace_ends():
    left = loan(part(1_000))
    bill = unpaid(left, paid_fen=1_015_008, shortfall_fen=1_000, state="grace", last_paid_on=day(1))

    assert decide(bill, on=day(3), terms=TERMS) == BillOutcome()
    assert decide(bill, on=day(4), terms=TERMS) == BillOutcome((BillMove.CARRY,))


def test_variant_d_a_day_of_bank_errors_puts_the_record_off():
    twice = Cycle(1, DUE_ON, 2)  # D and D+2; D+1 was the bank's own fault
    bill = unpaid(run_until(day(4)), state="grace", refusals=2)

    assert cycles.after_refusal(twice, on=day(2), terms=TERMS) == day(4)
    assert decide(bill, on=day(4), terms=TERMS) == BillOutcome()
    record = BillOutcome((BillMove.RECORD_OVERDUE,))
    assert decide(bill._replace(refusals=3), on=day(5), terms=TERMS) == record
    assert decide(bill, on=day(6), terms=TERMS) == BillOutcome()
    assert decide(bill, on=day(7), terms=TERMS) == record


def test_variant_e_a_plan_row_bears_nothing_in_grace_and_penalty_on_its_principal():
    row = part(100_000, "none", plan_fee_fen=6_000, segment_base_fen=0)
    rest = part(1_100_000, "none", segment_base_fen=0)
    position = loan(row, rest)

    fees_fen = late_fees_fen([106_000, 0], TERMS)
    grace, _charges = accrue(position, on=day(1), terms=TERMS, late_fees_fen=fees_fen)
    grace, _charges = accrue(grace, on=day(4), terms=TERMS)

    assert grace.charged_fen == grace.parts[0].debt.late_fee_fen == 53
    late = start_segment(grace.parts[0], "penalty", on=day(4))
    after, [charge, other] = accrue(
        grace._replace(parts=(late, grace.parts[1])), on=day(14), terms=TERMS
    )
    assert (charge.debt.penalty_fen, other.debt.total_fen, after.waived_fen) == (1_005, 0, 0)
