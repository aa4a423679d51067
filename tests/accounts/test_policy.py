"""The product numbers of accounts and what they refuse."""

import pytest

from accounts.policy import AccountPolicy


def test_the_defaults_are_the_rulebooks():
    numbers = AccountPolicy()

    assert (numbers.lender_type, numbers.age_min, numbers.age_max) == ("BANK", 18, 60)
    assert (numbers.cooling_off_hours, numbers.history_months, numbers.check_valid_hours) == (
        720, 6, 24,
    )  # fmt: skip
    assert (numbers.face_pass_permille, numbers.face_review_permille) == (800, 700)
    assert (numbers.accounts_max, numbers.unbound_account_days) == (3, 180)
    assert (numbers.device_accounts_max, numbers.device_accounts_days) == (3, 30)
    assert numbers.device_people_min == 4
    assert (numbers.face_token_days, numbers.log_days, numbers.kyc_years) == (30, 180, 10)
    assert (numbers.proof_bytes_max, numbers.proofs_max) == (10 * 1024 * 1024, 20)


@pytest.mark.parametrize(
    "numbers",
    [
        {"lender_type": "MICRO"},
        {"age_min": 18, "age_max": 18},
        {"face_review_permille": 1, "face_pass_permille": 1},
        {"face_review_permille": 1000, "face_pass_permille": 1000},
        {"accounts_max": 1},
        {"accounts_max": 3},
        {"log_days": 180, "kyc_years": 10},
        {"cooling_off_hours": 0, "history_months": 0, "password_history": 0},
    ],
)
def test_numbers_on_their_bounds_are_taken(numbers):
    policy = AccountPolicy(**numbers)

    assert {name: getattr(policy, name) for name in numbers} == numbers


@pytest.mark.parametrize(
    ("numbers", "why"),
    [
        ({"lender_type": "bank"}, "allowed is BANK, MICRO"),
        ({"age_min": 17}, "allowed is 18 – 60"),
        ({"age_min": 50, "age_max": 49}, "the lowest age"),
        ({"face_review_permille": 0}, "allowed is 1 – 1000"),
        ({"face_review_permille": 801}, "not above the one that passes"),
        ({"face_pass_permille": 1001}, "allowed is 1 – 1000"),
        ({"accounts_max": 0}, "allowed is 1 – 3"),
        ({"accounts_max": 4}, "allowed is 1 – 3"),
        ({"limit_bank_max_fen": 19_999_999}, "not above that of a bank"),
        ({"log_days": 179}, "allowed is 180 – 3650"),
        ({"kyc_years": 9}, "allowed is 10 – 50"),
        ({"cooling_off_hours": -1}, "cooling_off_hours = -1"),
        ({"history_months": -1}, "history_months = -1"),
        ({"password_history": -1}, "password_history = -1"),
    ],
)
def test_numbers_that_cannot_work_are_refused(numbers, why):
    with pytest.raises(ValueError, match=why):
        AccountPolicy(**numbers)
