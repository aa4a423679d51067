"""The decision from its inputs: verdicts, the income that counts, and JSON that comes back."""

import json
from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest

from risk.bureau.rules import BureauReading
from risk.decisions.rules import decision as rules
from risk.decisions.rules.decision import DecisionInputs
from risk.facts.rules import (
    ConsumptionFeatures,
    DeclaredFeatures,
    EvidenceFeatures,
    Features,
    PaymentFeatures,
    ProvenFact,
    SocialFeatures,
    WealthFeatures,
)
from risk.lines.rules.grant import Asset, AssetKind
from risk.policy import LimitPolicy, ScoringPolicy
from risk.scoring.rules.assessment import ScoreInputs
from risk.scoring.rules.components import Friends, Holdings, Spending
from risk.scoring.rules.payment_behaviour import PaymentCounts

SCORING, LIMITS = ScoringPolicy(), LimitPolicy()
ON = date(2026, 11, 24)
READING = BureauReading(ON, "N" * 24, "N", False, 0, 0, 0, 0, 0)
FEATURES = Features(
    customer_id=1,
    on=ON,
    sources=("agreement", "bureau", "payment"),
    payment=PaymentFeatures(720, 2_700_000, 0, 10, 90, 30, 12, 2, 5, (800_000,) * 6, 2_400_000, 24),
    social=SocialFeatures(20, 20, 10, 2, 0),
    wealth=WealthFeatures(365, 900_000, 1),
    consumption=ConsumptionFeatures(600_000, 1_000_000),
    evidence=EvidenceFeatures(800_000, "payroll", "ab", date(2015, 1, 1), ON),
    declared=DeclaredFeatures(900_000, "employee", date(2016, 1, 1), "ab"),
)
INPUTS = DecisionInputs(FEATURES, READING, {"id": 1, "digest": "d"}, "", 30_000_000)


def decide(inputs):
    return rules.decide(inputs, scoring=SCORING, limits=LIMITS)


def with_facts(**parts):
    return replace(INPUTS, features=replace(FEATURES, **parts))


def codes(decided):
    return [one.code for one in decided.failed]


def test_an_ordinary_customer_is_approved_with_twice_the_verified_income():
    decided = decide(INPUTS)

    assert (decided.verdict, codes(decided), decided.doubts) == ("approved", [], ())
    # 8,000.00 x 2 x 1.0 (employee, proved) x 1.1 (consumption 80 points)
    assert decided.limit_fen == 1_760_000


@pytest.mark.parametrize(
    ("inputs", "verdict", "found"),
    [
        (replace(INPUTS, is_ready=False), "refused", ["customer-not-ready"]),
        (replace(INPUTS, reading=replace(READING, months="N" * 23 + "4")), "refused",
         ["overdue-history"]),
        (replace(INPUTS, reading=replace(READING, months="N" * 23 + "3")), "approved", []),
        (replace(INPUTS, reading=None), "refused", ["not-scorable"]),
        (with_facts(payment=None), "refused", ["not-scorable"]),
        (with_facts(evidence=EvidenceFeatures(20_000, "payroll", None, None, ON)), "refused",
         ["limit-below-minimum"]),
    ],
)  # fmt: skip
def test_each_gate_refuses(inputs, verdict, found):
    decided = decide(inputs)

    assert (decided.verdict, codes(decided)) == (verdict, found)


def test_a_contradiction_goes_to_a_person_and_the_lower_income_counts():
    decided = decide(with_facts(
        declared=DeclaredFeatures(2_400_000, "employee", None, None), evidence=None
    ))  # fmt: skip

    assert (decided.verdict, decided.doubts) == ("manual_review", ("income",))
    assert decided.capacity.income_fen == 800_000


def test_a_contradicted_employer_goes_to_a_person():
    declared = replace(FEATURES.declared, employer="cd")

    assert decide(with_facts(declared=declared)).doubts == ("employer",)


def test_an_income_that_nothing_evidences_goes_to_a_person():
    paid = replace(FEATURES.payment, monthly_inflow_fen=(0,) * 6, inflow_fen=0)

    decided = decide(with_facts(payment=paid, evidence=None))

    assert (decided.verdict, decided.doubts) == ("manual_review", ("income-unverified",))
    assert (codes(decided), decided.limit_fen) == ([], 0)


def test_without_evidence_the_lower_of_declared_and_inflow_counts():
    assert decide(with_facts(evidence=None)).capacity.income_fen == 800_000
    declared = DeclaredFeatures(700_000, "employee", None, None)
    assert decide(with_facts(evidence=None, declared=declared)).capacity.income_fen == 700_000


