"""The texts for customers hold no number of their own, and follow the policy (GEN-16, CMP-1)."""

import re
from datetime import date, time

import pytest
from django.utils.translation import override

from backoffice.core import policy
from backoffice.guide import comparison, opening, pages, terms
from backoffice.guide.numbers import by_default, filled, percent, written
from tests.policies import put_in_force
from tests.source_tree import ROOT

PLACEHOLDER = re.compile(r"\{(\w+)\}")
TEXTS = [
    opening.INTRODUCTION,
    *(text for step in opening.TEXTS.values() for text in (step.title, step.aim, *step.needs)),
    *(text for term in terms.TERMS for text in (term.title, term.text)),
    *comparison.PRODUCTS.values(),
    *(text for title, cells in comparison.TABLE.values() for text in (title, *cells.values())),
    *(text for _lender, title, text in comparison.PROSE for text in (title, text)),
    comparison.PLANS,
    comparison.WEIGHTS_NOTE,
    comparison.SOURCE_NOTE,
]
# What rules hold as constants, and not the policy.
CONSTANT = {"short_plans", "long_plans", "headline_year_days", "required_consents"}
# Another value for every product number that a text names.
OTHER = {
    "accounts": {
        "age_min": 20, "age_max": 65, "student_review_age_max": 23, "cooling_off_hours": 360,
        "history_months": 9, "face_pass_permille": 850, "face_review_permille": 750,
        "check_valid_hours": 48, "identity_tries_max": 4, "card_tries_max": 3, "accounts_max": 2,
        "cards_max": 7, "password_length_min": 10, "password_days": 60, "password_history": 6,
        "password_tries_max": 3, "limit_bank_max_fen": 25_000_000,
    },
    "scoring": {
        "payment_weight_percent": 28, "social_weight_percent": 23, "wealth_weight_percent": 21,
        "consumption_weight_percent": 16, "performance_weight_percent": 12, "score_base": 310,
        "score_span": 580, "grade_aaa_min": 810, "grade_c_min": 510, "rate_aaa_ppm": 210,
        "rate_c_ppm": 520, "plan_score_min": 705, "long_plan_score_min": 755,
        "large_payment_fen": 600_000, "special_review_hours": 12, "bureau_months": 36,
    },
    "limits": {
        "buffer_permille": 100, "limit_min_fen": 70_000, "daily_walk_permille": 150,
        "reserve_over_fen": 700_000, "reserve_permille": 700, "reserve_hours": 48,
        "temporary_bills": 4, "temporary_days_max": 20, "temporary_max_permille": 100,
        "temporary_gap_days": 40, "growth_up_permille": 1040, "growth_down_permille": 940,
        "growth_ceiling_permille": 1200, "growth_window_days": 400, "growth_point_day": 2,
        "growth_point_bill": 12, "growth_points_full": 500, "growth_points_max_percent": 14,
    },
    "assessments": {
        "decision_minutes": 20, "human_review_hours": 36, "again_after_refusal_days": 45,
    },
    "appeals": {"review_days": 14, "bureau_review_days": 18, "filing_days": 70},
    "loans": {
        "revolve_factor_permille": 1400, "penalty_ppm": 900, "cap_annual_ppm": 200_000,
        "cap_year_days": 366, "late_fee_ppm": 400, "bill_lead_days": 9, "minimum_permille": 120,
        "minimum_floor_fen": 2_000, "minimum_months_max": 10, "tolerance_fen": 500,
        "grace_days": 2, "debit_attempts_max": 4,
    },
    "loan_operations": {"debit_at": time(10, 0)},
}  # fmt: skip

every_text = pytest.mark.parametrize("text", dict.fromkeys(TEXTS), ids=lambda text: text[:40])


def named(text):
    return {*PLACEHOLDER.findall(text)} - {*comparison.SOURCE_NUMBERS}


def other():
    registered = policy.registered()
    return written({app: kind(**OTHER.get(app, {})) for app, kind in registered.items()})


@every_text
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_no_digit_stands_outside_a_placeholder(text, language):
    with override(language):
        shown = str(filled(text, dict.fromkeys(PLACEHOLDER.findall(text), "")))

    assert not re.search(r"\d", shown), shown


@every_text
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_every_text_follows_the_product_numbers(text, language):
    with override(language):
        before, after = by_default(), other()
        known = comparison.SOURCE_NUMBERS
        shown = [filled(text, {**numbers, **known}) for numbers in (before, after)]

    followed = named(text) - CONSTANT
    assert [name for name in followed if before[name] == after[name]] == []
    assert (shown[0] != shown[1]) is bool(followed)


def test_every_other_number_of_this_test_is_in_a_text():
    used = set().union(*(named(text) for text in TEXTS))
    with override("en"):
        before, after = by_default(), other()

    assert {name for name in before if before[name] != after[name]} >= used - CONSTANT
    assert len(used) > 60


@pytest.mark.django_db
def test_a_policy_in_force_moves_the_numbers_of_its_day():
    put_in_force("limits", {"buffer_permille": 100}, on=date(2026, 12, 1))
    from backoffice.guide.numbers import in_force

    found = [in_force(on=date(2026, *day))["buffer_percent"] for day in ((11, 30), (12, 1))]

    assert found == ["15", "10"]


@pytest.mark.parametrize(
    ("value", "per_percent", "shown"),
    [(200, 10_000, "0.02"), (182_500, 10_000, "18.25"), (240_000, 10_000, "24"), (150, 10, "15"),
     (1_000, 10, "100"), (0, 10, "0"), (5, 10, "0.5")],
)  # fmt: skip
def test_a_rate_is_written_exactly(value, per_percent, shown):
    assert percent(value, per_percent) == shown


def test_the_steps_are_those_of_onboarding_in_their_order():
    assert opening.order() == [
        "login", "identity", "transaction_password", "card", "consents", "profile", "assessment",
        "line",
    ]  # fmt: skip
    assert {*opening.TEXTS} == {*opening.order()}


def test_terms_have_codes_of_their_own():
    codes = [one.term for one in terms.TERMS]

    assert len(codes) == len({*codes})
    assert {"credit-line", "available", "buffer", "temporary-limit", "grace", "minimum", "penalty",
            "rate"} <= {*codes}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "page"), [("guide.md", pages.guide_page), ("glossary.md", pages.glossary_page)]
)
def test_the_page_is_that_of_the_texts(name, page):
    assert (ROOT / "docs" / name).read_text(encoding="utf-8") == page(), "make guide writes it"
