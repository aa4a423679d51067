"""The four lines of the checklist (ELIG-13)."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.identity.rules.faces import FaceVerdict
from accounts.onboarding.rules.eligibility import REQUIREMENTS, Bounds, CheckOutcome, Facts, judge
from tests.profiles import pure

BOUNDS = Bounds(age_min=18, age_max=60, accounts_max=3, device_accounts_max=3, device_people_min=4)
ON = date(2026, 11, 24)
NOTHING_KNOWN = Facts(ON)
FINE = Facts(
    ON, date(1990, 3, 7), "0", FaceVerdict.PASS, 912, "0", "I", accounts=1, device_accounts=1,
    device_people=1,
)  # fmt: skip


def results(facts):
    return [line.result for line in judge(facts, BOUNDS)]


def one(place, **facts):
    return results(FINE._replace(**facts))[place]


def test_who_meets_all_four_passes_each_line_with_its_evidence():
    lines = judge(FINE, BOUNDS)

    assert [line.requirement for line in lines] == [*REQUIREMENTS]
    assert results(FINE) == [CheckOutcome.PASS] * 4
    assert [line.evidence for line in lines] == [
        {"age": 36},
        {"identity_code": "0", "face": "pass", "similarity_permille": 912},
        {"card_code": "0", "account_class": "I"},
        {"accounts": 1, "device_accounts": 1, "device_people": 1},
    ]


def test_what_is_not_known_is_open_and_without_evidence():
    lines = judge(NOTHING_KNOWN, BOUNDS)

    assert results(NOTHING_KNOWN) == [CheckOutcome.OPEN] * 3 + [CheckOutcome.PASS]
    assert [line.evidence for line in lines[:3]] == [{}, {}, {}]


@pytest.mark.parametrize(
    ("born_on", "result"),
    [
        (date(2008, 11, 24), CheckOutcome.PASS),
        (date(2008, 11, 25), CheckOutcome.FAIL),
        (date(1965, 11, 25), CheckOutcome.PASS),
        (date(1965, 11, 24), CheckOutcome.FAIL),
    ],
)
def test_the_age_is_inside_to_the_day_before_the_sixty_first_birthday(born_on, result):
    assert one(0, born_on=born_on) == result


@pytest.mark.parametrize(
    ("identity_code", "face", "result"),
    [
        ("0", FaceVerdict.PASS, CheckOutcome.PASS),
        ("0", FaceVerdict.REVIEW, CheckOutcome.REVIEW),
        ("0", FaceVerdict.REFUSE, CheckOutcome.FAIL),
        ("0", None, CheckOutcome.OPEN),
        ("", FaceVerdict.PASS, CheckOutcome.OPEN),
        ("", FaceVerdict.REFUSE, CheckOutcome.FAIL),
        ("-1", FaceVerdict.PASS, CheckOutcome.FAIL),
        ("-1", None, CheckOutcome.FAIL),
    ],
)
def test_neither_number_nor_face_proves_a_person_alone(identity_code, face, result):
    assert one(1, identity_code=identity_code, face=face) == result


@pytest.mark.parametrize(
    ("card_code", "account_class", "result"),
    [
        ("0", "II", CheckOutcome.FAIL),
        ("0", "III", CheckOutcome.FAIL),
        ("0", "unknown", CheckOutcome.REVIEW),
        ("-1", "I", CheckOutcome.FAIL),
        ("", "I", CheckOutcome.OPEN),
    ],
)
def test_only_a_matched_card_of_class_one_passes(card_code, account_class, result):
    assert one(2, card_code=card_code, account_class=account_class) == result


@pytest.mark.parametrize(
    ("accounts", "device_accounts", "device_people", "result"),
    [
        (3, 3, 3, CheckOutcome.PASS),
        (4, 1, 1, CheckOutcome.FAIL),
        (1, 4, 1, CheckOutcome.FAIL),
        (1, 1, 4, CheckOutcome.REVIEW),
        (1, 4, 4, CheckOutcome.FAIL),
    ],
)
def test_accounts_and_devices_are_counted(accounts, device_accounts, device_people, result):
    counted = {"device_accounts": device_accounts, "device_people": device_people}

    assert one(3, accounts=accounts, **counted) == result


@pure
@given(
    st.sampled_from(["", "0", "-1", "-5"]),
    st.one_of(st.none(), st.sampled_from(FaceVerdict)),
    st.sampled_from(["", "0", "-1"]),
    st.sampled_from(["", "I", "II", "III", "unknown"]),
)
def test_a_pass_rests_on_every_check(identity_code, face, card_code, account_class):
    _age, identity, card, _accounts = results(
        Facts(ON, None, identity_code, face, None, card_code, account_class)
    )

    assert (identity == CheckOutcome.PASS) == (identity_code == "0" and face == FaceVerdict.PASS)
    assert (card == CheckOutcome.PASS) == (card_code == "0" and account_class == "I")
