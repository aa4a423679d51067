"""The amount that a large purchase holds on a line (LIMIT-6)."""

from datetime import datetime, timedelta

from risk.policy import LimitPolicy


def hold_fen(purchase_fen: int, *, available_fen: int, policy: LimitPolicy) -> int:
    """Return the hold of a purchase: 80 % of it rounded down, at most what is still available.

    A purchase of exactly 5,000.00 is not large. Each purchase has a hold of its own.
    """
    if purchase_fen <= policy.reserve_over_fen:
        return 0
    return min(purchase_fen * policy.reserve_permille // 1000, max(0, available_fen))


def held_until(purchased_at: datetime, *, policy: LimitPolicy) -> datetime:
    """Return the moment from which a hold is released, unless its review passed before."""
    return purchased_at + timedelta(hours=policy.reserve_hours)
