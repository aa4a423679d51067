"""Comparing what must be equal: caches and ledger, bank and orders and ledger, accruals and rules.

Nothing is changed here; every disagreement is one ``Difference``.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import F, Max, Q, QuerySet, Sum

from backoffice.core import bulk
from backoffice.core.policy import current
from loans.accounting.queries import ledger_totals
from loans.accounting.queries.ledger_totals import PROOF_NIGHTS
from loans.accounting.queries.positions import positions_of
from loans.accounting.queries.unposted import unposted, unposted_of
from loans.accounting.rules.cap import accrued_fen
from loans.models import (
    CauseType,
    DebitOrder,
    Instalment,
    Loan,
    LoanState,
    Origin,
    Payout,
    Repayment,
    Transfer,
    TransferKind,
)
from loans.models.ledger import Account
from loans.policy import LoanTerms
from loans.reconciliation import statements
from risk.lines.queries.reconciliation import differences as line_differences


class Difference(NamedTuple):
    """Two figures that should be equal, in fen: where, of what, and both values."""

    check: str
    subject: str
    expected_fen: int
    found_fen: int


class Scope(NamedTuple):
    """Whose records a check reads: some customers with all their loans, or everybody's."""

    customer_ids: Sequence[int] | None = None
    loan_ids: Sequence[int] | None = None


EVERYBODY = Scope()
_ENDED = (LoanState.SETTLED, LoanState.RECOVERED, LoanState.CANCELLED)


def to_check(*, on: date) -> tuple[list[int], list[int]]:
    """Return the loans to check in a night, and the customer of each, those of one together.

    They are those that have not ended or ended within thirty days, those that the ledger moved
    since the checkpoint before the last, and of all others the thirtieth whose turn it is.
    """
    recent = on - timedelta(days=PROOF_NIGHTS)
    moved = ledger_totals.moved_loans(after=ledger_totals.last_after())
    due = Loan.objects.annotate(turn=F("pk") % PROOF_NIGHTS).filter(
        ~Q(state__in=_ENDED)
        | Q(ended_on__gte=recent)
        | Q(turn=on.toordinal() % PROOF_NIGHTS)
        | Q(pk__any=bulk.Of(moved))
    )
    pairs = bulk.rows(due.order_by("customer_id", "pk"), "pk", "customer_id")
    return [loan_id for loan_id, _ in pairs], [customer_id for _, customer_id in pairs]


def scope_of(loan_ids: Sequence[int]) -> Scope:
    """Return the customers of some loans, with every loan they have by now."""
    planned = Loan.objects.filter(pk__any=bulk.Of(loan_ids))
    customer_ids = sorted({customer_id for (customer_id,) in bulk.rows(planned, "customer_id")})
    theirs = Loan.objects.filter(customer_id__any=bulk.Of(customer_ids)).order_by("pk")
    return Scope(customer_ids, [loan_id for (loan_id,) in bulk.rows(theirs, "pk")])


def caches(of: Scope = EVERYBODY) -> Iterator[Difference]:
    """Compare the balances kept on instalments, loans, lines and bills with the ledger."""
    yield from _rows("loan", statements.LOANS, of)
    yield from _rows("line", statements.DRAWN, of)
    yield from _rows("bill", statements.BILLS, of)


def limits(of: Scope = EVERYBODY) -> Iterator[Difference]:
    """Compare each limit with its last change, and what is held and temporary with its records."""
    for found in line_differences(of.customer_ids):
        yield Difference(*found)


def unbilled(of: Scope = EVERYBODY, *, on: date) -> Iterator[Difference]:
    """List principal that is owed and that no bill asks or is going to ask.

    Its own bill should have been issued before ``on``, or the bill that takes over what a closed
    one left (REPAY-2, 16): ten days before a month after its due date.
    """
    lead_days = current(LoanTerms, on=on).bill_lead_days
    yield from _rows("loan", statements.UNBILLED, of, on=on, lead_days=lead_days)


def unapplied_funds(of: Scope = EVERYBODY) -> Iterator[Difference]:
    """Compare each customer's waiting money with its account."""
    yield from _rows("customer", statements.UNAPPLIED, of)


