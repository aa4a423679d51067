"""What a repayment plan is: its instalments, its flat fee, how both are split (REPAY-5, REPAY-6).

A bullet loan is a plan of one instalment without a fee. The fee of a plan replaces daily interest:
it is a share of the whole principal, not of each period.
"""

from collections.abc import Collection
from dataclasses import replace
from datetime import date
from typing import NamedTuple

from backoffice.core.money import divide_half_up
from loans.accounting.rules.codes import Plan
from loans.contracts.rules.due_dates import months_after
from loans.policy import LoanTerms

_PPM = 1_000_000
_COUNTS = {Plan.BULLET: 1, Plan.PLAN_3: 3, Plan.PLAN_6: 6, Plan.PLAN_12: 12}


class PlanRow(NamedTuple):
    """One instalment of a plan: its principal and its part of the flat fee, in fen."""

    number: int
    due_on: date
    principal_fen: int
    fee_fen: int


def count_of(plan: Plan) -> int:
    """Return the number of instalments of a plan; 1 for a bullet loan."""
    return _COUNTS[plan]


def fee_ppm(plan: Plan, terms: LoanTerms) -> int:
    """Return the flat fee of a plan as a share of the whole principal; 0 for a bullet loan."""
    rates = {
        Plan.PLAN_3: terms.plan_3_fee_ppm,
        Plan.PLAN_6: terms.plan_6_fee_ppm,
        Plan.PLAN_12: terms.plan_12_fee_ppm,
    }
    return rates.get(plan, 0)


def fee_fen(principal_fen: int, plan: Plan, terms: LoanTerms) -> int:
    """Return the whole flat fee of a plan, half-up to the fen (REPAY-5)."""
    return divide_half_up(principal_fen * fee_ppm(plan, terms), _PPM)


def with_plan_fees(terms: LoanTerms, of: LoanTerms) -> LoanTerms:
    """Return the terms of a loan with the plan fees of others, as its conversion has (REPAY-6)."""
    return replace(
        terms, plan_3_fee_ppm=of.plan_3_fee_ppm, plan_6_fee_ppm=of.plan_6_fee_ppm,
        plan_12_fee_ppm=of.plan_12_fee_ppm,
    )  # fmt: skip


def shares_fen(total_fen: int, count: int) -> tuple[int, ...]:
    """Split an amount into equal floored shares; the last one takes the remainder (REPAY-5)."""
    share_fen = total_fen // count
    return (*(share_fen,) * (count - 1), total_fen - share_fen * (count - 1))


def rows(
    principal_fen: int, plan: Plan, *, first_due_on: date, terms: LoanTerms
) -> tuple[PlanRow, ...]:
    """Return the instalments of a plan, due on the same day of each month (REPAY-2, REPAY-5).

    Principal and fee of the rows sum to the whole ones, to the fen.
    """
    count = count_of(plan)
    principals = shares_fen(principal_fen, count)
    fees = shares_fen(fee_fen(principal_fen, plan, terms), count)
    return tuple(
        PlanRow(n + 1, months_after(first_due_on, n), principals[n], fees[n]) for n in range(count)
    )


def is_open(plan: Plan, counts: Collection[int]) -> bool:
    """Return whether a score opens a plan; ``counts`` are the numbers of instalments (REPAY-6).

    A bullet loan needs no score of its own.
    """
    return plan == Plan.BULLET or count_of(plan) in counts
