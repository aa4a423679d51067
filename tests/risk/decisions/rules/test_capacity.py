"""What a limit is computed from: proofs count for a year, the later income counts, assets once."""

from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction

import pytest

from risk.decisions.rules import capacity as rules
from risk.facts.rules import EvidenceFeatures, ProvenFact
from risk.lines.rules.grant import Asset, AssetKind, assets_percent
from risk.policy import LimitPolicy
from risk.scoring.rules.cross_checks import CrossCheck, CrossChecked
from tests.risk.decisions.rules.test_decision import FEATURES, INPUTS, ON, decide

POLICY = LimitPolicy()
AGREES = CrossChecked((), (), 900_000)
CONTRADICTS = CrossChecked((CrossCheck.INCOME,), (), 300_000)


def fact(proof="p1", kind="income", *, days_ago=0, **other):
    values = {
        "valid_until_on": None, "monthly_income_fen": None, "occupation": None, "since_on": None,
        "asset": None,
    } | other  # fmt: skip
    return ProvenFact(proof, kind, ON - timedelta(days=days_ago), **values)


def income(fen, *, days_ago=0, proof="p1"):
    return fact(proof, monthly_income_fen=fen, days_ago=days_ago)


def with_proofs(*proofs, **parts):
    return replace(FEATURES, proofs=proofs, **parts)


def verified(features, checked=AGREES):
    return rules.verified_income_fen(features, checked, policy=POLICY)


def partner(fen, on):
    return EvidenceFeatures(fen, "payroll", "ab", date(2015, 1, 1), on)


@pytest.mark.parametrize(
    ("proofs", "evidence", "income_fen"),
    [
        ((), partner(800_000, ON), 800_000),
        ((income(1_200_000),), None, 1_200_000),
        ((income(1_200_000, days_ago=10),), partner(800_000, ON - timedelta(days=11)), 1_200_000),
        ((income(1_200_000, days_ago=10),), partner(800_000, ON - timedelta(days=9)), 800_000),
        ((income(1_200_000, days_ago=10),), partner(800_000, ON - timedelta(days=10)), 1_200_000),
        ((income(1_200_000, days_ago=9), income(700_000, proof="p2")), None, 700_000),
        # Of a year ago to the day it no longer counts: the mean inflow of 8,000.00 does.
        ((income(1_200_000, days_ago=364),), None, 1_200_000),
        ((income(1_200_000, days_ago=365),), None, 800_000),
    ],
)
def test_the_income_that_was_verified_last_counts_for_a_year(proofs, evidence, income_fen):
    assert verified(with_proofs(*proofs, evidence=evidence)) == income_fen


def test_a_contradiction_gives_the_lower_value_unless_a_person_read_a_proof():
    assert verified(with_proofs(evidence=partner(800_000, ON)), CONTRADICTS) == 300_000
    assert verified(with_proofs(income(1_200_000), evidence=None), CONTRADICTS) == 1_200_000


def test_nothing_evidences_an_income():
    assert verified(replace(FEATURES, payment=None, evidence=None)) is None


def test_a_contradicted_income_with_an_accepted_proof_waits_for_nobody():
    declared = replace(FEATURES.declared, monthly_income_fen=9_000_000)
    doubtful = replace(INPUTS, features=replace(FEATURES, declared=declared))
    proven = replace(doubtful, features=doubtful.features.with_proofs({"p1": income(3_000_000)}))

    assert decide(doubtful).doubts == ("income",)
    assert (decide(proven).doubts, decide(proven).verdict) == ((), "approved")
    assert decide(proven).capacity.income_fen == 3_000_000


def test_the_assets_of_accepted_proofs_raise_a_limit():
    deed = fact("h", "house", asset="aa")
    decided = decide(replace(INPUTS, features=with_proofs(deed, fact("v", "vehicle", asset="bb"))))

    # 17,600.00 without assets, and 15 % and 10 % more
    assert decided.limit_fen == 2_200_000
    assert list(decided.capacity.assets) == [
        Asset(AssetKind("house"), "aa"), Asset(AssetKind.VEHICLE, "bb"),
    ]  # fmt: skip


def test_an_asset_with_two_proofs_counts_once():
    found = rules.assets(
        with_proofs(fact("h", "house", asset="aa"), fact("i", "house", asset="aa")), policy=POLICY
    )

    assert assets_percent(found, policy=POLICY) == 15


@pytest.mark.parametrize(
    ("days_ago", "valid_for", "count"),
    [(0, None, 1), (364, None, 1), (365, None, 0), (0, 0, 1), (0, -1, 0)],
)
def test_an_asset_counts_while_its_document_is_valid_and_for_a_year(days_ago, valid_for, count):
    until = None if valid_for is None else ON + timedelta(days=valid_for)
    deed = fact("h", "house", asset="aa", days_ago=days_ago, valid_until_on=until)

    assert len(rules.assets(with_proofs(deed), policy=POLICY)) == count


@pytest.mark.parametrize(
    ("proofs", "permille"),
    [
        ((), 1000),
        ((fact(occupation="civil_servant", since_on=date(2010, 1, 1)),), 1500),
        # The years count from the later day.
        ((fact(occupation="civil_servant", since_on=ON - timedelta(days=30)),), 1200),
        ((fact(occupation="civil_servant", since_on=date(2010, 1, 1), days_ago=365),), 1000),
        ((fact(occupation="employee", since_on=date(2010, 1, 1)),), 1000),
    ],
)
def test_a_proven_occupation_has_its_factor_for_a_year(proofs, permille):
    declared = replace(FEATURES.declared, occupation="civil_servant", employer=None)
    features = with_proofs(*proofs, declared=replace(declared, occupation_since_on=None),
                           evidence=None)  # fmt: skip

    assert rules.occupation_permille(features, policy=POLICY) == permille


def test_without_a_profile_nothing_is_proven():
    assert rules.occupation_permille(replace(FEATURES, declared=None), policy=POLICY) == 800


def test_a_withdrawn_consumption_has_the_middle_factor():
    middle = rules.capacity(FEATURES, income_fen=1, consumption=None, policy=POLICY)
    high = rules.capacity(FEATURES, income_fen=1, consumption=Fraction(80), policy=POLICY)

    assert (middle.consumption_permille, high.consumption_permille) == (1000, 1100)


def test_a_rejected_proof_takes_its_former_self_away():
    record = with_proofs(income(1), income(2, proof="p2"))

    found = record.with_proofs({"p1": None, "p3": income(3, proof="p3")})

    assert [one.proof for one in found.proofs] == ["p2", "p3"]


@pytest.mark.parametrize(
    ("since", "years"),
    [
        ([], 0),
        ([None, None], 0),
        ([ON], 0),
        ([ON + timedelta(days=400)], 0),
        ([date(2025, 11, 25)], 0),
        ([date(2025, 11, 24)], 1),
        ([date(2025, 12, 1)], 0),
        ([None, date(2016, 11, 24), date(2020, 1, 1)], 6),
    ],
)
def test_years_are_complete_and_count_from_the_latest_known_day(since, years):
    assert rules._years(since, ON) == years
