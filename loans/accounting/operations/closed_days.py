"""What staff decide about a bill waits until the 00:05 batch of the day has decided on it."""

from collections.abc import Iterable
from datetime import date

from django.utils.translation import gettext_lazy as _

from backoffice.core.errors import Refused
from loans.accounting.rules.codes import BillState
from loans.accounting.rules.position import BillPosition

_DECIDED_AT_NIGHT = (BillState.BILLED, BillState.GRACE)


class DayNotClosedError(Refused):
    """The end-of-day close of today has not decided on the bill yet."""

    code = "day-not-closed"
    message = _("The end-of-day close of {day} has not reached this bill yet.")
    remedy = _("Try again when it has run; it begins at 00:05.")


def require_closed(bills: Iterable[BillPosition], *, on: date) -> None:
    """Refuse a decision on a day whose 00:05 batch has not decided on a bill past its due date.

    That batch looks at the position of midnight, which nothing of the day itself changes (GEN-8).

    Raises:
        DayNotClosedError: it has not.
    """
    for bill in bills:
        is_waiting = bill.state in _DECIDED_AT_NIGHT and on > bill.due_on
        if is_waiting and (bill.closed_through is None or bill.closed_through < on):
            raise DayNotClosedError(day=on.isoformat())
