"""The engine ends a preferred rate where it is due, also in a run from the drawdown (RATE-10)."""

from datetime import date

import pytest

from loans.accounting.rules import engine
from loans.accounting.rules.accrual import contract_fen, own_rate_micro, rate_micro
from loans.accounting.rules.debt import Debt
from loans.accounting.rules.outcomes import Cause
from loans.accounting.rules.position import InstalmentPosition, LoanPosition, Position
from loans.contracts.rules.preferred_rate import PreferredRateEnd
from loans.policy import LoanTerms

TERMS = LoanTerms()
DRAWN_ON, NIGHT_8 = date(2026, 9, 1), date(2026, 9, 9)


def position(full_rate_on=NIGHT_8):
    part = InstalmentPosition(Debt(principal_fen=1_000_000), "own", DRAWN_ON, 1_000_000)
    loan = LoanPosition(
        500, (part,), DRAWN_ON, drawn_on=DRAWN_ON, factor_permille=900, full_rate_on=full_rate_on
    )
    return Position({}, {1: loan})


def run(on, start=None):
    return engine.run(start or position(), [PreferredRateEnd(1, on)], {1: TERMS})


def test_a_run_over_the_end_charges_two_segments():
    result = run(date(2026, 9, 19))

    assert [(one.segment_on, one.rate_micro, one.charged_fen) for one in result.charges] == [
        (DRAWN_ON, 450_000, 3_600), (NIGHT_8, 500_000, 5_000),
    ]  # fmt: skip
    assert result.position.loans[1].parts[0].debt.interest_fen == 8_600
    assert {one.cause for one in result.charges} == {Cause("rate_end", 1)}


def test_a_run_that_stops_at_the_end_begins_the_new_segment():
    part = run(NIGHT_8).position.loans[1].parts[0]

    assert (part.segment_on, part.debt.interest_fen) == (NIGHT_8, 3_600)
    assert run(date(2026, 9, 8)).position.loans[1].parts[0].segment_on == DRAWN_ON


def test_a_proven_use_has_one_segment():
    result = run(date(2026, 9, 19), position(date.max))

    assert [one.charged_fen for one in result.charges] == [8_100]


@pytest.mark.parametrize(
    ("rate_ppm", "own", "revolving"),
    [(250, 225_000, 337_500), (300, 270_000, 405_000), (200, 200_000, 300_000)],
)
def test_multipliers_are_kept_apart_from_the_rate(rate_ppm, own, revolving):
    assert own_rate_micro(rate_ppm, 900, TERMS) == own
    assert rate_micro("own", rate_ppm, TERMS, factor_permille=900) == own
    assert rate_micro("revolving", rate_ppm, TERMS, factor_permille=900) == revolving


def test_factor_and_revolving_are_multiplied_through_and_divided_once():
    # 225 ppm x 1.5 = 337.5: two nights on 10,000.00 are 6.75, not 2 x 338.
    assert contract_fen("revolving", 1_000_000, 250, 2, TERMS, factor_permille=900) == 675
    assert contract_fen("own", 1_000_000, 250, 1, TERMS, factor_permille=900) == 225
