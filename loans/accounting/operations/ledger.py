"""Writing the ledger: transfers are only ever added, and never into a closed month.

What belongs to a day of a closed month enters the ledger on the first day that is open.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple

from backoffice.core import bulk
from backoffice.core.clock import day_of
from loans.accounting.queries import closed_months
from loans.models import Transfer

OWN_FUNDS = "own"

_COLUMNS = (
    "business_date", "debit_account", "credit_account", "amount_fen", "kind", "cause_type",
    "cause_id", "loan_id", "customer_id", "reverses", "funder", "at", "accounting_date",
)  # fmt: skip


class Entry(NamedTuple):
    """One transfer to be: from which account to which, how many fen, and why."""

    business_date: date
    debit: str
    credit: str
    amount_fen: int
    kind: str
    cause_type: str
    cause_id: int | None
    loan_id: int | None
    customer_id: int | None
    reverses: str = ""


def post(entries: Sequence[Entry], *, at: datetime) -> None:
    """Add the transfers in one COPY; amounts of zero are left out."""
    opened_on = _opened_on(entries, at=at)
    bulk.copy(
        Transfer,
        _COLUMNS,
        [
            (*entry, OWN_FUNDS, at, opened_on if entry.business_date < opened_on else None)
            for entry in entries
            if entry.amount_fen
        ],
    )


def _opened_on(entries: Sequence[Entry], *, at: datetime) -> date:
    """Return the first day that is open for some transfers.

    A month is closed after it has ended: transfers of the month of ``at`` need no look. Others
    first wait for a close that is under way, which excludes whoever writes the ledger.
    """
    first_on = min((entry.business_date for entry in entries), default=date.max)
    if first_on >= day_of(at).replace(day=1):
        return date.min
    return closed_months.opened_on(waits=True) or date.min