def orders(of: Scope = EVERYBODY) -> Iterator[Difference]:
    """Compare each order with its repayment and what it asked for, and where the money went.

    A transfer is compared with what two people approved: the channel knows nothing of it.
    """
    yield from _rows("order", statements.ORDERS, of)
    yield from _rows("order", statements.TRANSFERS, of)
    yield from _rows("repayment", statements.ALLOCATED, of)


def payouts(of: Scope = EVERYBODY) -> Iterator[Difference]:
    """Compare each payout with what it asked for, and with the ledger."""
    yield from _rows("payout", statements.PAYOUTS, of)


def account_balances() -> Iterator[Difference]:
    """Compare the balance of each account with the records of what stands on it.

    Both sides are written apart from each other: a transfer balances by itself, so that debits and
    credits are equal whatever is wrong. What is accrued has its own check (``accruals``).
    """
    ledger = balances()
    with connection.cursor() as cursor:
        cursor.execute(statements.SOURCES)
        for account, source, fen in cursor.fetchall():
            if ledger[account] != fen:
                check, subject = f"ledger = {source}", f"account {account}"
                yield Difference(check, subject, int(fen), ledger[account])


def balances() -> dict[str, int]:
    """Return debits less credits of every account: the totals and what came since."""
    found = dict.fromkeys(Account.values, 0)
    for debit, credit, fen in ledger_totals.rows(statements.BALANCES):
        found[debit] += int(fen)
        found[credit] -= int(fen)
    return found


def totals(*, on: date | None) -> Iterator[Difference]:
    """Compare the totals of the ledger with their transfers: a thirtieth, or all with None.

    A total whose sum is right and whose number of transfers is not has twice the same fen.
    """
    for one in ledger_totals.differences(on=on):
        moved = f"{one.booked_on} {one.debit_account} {one.credit_account} {one.kind}"
        subject = f"checkpoint {one.checkpoint}: {moved}"
        yield Difference("ledger total = transfers", subject, one.expected_fen, one.found_fen)


def balance_fen(account: str) -> int:
    """Return debits less credits of an account."""
    return balances()[account]


def accruals(*, on: date) -> Iterator[Difference]:
    """Compare what is accrued and not posted: the rules loan by loan, the night's SQL, the ledger.

    The ledger follows with the night: while the one before ``on`` is not booked, and when money of
    an earlier day came after it, only what the night would post is compared with the rules.
    """
    by_rules = _by_rules_fen(Instalment.objects.all(), on=on)
    stands = unposted(on=on)
    yield from _nightly_accrual(f"as of {on}", by_rules, stands.closed_form_fen)
    yield from _posted_accruals(by_rules, stands.ledger_fen, on=on)


def loan_accruals(of: Scope, *, on: date) -> Iterator[Difference]:
    """Compare what some loans have accrued and not posted: the rules and the night's SQL."""
    ids = of.loan_ids or []
    theirs = Instalment.objects.filter(loan_id__any=bulk.Of(ids))
    subject = f"as of {on}, {len(ids)} loans from {min(ids, default=0)} to {max(ids, default=0)}"
    by_rules = _by_rules_fen(theirs, on=on)
    yield from _nightly_accrual(subject, by_rules, unposted_of(ids, on=on))


def posted_accruals(*, on: date) -> Iterator[Difference]:
    """Compare what is accrued and not posted, by the night's SQL, with the ledger."""
    stands = unposted(on=on)
    yield from _posted_accruals(stands.closed_form_fen, stands.ledger_fen, on=on)


def _by_rules_fen(instalments: QuerySet[Instalment], *, on: date) -> int:
    """Return what the rules say open loans have accrued and not posted."""
    still_open = instalments.filter(
        loan__state__in=[LoanState.ACTIVE, LoanState.OVERDUE], loan__accrued_on__lt=on
    )
    return sum(accrued_fen(loan, on=on, terms=terms) for terms, loan in positions_of(still_open))


def _nightly_accrual(subject: str, by_rules: int, by_sql: int) -> Iterator[Difference]:
    if by_rules != by_sql:
        yield Difference("nightly accrual", subject, by_rules, by_sql)


def _posted_accruals(accrued: int, ledger: int, *, on: date) -> Iterator[Difference]:
    """Compare the two accounts of the night with what is accrued, and with the charges."""
    if not _is_booked(on - timedelta(days=1)):
        return
    if accrued != ledger:
        yield Difference("accrued, not posted", f"as of {on}", accrued, ledger)
    [(charged, income)] = ledger_totals.rows(statements.ACCRUAL_INCOME)
    if charged + accrued != income:
        expected_fen = int(charged) + accrued
        yield Difference("accrual income", f"as of {on}", expected_fen, int(income))


