"""Where bills and loans stand: what the engine starts from and returns.

Plain values without identity of a database: an instalment is found by its loan and its index.
"""

from datetime import date
from functools import reduce
from operator import add
from typing import NamedTuple

from loans.accounting.rules.codes import Accrual
from loans.accounting.rules.debt import NOTHING, Debt


class InstalmentPosition(NamedTuple):
    """One instalment: what is charged and unpaid of it, and the segment it accrues in (GEN-3).

    ``uncharged_plan_fee_fen`` is the fee of a plan row for which no charge has been posted yet.
    """

    debt: Debt
    accrual: str
    segment_on: date
    segment_base_fen: int
    segment_posted_fen: int = 0
    bill_id: int | None = None
    late_fee_base_fen: int = 0
    due_on: date = date.max
    uncharged_plan_fee_fen: int = 0


class LoanPosition(NamedTuple):
    """One loan: its parts and its account with the cap, as of 00:00 of ``accrued_on``.

    ``factor_permille`` lowers the rate of segments that begin before ``full_rate_on``, the first
    night at the full rate of a loan whose use is not proven (RATE-10). A bullet that was converted
    is one no more: its first part is what its bill kept, the others are the plan (REPAY-6).
    """

    rate_ppm: int
    parts: tuple[InstalmentPosition, ...]
    accrued_on: date
    principal_nights_fen: int = 0
    charged_fen: int = 0
    waived_fen: int = 0
    drawn_on: date = date.min
    is_bullet: bool = True
    state: str = "active"
    overdue_on: date | None = None
    ended_on: date | None = None
    factor_permille: int = 1000
    full_rate_on: date = date.max
    converted_on: date | None = None
    converted_to: str = ""

    def factor_of(self, part: InstalmentPosition) -> int:
        """Return the factor on the own rate that the segment of a part bears, in permille."""
        return self.factor_permille if part.segment_on < self.full_rate_on else 1000

    @property
    def principal_fen(self) -> int:
        """Return the outstanding principal, due or not."""
        if len(self.parts) == 1:  # a bullet loan: most are, and every charge asks for it
            return self.parts[0].debt.principal_fen
        return sum(part.debt.principal_fen for part in self.parts)

    @property
    def owes(self) -> bool:
        """Return whether anything charged is unpaid."""
        return any(any(part.debt) for part in self.parts)

    def with_part(self, index: int, part: InstalmentPosition) -> "LoanPosition":
        """Return the loan with one part replaced."""
        rest, parts = self[2:], self.parts
        return LoanPosition(self.rate_ppm, (*parts[:index], part, *parts[index + 1 :]), *rest)


class InstalmentKey(NamedTuple):
    """The place of an instalment under a bill: its loan and its index among the loan's parts."""

    loan_id: int
    part_index: int


class BillPosition(NamedTuple):
    """One bill: what it asked, what was paid since, how it is collected.

    ``rows`` are the instalments under it, by loan and number; ``loan_ids`` their loans, the
    oldest drawdown first. ``terms_id`` is the loan whose terms hold for the bill: its oldest.
    ``billed_rows`` are those it was issued with, where a later bill may have taken them over.
    """

    id: int
    state: str
    rows: tuple[InstalmentKey, ...]
    loan_ids: tuple[int, ...]
    terms_id: int | None
    due_on: date
    billed_on: date
    total_fen: int
    minimum_fen: int
    mode: str
    cycle: int = 1
    cycle_on: date = date.min
    refusals: int = 0
    tries: int = 0
    debit_on: date | None = None
    refused_on: date | None = None
    paid_fen: int = 0
    waived_fen: int = 0
    last_paid_on: date | None = None
    shortfall_fen: int | None = None
    closed_through: date | None = None
    charged_at_due_fen: int = 0
    late_fee_fen: int = 0
    late_fee_on: date | None = None
    overdue_on: date | None = None
    paid_on: date | None = None
    past_due_fen: int = 0
    billed_rows: tuple[InstalmentKey, ...] = ()


class Position(NamedTuple):
    """Bills and the loans behind them, by id."""

    bills: dict[int, BillPosition]
    loans: dict[int, LoanPosition]

    def owed(self, bill_id: int) -> Debt:
        """Return what is charged and unpaid under a bill."""
        debts = [self.loans[loan_id].parts[n].debt for loan_id, n in self.bills[bill_id].rows]
        return reduce(add, debts) if debts else NOTHING

    def holder_of(self, bill: BillPosition) -> BillPosition:
        """Return the bill that took over what a closed one left, or the bill itself (GEN-9)."""
        if bill.rows:
            return bill
        left = set(bill.billed_rows)
        return next((one for one in self.bills.values() if left.intersection(one.rows)), bill)

    def mandatory_fen(self, bill_id: int) -> int:
        """Return the mandatory part of what is unpaid: interest, fees, plan rows (REPAY-7)."""
        mandatory_fen = 0
        for loan_id, index in self.bills[bill_id].rows:
            loan = self.loans[loan_id]
            debt = loan.parts[index].debt
            mandatory_fen += debt.total_fen - debt.principal_fen * loan.is_bullet
        return mandatory_fen


def blank(part: InstalmentPosition) -> InstalmentPosition:
    """Return the part as a row of nothing, which no bill asks (REPAY-6)."""
    return InstalmentPosition(NOTHING, Accrual.NONE, part.segment_on, 0, due_on=part.due_on)


def restart_segment(part: InstalmentPosition, *, on: date) -> InstalmentPosition:
    """Return the part in a new segment of its kind; nothing accrues on nothing (GEN-3)."""
    owes = part.debt.principal_fen or (part.accrual == Accrual.PENALTY and part.debt.penalty_fen)
    return start_segment(part, part.accrual if owes else Accrual.NONE, on=on)


def start_segment(part: InstalmentPosition, accrual: str, *, on: date) -> InstalmentPosition:
    """Return the part accruing in a new segment from the night of ``on`` (GEN-3, RATE-5).

    Penalty bears on unpaid principal and unpaid penalty, everything else on principal.
    """
    base_fen = part.debt.principal_fen
    if accrual == Accrual.PENALTY:
        base_fen += part.debt.penalty_fen
    return InstalmentPosition(part.debt, accrual, on, base_fen, 0, *part[5:])
