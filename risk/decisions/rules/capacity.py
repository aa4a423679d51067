"""What a limit is computed from: income, occupation, assets, consumption (LIMIT-2 to 4, 12).

An income, an occupation and an asset that a person accepted a proof of count for a year from the
acceptance, and an asset no longer than its document is valid (LIMIT-3, LIMIT-4).
"""

from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from typing import NamedTuple

from accounts.onboarding.rules.occupations import Occupation
from risk.facts.rules import Features, ProvenFact
from risk.lines.rules import grant
from risk.lines.rules.grant import Asset, AssetKind, Capacity
from risk.policy import LimitPolicy
from risk.scoring.rules.cross_checks import CrossCheck, CrossChecked


class ProvenIncome(NamedTuple):
    """A monthly income in fen that somebody verified, and the day it is of."""

    on: date
    income_fen: int


def valid_proofs(features: Features, *, policy: LimitPolicy) -> list[ProvenFact]:
    """Return the accepted proofs that still count on the day of the record, the oldest first."""
    on = features.on
    return [
        one
        for one in features.proofs
        if grant.is_proof_valid(one.accepted_on, on=on, policy=policy)
        and (one.valid_until_on is None or on <= one.valid_until_on)
    ]


def proven_income(features: Features, *, policy: LimitPolicy) -> ProvenIncome | None:
    """Return the income of the proof that was accepted last and still counts (LIMIT-13)."""
    found = [
        ProvenIncome(one.accepted_on, one.monthly_income_fen)
        for one in valid_proofs(features, policy=policy)
        if one.monthly_income_fen is not None
    ]
    return found[-1] if found else None


def evidenced_income_fen(features: Features, *, policy: LimitPolicy) -> int | None:
    """Return the monthly income in fen that a person or a partner verified, whichever is later.

    Of the same day the person's counts. None where nobody verified one.
    """
    proven, evidence = proven_income(features, policy=policy), features.evidence
    reported_fen = evidence.monthly_income_fen if evidence else None
    reported_on = evidence.income_on if evidence else None
    if proven and (reported_on is None or reported_on <= proven.on):
        return proven.income_fen
    return reported_fen


def verified_income_fen(
    features: Features, checked: CrossChecked, *, policy: LimitPolicy
) -> int | None:
    """Return the monthly income in fen on which a limit is based; None where nothing evidences one.

    That is the income that was verified; else the lower of what was declared and what came in a
    month on average (LIMIT-2, SCORE-12). A contradiction never gives more than the lower value,
    unless a person has accepted a proof of the income.
    """
    verified_fen, inflow_fen = (
        evidenced_income_fen(features, policy=policy),
        mean_inflow_fen(features),
    )
    if verified_fen is None and inflow_fen is None:
        return None
    if verified_fen is None:
        return min(one for one in (checked.income_fen, inflow_fen) if one is not None)
    is_doubtful = CrossCheck.INCOME in checked.contradictions
    if (
        is_doubtful
        and checked.income_fen is not None
        and proven_income(features, policy=policy) is None
    ):
        return min(verified_fen, checked.income_fen)
    return verified_fen


def mean_inflow_fen(features: Features) -> int | None:
    """Return the mean monthly inflow in fen, rounded down; None where nothing came in."""
    months_fen = features.payment.monthly_inflow_fen if features.payment else ()
    return sum(months_fen) // len(months_fen) if sum(months_fen) else None


def capacity(
    features: Features, *, income_fen: int, consumption: Fraction | None, policy: LimitPolicy
) -> Capacity:
    """Return the inputs of a limit; ``consumption`` is the component, None without a consent.

    A withdrawn source drops out (SCORE-9): the middle factor neither raises nor lowers.
    """
    return Capacity(
        income_fen,
        occupation_permille(features, policy=policy),
        assets(features, policy=policy),
        policy.consumption_middle_permille
        if consumption is None
        else grant.consumption_permille(consumption, policy=policy),
    )


def occupation_permille(features: Features, *, policy: LimitPolicy) -> int:
    """Return the factor of the declared occupation; a proof of another proves nothing (LIMIT-3).

    The years count from the latest of the first days that were declared, reported and proven.
    """
    declared, evidence = features.declared, features.evidence
    if declared is None:
        return grant.occupation_permille(Occupation.OTHER, 0, is_proved=False, policy=policy)
    proofs = _proofs_of_occupation(features, declared.occupation, policy)
    since = [declared.occupation_since_on, evidence.employer_since_on if evidence else None]
    since += [proofs[-1].since_on] if proofs else []
    return grant.occupation_permille(
        Occupation(declared.occupation),
        _years(since, features.on),
        is_proved=is_occupation_proved(features, policy=policy),
        policy=policy,
    )


def is_occupation_proved(features: Features, *, policy: LimitPolicy) -> bool:
    """Return whether a partner or an accepted proof confirms the declared occupation (LIMIT-3)."""
    declared, evidence = features.declared, features.evidence
    if declared is None:
        return False
    is_reported = bool(evidence and declared.employer and declared.employer == evidence.employer)
    return is_reported or bool(_proofs_of_occupation(features, declared.occupation, policy))


def assets(features: Features, *, policy: LimitPolicy) -> Sequence[Asset]:
    """Return the assets of accepted proofs that still count; the number is an index (LIMIT-4)."""
    kinds = {kind.value for kind in AssetKind}
    return tuple(
        Asset(AssetKind(one.kind), one.asset)
        for one in valid_proofs(features, policy=policy)
        if one.kind in kinds and one.asset is not None
    )


def _proofs_of_occupation(
    features: Features, occupation: str, policy: LimitPolicy
) -> list[ProvenFact]:
    return [one for one in valid_proofs(features, policy=policy) if one.occupation == occupation]


def _years(since: Sequence[date | None], on: date) -> int:
    """Return the complete years since the latest of some days; 0 where none is known."""
    began = max((one for one in since if one is not None), default=on)
    return max(0, on.year - began.year - ((on.month, on.day) < (began.month, began.day)))