def _is_booked(night: date) -> bool:
    """Say whether a night is the last one booked, and still holds everything before it.

    It does not once an earlier day was posted after it, or a loan with nights of its own came, or
    one was settled on the day it was drawn: its night is charged before it is over (GEN-6).
    """
    booked = Transfer.objects.filter(kind=TransferKind.NIGHT, business_date__gte=night)
    last = booked.aggregate(on=Max("business_date"), pk=Max("id"))
    if last["on"] != night:
        return False
    since = Transfer.objects.filter(pk__gt=last["pk"])
    not_of_today = Q(business_date__lte=night) | Q(business_date__gt=night + timedelta(days=1))
    return not since.filter(not_of_today | Q(kind=TransferKind.OPENING)).exists()


def bank(stated: Mapping[str, int], *, on: date) -> Iterator[Difference]:
    """Compare what the channel states by order of a day, in fen, with our orders and the ledger.

    The channel states no transfer, and keeps stating a success whose money it took back later: a
    reversed repayment is in its orders and not in the ledger.
    """
    orders: dict[str, int] = {}
    of_day = Repayment.objects.filter(value_on=on)
    rows = bulk.rows(of_day, "order__number", "order__origin", "pk", "amount_fen", "reversal__pk")
    booked = _booked_fen(on)
    for number, origin, repayment_id, amount_fen, reversal_id in sorted(rows):
        if origin != Origin.TRANSFER:
            orders[number] = amount_fen
        counts_fen = 0 if reversal_id else amount_fen
        if (found := booked.get(repayment_id, 0)) != counts_fen:
            yield Difference("orders = ledger", f"order {number}", counts_fen, found)
    for number in sorted(stated.keys() | orders.keys()):
        expected, found = stated.get(number, 0), orders.get(number, 0)
        if expected != found:
            yield Difference("bank = orders", f"order {number}", expected, found)


def _booked_fen(on: date) -> dict[int, int]:
    """Return what the ledger holds of each repayment of a day, reversals taken off."""
    of_repayments = Transfer.objects.filter(business_date=on, cause_type=CauseType.REPAYMENT)
    totals: dict[int, int] = {}
    for side, sign in (("debit_account", 1), ("credit_account", -1)):
        moved = of_repayments.filter(**{side: Account.BANK}).values_list("cause_id")
        for repayment_id, fen in moved.annotate(fen=Sum("amount_fen")):
            totals[repayment_id] = totals.get(repayment_id, 0) + sign * fen
    return totals


def paid_out(stated: Mapping[str, int], *, on: date) -> Iterator[Difference]:
    """Compare what the channel states that it paid out on a day, in fen, with our payouts."""
    of_day = Payout.objects.filter(paid_on=on)
    ours: dict[str, int] = dict(bulk.rows(of_day, "number", "paid_fen"))
    for number in sorted(stated.keys() | ours.keys()):
        expected, found = stated.get(number, 0), ours.get(number, 0)
        if expected != found:
            yield Difference("bank = payouts", f"payout {number}", expected, found)


def days_with_orders() -> list[date]:
    """Return the days on which money was asked for, arrived or went out."""
    asked = DebitOrder.objects.values_list("business_date", flat=True).distinct()
    valued = Repayment.objects.values_list("value_on", flat=True).distinct()
    planned = Payout.objects.values_list("business_date", flat=True).distinct()
    paid = Payout.objects.exclude(paid_on=None).values_list("paid_on", flat=True).distinct()
    return sorted(set(asked) | set(valued) | set(planned) | {day for day in paid if day})


def _rows(kind: str, sql: str, of: Scope, **values: date | int) -> Iterator[Difference]:
    """Return the differences a statement finds: its rows are subject, check and both values."""
    scope: dict[str, Any] = {
        name: None if ids is None else bulk.array(ids)
        for name, ids in (("customers", of.customer_ids), ("loans", of.loan_ids))
    }
    with connection.cursor() as cursor:
        cursor.execute(sql, scope | values)
        for subject, check, expected, found in cursor.fetchall():
            yield Difference(check, f"{kind} {subject}", int(expected), int(found))
