"""Product numbers of loans; the defaults are the rulebook's, the ids its rules.

``LoanTerms`` is what a customer signs: a contract stores it and never reads policy again.
``LoanOperations`` is how the lender runs the day: it is read again each day.
"""

from dataclasses import dataclass, field
from datetime import time

# Fields that cannot change during a day: their overrides start on a later day.
LATER_DAY = {"from_later_day": True}


@dataclass(frozen=True, slots=True)
class LoanTerms:
    """The terms of a contract: rates, cap, fees, days."""

    daily_rate_min_ppm: int = 200  # RATE-1 日利率 0.02%
    daily_rate_max_ppm: int = 500  # RATE-1 日利率 0.05%
    migrated_daily_rate_ppm: int = 500  # RATE-1 a migrated loan has no score yet: grade C
    revolve_factor_permille: int = 1500  # REPAY-9 未还部分按日利率1.5倍计息
    penalty_ppm: int = 1000  # RATE-5 每日叠加未还本金的0.1%
    cap_annual_ppm: int = 240_000  # RATE-7 24 % a year
    cap_year_days: int = 365  # RATE-7, GEN-7 legal figures count 365 days
    late_fee_ppm: int = 500  # REPAY-13 未还金额的0.05%
    bill_lead_days: int = 10  # REPAY-2 bill date = due date - 10 days
    minimum_permille: int = 100  # REPAY-7 当期账单的10%
    minimum_floor_fen: int = 1000  # REPAY-7 a bill below 10.00 is paid whole
    minimum_months_max: int = 12  # REPAY-7 after 12 minimum months the whole bill is the minimum
    tolerance_fen: int = 1000  # REPAY-16 a shortfall of up to 10.00 is carried
    grace_days: int = 3  # REPAY-12 3个自然日缓冲
    classified_latest_days: int = 7  # REPAY-11 at the latest D+7 00:05
    debit_attempts_max: int = 3  # REPAY-11 连续失败3次则计入逾期记录
    second_window_days: int = 4  # REPAY-11 attempts D+4..D+6 after technical faults
    recovery_wait_days: int = 2  # REPAY-18 notified on t, attempts from t+2
    recovery_every_days: int = 7  # REPAY-18 cycles repeat every 7 days
    recovery_until_days: int = 90  # REPAY-18 until 90 days past due

    def __post_init__(self) -> None:
        """Refuse numbers that cannot work together; raises ValueError."""
        if not 0 <= self.daily_rate_min_ppm <= self.daily_rate_max_ppm:
            raise ValueError("daily rates must be ordered and not negative")
        if not 0 < self.minimum_permille <= 1000:
            raise ValueError("the minimum is a share of the bill, in permille")
        if min(self.penalty_ppm, self.cap_annual_ppm, self.late_fee_ppm) < 0:
            raise ValueError("rates are not negative")
        if not 0 <= self.grace_days < self.second_window_days <= self.classified_latest_days:
            raise ValueError("grace ends before the second window, which ends in classification")


@dataclass(frozen=True, slots=True)
class LoanOperations:
    """How the lender runs the day: hours and guards."""

    # The hours of a day are fixed before it begins: changes start on a later day.
    debit_at: time = field(default=time(9, 0), metadata=LATER_DAY)  # REPAY-11 次日9:00
    debit_retry_until: time = field(  # REPAY-11 hourly on technical refusals
        default=time(21, 0), metadata=LATER_DAY
    )
    cured_alone_days_max: int = 30  # REPAY-19 the line resumes by itself up to 30 days past due
    runaway_permille: int = 1500  # more than 1.5 times the last comparable debit run is held
    runaway_orders_min: int = 1000  # smaller days are never held

    def __post_init__(self) -> None:
        """Refuse numbers that cannot work together; raises ValueError."""
        if not time(7, 0) <= self.debit_at <= self.debit_retry_until <= time(22, 0):
            raise ValueError("debits run between 07:00 and 22:00, the first before its retries")
        if self.debit_at != self.debit_at.replace(second=0, microsecond=0):
            raise ValueError("debits run at whole minutes")
        if self.runaway_permille < 1000:
            raise ValueError("the guard of a run is above the usual day")