@pytest.mark.parametrize(
    ("declared_on", "evidenced_on", "permille"),
    [
        (date(2016, 1, 1), date(2015, 1, 1), 1500),
        (date(2016, 1, 1), date(2020, 1, 1), 1350),
        (date(2023, 11, 25), None, 1200),
    ],
)
def test_years_count_from_the_later_day_and_only_with_a_proof(declared_on, evidenced_on, permille):
    declared = DeclaredFeatures(900_000, "civil_servant", declared_on, "ab")
    evidence = EvidenceFeatures(800_000, "payroll", "ab", evidenced_on, ON)

    proved = decide(with_facts(declared=declared, evidence=evidence))
    unproved = decide(with_facts(declared=replace(declared, employer=None), evidence=evidence))

    assert proved.capacity.occupation_permille == permille
    assert unproved.capacity.occupation_permille == 1000


def test_a_withdrawn_source_neither_raises_nor_lowers_the_limit():
    assert decide(with_facts(consumption=None)).capacity.consumption_permille == 1000


def test_inputs_and_result_come_back_from_json_exactly():
    stored = json.loads(json.dumps(INPUTS.as_json()))
    again = DecisionInputs.from_json(stored)
    result = rules.result_of(decide(INPUTS), scoring=SCORING)

    assert again == INPUTS
    assert json.loads(json.dumps(result)) == result
    assert rules.result_of(decide(again), scoring=SCORING) == result
    assert rules.capacity_of(result) == decide(INPUTS).capacity


def test_the_points_of_a_result_sum_to_its_score():
    result = rules.result_of(decide(INPUTS), scoring=SCORING)

    points = {code: one["points"] for code, one in result["components"].items()}
    assert 300 + sum(points.values()) == result["score"]
    assert sum(one["points"] for one in result["indicators"]) == points["payment"]
    assert Fraction(result["components"]["consumption"]["value"]) == 80


def test_a_score_too_low_has_the_smallest_change_that_passes():
    paid = replace(FEATURES.payment, failed_count=400, refund_count=200, night_count=500)
    poor = with_facts(
        payment=paid, social=SocialFeatures(0, 0, 0, 0, 9), wealth=WealthFeatures(0, 0, 9),
        consumption=ConsumptionFeatures(0, 100),
    )  # fmt: skip
    decided = decide(poor)

    assert codes(decided) == ["low-score"]
    result = rules.result_of(decided, scoring=SCORING)
    assert (result["grade"], result["lowest_grade_rate_ppm"]) == (None, 500)
    if result["smallest_change"]:
        assert result["smallest_change"]["total"] >= 500


def test_inputs_are_stored_under_these_names():
    assert INPUTS.as_json() == {
        "features": FEATURES.as_json(),
        "reading": READING.as_json(),
        "report": {"id": 1, "digest": "d"},
        "own_codes": "",
        "cap_fen": 30_000_000,
        "is_ready": True,
    }
    without = replace(INPUTS, reading=None, report=None, is_ready=False)
    assert without.as_json() == {
        **INPUTS.as_json(), "reading": None, "report": None, "is_ready": False,
    }  # fmt: skip
    assert DecisionInputs.from_json(without.as_json()) == without


def test_a_result_is_stored_under_these_names_with_exact_values():
    result = rules.result_of(decide(INPUTS), scoring=SCORING)

    indicators = result.pop("indicators")
    assert result == {
        "verdict": "approved",
        "score": 776,
        "grade": "AA",
        "rate_ppm": 250,
        "lowest_grade_rate_ppm": 500,
        "plans": [3, 6, 12],
        "limit_fen": 1_760_000,
        "components": {
            "payment": {"value": "2489101/25992", "points": 158},
            "social": {"value": "63", "points": 87},
            "wealth": {"value": "100", "points": 110},
            "consumption": {"value": "80", "points": 66},
            "performance": {"value": "100", "points": 55},
        },
        "failed_gates": [],
        "doubts": [],
        "not_evaluated": ["address", "phone"],
        "capacity": {
            "income_fen": 800_000,
            "occupation_permille": 1000,
            "assets": [],
            "consumption_permille": 1100,
        },
        "weakest": ["social", "consumption"],
        "smallest_change": None,
    }
    assert [one["points"] for one in indicators] == [23, 23, 13, 13, 17, 10, 13, 9, 10, 13, 4, 10]
    assert indicators[3] == {
        "code": "PAY-04", "value": "10/720", "sub_score": "69500/720", "points": 13,
    }  # fmt: skip


