"""Correcting the facts of bills that were run again: reversing what differs, adding what is new.

Facts are never changed. A charge that the new run does not repeat is reversed by a row that names
it; a transfer by one of the same cause; an allocation by the next revision of its repayment.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date

from django.db import connection
from django.db.models import Exists, OuterRef

from loans.accounting.operations import postings
from loans.accounting.operations.batch import LoanBatch
from loans.accounting.operations.facts import AllocationRow, ChargeRow, WaiverRow
from loans.accounting.operations.ledger import Entry
from loans.accounting.rules.debt import COMPONENTS, NOTHING, Debt
from loans.accounting.rules.engine import RunResult
from loans.accounting.rules.outcomes import Allocation, Cause, ComputedCharge, Surplus, WaivedCharge
from loans.models import (
    CauseType,
    Charge,
    Payout,
    PayoutState,
    RepaymentAllocation,
    TransferKind,
    UnappliedFunds,
    WaiverAllocation,
)


def add(
    batch: LoanBatch,
    repayments: Mapping[int, date],
    result: RunResult,
    *,
    since: Mapping[int, date],
    waivers: Mapping[int, date],
) -> None:
    """Give the batch the facts that turn those of the earlier run into those of ``result``.

    ``repayments`` and ``waivers`` are those of the run, with their days: all of one customer.
    ``since`` are the loans and the days up to which these were charged where the run began.
    """
    customer_id = batch.loans[next(iter(since))].customer_id
    wanted = list(postings.of(result, lambda _fact: customer_id))
    batch.correct(
        charges=_charges(batch, result.charges, since, repayments.keys()),
        entries=_entries(wanted, _posted(since, repayments.keys())),
        allocations=list(_allocations(batch, repayments, result.allocations)),
        surpluses=_surpluses(repayments.keys(), result.surpluses),
        waivers=list(_waivers(batch, waivers, result.waived)),
    )


def _charges(
    batch: LoanBatch,
    wanted: Sequence[ComputedCharge],
    since: Mapping[int, date],
    repayment_ids: Collection[int],
) -> list[ChargeRow]:
    """Return reversals of the charges that are not wanted, and the wanted ones that are new.

    What a repayment of the run charged is of the run, also on the very day of the issue.
    """
    rows = Charge.objects.filter(loan_id__in=since.keys()).order_by("pk")
    reversed_ids = {row.reverses for row in rows if row.reverses}
    # Whether a charge is in the balance sheet stands in the ledger, not with the charge.
    left = Counter(one._replace(is_off_books=False) for one in wanted)
    corrections = []
    for row in rows:
        is_of_the_run = row.posted_on > since[row.loan_id] or (
            row.cause_type == CauseType.REPAYMENT and row.cause_id in repayment_ids
        )
        if row.reverses or row.pk in reversed_ids or not is_of_the_run:
            continue
        charge = _charge_of(batch, row)
        if left[charge]:
            left[charge] -= 1
            continue
        back = charge._replace(contract_fen=-charge.contract_fen, charged_fen=-charge.charged_fen)
        corrections.append(ChargeRow(back, row.instalment_id, row.customer_id, row.pk))
    return corrections + [
        ChargeRow(
            charge,
            batch.instalments[charge.loan_id][charge.part_index].id,
            batch.loans[charge.loan_id].customer_id,
        )
        for charge in left.elements()
    ]


def _charge_of(batch: LoanBatch, row: Charge) -> ComputedCharge:
    """Return a stored charge as the engine makes it."""
    ids = [one.id for one in batch.instalments[row.loan_id]]
    return ComputedCharge(
        row.loan_id, ids.index(row.instalment_id), row.kind, row.segment_on, row.from_on,
        row.to_on, row.base_fen, row.rate_micro, row.contract_fen, row.charged_fen,
        Cause(row.cause_type, row.cause_id),
    )  # fmt: skip


def _posted(since: Mapping[int, date], repayment_ids: Collection[int]) -> Counter[Entry]:
    """Return what stands in the ledger since the issue of the bill, reversals taken off, in fen.

    Charges of its loans after the days in ``since``, and money of its repayments.
    """
    posted: Counter[Entry] = Counter()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT business_date, debit_account, credit_account, amount_fen, kind, cause_type, "
            "cause_id, loan_id, customer_id, reverses FROM loans_transfer "
            "LEFT JOIN unnest(%s::bigint[], %s::date[]) AS since (id, day) ON since.id = loan_id "
            "WHERE loan_id = ANY(%s) AND business_date > since.day "
            "AND kind NOT IN ('opening', 'repayment', 'prepayment', 'recovery') "
            "AND NOT (kind = 'reversal' AND reverses IN ('repayment', 'prepayment', 'recovery')) "
            "OR cause_type = 'repayment' AND cause_id = ANY(%s) "
            "AND coalesce(nullif(reverses, ''), kind) "
            "IN ('repayment', 'prepayment', 'unapplied', 'plan_fee', 'recovery') "
            "AND (loan_id = ANY(%s) OR loan_id IS NULL AND customer_id IN "
            "(SELECT customer_id FROM loans_repayment WHERE id = ANY(%s)))",
            [list(since), list(since.values()), list(since), list(repayment_ids), list(since),
             list(repayment_ids)],
        )  # fmt: skip
        for row in cursor.fetchall():
            entry = Entry(*row)
            if entry.kind != TransferKind.REVERSAL:
                posted[entry._replace(amount_fen=0)] += entry.amount_fen
                continue
            reversed_ = entry._replace(
                debit=entry.credit,
                credit=entry.debit,
                kind=entry.reverses,
                reverses="",
                amount_fen=0,
            )
            posted[reversed_] -= entry.amount_fen
    return posted


def _entries(entries: Sequence[Entry], posted: Counter[Entry]) -> Iterator[Entry]:
    """Return the transfers that turn what is posted into what is wanted."""
    wanted: Counter[Entry] = Counter()
    for entry in entries:
        wanted[entry._replace(amount_fen=0)] += entry.amount_fen
    for entry in posted.keys() | wanted.keys():
        more_fen = wanted[entry] - posted[entry]
        if more_fen > 0:
            yield entry._replace(amount_fen=more_fen)
        elif more_fen < 0:
            yield postings.reversed_of(entry, amount_fen=-more_fen)


def _allocations(
    batch: LoanBatch, days: Mapping[int, date], wanted: Sequence[Allocation]
) -> Iterator[AllocationRow]:
    """Return the allocations of repayments that now go elsewhere, under their next revision.

    ``days`` are the value dates of the repayments by id. An instalment that receives nothing any
    more gets a row of nothing.
    """
    places = _places(batch)
    stored: dict[int, dict[int, dict[int, tuple[Debt, int | None]]]] = {}
    for row in RepaymentAllocation.objects.filter(repayment__in=days.keys()):
        paid = Debt._make(getattr(row, name) for name in COMPONENTS)
        revisions = stored.setdefault(row.repayment_id, {})
        revisions.setdefault(row.revision, {})[row.instalment_id] = (paid, row.bill_id)
    new: dict[int, dict[int, Allocation]] = {}
    for one in wanted:
        instalment_id = batch.instalments[one.loan_id][one.part_index].id
        new.setdefault(one.repayment_id, {})[instalment_id] = one
    for repayment_id in sorted(new.keys() | stored.keys()):
        now, revisions = new.get(repayment_id, {}), stored.get(repayment_id, {})
        last = max(revisions, default=0)
        held = revisions.get(last, {})
        if {key: (one.debt, one.bill_id) for key, one in now.items()} == held:
            continue
        for instalment_id, one in now.items():
            yield AllocationRow(one, instalment_id, last + 1)
        for instalment_id in held.keys() - now.keys():
            nothing = Allocation(
                repayment_id, *places[instalment_id], days[repayment_id], NOTHING,
                held[instalment_id][1],
            )  # fmt: skip
            yield AllocationRow(nothing, instalment_id, last + 1)


def _waivers(
    batch: LoanBatch, waivers: Mapping[int, date], wanted: Sequence[WaivedCharge]
) -> Iterator[WaiverRow]:
    """Return the waived charges of waivers that now take off something else, as next revisions.

    ``waivers`` are those of the run with their days. An instalment of which nothing is waived any
    more gets a row of nothing.
    """
    places = _places(batch)
    stored: dict[int, dict[int, dict[int, tuple[Debt, int]]]] = {}
    for row in WaiverAllocation.objects.filter(waiver__in=waivers.keys()):
        debt = Debt(row.penalty_fen, row.late_fee_fen, row.interest_fen, row.plan_fee_fen)
        revisions = stored.setdefault(row.waiver_id, {})
        revisions.setdefault(row.revision, {})[row.instalment_id] = (debt, row.bill_id)
    new: dict[int, dict[int, WaivedCharge]] = {}
    for one in wanted:
        instalment_id = batch.instalments[one.loan_id][one.part_index].id
        new.setdefault(one.waiver_id, {})[instalment_id] = one
    for waiver_id in sorted(new.keys() | stored.keys()):
        now, revisions = new.get(waiver_id, {}), stored.get(waiver_id, {})
        last = max(revisions, default=0)
        held = revisions.get(last, {})
        if {key: (one.debt, one.bill_id) for key, one in now.items()} == held:
            continue
        for instalment_id, one in now.items():
            yield WaiverRow(one, instalment_id, last + 1)
        for instalment_id in held.keys() - now.keys():
            nothing = WaivedCharge(
                waiver_id, *places[instalment_id], waivers[waiver_id], NOTHING,
                held[instalment_id][1],
            )  # fmt: skip
            yield WaiverRow(nothing, instalment_id, last + 1)


def _places(batch: LoanBatch) -> dict[int, tuple[int, int]]:
    """Return the loan and the index of each instalment of a batch by its id."""
    return {
        row.id: (row.loan_id, index)
        for rows in batch.instalments.values()
        for index, row in enumerate(rows)
    }


def _surpluses(repayment_ids: Collection[int], wanted: Sequence[Surplus]) -> list[Surplus]:
    """Let what waits of each repayment be what the new run left over; return what waits newly.

    What was refunded, or is on its way, stays as it is: more than that waits beside it. Less than
    that is refused by the reversal that leads to it.
    """
    left = {one.repayment_id: one for one in wanted}
    funds = UnappliedFunds.objects.filter(repayment__in=repayment_ids)
    refunds = Payout.objects.filter(unapplied=OuterRef("pk"))
    gone = refunds.exclude(state__in=[PayoutState.FAILED, PayoutState.CANCELLED])
    for row in funds.annotate(is_gone=Exists(gone)).order_by("-is_gone", "pk"):
        surplus = left.pop(row.repayment_id, None)
        fen = surplus.amount_fen if surplus else 0
        kept_fen = min(fen, row.amount_fen) if row.is_gone else fen
        if not kept_fen:
            row.delete()
        elif row.amount_fen != kept_fen:
            row.amount_fen = kept_fen
            row.save(update_fields=["amount_fen"])
        if surplus and fen > kept_fen:
            left[row.repayment_id] = surplus._replace(amount_fen=fen - kept_fen)
    return list(left.values())
