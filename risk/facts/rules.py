"""The facts that credit decisions are made from: their codes, and the dated feature record.

``Features`` holds raw counts and sums as whole numbers. What they are worth is decided by scoring;
nothing here divides or weighs.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

LARGE_ABOVE_FEN = 500_000  # GEN-10: large is strictly more than 5,000.00 yuan
NIGHT_FROM_HOUR, NIGHT_UNTIL_HOUR = 23, 6  # GEN-10: 23:00 to 05:59
LONG_DAYS, SHORT_DAYS = 90, 30  # the windows of PAY-01 to PAY-11, in full days before the day
INFLOW_MONTHS = 6  # PAY-07, PAY-10
TENURE_MONTHS = 24  # PAY-12 counts up to two years
EVIDENCE_DAYS = 365  # income evidence older than a year proves nothing about today


class FactSource(StrEnum):
    """Sources of facts, each the code of the consent that its use needs (GEN-14).

    ``NONE`` needs no consent: since when WeChat is used is asked before any step (ELIG-12).
    """

    PAYMENT = "payment"
    SOCIAL = "social"
    WEALTH = "wealth"
    CONSUMPTION = "consumption"
    AGREEMENT = "agreement"
    NONE = "none"


class EventKind(StrEnum):
    """Kinds of partner events."""

    PAYMENT = "payment"
    SOCIAL_LINK = "social_link"
    HOLDING = "holding"
    PRODUCT_MOVE = "product_move"
    WECHAT_SINCE = "wechat_since"
    EMPLOYER = "employer"
    INCOME = "income"


SOURCE_OF = {
    EventKind.PAYMENT: FactSource.PAYMENT,
    EventKind.SOCIAL_LINK: FactSource.SOCIAL,
    EventKind.HOLDING: FactSource.WEALTH,
    EventKind.PRODUCT_MOVE: FactSource.WEALTH,
    EventKind.WECHAT_SINCE: FactSource.NONE,
    EventKind.EMPLOYER: FactSource.AGREEMENT,
    EventKind.INCOME: FactSource.AGREEMENT,
}


class PaymentDirection(StrEnum):
    """Whether money left the customer or reached the customer."""

    IN = "in"
    OUT = "out"


class PaymentResult(StrEnum):
    """How a payment ended. A refund is an event of its own, with the money coming in."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    REFUNDED = "refunded"


class PaymentCategory(StrEnum):
    """What a payment was for."""

    GROCERIES = "groceries"
    CONVENIENCE = "convenience"
    DINING = "dining"
    UTILITIES = "utilities"
    TRANSPORT = "transport"
    TELECOM = "telecom"
    HEALTH = "health"
    EDUCATION = "education"
    HOUSING = "housing"
    CLOTHING = "clothing"
    ELECTRONICS = "electronics"
    TRAVEL = "travel"
    ENTERTAINMENT = "entertainment"
    GAMES = "games"
    LOTTERY = "lottery"
    LUXURY = "luxury"
    OTHER = "other"
    SALARY = "salary"
    TRANSFER = "transfer"
    INVESTMENT = "investment"
    LOAN_REPAYMENT = "loan_repayment"


class LivingSpend(StrEnum):
    """The categories that count as living spend: policy, listed here alone (SCORE-7 日常商超)."""

    GROCERIES = PaymentCategory.GROCERIES
    CONVENIENCE = PaymentCategory.CONVENIENCE
    DINING = PaymentCategory.DINING
    UTILITIES = PaymentCategory.UTILITIES
    TRANSPORT = PaymentCategory.TRANSPORT
    TELECOM = PaymentCategory.TELECOM
    HEALTH = PaymentCategory.HEALTH
    EDUCATION = PaymentCategory.EDUCATION
    HOUSING = PaymentCategory.HOUSING


# Money that moves without being spent: it is neither living nor other spend.
NOT_SPENT = frozenset(
    {
        PaymentCategory.SALARY,
        PaymentCategory.TRANSFER,
        PaymentCategory.INVESTMENT,
        PaymentCategory.LOAN_REPAYMENT,
    }
)


class FriendRelation(StrEnum):
    """How a friend counts (SCORE-4); ``ENDED`` is a contact that is none any more."""

    PRODUCT_USER = "product_user"
    REAL_NAME = "real_name"
    OTHER = "other"
    SECOND_DEGREE = "second_degree"
    OVERDUE = "overdue"
    ENDED = "ended"


class ProductRisk(StrEnum):
    """The risk level of an investment product."""

    R1 = "R1"
    R2 = "R2"
    R3 = "R3"
    R4 = "R4"
    R5 = "R5"


LOW_RISK = (ProductRisk.R1, ProductRisk.R2)  # SCORE-5 零钱通、基金等低风险产品


class ProductMove(StrEnum):
    """What a customer did with an investment product."""

    SUBSCRIBE = "subscribe"
    REDEEM = "redeem"


class IncomeDocument(StrEnum):
    """What an income was verified with."""

    PAYROLL = "payroll"
    TAX = "tax"
    SOCIAL_SECURITY = "social_security"
    HOUSING_FUND = "housing_fund"
    BANK_STATEMENT = "bank_statement"


# What the category of an event may be, by its kind.
CATEGORIES: dict[EventKind, type[StrEnum] | None] = {
    EventKind.PAYMENT: PaymentCategory,
    EventKind.SOCIAL_LINK: FriendRelation,
    EventKind.HOLDING: ProductRisk,
    EventKind.PRODUCT_MOVE: ProductMove,
    EventKind.WECHAT_SINCE: None,
    EventKind.EMPLOYER: None,
    EventKind.INCOME: IncomeDocument,
}


