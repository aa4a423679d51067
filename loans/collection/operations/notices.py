"""Notices of debits: the most that a window of attempts may take, stored before it begins."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime

from django.db import transaction

from backoffice.core import bulk
from loans.accounting.operations.batch import LoanBatch
from loans.accounting.rules.codes import COLLECTED_STATES
from loans.collection.queries import notices as notified
from loans.collection.rules import notices
from loans.collection.rules.cycle import Cycle
from loans.conversion.queries import conversions
from loans.models import DebitNotice

_COLUMNS = ("bill", "customer", "cycle", "first_on", "last_on", "maximum_fen", "notified_on",
            "notified_by", "notified_at")  # fmt: skip


@transaction.atomic
def notify(bill_ids: Sequence[int], *, until: date, by: str, on: date, at: datetime) -> int:
    """Notify of the debits of bills whose window begins by a day; return the number of notices.

    The maximum is the payoff of the window's last day, seen from 00:05 of ``on``. A bill that was
    paid or cured meanwhile, whose small balance is carried, or that has its notice already is left
    out (REPAY-10, REPAY-15, REPAY-16).
    """
    batch = LoanBatch.lock_bills(bill_ids)
    known = notified.windows(batch.bills.keys())
    planned = defaultdict(list)
    for conversion in conversions.planned(batch.bills.keys()):
        planned[conversion.bill_id].append(conversions.event_of(conversion))
    rows = []
    for bill_id, bill in batch.position.bills.items():
        if bill.state not in COLLECTED_STATES or not bill.rows:
            continue
        terms = batch.bill_terms(bill_id)
        if bill.shortfall_fen is not None and bill.shortfall_fen <= terms.tolerance_fen:
            continue
        window = notices.next_window(
            bill.state,
            Cycle(bill.cycle, bill.cycle_on, bill.refusals),
            on=on,
            due_on=bill.due_on,
            terms=terms,
        )
        if window is None or window.first_on > until or (bill_id, window.first_on) in known:
            continue
        maximum_fen = notices.maximum_fen(
            batch.position, bill_id, window, on=on, terms=batch.terms, planned=planned[bill_id]
        )
        if maximum_fen:
            rows.append((bill_id, batch.bills[bill_id].customer_id, *window, maximum_fen,
                         min(on, at.date()), by, at))  # fmt: skip
    bulk.copy(DebitNotice, _COLUMNS, rows)
    return len(rows)
