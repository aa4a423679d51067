"""The amount of a limit from income, occupation, assets and consumption (LIMIT-1 to 4, 12).

The order is that of GEN-2 and LIMIT: base, occupation, assets, consumption, growth, range, cap,
rounding; the walk of a day follows in ``walk``. The model part and its product with the growth
factor stay exact, so that rounding never feeds back (LIMIT-10).
"""

from collections.abc import Sequence
from datetime import date, timedelta
from enum import StrEnum
from fractions import Fraction
from typing import NamedTuple

from accounts.onboarding.rules.occupations import Occupation
from risk.policy import LimitPolicy

# Occupation, assets and consumption: permille, percent, permille; and the multiple of the income.
_DENOMINATOR = 1000 * 1000 * 100 * 1000


class AssetKind(StrEnum):
    """Kinds of assets that raise a limit."""

    HOUSE = "house"
    VEHICLE = "vehicle"
    OTHER = "other"


class Asset(NamedTuple):
    """A valid and owned asset by kind and number, such as that of its certificate."""

    kind: AssetKind
    number: str


class Capacity(NamedTuple):
    """What a limit is computed from: verified monthly income in fen, and the factors.

    ``has_low_income_override``: a member of the staff lifted the cap of low incomes (LIMIT-2).
    """

    income_fen: int
    occupation_permille: int
    assets: Sequence[Asset]
    consumption_permille: int
    has_low_income_override: bool = False


class GrantVerdict(StrEnum):
    """What becomes of an application by its amount."""

    GRANTED = "granted"
    REFUSED = "refused"


class FirstLimit(NamedTuple):
    """The first limit in fen, 0 where it is refused."""

    limit_fen: int
    verdict: GrantVerdict


def occupation_permille(
    occupation: Occupation, years: int, *, is_proved: bool, policy: LimitPolicy
) -> int:
    """Return the factor of an occupation after complete years in it (LIMIT-3).

    Without a valid proof it is at most 1.
    """
    step = ""
    if occupation in (Occupation.CIVIL_SERVANT, Occupation.PUBLIC_INSTITUTION):
        if years >= policy.occupation_senior_years:
            step = "_senior"
        elif years >= policy.occupation_middle_years:
            step = "_middle"
    name = "other_occupation" if occupation in _NOT_NAMED else occupation.value
    permille: int = getattr(policy, f"{name}{step}_permille")
    return permille if is_proved else min(permille, policy.unproved_occupation_max_permille)


_NOT_NAMED = (Occupation.STUDENT, Occupation.OTHER)


def is_proof_valid(approved_on: date, *, on: date, policy: LimitPolicy) -> bool:
    """Return whether a proof still counts: 365 days after its approval it no longer does."""
    return approved_on <= on < approved_on + timedelta(policy.proof_days)


def assets_percent(assets: Sequence[Asset], *, policy: LimitPolicy) -> int:
    """Return what assets add: summed, once for each number, at most 45 % together (LIMIT-4).

    A number that is declared under two kinds counts as the lower one (SCORE-12).
    """
    shares: dict[str, int] = {}
    for kind, asset_number in assets:
        share = _share_percent(kind, policy)
        shares[asset_number] = min(share, shares.get(asset_number, share))
    return min(sum(shares.values()), policy.assets_max_percent)


def _share_percent(kind: AssetKind, policy: LimitPolicy) -> int:
    if kind == AssetKind.HOUSE:
        return policy.house_percent
    return policy.vehicle_percent if kind == AssetKind.VEHICLE else policy.other_asset_percent


def consumption_permille(component: Fraction, *, policy: LimitPolicy) -> int:
    """Return the factor of the consumption component (LIMIT-12): from 40 and from 80 points."""
    if component < policy.consumption_middle_min:
        return policy.consumption_low_permille
    if component < policy.consumption_high_min:
        return policy.consumption_middle_permille
    return policy.consumption_high_permille


def model_part(capacity: Capacity, *, policy: LimitPolicy) -> Fraction:
    """Return base x occupation x assets x consumption in fen, exact (LIMIT-2 to 4, 12).

    An income of up to 5,000.00 has at most 10,000.00 here, at every recomputation: only growth
    lifts it above.
    """
    amount = (
        capacity.income_fen
        * policy.income_permille
        * capacity.occupation_permille
        * (100 + assets_percent(capacity.assets, policy=policy))
        * capacity.consumption_permille
    )
    is_low = capacity.income_fen <= policy.low_income_fen
    if is_low and not capacity.has_low_income_override:
        amount = min(amount, policy.low_income_limit_fen * _DENOMINATOR)
    return Fraction(amount, _DENOMINATOR)


def part_in_force(capacity: Capacity, agreed: Fraction | None, *, policy: LimitPolicy) -> Fraction:
    """Return the model part of a line in fen, exact: what a person agreed replaces the model's."""
    return model_part(capacity, policy=policy) if agreed is None else agreed


def target(model: Fraction, growth: Fraction, *, cap_fen: int) -> Fraction:
    """Return the unrounded limit that model part and growth factor give, at most the cap (LIMIT-1).

    ``cap_fen`` is the highest limit of the lender. The result may be below the lowest limit.
    """
    return min(model * growth, Fraction(cap_fen))


def grant(model: Fraction, *, cap_fen: int, policy: LimitPolicy) -> FirstLimit:
    """Return the first limit, floored to 100 yuan; below 500.00 it is refused (LIMIT-1, GEN-2)."""
    step_fen = policy.limit_step_fen
    limit_fen = min(model.numerator // model.denominator, cap_fen) // step_fen * step_fen
    if limit_fen < policy.limit_min_fen:
        return FirstLimit(0, GrantVerdict.REFUSED)
    return FirstLimit(limit_fen, GrantVerdict.GRANTED)
