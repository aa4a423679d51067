"""Payment behaviour: twelve indicators, their sub-scores and their weighted mean (SCORE-2).

A measured value is a ratio of whole numbers, or None where it has no denominator: nothing is shown
then, and nothing is scored. Everything is exact but one value: a coefficient of variation is a
root, and is rounded down to one millionth.
"""

from collections.abc import Sequence
from enum import Enum
from fractions import Fraction
from math import isqrt
from typing import NamedTuple

from backoffice.core.translation import gettext_noop as _
from risk.policy import INDICATORS as FIELDS
from risk.policy import ScoringPolicy

Ratio = tuple[int, int]  # numerator and denominator; the denominator is positive
NOTHING: Ratio = (0, 1)
FULL: Ratio = (100, 1)
_MILLION = 1_000_000


class Shape(Enum):
    """How a value becomes a sub-score; ``n`` is the policy's number."""

    RISING = "min(100, x / {n} * 100)"
    FALLING = "max(0, 100 - {n} * x)"
    BALANCED = "clamp(50 + {n} * x, 0, 100)"


class PaymentIndicator(NamedTuple):
    """An indicator as data: its names, what is measured, and the shape of its sub-score."""

    code: str
    name_en: str
    name_zh: str
    measure: str
    shape: Shape

    def formula(self, policy: ScoringPolicy) -> str:
        """Return the formula of its sub-score with the number in force."""
        return self.shape.value.format(n=number_of(self, policy))


PAYMENT_INDICATORS = (
    PaymentIndicator("PAY-01", _("Daily average payment count"), "日均交易笔数",
                     "payments in 90 full days / 90", Shape.RISING),
    PaymentIndicator("PAY-02", _("Daily average payment amount"), "日均交易额",
                     "outgoing fen in 90 days / 90", Shape.RISING),
    PaymentIndicator("PAY-03", _("Large-spend frequency"), "大额消费频率",
                     "payments > 5,000.00 in 30 days", Shape.FALLING),
    PaymentIndicator("PAY-04", _("Night share"), "夜间交易占比",
                     "share of the count at 23:00 to 05:59, 90 days", Shape.FALLING),
    PaymentIndicator("PAY-05", _("Active days"), "活跃天数",
                     "days with at least one payment in 90 days", Shape.RISING),
    PaymentIndicator("PAY-06", _("Distinct merchants"), "商户多样性",
                     "distinct merchants in 90 days", Shape.RISING),
    PaymentIndicator("PAY-07", _("Living-cost bills paid"), "生活缴费次数",
                     "utility payments in 6 months", Shape.RISING),
    PaymentIndicator("PAY-08", _("Failure ratio"), "支付失败率",
                     "failed / all in 90 days", Shape.FALLING),
    PaymentIndicator("PAY-09", _("Refund ratio"), "退款率",
                     "refunds / payments in 90 days", Shape.FALLING),
    PaymentIndicator("PAY-10", _("Inflow stability"), "收入稳定性",
                     "coefficient of variation of monthly inflow, 6 months", Shape.FALLING),
    PaymentIndicator("PAY-11", _("Net balance trend"), "收支结余",
                     "(in - out) / in over 90 days", Shape.BALANCED),
    PaymentIndicator("PAY-12", _("Tenure of continuous use"), "持续使用时长",
                     "months with at least one payment without a gap", Shape.RISING),
)  # fmt: skip
_SHAPES = tuple(one.shape for one in PAYMENT_INDICATORS)
_NUMBERS = tuple(
    f"{field}_{'full' if shape is Shape.RISING else 'points'}"
    for field, shape in zip(FIELDS, _SHAPES, strict=True)
)
_WEIGHTS = tuple(f"{field}_weight_percent" for field in FIELDS)


class PaymentCounts(NamedTuple):
    """What was counted of a customer's payments; windows are those of the policy.

    ``inflow_of_months_fen`` is one sum a month, months without inflow included.
    """

    payments: int
    outgoing_fen: int
    large_payments: int
    night_payments: int
    active_days: int
    merchants: int
    utility_payments: int
    failed: int
    tried: int
    refunds: int
    inflow_of_months_fen: tuple[int, ...]
    inflow_fen: int
    months_of_use: int


class Behaviour(NamedTuple):
    """The component and the sub-scores of the twelve indicators, in their order."""

    component: Fraction
    sub_scores: tuple[Ratio, ...]


def number_of(indicator: PaymentIndicator, policy: ScoringPolicy) -> int:
    """Return the number of an indicator's formula."""
    found: int = getattr(policy, _NUMBERS[PAYMENT_INDICATORS.index(indicator)])
    return found


def measure(counts: PaymentCounts, *, policy: ScoringPolicy) -> tuple[Ratio | None, ...]:
    """Return the twelve values of the counts; None where a share has no denominator."""
    days, payments, inflow_fen = policy.behaviour_days, counts.payments, counts.inflow_fen
    return (
        (payments, days),
        (counts.outgoing_fen, days),
        (counts.large_payments, 1),
        (counts.night_payments, payments) if payments else None,
        (counts.active_days, 1),
        (counts.merchants, 1),
        (counts.utility_payments, 1),
        (counts.failed, counts.tried) if counts.tried else None,
        (counts.refunds, payments) if payments else None,
        variation(counts.inflow_of_months_fen),
        (inflow_fen - counts.outgoing_fen, inflow_fen) if inflow_fen else None,
        (counts.months_of_use, 1),
    )


def variation(amounts_fen: Sequence[int]) -> Ratio | None:
    """Return the coefficient of variation of the population, rounded down to one millionth.

    It is the standard deviation over the mean; None where nothing came in.
    """
    total_fen = sum(amounts_fen)
    if not total_fen:
        return None
    squares = sum(amount_fen * amount_fen for amount_fen in amounts_fen)
    spread = len(amounts_fen) * squares - total_fen * total_fen
    return isqrt(spread * _MILLION * _MILLION // (total_fen * total_fen)), _MILLION


def score_values(values: Sequence[Ratio | None], *, policy: ScoringPolicy) -> Behaviour:
    """Return sub-scores and component of the twelve values, PAY-01 to PAY-12, exact (SCORE-2)."""
    assert len(values) == len(_SHAPES)
    sub_scores = []
    sum_top, sum_bottom = 0, 1
    for value, shape, number, weight in zip(values, _SHAPES, _NUMBERS, _WEIGHTS, strict=True):
        top, bottom = one = (
            NOTHING if value is None else _sub_score(value, shape, getattr(policy, number))
        )
        sub_scores.append(one)
        share = getattr(policy, weight) * top
        if bottom == 1:
            sum_top += share * sum_bottom
        else:
            sum_top, sum_bottom = sum_top * bottom + share * sum_bottom, sum_bottom * bottom
    return Behaviour(Fraction(sum_top, 100 * sum_bottom), tuple(sub_scores))


def _sub_score(value: Ratio, shape: Shape, number: int) -> Ratio:
    top, bottom = value
    if shape is Shape.RISING:
        top, bottom = 100 * top, number * bottom
    elif shape is Shape.FALLING:
        top = 100 * bottom - number * top
    else:
        top = 50 * bottom + number * top
    if top <= 0:
        return NOTHING
    return FULL if top >= 100 * bottom else (top, bottom)
