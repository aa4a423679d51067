"""The decision on an assessment from its frozen inputs: a pure function that can be replayed.

The same inputs under the same numbers give the same result, bit for bit (SCORE-8, LAW-18). Failed
gates refuse; a contradiction sends to a person, and so does an income that nothing evidences.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Any, NamedTuple

from risk.bureau.rules import BureauReading
from risk.decisions.rules import capacity as capacities
from risk.facts.rules import Features
from risk.lines.rules import grant
from risk.lines.rules.grant import Asset, AssetKind, Capacity, GrantVerdict
from risk.policy import LimitPolicy, ScoringPolicy
from risk.scoring.rules import explanation, payment_behaviour
from risk.scoring.rules.assessment import Scored, ScoreInputs, assess
from risk.scoring.rules.components import Component, Friends, Holdings, Spending
from risk.scoring.rules.cross_checks import CrossCheck, CrossChecked, Declaration, cross_check
from risk.scoring.rules.gates import GateCode, failed_gates
from risk.scoring.rules.payment_behaviour import PAYMENT_INDICATORS, PaymentCounts, Ratio
from risk.scoring.rules.score import is_scorable
from risk.scoring.rules.smallest_change import SmallestChange, smallest_change


class DecisionVerdict(StrEnum):
    """What the rules decide; the values are states of an assessment."""

    APPROVED = "approved"
    REFUSED = "refused"
    MANUAL_REVIEW = "manual_review"


class DecisionGate(StrEnum):
    """Every gate of a decision, in the order in which they are checked."""

    NOT_READY = "customer-not-ready"  # onboarding is not, or no longer, complete (GEN-11)
    OVERDUE_HISTORY = GateCode.OVERDUE_HISTORY
    NOT_SCORABLE = GateCode.NOT_SCORABLE
    LOW_SCORE = GateCode.LOW_SCORE
    LOW_LIMIT = "limit-below-minimum"  # LIMIT-1


# What a person may set aside: never a history or a missing consent (ELIG-11, SCORE-9).
REVIEWABLE = frozenset({DecisionGate.LOW_SCORE, DecisionGate.LOW_LIMIT})


class Doubt(StrEnum):
    """Why a person decides (SCORE-12); the first four are contradictions."""

    INCOME = "income"
    ADDRESS = "address"
    EMPLOYER = "employer"
    PHONE = "phone"
    INCOME_UNVERIFIED = "income-unverified"


@dataclass(frozen=True, slots=True)
class DecisionInputs:
    """Everything a decision is made from.

    ``reading`` is None without the consent to credit reports; ``report`` names the report by id and
    digest. ``own_codes`` are monthly codes of own loans, ``cap_fen`` the highest limit of the
    lender, ``is_ready`` that onboarding is complete.
    """

    features: Features
    reading: BureauReading | None
    report: Mapping[str, Any] | None
    own_codes: str
    cap_fen: int
    is_ready: bool = True

    def as_json(self) -> dict[str, Any]:
        """Return the inputs as JSON holds them."""
        return {
            "features": self.features.as_json(),
            "reading": self.reading.as_json() if self.reading else None,
            "report": dict(self.report) if self.report else None,
            "own_codes": self.own_codes,
            "cap_fen": self.cap_fen,
            "is_ready": self.is_ready,
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "DecisionInputs":
        """Return the inputs that ``as_json`` stored, exactly."""
        reading = stored["reading"]
        return cls(
            Features.from_json(stored["features"]),
            BureauReading.from_json(reading) if reading else None,
            stored["report"],
            stored["own_codes"],
            stored["cap_fen"],
            stored["is_ready"],
        )


class DecisionGateFailed(NamedTuple):
    """A gate that was not passed, with the facts that its text names."""

    code: DecisionGate
    facts: Mapping[str, int | str]


@dataclass(frozen=True, slots=True)
class AssessmentDecision:
    """What was computed. ``limit_fen`` is 0 where no limit is possible, whatever the verdict."""

    verdict: DecisionVerdict
    scored: Scored
    values: tuple[Ratio | None, ...]
    failed: tuple[DecisionGateFailed, ...]
    doubts: tuple[Doubt, ...]
    not_evaluated: tuple[str, ...]
    capacity: Capacity
    limit_fen: int
    change: SmallestChange | None


def decide(
    inputs: DecisionInputs, *, scoring: ScoringPolicy, limits: LimitPolicy
) -> AssessmentDecision:
    """Return the decision on the inputs under the given numbers.

    Raises:
        UnknownCodeError: credit reporting does not define a monthly code.
    """
    checked = cross_checked(inputs.features, policy=scoring)
    income_fen = capacities.verified_income_fen(inputs.features, checked, policy=limits)
    asked = score_inputs(inputs, income_fen=income_fen)
    scored = assess(asked, policy=scoring)
    capacity = capacities.capacity(
        inputs.features, income_fen=income_fen or 0, consumption=scored.components.consumption,
        policy=limits,
    )  # fmt: skip
    granted = grant.grant(
        grant.model_part(capacity, policy=limits), cap_fen=inputs.cap_fen, policy=limits
    )
    is_income_proven = capacities.proven_income(inputs.features, policy=limits) is not None
    doubts = tuple(
        Doubt(str(check))
        for check in checked.contradictions
        # A person has read the proof of the income: the contradiction is cleared.
        if not (is_income_proven and check is CrossCheck.INCOME)
    )
    if income_fen is None:
        doubts = (*doubts, Doubt.INCOME_UNVERIFIED)
    failed = _failed(inputs, scored, granted, income_fen, scoring=scoring, limits=limits)
    verdict = DecisionVerdict.APPROVED
    if failed:
        verdict = DecisionVerdict.REFUSED
    elif doubts:
        verdict = DecisionVerdict.MANUAL_REVIEW
    is_low = any(one.code is DecisionGate.LOW_SCORE for one in failed)
    change = (
        smallest_change(asked, total_min=scoring.grade_c_min, policy=scoring) if is_low else None
    )
    values = () if asked.counts is None else payment_behaviour.measure(asked.counts, policy=scoring)
    return AssessmentDecision(
        verdict, scored, values, failed, doubts,
        tuple(str(check) for check in checked.not_evaluated), capacity, granted.limit_fen, change,
    )  # fmt: skip


def _failed(
    inputs: DecisionInputs,
    scored: Scored,
    granted: grant.FirstLimit,
    income_fen: int | None,
    *,
    scoring: ScoringPolicy,
    limits: LimitPolicy,
) -> tuple[DecisionGateFailed, ...]:
    codes = inputs.reading.months if inputs.reading else ""
    failed = [
        DecisionGateFailed(DecisionGate(one.code.value), one.facts)
        for one in failed_gates(codes, scored.score, policy=scoring)
    ]
    if not inputs.is_ready:
        failed.insert(0, DecisionGateFailed(DecisionGate.NOT_READY, {}))
    # An income that nothing evidences is a question for a person, not a low one.
    if granted.verdict is GrantVerdict.REFUSED and income_fen is not None:
        facts = {"limit_min_fen": limits.limit_min_fen}
        failed.append(DecisionGateFailed(DecisionGate.LOW_LIMIT, facts))
    return tuple(failed)


def score_inputs(inputs: DecisionInputs, *, income_fen: int | None) -> ScoreInputs:
    """Return what the score is computed from; the part of a withdrawn source is None (SCORE-9)."""
    facts = inputs.features
    counts = friends = holdings = spending = None
    if paid := facts.payment:
        counts = PaymentCounts(
            paid.payment_count, paid.outgoing_fen, paid.large_count, paid.night_count,
            paid.active_days, paid.merchant_count, paid.utility_count, paid.failed_count,
            paid.payment_count + paid.failed_count, paid.refund_count, paid.monthly_inflow_fen,
            paid.inflow_fen, paid.continuous_months,
        )  # fmt: skip
    if known := facts.social:
        friends = Friends(
            known.product_user_count, known.real_name_count, known.other_count,
            known.second_degree_count, known.overdue_count,
        )  # fmt: skip
    if held := facts.wealth:
        holdings = Holdings(held.stable_days, held.balance_fen, income_fen, held.move_count)
    if spent := facts.consumption:
        spending = Spending(spent.living_fen, spent.spend_fen)
    codes = inputs.reading.months if inputs.reading else None
    return ScoreInputs(counts, friends, holdings, spending, codes, inputs.own_codes)


def cross_checked(features: Features, *, policy: ScoringPolicy) -> CrossChecked:
    """Return what was declared against what a feature record evidences (SCORE-12)."""
    declared, evidence = features.declared, features.evidence
    return cross_check(
        Declaration(
            income_fen=declared.monthly_income_fen if declared else None,
            inflow_fen=capacities.mean_inflow_fen(features),
            employer=(declared.employer or "") if declared else "",
            bureau_employer=(evidence.employer or "") if evidence else "",
        ),
        policy=policy,
    )


def result_of(decision: AssessmentDecision, *, scoring: ScoringPolicy) -> dict[str, Any]:
    """Return everything that was computed as JSON holds it: exact values as text like ``3/4``."""
    scored, score = decision.scored, decision.scored.score
    change = decision.change
    return {
        "verdict": decision.verdict.value,
        "score": score.total,
        "grade": score.grade.value if score.grade else None,
        "rate_ppm": score.rate_ppm,
        # That of a score which is too low, where a person approves it all the same (SCORE-11).
        "lowest_grade_rate_ppm": scoring.rate_c_ppm,
        "plans": list(score.plans),
        "limit_fen": decision.limit_fen,
        "components": _components(scored, scoring),
        "indicators": _indicators(decision, scoring),
        "failed_gates": [
            {"code": one.code.value, "facts": dict(one.facts)} for one in decision.failed
        ],
        "doubts": [one.value for one in decision.doubts],
        "not_evaluated": list(decision.not_evaluated),
        "capacity": {
            "income_fen": decision.capacity.income_fen,
            "occupation_permille": decision.capacity.occupation_permille,
            "assets": [
                {"kind": str(kind), "number": number} for kind, number in decision.capacity.assets
            ],
            "consumption_permille": decision.capacity.consumption_permille,
        },
        "weakest": [one.value for one in explanation.weakest(scored.components)],
        "smallest_change": change
        and {
            "changes": [
                {"lever": one.lever.value, "now": one.now, "then": one.then}
                for one in change.changes
            ],
            "total": change.total,
        },
    }


def capacity_of(result: Mapping[str, Any]) -> Capacity:
    """Return the inputs of a limit from a stored result."""
    stored = result["capacity"]
    assets = tuple(Asset(AssetKind(one["kind"]), one["number"]) for one in stored["assets"])
    return Capacity(
        stored["income_fen"], stored["occupation_permille"], assets, stored["consumption_permille"]
    )


def _components(scored: Scored, policy: ScoringPolicy) -> dict[str, Any]:
    points = dict.fromkeys(Component, 0)
    if is_scorable(scored.components):
        points = explanation.component_points(scored.components, policy=policy)
    return {
        component.value: {"value": _text(value), "points": points[component]}
        for component, value in zip(Component, scored.components, strict=True)
    }


def _indicators(decision: AssessmentDecision, policy: ScoringPolicy) -> list[dict[str, Any]]:
    if not decision.values:
        return []
    points: dict[str, int] = {}
    if is_scorable(decision.scored.components):
        points = explanation.indicator_points(decision.scored, policy=policy)
    return [
        {
            "code": one.code,
            "value": value and f"{value[0]}/{value[1]}",
            "sub_score": f"{sub_score[0]}/{sub_score[1]}",
            "points": points.get(one.code, 0),
        }
        for one, value, sub_score in zip(
            PAYMENT_INDICATORS, decision.values, decision.scored.sub_scores, strict=True
        )
    ]


def _text(value: Fraction | None) -> str | None:
    return None if value is None else str(value)
