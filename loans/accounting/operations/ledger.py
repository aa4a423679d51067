"""Writing the ledger: transfers are only ever added."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple

from backoffice.core import bulk
from loans.models import Transfer

OWN_FUNDS = "own"

_COLUMNS = (
    "business_date", "debit_account", "credit_account", "amount_fen", "kind", "cause_type",
    "cause_id", "loan_id", "customer_id", "reverses", "funder", "at",
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
    bulk.copy(
        Transfer, _COLUMNS, [(*entry, OWN_FUNDS, at) for entry in entries if entry.amount_fen]
    )
