"""When a bill is debited and for how much (REPAY-10, REPAY-11, REPAY-18).

A cycle is three attempts on three days running. Before classification technical faults open a
second window on D+4 to D+6; after it new cycles follow every seven days until D+90.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import NamedTuple

from loans.accounting.rules.codes import DebitMode
from loans.policy import LoanTerms


class Cycle(NamedTuple):
    """The debit cycle of a bill: its number, the day of its first attempt, what it counted."""

    number: int
    first_on: date
    refusals: int


def is_attempt_day(cycle: Cycle, *, on: date, terms: LoanTerms) -> bool:
    """Say whether the channel may be asked on a day: inside a window of the cycle."""
    offset = (on - cycle.first_on).days
    window = terms.debit_attempts_max
    if 0 <= offset < window:
        return True
    second = terms.second_window_days
    return cycle.number == 1 and second <= offset < second + window


def after_refusal(cycle: Cycle, *, on: date, terms: LoanTerms) -> date | None:
    """Return the day of the next attempt after a counted refusal on ``on``, if there is one."""
    if cycle.refusals >= terms.debit_attempts_max:
        return None
    following = on + timedelta(days=1)
    if is_attempt_day(cycle, on=following, terms=terms):
        return following
    second_on = cycle.first_on + timedelta(days=terms.second_window_days)
    return second_on if cycle.number == 1 and following <= second_on else None


def is_past(cycle: Cycle, *, on: date, terms: LoanTerms) -> bool:
    """Say whether a day is after the window of a recovery cycle."""
    return (on - cycle.first_on).days >= terms.debit_attempts_max


class OrderEnd(NamedTuple):
    """When an automatic order of a cycle ended, and its place among those that ended that day."""

    on: date
    place: int


def counted_refusals(
    refused: Sequence[OrderEnd], succeeded: Sequence[OrderEnd], *, before: date
) -> int:
    """Return what the counter of a cycle shows when a day begins (REPAY-11).

    Any success resets it, also one that has not paid the bill off.
    """
    reset = max((end for end in succeeded if end.on < before), default=OrderEnd(date.min, 0))
    return sum(reset < end and end.on < before for end in refused)


def after_classification(cycle: Cycle, *, on: date, terms: LoanTerms) -> Cycle:
    """Return the first recovery cycle of a bill recorded overdue on ``on`` (REPAY-18)."""
    return Cycle(cycle.number + 1, on + timedelta(days=terms.recovery_wait_days), 0)


def following(cycle: Cycle, *, due_on: date, terms: LoanTerms) -> Cycle | None:
    """Return the recovery cycle after this one, or None once 90 days past due are reached."""
    first_on = cycle.first_on + timedelta(days=terms.recovery_every_days)
    if (first_on - due_on).days > terms.recovery_until_days:
        return None
    return Cycle(cycle.number + 1, first_on, 0)


def running(cycle: Cycle, *, on: date, due_on: date, terms: LoanTerms) -> Cycle:
    """Return the recovery cycle that holds on a day: missed windows are passed over (REPAY-18)."""
    later = following(cycle, due_on=due_on, terms=terms)
    while later is not None and later.first_on <= on:
        cycle, later = later, following(later, due_on=due_on, terms=terms)
    return cycle


class Demand(NamedTuple):
    """What decides how much of a bill is asked for at 9:00, all in fen as of that day."""

    mode: str
    is_overdue: bool
    is_due_day: bool
    minimum_fen: int
    paid_fen: int
    shortfall_fen: int | None
    unpaid_fen: int
    mandatory_unpaid_fen: int
    charged_since_due_fen: int  # interest of nights D and later, and the late fee


def ask_fen(demand: Demand, terms: LoanTerms) -> int:
    """Return the amount to debit now; 0 when the cycle is cancelled or asks nothing (REPAY-10).

    After classification everything unpaid is asked, whatever the mode, unless it is off.
    """
    if demand.mode == DebitMode.OFF or not demand.unpaid_fen:
        return 0
    if demand.is_overdue:
        return demand.unpaid_fen
    if demand.shortfall_fen is not None and demand.shortfall_fen <= terms.tolerance_fen:
        return 0
    if demand.is_due_day and _minimum_met(demand):
        return 0
    if demand.mode == DebitMode.FULL:
        return demand.unpaid_fen
    short_fen = demand.minimum_fen + demand.charged_since_due_fen - demand.paid_fen
    return min(demand.unpaid_fen, max(short_fen, demand.mandatory_unpaid_fen))


def _minimum_met(demand: Demand) -> bool:
    asked_fen = demand.minimum_fen + demand.charged_since_due_fen
    return demand.paid_fen >= asked_fen and not demand.mandatory_unpaid_fen
