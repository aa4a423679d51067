"""Which debits a customer is notified of, and of how much at most (REPAY-10, REPAY-11, REPAY-18).

A debit never exceeds the amount notified before it: the payoff of the window's last day, if nothing
is paid until then and the first attempt is refused.
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from loans.accounting.rules.codes import COLLECTED_STATES, BillState
from loans.accounting.rules.engine import Run, run
from loans.accounting.rules.outcomes import Cause
from loans.accounting.rules.position import Position
from loans.collection.rules.cycle import Cycle, following, running
from loans.conversion.rules.conversion import Convert
from loans.delinquency.rules.end_of_day import EndOfDay, Refusals
from loans.policy import LoanTerms


class Window(NamedTuple):
    """The days on which a bill may be debited, first and last."""

    cycle: int
    first_on: date
    last_on: date


def next_window(
    state: str, cycle: Cycle, *, on: date, due_on: date, terms: LoanTerms
) -> Window | None:
    """Return the window of a bill that holds on a day or comes next, None after the last one.

    Before classification the first window, and after its last day the second one (REPAY-11); then
    the recovery cycle that holds or follows (REPAY-18).
    """
    length = timedelta(days=terms.debit_attempts_max - 1)
    if state == BillState.OVERDUE:
        cycle = running(cycle, on=on, due_on=due_on, terms=terms)
    first_on = cycle.first_on
    if on > first_on + length:
        if state == BillState.OVERDUE:
            later = following(cycle, due_on=due_on, terms=terms)
            if later is None:
                return None
            cycle, first_on = later, later.first_on
        else:
            first_on += timedelta(days=terms.second_window_days)
            if on > first_on + length:
                return None
    return Window(cycle.number, first_on, first_on + length)


class _Charged(NamedTuple):
    """The nights before a day, charged."""

    bill_id: int
    on: date

    def apply(self, run: Run) -> None:
        """Charge the loans of the bill."""
        run.accrue(
            run.position.bills[self.bill_id], on=self.on, cause=Cause("end_of_day", self.bill_id)
        )


def maximum_fen(
    position: Position,
    bill_id: int,
    window: Window,
    *,
    on: date,
    terms: Mapping[int, LoanTerms],
    planned: Sequence[Convert] = (),
) -> int:
    """Return the payoff of a bill on the last day of a window, as of 00:05 of ``on``, in fen.

    Each day ends as it would without a payment, the first attempt refused: late fee, interest and
    penalty under the cap of RATE-7. Nothing is classified before the window ends. 0 where the bill
    ends by itself before, because its minimum is met (REPAY-15). Conversions ``planned`` of the
    bill take effect meanwhile (REPAY-6).
    """
    bill = position.bills[bill_id]
    refusals = Refusals(0, bill.refused_on or window.first_on)
    first = max(on, bill.due_on) + timedelta(days=1)
    days = [first + timedelta(days=n) for n in range((window.last_on - first).days + 1)]
    ends = [EndOfDay(bill_id, day, has_mandate=True, refusals=refusals) for day in days]
    result = run(position, [*planned, *ends, _Charged(bill_id, window.last_on)], terms)
    if result.position.bills[bill_id].state not in COLLECTED_STATES:
        return 0
    return result.position.owed(bill_id).total_fen
