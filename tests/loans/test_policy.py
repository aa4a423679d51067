"""The numbers of loans: the rulebook's by default, refused where they cannot work together."""

from dataclasses import FrozenInstanceError, asdict, replace
from datetime import time

import pytest

from loans.policy import LoanOperations, LoanTerms, QuotePolicy


def test_a_contract_takes_the_numbers_of_the_rulebook():
    assert asdict(LoanTerms()) == {
        "daily_rate_min_ppm": 200, "daily_rate_max_ppm": 500,  # RATE-1
        "migrated_daily_rate_ppm": 500,  # RATE-1, grade C
        "revolve_factor_permille": 1_500,  # REPAY-9
        "penalty_ppm": 1_000,  # RATE-5
        "penalty_mode": "ARTICLE", "penalty_factor_permille": 1_500,  # LAW-5
        "cap_annual_ppm": 240_000, "cap_year_days": 365,  # RATE-7
        "late_fee_ppm": 500,  # REPAY-13
        "bill_lead_days": 10,  # REPAY-2
        "minimum_months_max": 12,  # REPAY-7
        "minimum_permille": 100, "minimum_floor_fen": 1_000,  # REPAY-7
        "tolerance_fen": 1_000,  # REPAY-16
        "grace_days": 3,  # REPAY-12
        "classified_latest_days": 7, "debit_attempts_max": 3, "second_window_days": 4,  # REPAY-11
        "recovery_wait_days": 2, "recovery_every_days": 7, "recovery_until_days": 90,  # REPAY-18
        "first_due_nights_min": 20,  # REPAY-2
        "plan_3_fee_ppm": 15_000, "plan_6_fee_ppm": 30_000, "plan_12_fee_ppm": 60_000,  # REPAY-5
        "prepayment_fee_ppm": 5_000, "prepayment_fee_min_fen": 500,  # REPAY-3
        "prepayment_min_fen": 10_000,  # REPAY-4
        "acceleration_after_days": 90,  # RATE-5
    }  # fmt: skip


def test_a_day_is_run_by_the_numbers_of_the_rulebook():
    assert asdict(LoanOperations()) == {
        "debit_at": time(9), "debit_retry_until": time(21),  # REPAY-11
        "wechat_minutes": 30,  # REPAY-12
        "cured_alone_days_max": 30,  # REPAY-19
        "card_limit_warning_days": 3,  # FAQ-4
        "extension_days_max": 30, "extension_every_days": 180,  # FAQ-7
        "runaway_permille": 1_500, "runaway_orders_min": 1_000,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("numbers", "why"),
    [
        ({"daily_rate_min_ppm": -1}, "daily_rate_min_ppm = -1"),
        ({"daily_rate_min_ppm": 501}, "daily rate"),
        ({"daily_rate_max_ppm": 199}, "daily rate"),
        ({"minimum_permille": 0}, "allowed is 1 – 1000"),
        ({"minimum_permille": 1_001}, "allowed is 1 – 1000"),
        ({"penalty_ppm": -1}, "penalty_ppm = -1"),
        ({"cap_annual_ppm": -1}, "cap_annual_ppm = -1"),
        ({"late_fee_ppm": -1}, "late_fee_ppm = -1"),
        ({"grace_days": -1}, "grace_days = -1"),
        ({"grace_days": 4}, "grace ends"),
        ({"second_window_days": 3}, "grace ends"),
        ({"second_window_days": 8}, "grace ends"),
        ({"classified_latest_days": 3}, "grace ends"),
        ({"recovery_every_days": 2}, "before the next one begins"),
        ({"recovery_every_days": 0}, "recovery_every_days = 0: allowed is 1 – 90"),
        ({"recovery_until_days": 1}, "over before the recoveries end"),
        ({"cap_annual_ppm": 240_001}, "allowed is 0 – 240000"),
        ({"cap_year_days": 360}, "allowed is 365 – 366"),
        ({"tolerance_fen": 10**30}, "tolerance_fen"),
    ],
)
def test_terms_that_cannot_work_together_are_refused(numbers, why):
    with pytest.raises(ValueError, match=why):
        replace(LoanTerms(), **numbers)


@pytest.mark.parametrize(
    "numbers",
    [
        {"daily_rate_min_ppm": 0},
        {"daily_rate_min_ppm": 500},
        {"minimum_permille": 1},
        {"minimum_permille": 1_000},
        {"penalty_ppm": 0, "cap_annual_ppm": 0, "late_fee_ppm": 0},
        {"grace_days": 0},
        {"second_window_days": 7},
        {"classified_latest_days": 4},
        {"recovery_every_days": 3},
        {"recovery_until_days": 2},
        {"recovery_until_days": 0},
    ],
)
def test_the_last_numbers_that_work_together_are_taken(numbers):
    terms = replace(LoanTerms(), **numbers)

    assert asdict(terms) == asdict(LoanTerms()) | numbers


def test_a_cost_sheet_is_offered_by_the_numbers_of_the_rulebook():
    assert asdict(QuotePolicy()) == {
        "amount_min_fen": 10_000, "amount_step_fen": 100,  # REPAY-1
        "must_read_seconds": 10, "valid_minutes": 30, "quotes_a_day_max": 100,  # LAW-2
        "affordability_permille": 500,
        "education_factor_permille": 900, "medical_factor_permille": 900,  # RATE-10
        "scenario_proof_days": 7,  # RATE-10
    }  # fmt: skip


@pytest.mark.parametrize(
    ("numbers", "why"),
    [
        ({"must_read_seconds": 9}, "allowed is 10"),
        ({"must_read_seconds": 60, "valid_minutes": 1}, "longer than it must be read"),
        ({"amount_min_fen": 10_050}, "multiple of the step"),
        ({"medical_factor_permille": 1_001}, "allowed is 500"),
    ],
)
def test_a_cost_sheet_that_cannot_be_confirmed_is_refused(numbers, why):
    with pytest.raises(ValueError, match=why):
        replace(QuotePolicy(), **numbers)


@pytest.mark.parametrize(
    ("numbers", "why"),
    [
        ({"debit_at": time(6, 59)}, "allowed is 07:00 – 22:00"),
        ({"debit_at": time(21, 1)}, "before their retries"),
        ({"debit_retry_until": time(8, 59)}, "before their retries"),
        ({"debit_retry_until": time(22, 1)}, "allowed is 07:00 – 22:00"),
        ({"runaway_permille": 999}, "allowed is 1000 – 10000"),
    ],
)
def test_a_day_that_cannot_be_run_is_refused(numbers, why):
    with pytest.raises(ValueError, match=why):
        replace(LoanOperations(), **numbers)


@pytest.mark.parametrize(
    "numbers",
    [
        {"debit_at": time(7), "debit_retry_until": time(22)},
        {"debit_at": time(21), "debit_retry_until": time(21)},
        {"runaway_permille": 1_000},
    ],
)
def test_the_last_day_that_can_be_run_is_taken(numbers):
    operations = replace(LoanOperations(), **numbers)

    assert asdict(operations) == asdict(LoanOperations()) | numbers


@pytest.mark.parametrize("policy", [LoanTerms(), LoanOperations(), QuotePolicy()])
def test_numbers_are_not_changed_in_place(policy):
    name = next(iter(asdict(policy)))

    with pytest.raises(FrozenInstanceError):
        setattr(policy, name, 1)
    assert policy == type(policy)()
