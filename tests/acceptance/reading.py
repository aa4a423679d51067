"""What the product shows of a customer, in the words of the worked lives."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, time, timedelta
from itertools import chain
from typing import Any

from django.db import transaction
from django.db.models import Max, Sum

from backoffice.core import clock
from loans.accounting.operations.batch import LoanBatch
from loans.accounting.queries.positions import position_of, terms_of
from loans.accounting.rules.cap import cap_fen
from loans.accounting.rules.codes import COLLECTED_STATES, REST_STATES, BillState, ChargeKind
from loans.accounting.rules.engine import accrued
from loans.accounting.rules.engine import payable as with_plan_fees
from loans.accounting.rules.position import Position
from loans.collection.rules.refusal_codes import is_counted
from loans.models import (
    Bill,
    Charge,
    DebitNotice,
    DebitOrder,
    Extension,
    Instalment,
    Loan,
    Payout,
    PayoutKind,
    RepaymentAllocation,
)
from loans.reconciliation import queries as reconciliation
from loans.repayment.rules.settlement import settlement_quote
from tests.acceptance.bank import CODES
from tests.acceptance.conversions import converted_on

COLUMNS = ("principal", "interest", "revolve", "plan_fee", "late_fee", "penalty", "waived",
           "contract", "cap", "charged", "settle")  # fmt: skip
KINDS = (ChargeKind.OWN, ChargeKind.REVOLVING, ChargeKind.PLAN_FEE, ChargeKind.LATE_FEE,
         ChargeKind.PENALTY)  # fmt: skip
CATEGORIES = {"penalty_fen": "penalty", "late_fee_fen": "late", "interest_fen": "interest",
              "plan_fee_fen": "fee", "principal_fen": "p"}  # fmt: skip
ANSWERS = {code: word for word, code in CODES.items()}


def compare_rows(lives: Sequence[Any], *, on: date) -> None:
    """Compare bills, loans and payoff of some lives with the rows of a day."""
    customers = [life.customer_id for life in lives]
    loans, unpaid = read_loans(customers, on=on)
    bills = defaultdict(list)
    for bill in Bill.objects.filter(customer__in=customers).order_by("due_on", "pk"):
        bills[bill.customer_id].append(bill)
    for life in lives:
        row, of_life = life.rows[on], bills[life.customer_id]
        found = [loans[loan_id] for loan_id in life.loan_ids if loan_id in loans]
        if len(row["loans"]) != len(found):
            life.differs(on, "loans", row["loans"], found)
        for number, (expected, shown) in enumerate(zip(row["loans"], found, strict=False)):
            for name, want, got in zip(COLUMNS, expected, shown, strict=True):
                if want not in (got, None):  # the file has no quotes that the cap would cut
                    life.differs(on, f"loan {number} {name}", want, got)
        shown_bills = [shown for bill in of_life if (shown := bill_row(bill, unpaid, on=on))]
        if row["bills"] != shown_bills:
            life.differs(on, "bills", row["bills"], shown_bills)
        payoff = sum(unpaid[bill.pk] for bill in of_life if bill.state not in REST_STATES)
        if row["payoff"] != payoff:
            life.differs(on, "payoff", row["payoff"], payoff)


def read_loans(customers: Sequence[int], *, on: date) -> tuple[dict[int, list[int]], Counter[int]]:
    """Return the columns of each loan as of a day, and what is unpaid under each bill."""
    loans = list(Loan.objects.filter(customer__in=customers, drawn_on__lt=on))
    parts: dict[int, list[Instalment]] = defaultdict(list)
    for part in Instalment.objects.filter(loan__in=loans).order_by("loan", "number"):
        parts[part.loan_id].append(part)
    contract: dict[int, Counter[str]] = defaultdict(Counter)
    posted = Charge.objects.filter(loan_id__in=[loan.pk for loan in loans])
    for loan_id, kind, fen in posted.values_list("loan_id", "kind").annotate(Sum("contract_fen")):
        contract[loan_id][kind] += fen
    rows: dict[int, list[int]] = {}
    unpaid: Counter[int] = Counter()
    for loan in loans:
        terms = terms_of(loan.terms_id)
        position = position_of(loan, parts[loan.pk])
        ahead = accrued(position, on=max(on, position.accrued_on), terms=terms)
        for before, charged in zip(position.parts, ahead.charges, strict=True):
            contract[loan.pk][before.accrual] += charged.contract_fen
            contract[loan.pk][ChargeKind.PLAN_FEE] += charged.plan_fee_contract_fen
        end = ahead.end
        billed = [index for index, part in enumerate(end.parts) if part.bill_id]
        for shown in with_plan_fees(end, billed, terms=terms).parts:
            if shown.bill_id:
                unpaid[shown.bill_id] += shown.debt.total_fen
        alone = Position({}, {loan.pk: position})
        quote = settlement_quote(alone, loan.pk, on=on, terms={loan.pk: terms})
        of_kinds = [contract[loan.pk][kind] for kind in KINDS]
        rows[loan.pk] = [
            end.principal_fen, *of_kinds, end.waived_fen, sum(of_kinds),
            cap_fen(end.principal_nights_fen, terms), end.charged_fen, quote.total_fen,
        ]  # fmt: skip
    return rows, unpaid


def bill_row(bill: Bill, unpaid: Counter[int], *, on: date) -> list[Any] | None:
    """Return a bill as a row shows it; one that was paid is shown once, on the day after."""
    if bill.state == BillState.PAID:
        ended_on = bill.paid_on or bill.billed_on
        if ended_on + timedelta(days=1) < on:
            return None
    days_past_due = (on - bill.due_on).days if bill.state == BillState.OVERDUE else 0
    return [bill.due_on.isoformat(), state_of(bill, on=on), unpaid[bill.pk], days_past_due]


def state_of(bill: Bill, *, on: date) -> str:
    """Return the rulebook's name of a state: DUE is a billed bill on its due date."""
    is_due = bill.state == BillState.BILLED and bill.due_on == on
    return "DUE" if is_due else bill.state.upper()


