"""Four of the five components of the score, 0 to 100 points, exact (SCORE-4 to SCORE-7).

The fifth, payment behaviour, has a module of its own. Components are never rounded; pages show
them half-up to 0.01 (SCORE-2).
"""

from enum import StrEnum
from fractions import Fraction
from typing import NamedTuple

from backoffice.core.money import divide_half_up
from risk.policy import ScoringPolicy

ZERO, FULL = Fraction(0), Fraction(100)


class Component(StrEnum):
    """The five components in the order of their weights (SCORE-1)."""

    PAYMENT = "payment"
    SOCIAL = "social"
    WEALTH = "wealth"
    CONSUMPTION = "consumption"
    PERFORMANCE = "performance"


class Friends(NamedTuple):
    """Numbers of friends by what connects them; who they are is not known here (SCORE-4)."""

    users: int  # use the product in good standing
    transfers: int  # verified, with at least one mutual transfer
    others: int
    depth2: int  # financial friends of friends
    overdue: int


class Holdings(NamedTuple):
    """Low-risk holdings, R1 and R2 (SCORE-5).

    ``month_income_fen`` is None where no income is known: no balance covers it then.
    """

    stable_days: int
    balance_fen: int
    month_income_fen: int | None
    moves: int  # subscriptions and redemptions in 30 days


class Spending(NamedTuple):
    """Everyday spending and all spending in fen (SCORE-7)."""

    living_fen: int
    total_fen: int


class UnknownCodeError(ValueError):
    """A monthly status that credit reporting does not define (LAW-13)."""


def hundredths(component: Fraction) -> int:
    """Return a component as pages show it: in hundredths of a point, half-up (SCORE-2)."""
    return divide_half_up(100 * component.numerator, component.denominator)


def social(friends: Friends, *, policy: ScoringPolicy) -> Fraction:
    """Return the social component: friends by quality, less 5 for each overdue one (SCORE-4)."""
    tenths = (
        friends.users * policy.friend_user_tenths
        + friends.transfers * policy.friend_transfer_tenths
        + min(friends.others * policy.friend_other_tenths, policy.friends_other_max_tenths)
        + friends.depth2 * policy.friend_depth2_tenths
        - friends.overdue * policy.friend_overdue_tenths
    )
    return Fraction(min(max(tenths, 0), 1000), 10)


def wealth(holdings: Holdings, *, policy: ScoringPolicy) -> Fraction:
    """Return the wealth component (SCORE-5).

    Stable days give up to 80 points, a balance of one month's income 20 more; each subscription or
    redemption beyond 4 in 30 days takes 8. A known income of zero is covered by any balance.
    """
    income_fen = holdings.month_income_fen
    days = min(holdings.stable_days, policy.wealth_stable_days)
    points = -policy.wealth_move_points * max(0, holdings.moves - policy.wealth_moves_free)
    if income_fen is not None and (
        holdings.balance_fen >= income_fen * policy.wealth_balance_months
    ):
        points += policy.wealth_balance_points
    year = policy.wealth_stable_days
    return Fraction(
        min(max(days * policy.wealth_stable_points + points * year, 0), 100 * year), year
    )


# LAW-13; M is not defined by the rulebook's table and is as harmless as no amount due.
_HARMLESS = frozenset("N*#CM")
_SERIOUS = frozenset("4567BDZG")
_KNOWN = _HARMLESS | _SERIOUS | frozenset("123")


def recent(codes: str, *, policy: ScoringPolicy) -> str:
    """Return the last 24 monthly codes of a history, the oldest month first (ELIG-11).

    Raises:
        UnknownCodeError: credit reporting does not define a code.
    """
    if not _KNOWN.issuperset(codes):
        raise UnknownCodeError(codes)
    return codes[-policy.bureau_months :]


def is_serious(code: str) -> bool:
    """Return whether a monthly code means more than 90 days, or a loss (ELIG-11)."""
    return code in _SERIOUS


def performance(codes: str, own_codes: str = "", *, policy: ScoringPolicy) -> Fraction:
    """Return the performance component from bureau and own monthly codes (SCORE-6).

    Codes 1, 2 and 3 take 10, 30 and 60 points; one serious code leaves none. No history at all is a
    thin file: nothing is taken.

    Raises:
        UnknownCodeError: credit reporting does not define a code.
    """
    counted = recent(codes, policy=policy) + recent(own_codes, policy=policy)
    if not _SERIOUS.isdisjoint(counted):
        return ZERO
    lost = (
        counted.count("1") * policy.performance_code_1_points
        + counted.count("2") * policy.performance_code_2_points
        + counted.count("3") * policy.performance_code_3_points
    )
    return Fraction(max(0, 100 - lost))


def consumption(spending: Spending, *, policy: ScoringPolicy) -> Fraction:
    """Return the consumption component from the share of everyday spending (SCORE-7).

    Up to 60 % the points rise to 80, above it to 100; 60 % itself gives 80. Without any spending
    there is nothing to show a share by: 0.
    """
    living, total = spending
    if not total:
        return ZERO
    knee, points = policy.consumption_knee_percent, policy.consumption_knee_points
    if 100 * living <= knee * total:
        return Fraction(points * 100 * living, knee * total)
    above = 100 * living - knee * total
    return Fraction(points * (100 - knee) * total + (100 - points) * above, (100 - knee) * total)
