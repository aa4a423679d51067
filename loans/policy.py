"""Product numbers of loans; the defaults are the rulebook's, the ids its rules.

``LoanTerms`` is what a customer signs: a contract stores it and never reads policy again.
``LoanOperations`` is how the lender runs the day: it is read again each day. ``QuotePolicy`` is
what is offered before anything is signed.
"""

from dataclasses import dataclass
from datetime import time

from backoffice.core import ranges
from backoffice.core.ranges import FieldsCheck, hour, number, option
from backoffice.core.translation import gettext_noop as _

# 24 % a year over 365 days: no daily rate is higher (RATE-7).
DAILY_MOST_PPM = 657

# LAW-5 which rate overdue principal bears: the article's, or a multiple of the contract's.
PENALTY_MODES = (PENALTY_OF_ARTICLE, PENALTY_OF_CONTRACT) = ("ARTICLE", "CONTRACT")

# Fields that cannot change during a day: their overrides start on a later day.
LATER_DAY = {"from_later_day": True}


@dataclass(frozen=True, slots=True)
class LoanTerms:
    """The terms of a contract: rates, cap, fees, days."""

    daily_rate_min_ppm: int = number(200, least=0, most=DAILY_MOST_PPM)  # RATE-1 日利率 0.02%
    daily_rate_max_ppm: int = number(500, least=0, most=DAILY_MOST_PPM)  # RATE-1 日利率 0.05%
    # RATE-1 a migrated loan has no score yet: grade C
    migrated_daily_rate_ppm: int = number(500, least=0, most=DAILY_MOST_PPM)
    # REPAY-9 未还部分按日利率1.5倍计息
    revolve_factor_permille: int = number(1500, least=1000, most=2000)
    penalty_mode: str = option(PENALTY_OF_ARTICLE, PENALTY_MODES)  # LAW-5
    penalty_ppm: int = number(1000, least=0, most=2000)  # RATE-5 每日叠加未还本金的0.1%
    # LAW-5 the contract's rate and 30 to 50 % of it, up to 100 % for misuse
    penalty_factor_permille: int = number(1500, least=1000, most=2000)
    cap_annual_ppm: int = number(240_000, least=0, most=240_000)  # RATE-7 24 % a year
    # RATE-7, GEN-7 legal figures count 365 days
    cap_year_days: int = number(365, least=365, most=366)
    late_fee_ppm: int = number(500, least=0, most=50_000)  # REPAY-13 未还金额的0.05%
    bill_lead_days: int = number(10, least=1, most=27)  # REPAY-2 bill date = due date - 10 days
    minimum_permille: int = number(100, least=1, most=1000)  # REPAY-7 当期账单的10%
    # REPAY-7 a bill below 10.00 is paid whole
    minimum_floor_fen: int = number(1000, least=0, most=100_000)
    # REPAY-7 after 12 minimum months the whole bill is the minimum
    minimum_months_max: int = number(12, least=1, most=60)
    # REPAY-16 a shortfall of up to 10.00 is carried
    tolerance_fen: int = number(1000, least=0, most=10_000)
    grace_days: int = number(3, least=0, most=13)  # REPAY-12 3个自然日缓冲
    classified_latest_days: int = number(7, least=1, most=14)  # REPAY-11 at the latest D+7 00:05
    debit_attempts_max: int = number(3, least=1, most=5)  # REPAY-11 连续失败3次则计入逾期记录
    # REPAY-11 attempts D+4..D+6 after technical faults
    second_window_days: int = number(4, least=1, most=14)
    # REPAY-18 notified on t, attempts from t+2
    recovery_wait_days: int = number(2, least=1, most=30)
    recovery_every_days: int = number(7, least=1, most=90)  # REPAY-18 cycles repeat every 7 days
    recovery_until_days: int = number(90, least=0, most=90)  # REPAY-18 until 90 days past due
    # REPAY-2 the first due date is at least 20 nights after the drawdown
    first_due_nights_min: int = number(20, least=1, most=31)
    # REPAY-5 每期费率分别为1.5%/3%/6%: the flat fee of the whole plan
    plan_3_fee_ppm: int = number(15_000, least=0, most=40_000)
    plan_6_fee_ppm: int = number(30_000, least=0, most=70_000)
    plan_12_fee_ppm: int = number(60_000, least=0, most=130_000)
    prepayment_fee_ppm: int = number(5_000, least=0, most=50_000)  # REPAY-3 剩余本金的0.5%
    prepayment_fee_min_fen: int = number(500, least=0, most=10_000)  # REPAY-3 最低5元
    # REPAY-4 a bullet is prepaid in parts of at least 100.00
    prepayment_min_fen: int = number(10_000, least=1, most=1_000_000)
    # RATE-5 later instalments are called due by staff after 90 days past due
    acceleration_after_days: int = number(90, least=90, most=365)

    def __post_init__(self) -> None:
        """Refuse numbers out of range and such that cannot work together; raises ValueError."""
        ranges.check(self)
        ranges.require(
            FieldsCheck(
                self.daily_rate_min_ppm <= self.daily_rate_max_ppm,
                _("the lowest daily rate is not above the highest"),
                ("daily_rate_min_ppm", "daily_rate_max_ppm"),
            ),
            FieldsCheck(
                self.grace_days < self.second_window_days <= self.classified_latest_days,
                _("grace ends before the second window, which begins by the day of classification"),
                ("grace_days", "second_window_days", "classified_latest_days"),
            ),
            FieldsCheck(
                self.recovery_every_days >= self.debit_attempts_max,
                _("a recovery cycle ends before the next one begins"),
                ("recovery_every_days", "debit_attempts_max"),
            ),
            # 0 days of recovery: there is none.
            FieldsCheck(
                not self.recovery_until_days or self.recovery_wait_days <= self.recovery_until_days,
                _("the notice of a recovery is over before the recoveries end"),
                ("recovery_wait_days", "recovery_until_days"),
            ),
        )


