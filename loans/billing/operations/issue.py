"""Issuing the bills of a day: one a person and month, over all loans (REPAY-2, GEN-8).

A bill asks the instalments that fall due on its due date, and what closed bills left. It carries
the mode of direct debit that the customer has chosen by then.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple

from django.db import transaction

from accounts.models import Customer
from backoffice.core import bulk
from backoffice.core.policy import current
from loans.accounting.operations.batch import LoanBatch
from loans.accounting.rules.codes import REST_STATES, BillState, DebitMode, LoanState
from loans.accounting.rules.position import InstalmentKey
from loans.billing.queries import unbilled
from loans.billing.queries.unbilled import EarlierBill
from loans.billing.rules.bill_dates import Unbilled, due_dates
from loans.billing.rules.issue import Issue
from loans.models import AutoDebit, Bill
from loans.policy import LoanTerms

# A charge-off changes the ledger, never the debt: later rows of a plan fall due as before (OPS-3).
_BILLABLE = (LoanState.ACTIVE, LoanState.OVERDUE, LoanState.CHARGED_OFF)


class _Row(NamedTuple):
    """An instalment that a bill is to ask, and why."""

    key: InstalmentKey
    unbilled: Unbilled


class _NewBill(NamedTuple):
    """A bill to be issued: the instalments that stand under none, and the bills before it."""

    customer_id: int
    due_on: date
    rows: tuple[InstalmentKey, ...]
    earlier: Sequence[EarlierBill]


@transaction.atomic
def issue(customer_ids: Sequence[int], *, by: str, on: date, at: datetime) -> int:
    """Issue the bills of these customers for a day; return their number.

    A customer for whom there is nothing to bill on the day is left as he is, so that running it
    again is harmless (GEN-8).
    """
    terms = current(LoanTerms, on=on)
    bills = unbilled.bills_of(customer_ids, on=on, months=terms.minimum_months_max)
    batch = LoanBatch.lock(
        (bill.bill_id for of_one in bills.values() for bill in of_one if bill.is_needed),
        loan_ids=unbilled.loans_to_bill(customer_ids, on=on, lead_days=terms.bill_lead_days),
    )
    new = list(_new_bills(batch, bills, on=on, lead_days=terms.bill_lead_days))
    modes = _lock_modes([one.customer_id for one in new])
    events = []
    for bill_id, one in zip(bulk.reserve_ids(Bill, len(new)), new, strict=True):
        record = _record(bill_id, one, mode=modes.get(one.customer_id, DebitMode.FULL), on=on)
        batch.add_bill(record, rows=one.rows)
        events.append(Issue(bill_id, on, tuple(bill.as_earlier for bill in one.earlier)))
    batch.run(events)
    batch.write(by=by, at=at)
    return len(new)


def _new_bills(
    batch: LoanBatch, bills: Mapping[int, Sequence[EarlierBill]], *, on: date, lead_days: int
) -> Iterator[_NewBill]:
    """Yield the bills to issue, by what the locked bills and loans are now."""
    of_customers = _unbilled_rows(batch)
    days = unbilled.repayment_days([
        customer_id
        for customer_id, rows in of_customers.items()
        if all(row.unbilled.due_on <= on for row in rows)
    ])  # fmt: skip
    for customer_id, rows in sorted(of_customers.items()):
        of_one = bills.get(customer_id, ())
        things = [row.unbilled for row in rows]
        day, after = days.get(customer_id), date.min
        for due_on in due_dates(things, day=day, on=on, lead_days=lead_days):
            own = tuple(
                row.key for row in rows
                if row.unbilled.left_on is None and after < row.unbilled.due_on <= due_on
            )  # fmt: skip
            # A bill that was put off to that very day keeps it: what is left waits a month.
            if all(bill.due_on != due_on for bill in of_one):
                earlier = [bill for bill in of_one if bill.due_on < due_on]
                yield _NewBill(customer_id, due_on, own, earlier)
                after = due_on


def _unbilled_rows(batch: LoanBatch) -> dict[int, list[_Row]]:
    """Return what is owed of each customer and stands under no bill, or under a closed one."""
    found: dict[int, list[_Row]] = defaultdict(list)
    for loan_id, loan in batch.position.loans.items():
        record = batch.loans[loan_id]
        for index, (part, row) in enumerate(
            zip(loan.parts, batch.instalments[loan_id], strict=True)
        ):
            if not any(part.debt):
                continue
            key = InstalmentKey(loan_id, index)
            if part.bill_id is None and loan.state in _BILLABLE:
                found[record.customer_id].append(_Row(key, Unbilled(row.due_on)))
            bill = batch.position.bills.get(part.bill_id or 0)
            if bill is not None and bill.state in REST_STATES:
                left_on = bill.closed_through or bill.due_on
                found[record.customer_id].append(_Row(key, Unbilled(bill.due_on, left_on)))
    return found


def _lock_modes(customer_ids: Sequence[int]) -> dict[int, str]:
    """Return the mode of direct debit of the customers who chose one.

    Their rows are locked: a change of mode that is under way comes before the bills or after them.
    """
    customers = Customer.objects.filter(pk__any=bulk.Of(customer_ids)).order_by("pk")
    bulk.rows(customers.select_for_update(no_key=True), "pk")
    chosen = AutoDebit.objects.filter(customer_id__any=bulk.Of(customer_ids))
    return dict(bulk.rows(chosen, "customer_id", "mode"))


def _record(bill_id: int, new: _NewBill, *, mode: str, on: date) -> Bill:
    return bulk.new(
        Bill,
        id=bill_id,
        customer_id=new.customer_id,
        state=BillState.OPEN.value,
        due_on=new.due_on,
        billed_on=on,
        total_fen=0,
        minimum_fen=0,
        mode=mode,
        cycle_on=new.due_on,
        debit_on=None if mode == DebitMode.OFF else new.due_on,
    )
