"""The trial balance of a period, from the transfers of its days and the months closed before it.

A transfer is in the ledger on its accounting date, which is its business date unless that lies in a
closed month. Up to the last checkpoint there are totals of each day; of the transfers after it a
period reads those in its own partitions, and from the others by an index the few that came late.
"""

from datetime import date, timedelta
from typing import NamedTuple

from loans.accounting.queries import ledger_totals
from loans.general_ledger.rules.periods import LedgerPeriod, next_month
from loans.general_ledger.rules.trial_balance import (
    AccountMovement,
    BalanceLine,
    KindMovement,
    balanced,
    by_kind,
)
from loans.models import ClosedMonth

_MOVEMENTS = """
SELECT debit_account, credit_account, kind, sum(transfers), sum(amount_fen)
FROM (
    SELECT debit_account, credit_account, kind, transfers, amount_fen FROM loans_ledgertotal
    WHERE booked_on BETWEEN %(first)s AND %(last)s AND checkpoint_id <= %(through)s
    UNION ALL
    SELECT debit_account, credit_account, kind, 1, amount_fen FROM loans_transfer
    WHERE business_date BETWEEN %(first)s AND %(last)s AND accounting_date IS NULL
      AND id > %(through)s
    UNION ALL
    SELECT debit_account, credit_account, kind, 1, amount_fen FROM loans_transfer
    WHERE accounting_date BETWEEN %(first)s AND %(last)s AND id > %(through)s
) AS moved
GROUP BY 1, 2, 3 ORDER BY 3, 1, 2
"""


class AccountSummary(NamedTuple):
    """An account in a period: its line of the trial balance, and its movements by kind."""

    line: BalanceLine
    kinds: list[KindMovement]


def trial_balance(period: LedgerPeriod) -> list[BalanceLine]:
    """Return a line for every account: opening balance, movements of the period, in fen."""
    return balanced(balances_before(period.first_on), movements(period))


def summary_of(account: str, period: LedgerPeriod) -> AccountSummary:
    """Return an account's balance before a period, and what moved in it by kind."""
    moved = movements(period)
    lines = {one.account: one for one in balanced(balances_before(period.first_on), moved)}
    return AccountSummary(lines[account], by_kind(account, moved))


def movements(period: LedgerPeriod) -> list[AccountMovement]:
    """Return what moved in a period, summed by accounts and kind."""
    moved = ledger_totals.rows(_MOVEMENTS, first=period.first_on, last=period.last_on)
    return [
        AccountMovement(debit, credit, kind, int(transfers), int(fen))
        for debit, credit, kind, transfers, fen in moved
    ]


def balances_before(on: date) -> dict[str, int]:
    """Return debits less credits of each account as of the beginning of a day, in fen.

    The closing balances of the last month that was closed before it are stored; what has moved
    since then is added.
    """
    closed = ClosedMonth.objects.filter(month__lt=on.replace(day=1)).order_by("month").last()
    opening = dict(closed.balances.values_list("account", "closing_fen")) if closed else {}
    since = next_month(closed.month) if closed else date.min
    if since == on:
        return opening
    moved = movements(LedgerPeriod(since, on - timedelta(days=1)))
    return {one.account: one.closing_fen for one in balanced(opening, moved)}