@dataclass(frozen=True, slots=True)
class PaymentFeatures:
    """Payment behaviour (SCORE-2): payments are outgoing ones that succeeded.

    Counts and sums are of the 90 full days before the day, except ``large_count`` (30 days),
    ``utility_count`` and ``monthly_inflow_fen`` (6 months, the latest first) and
    ``continuous_months`` (at most 24). A refund is neither a payment nor an inflow.
    """

    payment_count: int  # PAY-01, over 90
    outgoing_fen: int  # PAY-02, over 90
    large_count: int  # PAY-03
    night_count: int  # PAY-04, over payment_count
    active_days: int  # PAY-05
    merchant_count: int  # PAY-06
    utility_count: int  # PAY-07
    failed_count: int  # PAY-08, over payment_count + failed_count
    refund_count: int  # PAY-09, over payment_count
    monthly_inflow_fen: tuple[int, ...]  # PAY-10
    inflow_fen: int  # PAY-11, against outgoing_fen
    continuous_months: int  # PAY-12


@dataclass(frozen=True, slots=True)
class SocialFeatures:
    """How many friends stand in each relation, each friend in the latest one (SCORE-4)."""

    product_user_count: int
    real_name_count: int
    other_count: int
    second_degree_count: int
    overdue_count: int


@dataclass(frozen=True, slots=True)
class WealthFeatures:
    """Low-risk holdings, each product as reported last, and the moves of 30 days (SCORE-5)."""

    stable_days: int
    balance_fen: int
    move_count: int


@dataclass(frozen=True, slots=True)
class ConsumptionFeatures:
    """Living spend and all spend of the 90 full days before the day (SCORE-7)."""

    living_fen: int
    spend_fen: int


@dataclass(frozen=True, slots=True)
class EvidenceFeatures:
    """Income and employer as a partner verified them; None is what nobody verified.

    The employer is a blind index in hex, comparable with the declared one and readable by nobody.
    ``income_on`` is the day that the income is of.
    """

    monthly_income_fen: int | None
    income_document: str | None
    employer: str | None
    employer_since_on: date | None
    income_on: date | None


@dataclass(frozen=True, slots=True)
class DeclaredFeatures:
    """What the customer declared; nothing of it is proven (SCORE-12)."""

    monthly_income_fen: int
    occupation: str
    occupation_since_on: date | None
    employer: str | None


@dataclass(frozen=True, slots=True)
class ProvenFact:
    """What a person accepted of a proof that the customer sent (LIMIT-3, LIMIT-4, LIMIT-13).

    ``proof`` is the public id of the proof, ``asset`` the blind index in hex of the number of an
    asset. What is not of the kind is None.
    """

    proof: str
    kind: str
    accepted_on: date
    valid_until_on: date | None
    monthly_income_fen: int | None
    occupation: str | None
    since_on: date | None
    asset: str | None


@dataclass(frozen=True, slots=True)
class Features:
    """What a decision about a customer may use, as of a day: the frozen input of a decision.

    ``sources`` are the consents in force. The part of a source without a consent is None, also
    where facts were received before (SCORE-9). ``proofs`` are the accepted ones, each once, in the
    order of their reviews.
    """

    customer_id: int
    on: date
    sources: tuple[str, ...]
    payment: PaymentFeatures | None
    social: SocialFeatures | None
    wealth: WealthFeatures | None
    consumption: ConsumptionFeatures | None
    evidence: EvidenceFeatures | None
    declared: DeclaredFeatures | None
    proofs: tuple[ProvenFact, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return the record as JSON holds it: days as text, tuples as lists."""
        plain: dict[str, Any] = _plain(asdict(self))
        return plain

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> "Features":
        """Return the record that ``as_json`` stored, exactly."""
        parts = {name: _part(kind, stored[name]) for name, kind in _PARTS.items()}
        return cls(
            stored["customer_id"],
            date.fromisoformat(stored["on"]),
            tuple(stored["sources"]),
            **parts,
            proofs=tuple(_part(ProvenFact, one) for one in stored["proofs"]),
        )

    def with_proofs(self, reviewed: Mapping[str, ProvenFact | None]) -> "Features":
        """Return the record with proofs, by id, as reviewed since; None is a rejected one."""
        kept = tuple(one for one in self.proofs if one.proof not in reviewed)
        return replace(self, proofs=(*kept, *(one for one in reviewed.values() if one)))


_PARTS: dict[str, Any] = {
    "payment": PaymentFeatures,
    "social": SocialFeatures,
    "wealth": WealthFeatures,
    "consumption": ConsumptionFeatures,
    "evidence": EvidenceFeatures,
    "declared": DeclaredFeatures,
}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    return value.isoformat() if isinstance(value, date) else value


def _part(kind: Any, stored: dict[str, Any] | None) -> Any:
    return None if stored is None else kind(**{n: _typed(n, v) for n, v in stored.items()})


def _typed(name: str, value: Any) -> Any:
    if isinstance(value, list):
        return tuple(value)
    return date.fromisoformat(value) if value is not None and name.endswith("_on") else value


def months_before(on: date, count: int) -> list[date]:
    """Return the first days of the months that end the day before ``on``, the latest first.

    The first of them is one month before ``on``. A day that a month does not have is its last one,
    so that the months follow each other without a gap.
    """
    return [_month_earlier(on, number) for number in range(1, count + 1)]


def _month_earlier(on: date, months: int) -> date:
    index = on.year * 12 + on.month - 1 - months
    first = date(index // 12, index % 12 + 1, 1)
    index += 1
    last = date(index // 12, index % 12 + 1, 1) - timedelta(days=1)
    return first.replace(day=min(on.day, last.day))


def continuous(is_used: tuple[bool, ...]) -> int:
    """Return how many months, the latest first, were used before the first gap (PAY-12)."""
    return is_used.index(False) if False in is_used else len(is_used)
