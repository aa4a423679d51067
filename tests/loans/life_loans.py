"""Loans and bills by the rulebook alone, sharing no line with ``loans``, and what is owed of them.

Amounts are fen, rates ppm. ``life_model`` is what happens to them.
"""

import calendar
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta

DAY = timedelta(days=1)
ORDER = ("penalty", "late", "interest", "fee", "principal")  # REPAY-8
KEPT_FIRST = ("own", "fee", "revolve", "late", "penalty")  # RATE-7: penalty is cut first
OWED_AS = {"own": "interest", "revolve": "interest"}
PLAN_PPM = {3: 15_000, 6: 30_000, 12: 60_000}  # REPAY-5
SMALL = 1_000  # REPAY-16
OPEN, RESTS = ("BILLED", "GRACE", "OVERDUE"), ("MIN_PAID", "CARRIED")


def half_up(number: int, by: int) -> int:
    return (2 * number + by) // (2 * by)


def months_later(day: date, months: int) -> date:
    years, month = divmod(day.month - 1 + months, 12)
    last = calendar.monthrange(day.year + years, month + 1)[1]
    return date(day.year + years, month + 1, min(day.day, last))


@dataclass(eq=False)
class Part:
    """A bullet or a row of a plan: what is owed of it, and the segment it bears (GEN-3)."""

    loan: "Loan"
    due: date
    fee: int  # of its plan, not charged yet
    owed: Counter[str]
    bears: str = ""
    since: date = date.min
    base: int = 0
    posted: int = 0
    bill: "Bill | None" = None
    late_base: int = 0

    @property
    def total(self) -> int:
        return sum(self.owed.values())

    def bear(self, kind: str, *, on: date) -> None:
        self.bears, self.since, self.posted = kind, on, 0
        self.base = self.owed["principal"] + (self.owed["penalty"] if kind == "penalty" else 0)
        if not self.base:
            self.bears = ""

    def rate(self) -> int:
        """Return the current rate in ppm x permille, at 1.5 times exact enough to compare."""
        if self.bears == "penalty":
            return 1_000_000
        return self.loan.own(self.since) * (3 if self.bears == "revolve" else 2) // 2

    def contract(self, on: date) -> int:
        """Return what the segment bears until a day, in fen."""
        nights = (on - self.since).days
        if not self.bears:
            return 0
        if self.bears == "penalty":  # RATE-5
            return half_up(self.base * (1001**nights - 1000**nights), 1000**nights)
        times = 3 if self.bears == "revolve" else 2  # REPAY-9
        return half_up(self.base * self.loan.own(self.since) * times * nights, 2 * 10**9)


@dataclass(eq=False)
class Loan:
    """A loan with its account of the cap (RATE-7)."""

    drawn: date
    ppm: int
    plan: int
    factor: int
    parts: list[Part] = field(default_factory=list)
    is_proven: bool = False
    accrued: date = date.min
    nights: int = 0  # principal summed over the nights
    charged: int = 0
    waived: int = 0
    contract: Counter[str] = field(default_factory=Counter)
    state: str = "active"

    def own(self, since: date) -> int:
        """Return the own rate in ppm x permille of a segment (RATE-10)."""
        is_lower = self.is_proven or (since - self.drawn).days < 8
        return max(self.ppm * (self.factor if is_lower else 1000), min(self.ppm, 200) * 1000)

    @property
    def principal(self) -> int:
        return sum(part.owed["principal"] for part in self.parts)

    @property
    def headroom(self) -> int:
        return max(0, self.nights * 240_000 // 365_000_000 - self.charged)

    def post(self, charges: Iterable[tuple[str, Part, int]]) -> None:
        """Charge what is posted together, as far as the cap leaves headroom."""
        for kind, part, fen in sorted(charges, key=lambda one: KEPT_FIRST.index(one[0])):
            kept = min(fen, self.headroom)
            part.owed[OWED_AS.get(kind, kind)] += kept
            self.contract[kind] += fen
            self.charged += kept
            self.waived += fen - kept

    def night(self, on: date, more: Iterable[tuple[str, Part, int]] = ()) -> None:
        """Post the night before a day, with the fees of that day."""
        charges = list(more)
        if self.accrued < on and self.drawn < on:
            self.accrued = on
            self.nights += self.principal
            for part in self.parts:
                fen = part.contract(on) - part.posted
                part.posted += fen
                if part.bears:
                    charges.append((part.bears, part, fen))
        self.post(charges)

    def charge_fees(self, parts: Iterable[Part]) -> None:
        """Charge plan fees before they fall due: they are paid now (RATE-7)."""
        for part in parts:
            fee, part.fee = part.fee, 0
            if fee:
                self.post([("fee", part, fee)])


@dataclass(eq=False)
class Bill:
    """A bill, and what was counted under it."""

    due: date
    billed: date
    mode: str
    parts: list[Part]
    state: str = "BILLED"
    total: int = 0
    minimum: int = 0
    past_due: int = 0
    paid: int = 0
    waived: int = 0
    rest: int | None = None  # what the last payment left
    cured: date = date.min  # the day on which money or a waiver last came
    since_due: int = 0  # interest of the nights from the due date on
    late: int = 0
    late_on: date | None = None
    counted: list[date] = field(default_factory=list)  # refusals since the last success
    refused_on: date | None = None
    overdue_on: date | None = None

    def owed(self, *kinds: str) -> int:
        return sum(part.owed[kind] for part in self.parts for kind in kinds or ORDER)

    @property
    def unpaid(self) -> int:
        """Return what paying the bill takes: plan fees pass through the cap when paid."""
        fees: Counter[Loan] = Counter()
        for part in self.parts:
            fees[part.loan] += part.fee
        return self.owed() + sum(min(fee, loan.headroom) for loan, fee in fees.items())

    @property
    def mandatory(self) -> int:
        bullets = (part.owed["principal"] for part in self.parts if not part.loan.plan)
        return self.unpaid - sum(bullets)

    @property
    def is_met(self) -> bool:
        return self.paid + self.waived >= self.minimum + self.late and not self.mandatory

    @property
    def is_small(self) -> bool:
        return self.rest is not None and self.rest <= SMALL