def test_a_refused_score_is_stored_with_its_gate_and_its_smallest_change():
    paid = replace(FEATURES.payment, failed_count=400, refund_count=200, night_count=500)
    poor = with_facts(
        payment=paid, social=SocialFeatures(0, 0, 0, 0, 9), wealth=WealthFeatures(0, 0, 9),
        consumption=ConsumptionFeatures(0, 100),
    )  # fmt: skip

    result = rules.result_of(decide(poor), scoring=SCORING)

    assert (result["verdict"], result["score"], result["rate_ppm"]) == ("refused", 482, None)
    assert result["failed_gates"] == [
        {"code": "low-score", "facts": {"total": 482, "total_min": 500}}
    ]
    assert result["weakest"] == ["social", "wealth"]
    assert result["smallest_change"] == {
        "changes": [
            {"lever": "refunds", "now": 200, "then": 100},
            {"lever": "night_payments", "now": 500, "then": 0},
        ],
        "total": 500,
    }


def test_a_limit_too_low_names_the_lowest_one():
    decided = decide(with_facts(evidence=EvidenceFeatures(20_000, "payroll", None, None, ON)))

    assert [(one.code, one.facts) for one in decided.failed] == [
        ("limit-below-minimum", {"limit_min_fen": 50_000})
    ]


def test_without_any_source_nothing_is_scored_and_nothing_guessed():
    bare = replace(
        INPUTS, reading=None, report=None, is_ready=False,
        features=replace(
            FEATURES, payment=None, social=None, wealth=None, consumption=None, evidence=None,
            declared=None,
        ),
    )  # fmt: skip

    result = rules.result_of(decide(bare), scoring=SCORING)

    assert result["failed_gates"] == [
        {"code": "customer-not-ready", "facts": {}}, {"code": "not-scorable", "facts": {}},
    ]  # fmt: skip
    assert (result["verdict"], result["score"], result["limit_fen"]) == ("refused", None, 0)
    parts = ("payment", "social", "wealth", "consumption", "performance")
    assert result["components"] == {part: {"value": None, "points": 0} for part in parts}
    assert (result["indicators"], result["weakest"]) == ([], [])
    assert result["doubts"] == ["income-unverified"]
    assert result["not_evaluated"] == ["income", "address", "employer", "phone"]
    assert result["capacity"]["income_fen"] == 0


def test_every_count_enters_the_score_in_its_own_place():
    features = replace(
        FEATURES,
        payment=PaymentFeatures(2, 3, 5, 7, 11, 13, 17, 19, 23, (29, 31), 37, 41),
        social=SocialFeatures(43, 47, 53, 59, 61),
        wealth=WealthFeatures(67, 71, 73),
        consumption=ConsumptionFeatures(79, 83),
    )
    inputs = replace(INPUTS, features=features, own_codes="N1")

    asked = rules.score_inputs(inputs, income_fen=89)

    assert asked == ScoreInputs(
        PaymentCounts(
            payments=2, outgoing_fen=3, large_payments=5, night_payments=7, active_days=11,
            merchants=13, utility_payments=17, failed=19, tried=2 + 19, refunds=23,
            inflow_of_months_fen=(29, 31), inflow_fen=37, months_of_use=41,
        ),
        Friends(43, 47, 53, 59, 61),
        Holdings(67, 71, 89, 73),
        Spending(79, 83),
        "N" * 24,
        "N1",
    )  # fmt: skip
    none = replace(
        inputs, reading=None,
        features=replace(features, payment=None, social=None, wealth=None, consumption=None),
    )  # fmt: skip
    assert rules.score_inputs(none, income_fen=89) == ScoreInputs(
        None, None, None, None, None, "N1"
    )


def test_a_proof_of_the_income_clears_its_contradiction_alone():
    declared = replace(FEATURES.declared, monthly_income_fen=2_400_000, employer="cd")
    proof = ProvenFact("p1", "income", ON, None, 1_000_000, None, None, None)

    assert decide(with_facts(declared=declared)).doubts == ("income", "employer")
    assert decide(with_facts(declared=declared, proofs=(proof,))).doubts == ("employer",)


def test_a_result_needs_a_sub_score_for_each_indicator():
    decided = decide(INPUTS)

    with pytest.raises(ValueError, match="shorter"):
        rules.result_of(replace(decided, values=decided.values[:1]), scoring=SCORING)


def test_the_assets_of_a_result_come_back_with_their_kinds_and_indexes():
    deed = ProvenFact("p1", "house", ON, None, None, None, None, "aa")
    result = rules.result_of(decide(with_facts(proofs=(deed,))), scoring=SCORING)

    assert result["capacity"]["assets"] == [{"kind": "house", "number": "aa"}]
    assert rules.capacity_of(result).assets == (Asset(AssetKind("house"), "aa"),)
    assert result["limit_fen"] == 2_020_000  # 17,600.00 and 15 % more, floored to 100.00