@dataclass(frozen=True, slots=True)
class LoanOperations:
    """How the lender runs the day: hours and guards."""

    # The hours of a day are fixed before it begins: changes start on a later day.
    # The bank takes debits from 07:00 to 22:00 (REPAY-11).
    debit_at: time = hour(  # REPAY-11 次日9:00
        time(9, 0), least=time(7, 0), most=time(22, 0), **LATER_DAY
    )
    debit_retry_until: time = hour(  # REPAY-11 hourly on technical refusals
        time(21, 0), least=time(7, 0), most=time(22, 0), **LATER_DAY
    )
    wechat_minutes: int = number(30, least=1, most=120)  # REPAY-12 to confirm a payment in WeChat
    # REPAY-19 the line resumes by itself up to 30 days past due
    cured_alone_days_max: int = number(30, least=0, most=90)
    # FAQ-4 a bill above the day limit of its card's account is warned of three days before
    card_limit_warning_days: int = number(3, least=0, most=9)
    extension_days_max: int = number(30, least=1, most=30)  # FAQ-7 a due date moves by 30 days
    extension_every_days: int = number(180, least=1, most=3650)  # FAQ-7 once per 180 days
    # more than 1.5 times the last comparable debit run is held
    runaway_permille: int = number(1500, least=1000, most=10_000)
    runaway_orders_min: int = number(1000, least=0, most=1_000_000)  # smaller days are never held

    def __post_init__(self) -> None:
        """Refuse numbers out of range and such that cannot work together; raises ValueError."""
        ranges.check(self)
        ranges.require(
            FieldsCheck(
                self.debit_at <= self.debit_retry_until,
                _("the first debits run before their retries"),
                ("debit_at", "debit_retry_until"),
            ),
            FieldsCheck(
                self.debit_at == self.debit_at.replace(second=0, microsecond=0),
                _("debits run at whole minutes"),
                ("debit_at",),
            ),
        )


@dataclass(frozen=True, slots=True)
class QuotePolicy:
    """What can be drawn, and how a cost sheet is shown before it is confirmed."""

    amount_min_fen: int = number(10_000, least=100, most=1_000_000)  # REPAY-1 100.00
    amount_step_fen: int = number(100, least=1, most=100_000)  # REPAY-1 whole yuan
    # LAW-2 the least forced reading time is the law's
    must_read_seconds: int = number(10, least=10, most=600)
    valid_minutes: int = number(30, least=1, most=1_440)  # LAW-2 a sheet can be used so long
    # closing paragraph 理性使用信贷产品: a notice above half of the income
    affordability_permille: int = number(500, least=0, most=1_000)
    # RATE-10 对教育、医疗等特定消费场景提供利率优惠
    education_factor_permille: int = number(900, least=500, most=1_000)
    medical_factor_permille: int = number(900, least=500, most=1_000)
    scenario_proof_days: int = number(7, least=0, most=30)  # RATE-10 proof until day 7 24:00
    quotes_a_day_max: int = number(100, least=1, most=10_000)  # LAW-2 each offer stores a sheet

    def __post_init__(self) -> None:
        """Refuse numbers out of range and such that cannot work together; raises ValueError."""
        ranges.check(self)
        ranges.require(
            FieldsCheck(
                self.must_read_seconds < self.valid_minutes * 60,
                _("a cost sheet is valid for longer than it must be read"),
                ("must_read_seconds", "valid_minutes"),
            ),
            FieldsCheck(
                self.amount_min_fen % self.amount_step_fen == 0,
                _("the lowest amount is a multiple of the step"),
                ("amount_min_fen", "amount_step_fen"),
            ),
        )