def payable(customer_id: int, *, on: date) -> dict[int, int]:
    """Return what is owed under each bill that may be paid, in fen, the oldest first."""
    bills = Bill.objects.filter(customer=customer_id, state__in=[*COLLECTED_STATES, *REST_STATES])
    ids = list(bills.order_by("due_on").values_list("pk", flat=True))
    with transaction.atomic():
        batch = LoanBatch.lock_bills(ids)
        owed = [(bill_id, batch.preview(bill_id, on=on).owed(bill_id).total_fen) for bill_id in ids]
    return {bill_id: owed_fen for bill_id, owed_fen in owed if owed_fen}


def allocated(numbers: Sequence[str]) -> dict[str, int]:
    """Return what the repayments of some orders settled, by category, as it holds now."""
    found: Counter[str] = Counter()
    for number in numbers:
        rows = RepaymentAllocation.objects.filter(repayment__order__number=number)
        last = rows.aggregate(last=Max("revision"))["last"]
        for row in rows.filter(revision=last).values(*CATEGORIES):
            found.update({short: row[name] for name, short in CATEGORIES.items()})
    return {name: fen for name, fen in found.items() if fen}


def compare_done(lives: Sequence[Any], *, on: date) -> None:
    """Compare what happened during a day."""
    found = done_on(lives, on=on)
    for life in lives:
        # Plan fees that a payment charges follow from the next row.
        expected = [one for one in life.rows.get(on, {"do": []})["do"] if one[0] != "post"]
        shown = found[life.customer_id]
        if normal(expected) != normal(shown):
            life.differs(on, "do", normal(expected), normal(shown))


def done_on(lives: Sequence[Any], *, on: date) -> dict[int, list[list[Any]]]:
    """Return what happened to each customer on a day, in the order it happened."""
    found: dict[int, list[tuple[time, list[Any]]]] = defaultdict(list)
    customers = [life.customer_id for life in lives]
    due_of = due_dates(customers, on=on)
    for bill in Bill.objects.filter(customer__in=customers, billed_on=on):
        minimum_fen = bill.past_due_fen + bill.minimum_fen
        asked = ["bill", due_of[bill.pk], bill.total_fen, minimum_fen]
        found[bill.customer_id].append((time(), asked))
    notices = DebitNotice.objects.filter(customer__in=customers, notified_on=on)
    for notice in notices.select_related("bill").order_by("bill__due_on"):
        notified = ["notice", notice.bill.due_on.isoformat(), notice.maximum_fen]
        found[notice.customer_id].append((_time_of(notice.notified_at), notified))
    numbers = {loan_id: n for life in lives for n, loan_id in enumerate(life.loan_ids)}
    for customer, loan_id, due_on, principal_fen, count in converted_on(customers, on=on):
        converted = ["converted", due_on, numbers[loan_id], principal_fen, count]
        found[customer].append((time(0, 5), converted))
    asked_today = DebitOrder.objects.filter(customer__in=customers, business_date=on, origin="auto")
    faults = set()
    for order in asked_today.select_related("bill").order_by("pk"):
        answer = ANSWERS[order.code]
        if answer == "tech" and order.bill_id in faults:
            continue  # the file has the first try of a day that fails so
        faults.add(order.bill_id)
        at, due_on = _time_of(order.asked_at), due_of[order.bill_id]
        debit = ["debit", due_on, f"{at:%H:%M}", order.amount_fen, answer]
        found[order.customer_id].append((at, debit))
        if answer == "ok":
            settled = ["alloc", due_on, allocated([order.number])]
            found[order.customer_id].append((at, settled))
    for life in lives:
        found[life.customer_id] += [
            (at, getattr(entry, "entry", entry)) for at, entry in life.done.pop(on, [])
        ]
    return {
        customer: [entry for _at, entry in sorted(found[customer], key=lambda one: one[0])]
        for customer in customers
    }


