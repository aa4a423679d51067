"""``make bench ARGS="--only decisions"``: the rules of one assessment, without a database.

The whole decision is that of an assessment, with its frozen inputs and result as JSON. Beside them
runs the arithmetic as one bare loop over constants, without names, codes, checks or a policy: what
the rules cost above that is what their form costs.
"""

import json
import time
from collections.abc import Callable
from datetime import date
from typing import Any, NamedTuple

from accounts.onboarding.rules.occupations import Occupation
from risk.bureau.rules import BureauReading
from risk.decisions.rules.decision import DecisionInputs, decide, result_of
from risk.facts.rules import (
    ConsumptionFeatures,
    DeclaredFeatures,
    EvidenceFeatures,
    Features,
    PaymentFeatures,
    SocialFeatures,
    WealthFeatures,
)
from risk.lines.rules import grant
from risk.policy import LimitPolicy, ScoringPolicy
from risk.scoring.rules.assessment import ScoreInputs, assess
from risk.scoring.rules.components import Friends, Holdings, Spending
from risk.scoring.rules.gates import failed_gates
from risk.scoring.rules.payment_behaviour import PaymentCounts
from tests.bench.debit_day import Figure

TIMES = 5_000
CAP_FEN = 30_000_000
SCORING, LIMITS = ScoringPolicy(), LimitPolicy()
INPUTS = ScoreInputs(
    PaymentCounts(517, 1_913_771, 2, 41, 83, 29, 9, 13, 530, 11,
                  (812_340, 790_001, 815_517, 803_219, 777_777, 821_003), 2_413_739, 31),
    Friends(9, 13, 47, 5, 1),
    Holdings(211, 803_217, 803_216, 6),
    Spending(1_013_557, 1_913_771),
    "NNNN1NNNNNNNNNNNNNNNNNNN",
)  # fmt: skip
ASSETS = (grant.Asset(grant.AssetKind.HOUSE, "h1"), grant.Asset(grant.AssetKind.VEHICLE, "v1"))


class Decided(NamedTuple):
    """Microseconds of CPU of the rules, of a whole decision and the bare loop; rules to loop."""

    microseconds: dict[str, Figure]
    ratio: Figure


def assessment() -> tuple[int | None, str | None, int | None, int]:
    """Return score, grade, rate and limit of one customer, by the rules."""
    scored = assess(INPUTS, policy=SCORING)
    failed = failed_gates(INPUTS.codes or "", scored.score, policy=SCORING)
    assert not failed and scored.components.consumption is not None
    capacity = grant.Capacity(
        803_216,
        grant.occupation_permille(Occupation.CIVIL_SERVANT, 4, is_proved=True, policy=LIMITS),
        ASSETS,
        grant.consumption_permille(scored.components.consumption, policy=LIMITS),
    )
    model = grant.model_part(capacity, policy=LIMITS)
    limit_fen = grant.grant(model, cap_fen=CAP_FEN, policy=LIMITS).limit_fen
    return scored.score.total, scored.score.grade, scored.score.rate_ppm, limit_fen


FEATURES = Features(
    customer_id=1,
    on=date(2026, 11, 24),
    sources=("agreement", "bureau", "payment", "social", "wealth", "consumption"),
    payment=PaymentFeatures(
        517, 1_913_771, 2, 41, 83, 29, 9, 13, 11,
        (812_340, 790_001, 815_517, 803_219, 777_777, 821_003), 2_413_739, 24,
    ),
    social=SocialFeatures(9, 13, 47, 5, 1),
    wealth=WealthFeatures(211, 803_217, 6),
    consumption=ConsumptionFeatures(1_013_557, 1_913_771),
    evidence=EvidenceFeatures(803_216, "payroll", "ab", date(2020, 1, 1), date(2026, 11, 1)),
    declared=DeclaredFeatures(803_216, "employee", date(2020, 1, 1), "ab"),
)  # fmt: skip
READING = BureauReading(FEATURES.on, str(INPUTS.codes), "1", False, 1, 0, 0, 0, 0)
FROZEN = DecisionInputs(FEATURES, READING, {"id": 1, "digest": "0" * 64}, "", CAP_FEN)


def decision() -> str:
    """Decide on one assessment; return inputs and result as they are stored."""
    decided = decide(FROZEN, scoring=SCORING, limits=LIMITS)
    result = result_of(decided, scoring=SCORING)
    return json.dumps([FROZEN.as_json(), result])


# Value, shape (rising, falling, balanced), number, weight.
_MEASURED = [
    (517, 90, 0, 8, 14), (1_913_771, 90, 0, 30_000, 14), (2, 1, 1, 15, 8), (41, 517, 1, 250, 8),
    (83, 1, 0, 90, 10), (29, 1, 0, 30, 6), (9, 1, 0, 12, 8), (13, 530, 1, 500, 6),
    (11, 517, 1, 300, 6), (18_828, 1_000_000, 1, 100, 8), (499_968, 2_413_739, 2, 100, 6),
    (31, 1, 0, 24, 6),
]  # fmt: skip
_LADDER = [(800, 200), (750, 250), (700, 300), (650, 350), (600, 400), (550, 450), (500, 500)]


def bare() -> tuple[int, int, int]:
    """Return score, rate and limit of the same customer, by constants alone."""
    top, bottom = 0, 1
    for a, b, shape, number, weight in _MEASURED:
        if shape == 0:
            a, b = 100 * a, number * b
        elif shape == 1:
            a = 100 * b - number * a
        else:
            a = 50 * b + number * a
        a, b = (0, 1) if a <= 0 else (100, 1) if a >= 100 * b else (a, b)
        top, bottom = top * b + weight * a * bottom, bottom * b
    bottom *= 100
    living = 80 * 100 * 1_013_557, 60 * 1_913_771
    rest = [(379, 10, 25), (211 * 80 + 4 * 365, 365, 20), (*living, 15), (90, 1, 10)]
    top, whole = 30 * top, 100
    for a, b, weight in rest:
        top, bottom = top * b + weight * a * bottom, bottom * b
    total = 300 + (2 * 550 * top + 100 * whole * bottom) // (2 * 100 * whole * bottom)
    rate = next(rate for least, rate in _LADDER if total >= least)
    limit = 803_216 * 2000 * 1350 * 125 * 1000 // (1000 * 1000 * 100 * 1000) // 10_000 * 10_000
    return total, rate, limit


def measure(*, rounds: int) -> Decided:
    """Measure both in alternating rounds."""
    score, _grade, rate, limit_fen = assessment()
    assert (score, rate, limit_fen) == bare()
    used: dict[str, list[float]] = {"assessment": [], "bare loop": [], "whole decision": []}
    for _round in range(max(rounds, 3)):
        used["assessment"].append(_each(assessment))
        used["bare loop"].append(_each(bare))
        used["whole decision"].append(_each(decision))
    ratios = [a / b for a, b in zip(used["assessment"], used["bare loop"], strict=True)]
    return Decided({name: Figure.of(values) for name, values in used.items()}, Figure.of(ratios))


def _each(work: Callable[[], Any]) -> float:
    before = time.process_time()
    for _time in range(TIMES):
        work()
    return (time.process_time() - before) / TIMES * 1e6
