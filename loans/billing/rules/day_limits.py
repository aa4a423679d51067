"""Which bills a card's account cannot pay in one day (FAQ-4, LAW-20)."""

from datetime import date, timedelta
from typing import NamedTuple

from accounts.cards.rules.card_numbers import day_limit_fen
from loans.accounting.rules.codes import BillState, DebitMode


class PlannedDebit(NamedTuple):
    """A bill and the account it is to be debited from, in fen."""

    state: str
    due_on: date
    mode: str
    total_fen: int
    minimum_fen: int
    paid_fen: int
    account_class: str


class DayLimitWarning(NamedTuple):
    """A bill asks more than the account gives on a day, in fen."""

    account_class: str
    limit_fen: int
    asked_fen: int


def warning_of(debit: PlannedDebit, *, on: date, days: int) -> DayLimitWarning | None:
    """Return the warning of a bill from ``days`` before its due date on, if there is one (FAQ-4).

    What is asked is what the bill asks on its due date, less what was paid since.
    """
    limit_fen = day_limit_fen(debit.account_class)
    is_near = debit.due_on - timedelta(days=days) <= on <= debit.due_on
    if limit_fen is None or not is_near or debit.state != BillState.BILLED:
        return None
    asked_fen = asked_at_due_fen(debit)
    if asked_fen <= limit_fen:
        return None
    return DayLimitWarning(debit.account_class, limit_fen, asked_fen)


def asked_at_due_fen(debit: PlannedDebit) -> int:
    """Return what is debited on the due date by the mode of a bill, at least 0 (REPAY-10)."""
    if debit.mode == DebitMode.OFF:
        return 0
    whole_fen = debit.minimum_fen if debit.mode == DebitMode.MINIMUM else debit.total_fen
    return max(0, whole_fen - debit.paid_fen)
