"""What each product number is called, its unit and its rule: one table for every policy."""

from collections.abc import Mapping
from typing import Any

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from backoffice.platform.policy_fields import PolicyField, Unit
from loans.contracts.labels import TERMS
from risk.scoring.rules.payment_behaviour import PAYMENT_INDICATORS

YUAN = Unit(pgettext_lazy("unit", "yuan"), 100)
YUAN_A_DAY = Unit(pgettext_lazy("unit", "yuan a day"), 100)
PERCENT = Unit("%", 1)
PERCENT_OF_PERMILLE = Unit("%", 10)
PERCENT_OF_PPM = Unit("%", 10_000)
PERCENT_OF_PPB = Unit("%", 10_000_000)
PERCENT_A_DAY = Unit(pgettext_lazy("unit", "% a day"), 10_000)
PERCENT_A_YEAR = Unit(pgettext_lazy("unit", "% a year"), 10_000)
FACTOR = Unit(pgettext_lazy("unit", "times"), 1_000)
POINTS = Unit(pgettext_lazy("unit", "points"), 1)
POINTS_OF_TENTHS = Unit(pgettext_lazy("unit", "points"), 10)
POINTS_OF_PERMILLE = Unit(pgettext_lazy("unit", "points"), 10)
DAYS = Unit(pgettext_lazy("unit", "days"), 1)
HOURS = Unit(pgettext_lazy("unit", "hours"), 1)
SECONDS = Unit(pgettext_lazy("unit", "seconds"), 1)
MINUTES = Unit(pgettext_lazy("unit", "minutes"), 1)
MONTHS = Unit(pgettext_lazy("unit", "months"), 1)
YEARS = Unit(pgettext_lazy("unit", "years"), 1)
PAYMENTS_A_DAY = Unit(pgettext_lazy("unit", "payments a day"), 1)
BYTES = Unit(pgettext_lazy("unit", "bytes"), 1)
PIXELS = Unit(pgettext_lazy("unit", "pixels"), 1)
COUNT = Unit("", 1)
CODE = Unit("", 1)
TIME = Unit("", 1)

