"""Scenarios with a lower rate: education and medical care (RATE-10).

The factor is kept apart from the rate: both are multiplied through and divided once.
"""

from datetime import date, timedelta

from loans.contracts.rules.codes import Scenario
from loans.policy import QuotePolicy
from risk.facts.rules import PaymentCategory

PERMILLE = 1000
# What a partner calls a payment for the purpose of a scenario (RATE-10).
CATEGORIES = {
    Scenario.EDUCATION: PaymentCategory.EDUCATION,
    Scenario.MEDICAL: PaymentCategory.HEALTH,
}
assert tuple(CATEGORIES) == tuple(Scenario), "payments can prove every scenario"


def factor_permille(scenario: Scenario | None, policy: QuotePolicy) -> int:
    """Return the factor on the daily rate; 1000 without a scenario (RATE-10)."""
    if scenario is None:
        return PERMILLE
    factor: int = getattr(policy, f"{scenario}_factor_permille")
    return factor


def proof_until_on(drawn_on: date, policy: QuotePolicy) -> date:
    """Return the last day on which a proof of the scenario counts; the drawdown is day 0 (RATE-10).

    Without it the full rate starts with the night after that day.
    """
    return drawn_on + timedelta(days=policy.scenario_proof_days)
