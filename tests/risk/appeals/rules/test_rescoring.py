"""A decision computed again: less what was withdrawn, plus what was proven (SCORE-9, LIMIT-1)."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from risk.appeals.rules import rescoring
from risk.appeals.rules.rescoring import AppealEvidence, LimitRange, NewReport
from risk.decisions.rules import decision as rules
from risk.facts.rules import ProvenFact
from risk.policy import LimitPolicy, ScoringPolicy
from tests.risk.decisions.rules.test_decision import FEATURES, INPUTS

SCORING, LIMITS = ScoringPolicy(), LimitPolicy()
TODAY = date(2026, 12, 10)
SOURCES = ("agreement", "bureau", "payment", "social", "wealth", "consumption")


def inputs():
    return replace(INPUTS, features=replace(FEATURES, sources=SOURCES))


def payslip(income_fen, on=TODAY):
    return ProvenFact("p-1", "income", on, None, income_fen, None, None, None)


def evidence(frozen, *, sources=None, proofs=(), new_report=None, is_ready=True):
    features = frozen.features
    today = replace(
        features, on=TODAY, sources=features.sources if sources is None else sources,
        proofs=tuple(proofs), payment=None,
    )  # fmt: skip
    return AppealEvidence(today, 30_000_000, is_ready, new_report)


def decided(frozen, **change):
    again = rescoring.inputs_again(frozen, evidence(frozen, **change))
    return rules.decide(again, scoring=SCORING, limits=LIMITS)


def test_without_anything_new_the_score_is_the_same():
    frozen = inputs()

    again = rescoring.inputs_again(frozen, evidence(frozen))

    assert again.features.payment == frozen.features.payment
    assert again.features.on == TODAY
    before = rules.decide(frozen, scoring=SCORING, limits=LIMITS)
    assert decided(frozen).scored.score == before.scored.score


@pytest.mark.parametrize("source", ["payment", "social", "wealth", "consumption"])
def test_a_withdrawn_source_drops_out(source):
    frozen = inputs()
    left = tuple(one for one in frozen.features.sources if one != source)

    again = rescoring.inputs_again(frozen, evidence(frozen, sources=left))

    assert getattr(again.features, source) is None
    assert again.features.sources == left


def test_a_source_that_was_given_since_adds_nothing():
    frozen = inputs()
    fewer = replace(frozen, features=replace(frozen.features, sources=("payment", "bureau")))

    again = rescoring.inputs_again(fewer, evidence(frozen))

    assert again.features.sources == ("payment", "bureau")
    assert again.features.social is None


def test_without_the_consent_to_credit_reports_none_is_read():
    frozen = inputs()
    left = tuple(one for one in frozen.features.sources if one != "bureau")
    new_report = NewReport(frozen.reading, {"id": 2, "digest": "d"})

    again = rescoring.inputs_again(frozen, evidence(frozen, sources=left, new_report=new_report))

    assert (again.reading, again.report) == (None, None)
    failed = [one.code for one in rescoring.final_gates(decided(frozen, sources=left))]
    assert failed == [rules.DecisionGate.NOT_SCORABLE]


def test_a_new_report_takes_the_place_of_the_contested_one():
    frozen = inputs()
    reading = replace(frozen.reading, months="N" * 24)
    new_report = NewReport(reading, {"id": 2, "digest": "d"})

    again = rescoring.inputs_again(frozen, evidence(frozen, new_report=new_report))

    assert (again.reading, again.report) == (reading, {"id": 2, "digest": "d"})


def test_a_proven_income_gives_a_higher_limit():
    frozen = inputs()
    before = decided(frozen)

    after = decided(frozen, proofs=[payslip(4_000_000)])

    assert after.capacity.income_fen == 4_000_000
    assert after.limit_fen > before.limit_fen


def test_an_incomplete_onboarding_cannot_be_set_aside():
    gates = rescoring.final_gates(decided(inputs(), is_ready=False))

    assert [one.code for one in gates] == [rules.DecisionGate.NOT_READY]


def test_the_same_evidence_gives_the_same_inputs():
    frozen = inputs()
    once, again = (rescoring.inputs_again(frozen, evidence(frozen)) for _ in "12")

    assert once == again
    assert once.as_json() == rules.DecisionInputs.from_json(once.as_json()).as_json()


@pytest.mark.parametrize(
    ("model_fen", "now_fen", "least_fen", "most_fen", "is_empty"),
    [
        (2_000_000, 0, 50_000, 2_000_000, False),
        (2_000_000, 1_400_000, 1_410_000, 2_000_000, False),
        (2_000_000, 2_000_000, 2_010_000, 2_000_000, True),
        (0, 0, 50_000, 50_000, False),
        (0, 50_000, 60_000, 50_000, True),
    ],
)
def test_a_limit_is_above_the_present_one_and_within_the_model(
    model_fen, now_fen, least_fen, most_fen, is_empty
):
    decision = replace(decided(inputs()), limit_fen=model_fen)

    found = rescoring.limit_range(decision, now_fen=now_fen, policy=LIMITS)

    assert found == LimitRange(least_fen, most_fen)
    assert found.is_empty is is_empty


def test_a_proof_counts_from_its_acceptance_on():
    assert decided(inputs(), proofs=[payslip(4_000_000, TODAY + timedelta(1))]) == decided(inputs())
