"""Every product number has words in both languages, a unit that fits its name, and a rule."""

import re
from dataclasses import fields
from datetime import time

import pytest
from django.utils.translation import override

from backoffice.core import policy
from backoffice.core.policy import BadPolicyError
from backoffice.platform import policy_fields
from backoffice.policy_labels import FIELDS, POLICIES

ALL = [
    pytest.param(app, one, id=f"{app}.{one.name}")
    for app, known in policy.registered().items()
    for one in fields(known)
]
# Stored units in one shown unit, by the end of a name.
SCALES = {"_fen": {100}, "_permille": {10, 1000}, "_ppm": {10_000}, "_ppb": {10_000_000},
          "_tenths": {10}}  # fmt: skip


@pytest.mark.parametrize(("app", "one"), ALL)
def test_a_field_has_words_a_unit_and_a_rule(app, one):
    title, unit, rule = FIELDS[app][one.name]

    with override("en"):
        english = str(title)
    with override("zh-hans"):
        chinese, in_unit = str(title), str(unit.title)
    assert english and re.search(r"[\u4e00-\u9fff]", chinese)
    assert not in_unit or re.search(r"[\u4e00-\u9fff%]", in_unit)
    assert re.fullmatch(r"[A-Z]+-\d+(, [A-Z]+-\d+)*", rule)
    assert in_unit or isinstance(one.default, str | time | int)


@pytest.mark.parametrize(("app", "one"), ALL)
def test_a_unit_fits_how_the_value_is_stored(app, one):
    unit = FIELDS[app][one.name].unit
    end = next((end for end in SCALES if one.name.endswith(end)), "")

    expected = {100} if one.name == "pay_02_full" else SCALES.get(end, {1})
    assert unit.per in expected


def test_no_words_are_left_of_a_field_that_is_gone():
    known = {(app, one.name) for app, of in policy.registered().items() for one in fields(of)}

    assert {(app, name) for app, found in FIELDS.items() for name in found} == known
    assert {*POLICIES} == {*policy.registered()}


def test_no_two_fields_of_a_policy_have_the_same_title():
    for language in ("en", "zh-hans"):
        with override(language):
            for app, found in FIELDS.items():
                titles = [str(one.title) for one in found.values()]
                assert len(titles) == len({*titles}), app


def test_the_words_are_registered():
    with override("en"):
        assert policy_fields.title_of("limits") == "limits"
        assert str(policy_fields.field_of("limits", "buffer_permille").title) == (
            "buffer of the limit"
        )


BAD_DRAFTS = [
    ("limits", {"limit_min_fen": 1_200_000}, {"limit_min_fen", "low_income_limit_fen"}),
    ("limits", {"daily_walk_permille": 100},
     {"limit_min_fen", "daily_walk_permille", "limit_step_fen"}),
    ("limits", {"house_percent": 50, "assets_max_percent": 49},
     {"house_percent", "vehicle_percent", "other_asset_percent", "assets_max_percent"}),
    ("limits", {"occupation_middle_years": 11},
     {"occupation_middle_years", "occupation_senior_years"}),
    ("limits", {"growth_up_permille": 1151}, {"growth_up_permille", "growth_ceiling_permille"}),
    ("scoring", {"grade_aa_min": 800}, {f"grade_{one}_min" for one in
                                        ("aaa", "aa", "a", "bbb", "bb", "b", "c")}),
    ("scoring", {"pay_12_weight_percent": 7},
     {f"pay_{n:02}_weight_percent" for n in range(1, 13)}),
    ("scoring", {"score_span": 499}, {"score_base", "score_span", "grade_aaa_min", "grade_c_min"}),
    ("accounts", {"age_min": 50, "age_max": 49}, {"age_min", "age_max"}),
    ("accounts", {"face_review_permille": 801}, {"face_review_permille", "face_pass_permille"}),
    ("loans", {"grace_days": 4},
     {"grace_days", "second_window_days", "classified_latest_days"}),
    ("loan_operations", {"debit_at": "21:01"}, {"debit_at", "debit_retry_until"}),
    ("appeals", {"review_days": 21}, {"review_days", "bureau_review_days"}),
]  # fmt: skip


@pytest.mark.parametrize(("app", "overrides", "names"), BAD_DRAFTS)
def test_a_refused_draft_names_the_fields_and_why_in_both_languages(app, overrides, names):
    with pytest.raises(BadPolicyError) as caught:
        policy.draft(app, overrides)

    assert {*caught.value.facts["field"].split(", ")} == names
    with override("en"):
        english = str(caught.value.facts["why"])
    with override("zh-hans"):
        assert re.search(r"[\u4e00-\u9fff]", str(caught.value.facts["why"]))
    assert english in caught.value.in_both_languages()