def due_dates(customers: Sequence[int], *, on: date) -> dict[int, str]:
    """Return the due date of each bill as it was that day, before it was extended."""
    bills = Bill.objects.filter(customer__in=customers)
    due_of = {bill.pk: bill.due_on.isoformat() for bill in bills}
    for one in Extension.objects.filter(bill__in=bills, decided_on=on):
        due_of[one.bill_id] = one.due_on.isoformat()
    return due_of


def _time_of(at: Any) -> time:
    return at.astimezone(clock.SHANGHAI).time()


def normal(done: Sequence[list[Any]]) -> list[Any]:
    """Return the entries of a day with interest of both kinds together, as REPAY-8 has them."""
    return [[_together(part) for part in entry] for entry in done]


def _together(part: Any) -> Any:
    if not isinstance(part, dict):
        return part
    merged = Counter(part)
    merged["interest"] += merged.pop("revolve", 0)
    return {name: fen for name, fen in sorted(merged.items()) if fen}


def compare_ends(lives: Sequence[Any]) -> None:
    """Compare how the bills of some lives ended."""
    for life in lives:
        bills = Bill.objects.filter(customer=life.customer_id).order_by("due_on")
        found = [final_row(bill, on=life.ends_on) for bill in bills]
        if found != life.bills_final:
            life.differs(life.ends_on, "bills_final", life.bills_final, found)
        compare_refunds(life)
        for difference in reconciled(life):
            life.differs(life.ends_on, "reconcile", *difference)


def compare_refunds(life: Any) -> None:
    """Compare what was paid out again with what was not owed; of the last day it is still here."""
    expected = 0
    for row in life.rows.values():
        for kind, *entry in row["do"] if date.fromisoformat(row["date"]) < life.ends_on else ():
            if kind == "pay":
                expected += entry[3]
            elif kind == "debit" and entry[3] == "ok":
                expected += entry[2]
            elif kind == "alloc":
                expected -= sum(entry[1].values())
    refunds = Payout.objects.filter(customer=life.customer_id, kind=PayoutKind.REFUND)
    found = refunds.aggregate(fen=Sum("paid_fen", default=0))["fen"]
    if expected != found:
        life.differs(life.ends_on, "refunds", expected, found)


def reconciled(life: Any) -> Iterator[tuple[object, object]]:
    """Yield what the nightly check of the loans of a life finds unequal."""
    of, on = reconciliation.scope_of(life.loan_ids), life.ends_on
    for found in chain(
        reconciliation.caches(of), reconciliation.limits(of), reconciliation.unapplied_funds(of),
        reconciliation.orders(of), reconciliation.payouts(of),
        reconciliation.loan_accruals(of, on=on), reconciliation.unbilled(of, on=on),
    ):  # fmt: skip
        yield found, found.found_fen


def final_row(bill: Bill, *, on: date) -> list[Any]:
    """Return a bill as ``bills_final`` has it."""
    how = None
    if bill.state == BillState.PAID:
        is_in_time = bill.paid_on is None or bill.paid_on <= bill.due_on
        how = "LATE" if bill.overdue_on else "ON_TIME" if is_in_time else "IN_GRACE"
    overdue_on = bill.overdue_on and bill.overdue_on.isoformat()
    return [bill.due_on.isoformat(), state_of(bill, on=on), how, bill.total_fen,
            bill.past_due_fen + bill.minimum_fen, bill.paid_fen, bill.late_fee_fen,
            counted_failures(bill), overdue_on]  # fmt: skip


def counted_failures(bill: Bill) -> int:
    """Return the refusals counted until classification, or the first of a later cycle."""
    cycles = [
        order.cycle
        for order in bill.orders.filter(origin="auto", state="failed")
        if is_counted(order.code) and order.business_date >= bill.due_on  # not before an extension
    ]
    return cycles.count(1) or min(1, len(cycles))
