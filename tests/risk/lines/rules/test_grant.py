"""The amount of a first limit (LIMIT-1 to LIMIT-4, LIMIT-12, GEN-2)."""

from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.onboarding.rules.occupations import Occupation
from risk.lines.rules import grant
from risk.lines.rules.grant import Asset, AssetKind, Capacity, FirstLimit, GrantVerdict
from risk.policy import LimitPolicy
from tests import profiles

POLICY = LimitPolicy()
CAP_FEN = 30_000_000
HOUSE, CAR = Asset(AssetKind.HOUSE, "h1"), Asset(AssetKind.VEHICLE, "v1")
numbers = st.sampled_from(["1", "2", "3", "4", "5"])
assets = st.lists(st.builds(Asset, st.sampled_from(AssetKind), numbers), max_size=6)
capacities = st.builds(
    Capacity,
    income_fen=st.integers(0, 100_000_000),
    occupation_permille=st.integers(800, 1500),
    assets=assets,
    consumption_permille=st.sampled_from([900, 1000, 1100]),
)


@pytest.mark.parametrize(
    ("occupation", "years", "is_proved", "permille"),
    [
        (Occupation.CIVIL_SERVANT, 2, True, 1200),
        (Occupation.CIVIL_SERVANT, 3, True, 1350),
        (Occupation.CIVIL_SERVANT, 9, True, 1350),
        (Occupation.CIVIL_SERVANT, 10, True, 1500),
        (Occupation.PUBLIC_INSTITUTION, 0, True, 1200),
        (Occupation.PUBLIC_INSTITUTION, 3, True, 1300),
        (Occupation.PUBLIC_INSTITUTION, 10, True, 1400),
        (Occupation.EMPLOYEE, 40, True, 1000),
        (Occupation.SELF_EMPLOYED, 40, True, 900),
        (Occupation.FREELANCER, 40, True, 800),
        (Occupation.OTHER, 40, True, 800),
        (Occupation.STUDENT, 1, True, 800),
        (Occupation.CIVIL_SERVANT, 10, False, 1000),
        (Occupation.FREELANCER, 10, False, 800),
    ],
)
def test_an_occupation_counts_by_its_years_and_its_proof(occupation, years, is_proved, permille):
    found = grant.occupation_permille(occupation, years, is_proved=is_proved, policy=POLICY)

    assert found == permille


@pytest.mark.parametrize(("days", "is_valid"), [(-1, False), (0, True), (364, True), (365, False)])
def test_a_proof_counts_for_365_days(days, is_valid):
    approved_on = date(2027, 3, 1)  # the 29 February 2028 is one of them

    on = approved_on + timedelta(days)
    assert grant.is_proof_valid(approved_on, on=on, policy=POLICY) is is_valid


@pytest.mark.parametrize(
    ("listed", "percent"),
    [
        ([], 0),
        ([HOUSE], 15),
        ([HOUSE, CAR, Asset(AssetKind.OTHER, "o1")], 35),
        ([HOUSE, HOUSE, CAR], 25),
        ([Asset(AssetKind.HOUSE, str(n)) for n in range(3)], 45),
        ([Asset(AssetKind.HOUSE, str(n)) for n in range(4)], 45),
        ([HOUSE, Asset(AssetKind.VEHICLE, "h1")], 10),
    ],
)
def test_assets_are_summed_once_for_each_number_up_to_45_percent(listed, percent):
    assert grant.assets_percent(listed, policy=POLICY) == percent
    assert grant.assets_percent(listed[::-1], policy=POLICY) == percent


@pytest.mark.parametrize(
    ("component", "permille"),
    [(0, 900), ("3999/100", 900), (40, 1000), ("7999/100", 1000), (80, 1100), (100, 1100)],
)
def test_consumption_has_three_bands(component, permille):
    assert grant.consumption_permille(Fraction(component), policy=POLICY) == permille


@pytest.mark.parametrize(
    ("income_fen", "model_fen"), [(499_999, 1_000_000), (500_000, 1_000_000), (500_001, 1_650_003)]
)
def test_a_low_income_has_at_most_10_000(income_fen, model_fen):
    capacity = Capacity(income_fen, 1500, [], 1100)

    assert int(grant.model_part(capacity, policy=POLICY)) == model_fen


def test_staff_may_lift_the_cap_of_low_incomes():
    capacity = Capacity(500_000, 1500, [], 1100, has_low_income_override=True)

    assert grant.model_part(capacity, policy=POLICY) == 1_650_000


def test_growth_alone_lifts_a_low_income_above_10_000():
    model = grant.model_part(Capacity(500_000, 1500, [], 1100), policy=POLICY)

    assert grant.target(model, Fraction(21, 20), cap_fen=CAP_FEN) == 1_050_000


@pytest.mark.parametrize(
    ("model", "limit_fen", "verdict"),
    [
        (Fraction(0), 0, GrantVerdict.REFUSED),
        (Fraction(499_999, 10), 0, GrantVerdict.REFUSED),
        (Fraction(50_000), 50_000, GrantVerdict.GRANTED),
        (Fraction(599_999, 10), 50_000, GrantVerdict.GRANTED),
        (Fraction(30_000_000), 30_000_000, GrantVerdict.GRANTED),
        (Fraction(99_999_999), 30_000_000, GrantVerdict.GRANTED),
    ],
)
def test_a_limit_is_floored_within_its_range(model, limit_fen, verdict):
    assert grant.grant(model, cap_fen=CAP_FEN, policy=POLICY) == FirstLimit(limit_fen, verdict)


def test_the_cap_is_the_lenders():
    assert grant.grant(Fraction(25_000_000), cap_fen=20_000_000, policy=POLICY).limit_fen == (
        20_000_000
    )


@profiles.pure
@given(capacities)
def test_a_grant_is_a_whole_step_within_range_or_refused(capacity):
    model = grant.model_part(capacity, policy=POLICY)
    found = grant.grant(model, cap_fen=CAP_FEN, policy=POLICY)

    if found.verdict is GrantVerdict.REFUSED:
        assert found.limit_fen == 0 and model < 50_000
    else:
        assert 50_000 <= found.limit_fen <= min(CAP_FEN, model)
        assert found.limit_fen % 10_000 == 0


@profiles.pure
@given(capacities, st.integers(0, 1_000_000))
def test_more_income_never_gives_less(capacity, more_fen):
    richer = capacity._replace(income_fen=capacity.income_fen + more_fen)

    assert grant.model_part(richer, policy=POLICY) >= grant.model_part(capacity, policy=POLICY)


def test_what_a_person_agreed_replaces_the_model_part():
    capacity = grant.Capacity(700_000, 1000, (), 1000)

    assert grant.part_in_force(capacity, None, policy=LimitPolicy()) == 1_400_000
    assert grant.part_in_force(capacity, Fraction(7, 3), policy=LimitPolicy()) == Fraction(7, 3)
