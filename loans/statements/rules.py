"""The monthly statement of a customer: what was owed, what changed it, what is owed after it.

Everything is in fen. What stands here was posted to the customer's loans: the nights since the last
posting of a loan are charged with its next bill, payment or settlement.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from loans.accounting.rules.debt import NOTHING, Debt


class LineKind(StrEnum):
    """What changed the debt of a customer, or the money that waits for a refund."""

    TAKEN_OVER = "taken_over"
    DRAWN = "drawn"
    INTEREST = "interest"
    PENALTY = "penalty"
    LATE_FEE = "late_fee"
    PLAN_FEE = "plan_fee"
    PREPAYMENT_FEE = "prepayment_fee"
    REPAYMENT = "repayment"
    WAIVER = "waiver"
    SURPLUS = "surplus"
    REFUND = "refund"


RECEIVED = frozenset({LineKind.TAKEN_OVER, LineKind.DRAWN})
CHARGED = frozenset({LineKind.INTEREST, LineKind.PENALTY, LineKind.LATE_FEE, LineKind.PLAN_FEE})


class StatedChange(NamedTuple):
    """One change: of what is owed on a loan, of a fee paid at once, or of what waits.

    ``debt`` is what the change adds to the debt; of a repayment or a waiver it is negative.
    ``fee_fen`` is a prepayment fee: charged and paid in one moment, it is never owed (REPAY-4).
    ``waiting_fen`` is what the change adds to the money that waits for a refund. A correction takes
    a change of the same kind back. ``recorded_on`` is later than ``on`` where it was known late.
    """

    on: date
    recorded_on: date
    kind: LineKind
    loan_id: int | None
    debt: Debt = NOTHING
    fee_fen: int = 0
    waiting_fen: int = 0
    is_correction: bool = False

    @property
    def amount_fen(self) -> int:
        """Return the amount of the line: above zero what the customer received or was charged."""
        return self.debt.total_fen + self.fee_fen - self.waiting_fen


class LoanMonth(NamedTuple):
    """One loan in a month: closing = opening + received + charged - waived - paid, by component.

    The prepayment fee is beside it: it changes nothing of what is owed.
    """

    loan_id: int
    opening: Debt
    received: Debt
    charged: Debt
    waived: Debt
    paid: Debt
    prepayment_fee_fen: int

    @property
    def closing(self) -> Debt:
        """Return what is owed after the month."""
        return self.opening + self.received + self.charged - self.waived - self.paid


class WaitingMonth(NamedTuple):
    """Money beyond what was owed, in a month: closing = opening + received - refunded."""

    opening_fen: int
    received_fen: int
    refunded_fen: int

    @property
    def closing_fen(self) -> int:
        """Return what waits for a refund after the month."""
        return self.opening_fen + self.received_fen - self.refunded_fen


class MonthTotals(NamedTuple):
    """The sums over the loans of a customer, in fen."""

    opening_fen: int
    received_fen: int
    charged_fen: int
    waived_fen: int
    paid_fen: int
    prepayment_fee_fen: int
    closing_fen: int


class Statement(NamedTuple):
    """The statement of a month: each loan, each line in the order of days, and what waits."""

    loans: list[LoanMonth]
    lines: list[StatedChange]
    waiting: WaitingMonth

    @property
    def totals(self) -> MonthTotals:
        """Return the sums over the loans."""
        return MonthTotals(
            sum(one.opening.total_fen for one in self.loans),
            sum(one.received.total_fen for one in self.loans),
            sum(one.charged.total_fen for one in self.loans),
            sum(one.waived.total_fen for one in self.loans),
            sum(one.paid.total_fen for one in self.loans),
            sum(one.prepayment_fee_fen for one in self.loans),
            sum(one.closing.total_fen for one in self.loans),
        )


def statement_of(before: Iterable[StatedChange], within: Iterable[StatedChange]) -> Statement:
    """Return the statement of a month from the changes before it and those in it.

    A loan on which nothing was owed and nothing happened is left out.
    """
    opening: dict[int, Debt] = {}
    waiting_fen = 0
    for one in before:
        waiting_fen += one.waiting_fen
        if one.loan_id is not None:
            opening[one.loan_id] = opening.get(one.loan_id, NOTHING) + one.debt
    lines = _joined(within)
    concerned = {one.loan_id for one in lines if one.loan_id is not None}
    concerned |= {loan_id for loan_id, debt in opening.items() if any(debt)}
    return Statement(
        [
            _loan_month(loan_id, opening.get(loan_id, NOTHING), lines)
            for loan_id in sorted(concerned)
        ],
        lines,
        WaitingMonth(
            waiting_fen,
            _sum_waiting(lines, LineKind.SURPLUS),
            -_sum_waiting(lines, LineKind.REFUND),
        ),
    )


def _joined(movements: Iterable[StatedChange]) -> list[StatedChange]:
    """Return one line for the changes of a day that differ in nothing but their amounts."""
    found: dict[StatedChange, StatedChange] = {}
    for one in movements:
        key = one._replace(debt=NOTHING, fee_fen=0, waiting_fen=0)
        held = found.get(key, key)
        found[key] = held._replace(
            debt=held.debt + one.debt,
            fee_fen=held.fee_fen + one.fee_fen,
            waiting_fen=held.waiting_fen + one.waiting_fen,
        )
    return sorted(found.values(), key=lambda one: (one.on, one.recorded_on))


def _loan_month(loan_id: int, opening: Debt, lines: Sequence[StatedChange]) -> LoanMonth:
    mine = [one for one in lines if one.loan_id == loan_id]
    return LoanMonth(
        loan_id,
        opening,
        _sum(mine, RECEIVED),
        _sum(mine, CHARGED),
        NOTHING - _sum(mine, {LineKind.WAIVER}),
        NOTHING - _sum(mine, {LineKind.REPAYMENT}),
        sum(one.fee_fen for one in mine),
    )


def _sum(lines: Iterable[StatedChange], kinds: Iterable[LineKind]) -> Debt:
    return sum((one.debt for one in lines if one.kind in kinds), NOTHING)


def _sum_waiting(lines: Iterable[StatedChange], kind: LineKind) -> int:
    return sum(one.waiting_fen for one in lines if one.kind == kind)