_SCORING: Mapping[str, PolicyField] = {
    "payment_weight_percent": PolicyField(_("weight of payment behaviour"), PERCENT, "SCORE-1"),
    "social_weight_percent": PolicyField(_("weight of social relations"), PERCENT, "SCORE-1"),
    "wealth_weight_percent": PolicyField(_("weight of holdings"), PERCENT, "SCORE-1"),
    "consumption_weight_percent": PolicyField(_("weight of consumption"), PERCENT, "SCORE-1"),
    "performance_weight_percent": PolicyField(_("weight of repayment history"), PERCENT, "SCORE-1"),
    "score_base": PolicyField(_("lowest score"), POINTS, "SCORE-8"),
    "score_span": PolicyField(_("span of the score"), POINTS, "SCORE-8"),
    "grade_aaa_min": PolicyField(_("lowest score of AAA"), POINTS, "SCORE-11"),
    "grade_aa_min": PolicyField(_("lowest score of AA"), POINTS, "SCORE-11"),
    "grade_a_min": PolicyField(_("lowest score of A"), POINTS, "SCORE-11"),
    "grade_bbb_min": PolicyField(_("lowest score of BBB"), POINTS, "SCORE-11"),
    "grade_bb_min": PolicyField(_("lowest score of BB"), POINTS, "SCORE-11"),
    "grade_b_min": PolicyField(_("lowest score of B"), POINTS, "SCORE-11"),
    "grade_c_min": PolicyField(_("lowest score of C"), POINTS, "SCORE-11"),
    "rate_aaa_ppm": PolicyField(_("daily rate of AAA"), PERCENT_A_DAY, "RATE-1"),
    "rate_aa_ppm": PolicyField(_("daily rate of AA"), PERCENT_A_DAY, "RATE-1"),
    "rate_a_ppm": PolicyField(_("daily rate of A"), PERCENT_A_DAY, "RATE-1"),
    "rate_bbb_ppm": PolicyField(_("daily rate of BBB"), PERCENT_A_DAY, "RATE-1"),
    "rate_bb_ppm": PolicyField(_("daily rate of BB"), PERCENT_A_DAY, "RATE-1"),
    "rate_b_ppm": PolicyField(_("daily rate of B"), PERCENT_A_DAY, "RATE-1"),
    "rate_c_ppm": PolicyField(_("daily rate of C"), PERCENT_A_DAY, "RATE-1"),
    "plan_score_min": PolicyField(
        _("lowest score for plans of 3 and 6 instalments"), POINTS, "REPAY-6"
    ),
    "long_plan_score_min": PolicyField(
        _("lowest score for a plan of 12 instalments"), POINTS, "REPAY-6"
    ),
    "large_payment_fen": PolicyField(_("payments above this are large"), YUAN, "SCORE-3"),
    "special_review_hours": PolicyField(_("time for a special review"), HOURS, "SCORE-3"),
    "friend_user_tenths": PolicyField(_("friend who is a customer"), POINTS_OF_TENTHS, "SCORE-4"),
    "friend_transfer_tenths": PolicyField(_("friend with transfers"), POINTS_OF_TENTHS, "SCORE-4"),
    "friend_other_tenths": PolicyField(_("other friend"), POINTS_OF_TENTHS, "SCORE-4"),
    "friends_other_max_tenths": PolicyField(
        _("other friends together at most"), POINTS_OF_TENTHS, "SCORE-4"
    ),
    "friend_depth2_tenths": PolicyField(
        _("customer among friends of friends"), POINTS_OF_TENTHS, "SCORE-4"
    ),
    "friend_overdue_tenths": PolicyField(
        _("taken off for an overdue friend"), POINTS_OF_TENTHS, "SCORE-4"
    ),
    "wealth_stable_points": PolicyField(_("points of stable holdings"), POINTS, "SCORE-5"),
    "wealth_stable_days": PolicyField(_("days for all points of stable holdings"), DAYS, "SCORE-5"),
    "wealth_balance_points": PolicyField(_("points of a sufficient balance"), POINTS, "SCORE-5"),
    "wealth_balance_months": PolicyField(
        _("sufficient balance in months of income"), MONTHS, "SCORE-5"
    ),
    "wealth_moves_free": PolicyField(_("moves of holdings without loss"), COUNT, "SCORE-5"),
    "wealth_moves_days": PolicyField(_("days over which moves are counted"), DAYS, "SCORE-5"),
    "wealth_move_points": PolicyField(_("taken off for each further move"), POINTS, "SCORE-5"),
    "performance_code_1_points": PolicyField(
        _("taken off for a month of code 1"), POINTS, "SCORE-6"
    ),
    "performance_code_2_points": PolicyField(
        _("taken off for a month of code 2"), POINTS, "SCORE-6"
    ),
    "performance_code_3_points": PolicyField(
        _("taken off for a month of code 3"), POINTS, "SCORE-6"
    ),
    "bureau_months": PolicyField(
        _("months of the credit report that count"), MONTHS, "SCORE-6, ELIG-11"
    ),
    "consumption_knee_percent": PolicyField(
        _("share of living spend from which points rise slower"), PERCENT, "SCORE-7"
    ),
    "consumption_knee_points": PolicyField(_("points at that share"), POINTS, "SCORE-7"),
    "behaviour_days": PolicyField(_("days of payments that count"), DAYS, "SCORE-2"),
    "behaviour_months": PolicyField(
        _("months of inflow and living costs that count"), MONTHS, "SCORE-2"
    ),
    "large_payment_days": PolicyField(_("days of large payments that count"), DAYS, "SCORE-2"),
    "income_times_max_permille": PolicyField(
        _("contradiction: declared income times the inflow"), FACTOR, "SCORE-12"
    ),
}
_LIMITS: Mapping[str, PolicyField] = {
    "buffer_permille": PolicyField(_("buffer of the limit"), PERCENT_OF_PERMILLE, "LIMIT-9"),
    "limit_min_fen": PolicyField(_("lowest limit"), YUAN, "LIMIT-1"),
    "limit_step_fen": PolicyField(_("limits are rounded to"), YUAN, "GEN-2"),
    "income_permille": PolicyField(_("limit in monthly incomes"), FACTOR, "LIMIT-2"),
    "low_income_fen": PolicyField(_("low income, this amount included"), YUAN, "LIMIT-2"),
    "low_income_limit_fen": PolicyField(_("highest limit of low incomes"), YUAN, "LIMIT-2"),
    "occupation_middle_years": PolicyField(
        _("years to the middle occupation factor"), YEARS, "LIMIT-3"
    ),
    "occupation_senior_years": PolicyField(
        _("years to the senior occupation factor"), YEARS, "LIMIT-3"
    ),
    "civil_servant_permille": PolicyField(_("factor of civil servants"), FACTOR, "LIMIT-3"),
    "civil_servant_middle_permille": PolicyField(
        _("factor of civil servants, middle"), FACTOR, "LIMIT-3"
    ),
    "civil_servant_senior_permille": PolicyField(
        _("factor of civil servants, senior"), FACTOR, "LIMIT-3"
    ),
    "public_institution_permille": PolicyField(
        _("factor of public institutions"), FACTOR, "LIMIT-3"
    ),
    "public_institution_middle_permille": PolicyField(
        _("factor of public institutions, middle"), FACTOR, "LIMIT-3"
    ),
    "public_institution_senior_permille": PolicyField(
        _("factor of public institutions, senior"), FACTOR, "LIMIT-3"
    ),
    "employee_permille": PolicyField(_("factor of employees"), FACTOR, "LIMIT-3"),
    "self_employed_permille": PolicyField(_("factor of the self-employed"), FACTOR, "LIMIT-3"),
    "freelancer_permille": PolicyField(_("factor of freelancers"), FACTOR, "LIMIT-3"),
    "other_occupation_permille": PolicyField(_("factor of other occupations"), FACTOR, "LIMIT-3"),
    "proof_days": PolicyField(_("validity of a proof"), DAYS, "LIMIT-3"),
    "unproved_occupation_max_permille": PolicyField(
        _("highest factor without a valid proof"), FACTOR, "LIMIT-3"
    ),
    "house_percent": PolicyField(_("raise for real property"), PERCENT, "LIMIT-4"),
    "vehicle_percent": PolicyField(_("raise for a vehicle"), PERCENT, "LIMIT-4"),
    "other_asset_percent": PolicyField(_("raise for another asset"), PERCENT, "LIMIT-4"),
    "assets_max_percent": PolicyField(_("raise for all assets at most"), PERCENT, "LIMIT-4"),
    "daily_walk_permille": PolicyField(
        _("change of the limit a day at most"), PERCENT_OF_PERMILLE, "LIMIT-5"
    ),
    "reserve_over_fen": PolicyField(
        _("purchases above this hold a part of the line"), YUAN, "LIMIT-6"
    ),
    "reserve_permille": PolicyField(
        _("held share of a large purchase"), PERCENT_OF_PERMILLE, "LIMIT-6"
    ),
    "reserve_hours": PolicyField(_("time of the hold at most"), HOURS, "LIMIT-6"),
    "temporary_bills": PolicyField(
        _("bills paid in full before a temporary limit"), COUNT, "LIMIT-7"
    ),
    "temporary_days_max": PolicyField(_("longest temporary limit"), DAYS, "LIMIT-8"),
    "temporary_max_permille": PolicyField(
        _("highest temporary limit, share of the limit"), PERCENT_OF_PERMILLE, "LIMIT-8"
    ),
    "temporary_gap_days": PolicyField(_("time between temporary limits"), DAYS, "LIMIT-8"),
    "growth_up_permille": PolicyField(
        _("growth factor of a bill paid in full"), FACTOR, "LIMIT-10"
    ),
    "growth_down_permille": PolicyField(_("growth factor of an overdue bill"), FACTOR, "LIMIT-10"),
    "growth_ceiling_permille": PolicyField(_("growth in the window at most"), FACTOR, "LIMIT-11"),
    "growth_window_days": PolicyField(_("window of the growth ceiling"), DAYS, "LIMIT-11"),
    "consumption_middle_min": PolicyField(
        _("consumption points of the middle band"), POINTS, "LIMIT-12"
    ),
    "consumption_high_min": PolicyField(
        _("consumption points of the high band"), POINTS, "LIMIT-12"
    ),
    "consumption_low_permille": PolicyField(
        _("factor of the low consumption band"), FACTOR, "LIMIT-12"
    ),
    "consumption_middle_permille": PolicyField(
        _("factor of the middle consumption band"), FACTOR, "LIMIT-12"
    ),
    "consumption_high_permille": PolicyField(
        _("factor of the high consumption band"), FACTOR, "LIMIT-12"
    ),
    "growth_point_day": PolicyField(_("growth points of a day with a payment"), POINTS, "SCORE-10"),
    "growth_point_bill": PolicyField(_("growth points of a bill paid in full"), POINTS, "SCORE-10"),
    "growth_points_full": PolicyField(_("growth points for the whole rise"), POINTS, "SCORE-10"),
    "growth_points_max_percent": PolicyField(
        _("rise for growth points at most"), PERCENT, "SCORE-10"
    ),
}
_ASSESSMENTS: Mapping[str, PolicyField] = {
    "decision_minutes": PolicyField(_("time for a decision"), MINUTES, "GEN-12"),
    "human_review_hours": PolicyField(_("time for a human review"), HOURS, "LAW-18"),
    "again_after_refusal_days": PolicyField(_("wait after a refusal"), DAYS, "GEN-12"),
    "again_after_approval_days": PolicyField(_("wait after an approval"), DAYS, "GEN-12"),
    "cut_review_days": PolicyField(_("time to ask for a review of a cut"), DAYS, "LAW-18"),
}
_APPEALS: Mapping[str, PolicyField] = {
    "review_days": PolicyField(_("time to decide an appeal"), DAYS, "FAQ-8"),
    "bureau_review_days": PolicyField(
        _("time to decide an objection to a credit report"), DAYS, "FAQ-8"
    ),
    "filing_days": PolicyField(_("time to file an appeal"), DAYS, "FAQ-8"),
    "answer_days": PolicyField(_("time to answer a question"), DAYS, "FAQ-8"),
    "close_days": PolicyField(_("an outcome that is not read is closed after"), DAYS, "FAQ-8"),
    "materials_max": PolicyField(_("materials of an appeal at most"), COUNT, "FAQ-8"),
}
_ACCOUNTS: Mapping[str, PolicyField] = {
    "lender_type": PolicyField(_("type of the lender"), CODE, "LIMIT-1, LAW-11"),
    "age_min": PolicyField(_("lowest age"), YEARS, "ELIG-1"),
    "age_max": PolicyField(_("highest age"), YEARS, "ELIG-1"),
    "student_review_age_max": PolicyField(
        _("manual review for possible students up to age"), YEARS, "LAW-11"
    ),
    "cooling_off_hours": PolicyField(_("cooling-off period"), HOURS, "ELIG-10"),
    "history_months": PolicyField(_("history of WeChat use at least"), MONTHS, "ELIG-12"),
    "face_pass_permille": PolicyField(_("face score that passes"), POINTS_OF_PERMILLE, "SEC-3"),
    "face_review_permille": PolicyField(
        _("face score for manual review"), POINTS_OF_PERMILLE, "SEC-3"
    ),
    "face_accepted_max_ppb": PolicyField(
        _("false acceptance of faces at most"), PERCENT_OF_PPB, "SEC-3"
    ),
    "device_accuracy_min_ppm": PolicyField(
        _("accuracy of device fingerprints at least"), PERCENT_OF_PPM, "SEC-2"
    ),
    "check_valid_hours": PolicyField(_("validity of an identity check"), HOURS, "ELIG-3"),
    "identity_tries_max": PolicyField(_("identity checks a day"), COUNT, "ELIG-3"),
    "card_tries_max": PolicyField(_("card checks a day"), COUNT, "ELIG-6"),
    "accounts_max": PolicyField(_("WeChat accounts of a person"), COUNT, "ELIG-8"),
    "unbound_account_days": PolicyField(_("an unbound account keeps its seat for"), DAYS, "ELIG-8"),
    "device_accounts_max": PolicyField(
        _("accounts on a device before it is blocked"), COUNT, "ELIG-9"
    ),
    "device_accounts_days": PolicyField(
        _("days over which accounts of a device are counted"), DAYS, "ELIG-9"
    ),
    "device_people_min": PolicyField(
        _("people on a device from which a person decides"), COUNT, "ELIG-9"
    ),
    "cards_max": PolicyField(_("bound bank cards at most"), COUNT, "ELIG-6"),
    "password_length_min": PolicyField(_("length of a transaction password"), COUNT, "SEC-4"),
    "password_days": PolicyField(_("a transaction password is changed after"), DAYS, "SEC-4"),
    "password_history": PolicyField(_("earlier passwords that are refused"), COUNT, "SEC-4"),
    "password_tries_max": PolicyField(_("wrong passwords a day"), COUNT, "SEC-4"),
    "authorisation_minutes": PolicyField(_("validity of an authorisation"), MINUTES, "SEC-4"),
    "limit_bank_max_fen": PolicyField(_("highest limit of a bank"), YUAN, "LIMIT-1"),
    "limit_micro_max_fen": PolicyField(
        _("highest limit of a micro-loan company"), YUAN, "LIMIT-1, LAW-8"
    ),
    "proof_bytes_max": PolicyField(_("size of a proof at most"), BYTES, "LIMIT-4"),
    "proof_pixels_max": PolicyField(_("size of a picture at most"), PIXELS, "LIMIT-4"),
    "proofs_max": PolicyField(_("proofs at the same time"), COUNT, "LIMIT-4"),
    "face_token_days": PolicyField(_("face data are kept for"), DAYS, "LAW-18"),
    "log_days": PolicyField(_("logs are kept for"), DAYS, "LAW-19"),
    "kyc_years": PolicyField(_("identity and transactions are kept for"), YEARS, "LAW-19"),
    "complaint_days": PolicyField(_("time to answer a complaint"), DAYS, "LAW-19"),
}
_OPERATIONS: Mapping[str, PolicyField] = {
    "debit_at": PolicyField(_("time of the first direct debits"), TIME, "REPAY-11"),
    "debit_retry_until": PolicyField(_("last hour of debit retries"), TIME, "REPAY-11"),
    "wechat_minutes": PolicyField(_("time to confirm a payment in WeChat"), MINUTES, "REPAY-12"),
    "cured_alone_days_max": PolicyField(
        _("a line resumes by itself up to days past due"), DAYS, "REPAY-19"
    ),
    "card_limit_warning_days": PolicyField(
        _("a bill above the day limit of its card is warned of before"), DAYS, "FAQ-4"
    ),
    "extension_days_max": PolicyField(_("longest extension of a due date"), DAYS, "FAQ-7"),
    "extension_every_days": PolicyField(_("time from one extension to the next"), DAYS, "FAQ-7"),
    "runaway_permille": PolicyField(
        _("a debit run above this multiple of the last is held"), FACTOR, "REPAY-11"
    ),
    "runaway_orders_min": PolicyField(
        _("debit runs below this number are never held"), COUNT, "REPAY-11"
    ),
}
_QUOTES: Mapping[str, PolicyField] = {
    "amount_min_fen": PolicyField(_("lowest amount of a drawdown"), YUAN, "REPAY-1"),
    "amount_step_fen": PolicyField(_("amounts of drawdowns are multiples of"), YUAN, "REPAY-1"),
    "must_read_seconds": PolicyField(_("forced reading time of a cost sheet"), SECONDS, "LAW-2"),
    "valid_minutes": PolicyField(_("validity of a cost sheet"), MINUTES, "LAW-2"),
    "affordability_permille": PolicyField(
        _("notice when the month's payments exceed this share of the income"),
        PERCENT_OF_PERMILLE, "LAW-2",
    ),
    "education_factor_permille": PolicyField(_("factor of the rate, education"), FACTOR, "RATE-10"),
    "medical_factor_permille": PolicyField(
        _("factor of the rate, medical care"), FACTOR, "RATE-10"
    ),
    "scenario_proof_days": PolicyField(_("time to prove the purpose of a loan"), DAYS, "RATE-10"),
    "quotes_a_day_max": PolicyField(_("cost sheets of a customer a day"), COUNT, "LAW-2"),
}  # fmt: skip
# SCORE-2 of each indicator: what gives 100 points, or the points that a whole unit takes or gives.
_FULL = {1: PAYMENTS_A_DAY, 2: YUAN_A_DAY, 5: DAYS, 6: COUNT, 7: COUNT, 12: MONTHS}
_OF_UNIT = (3, 4, 8, 9, 10, 11)
# The titles are those of the contracts' page.
_LOANS = {
    "daily_rate_min_ppm": (PERCENT_A_DAY, "RATE-1"),
    "daily_rate_max_ppm": (PERCENT_A_DAY, "RATE-1"),
    "migrated_daily_rate_ppm": (PERCENT_A_DAY, "RATE-1"),
    "revolve_factor_permille": (FACTOR, "REPAY-9"),
    "penalty_mode": (CODE, "LAW-5"),
    "penalty_ppm": (PERCENT_A_DAY, "RATE-5"),
    "penalty_factor_permille": (FACTOR, "LAW-5"),
    "cap_annual_ppm": (PERCENT_A_YEAR, "RATE-7"),
    "cap_year_days": (DAYS, "RATE-7, GEN-7"),
    "late_fee_ppm": (PERCENT_OF_PPM, "REPAY-13"),
    "bill_lead_days": (DAYS, "REPAY-2"),
    "minimum_permille": (PERCENT_OF_PERMILLE, "REPAY-7"),
    "minimum_floor_fen": (YUAN, "REPAY-7"),
    "minimum_months_max": (COUNT, "REPAY-7"),
    "tolerance_fen": (YUAN, "REPAY-16"),
    "grace_days": (DAYS, "REPAY-12"),
    "classified_latest_days": (DAYS, "REPAY-11"),
    "debit_attempts_max": (COUNT, "REPAY-11"),
    "second_window_days": (DAYS, "REPAY-11"),
    "recovery_wait_days": (DAYS, "REPAY-18"),
    "recovery_every_days": (DAYS, "REPAY-18"),
    "recovery_until_days": (DAYS, "REPAY-18"),
    "first_due_nights_min": (DAYS, "REPAY-2"),
    "plan_3_fee_ppm": (PERCENT_OF_PPM, "REPAY-5"),
    "plan_6_fee_ppm": (PERCENT_OF_PPM, "REPAY-5"),
    "plan_12_fee_ppm": (PERCENT_OF_PPM, "REPAY-5"),
    "prepayment_fee_ppm": (PERCENT_OF_PPM, "REPAY-3"),
    "prepayment_fee_min_fen": (YUAN, "REPAY-3"),
    "prepayment_min_fen": (YUAN, "REPAY-4"),
    "acceleration_after_days": (DAYS, "RATE-5"),
}


