"""What a new loan of a customer costs: the latest score, its rate and the plans it opens (RATE-1).

A score prices new loans only; a later one changes nothing of a loan (SCORE-11, REPAY-6).
"""

from datetime import date
from typing import NamedTuple

from accounts.models import Customer
from backoffice.core.policy import current
from risk.decisions.rules.decision import DecisionGate
from risk.models import DECIDED_STATES, Assessment
from risk.policy import ScoringPolicy
from risk.scoring.rules.score import NOT_SCORABLE, Score, graded


class CustomerPrice(NamedTuple):
    """The score that prices a loan; ``score`` is None of a migrated customer, who has none."""

    score: int | None
    graded: Score


def price_of(customer: Customer, *, on: date) -> CustomerPrice | None:
    """Return the price of a customer by the numbers of a day; None before the first decision.

    A migrated customer without a decision is priced as grade C, as the migrated loans are (RATE-1).
    A history that refuses an assessment stops new loans like a low score (ELIG-11).
    """
    policy = current(ScoringPolicy, on=on)
    decided = Assessment.objects.filter(customer=customer, state__in=DECIDED_STATES)
    latest = decided.order_by("-pk").only("score", "result").first()
    if latest is None:
        if customer.origin is None:
            return None
        return CustomerPrice(None, graded(policy.grade_c_min, policy=policy)._replace(plans=()))
    failed = {one["code"] for one in latest.result["failed_gates"]}
    if latest.score is None or DecisionGate.OVERDUE_HISTORY in failed:
        return CustomerPrice(latest.score, NOT_SCORABLE)
    return CustomerPrice(latest.score, graded(latest.score, policy=policy))
