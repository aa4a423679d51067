"""The lower rate of a scenario (RATE-10)."""

from dataclasses import replace
from datetime import date

import pytest

from loans.accounting.rules.accrual import own_rate_micro
from loans.contracts.rules.codes import Scenario
from loans.contracts.rules.scenarios import factor_permille, proof_until_on
from loans.policy import LoanTerms, QuotePolicy

POLICY = QuotePolicy()


def test_a_scenario_takes_a_tenth_off_the_rate():
    assert [factor_permille(one, POLICY) for one in (None, *Scenario)] == [1000, 900, 900]


def test_each_scenario_has_its_own_factor():
    policy = replace(POLICY, medical_factor_permille=800)

    assert factor_permille(Scenario.MEDICAL, policy) == 800
    assert factor_permille(Scenario.EDUCATION, policy) == 900


@pytest.mark.parametrize(
    ("rate_ppm", "factor", "ppb"),
    [
        (300, 900, 270_000),
        (250, 900, 225_000),
        (275, 900, 247_500),  # exact, no rate in whole millionths
        (210, 900, 200_000),  # the least rate
        (200, 900, 200_000),
        (200, 1000, 200_000),
        (150, 1000, 150_000),  # a policy with a lower rate than the least of a scenario
        (150, 900, 150_000),
    ],
)
def test_the_rate_after_the_factor_is_exact_and_never_below_the_least(rate_ppm, factor, ppb):
    assert own_rate_micro(rate_ppm, factor, LoanTerms()) == ppb


def test_the_proof_counts_until_the_end_of_day_7():
    assert proof_until_on(date(2026, 9, 1), POLICY) == date(2026, 9, 8)