def _of_indicators() -> dict[str, PolicyField]:
    """Return the fields of the twelve indicators: their weights, and how a value gives points."""
    found = {}
    for number, one in enumerate(PAYMENT_INDICATORS, 1):
        titles = {
            "weight_percent": (_("{indicator}: weight"), PERCENT),
            "full": (_("{indicator}: value of 100 points"), _FULL.get(number, COUNT)),
            "points": (_("{indicator}: points of a whole unit"), POINTS),
        }
        for kind in ("weight_percent", "points" if number in _OF_UNIT else "full"):
            title, unit = titles[kind]
            found[f"pay_{number:02}_{kind}"] = PolicyField(
                format_lazy(title, indicator=_(one.name_en)), unit, "SCORE-2"
            )
    return found


FIELDS: Mapping[str, Mapping[str, PolicyField]] = {
    "scoring": {**_SCORING, **_of_indicators()},
    "limits": _LIMITS,
    "assessments": _ASSESSMENTS,
    "appeals": _APPEALS,
    "accounts": _ACCOUNTS,
    "loans": {
        name: PolicyField(TERMS[name].title, unit, rule) for name, (unit, rule) in _LOANS.items()
    },
    "loan_operations": _OPERATIONS,
    "quotes": _QUOTES,
}
POLICIES: Mapping[str, Any] = {
    "scoring": pgettext_lazy("policy", "scoring"),
    "limits": _("limits"),
    "assessments": _("assessments"),
    "appeals": _("appeals"),
    "accounts": _("accounts"),
    "loans": _("terms of loans"),
    "loan_operations": _("operation of loans"),
    "quotes": _("cost sheets"),
}
