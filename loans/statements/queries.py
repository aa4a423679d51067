"""The statement of a month from the transfers of a customer, and the debts of any day.

Days are those to which a transfer belongs (GEN-9): money that is recorded late changes the month in
which it was paid, and its line says when it was recorded.
"""

from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from django.db.models import Min, Q, QuerySet, Sum

from accounts.models import Customer
from backoffice.core.clock import day_of
from loans.accounting.rules.debt import NOTHING, Debt
from loans.accounting.rules.position import LoanPosition, Position
from loans.general_ledger.rules.periods import LedgerPeriod, month_of, next_month
from loans.models import Account, Bill, Loan, Transfer, TransferKind
from loans.models.ledger import RECEIVABLES
from loans.repayment.operations.as_of import as_of
from loans.statements.rules import LineKind, StatedChange, Statement, statement_of

_COMPONENT_OF = {account: component for component, account in RECEIVABLES.items()}
_KINDS = {
    TransferKind.OPENING: LineKind.TAKEN_OVER,
    TransferKind.DRAWDOWN: LineKind.DRAWN,
    TransferKind.LATE_FEE: LineKind.LATE_FEE,
    TransferKind.PLAN_FEE: LineKind.PLAN_FEE,
    TransferKind.PREPAYMENT: LineKind.PREPAYMENT_FEE,
    TransferKind.REPAYMENT: LineKind.REPAYMENT,
    TransferKind.WAIVER: LineKind.WAIVER,
    TransferKind.UNAPPLIED: LineKind.SURPLUS,
    TransferKind.REFUND: LineKind.REFUND,
}
# What moves between accounts of the lender alone changes nothing for the customer.
_INTERNAL = (TransferKind.CHARGE_OFF, TransferKind.RECOVERY, TransferKind.NIGHT)


class CustomerStatement(NamedTuple):
    """A month of a customer with the records that its lines name.

    ``has_ended`` is false of the running month, which is stated up to its latest posting.
    """

    customer: Customer
    period: LedgerPeriod
    has_ended: bool
    statement: Statement
    loans: dict[int, Loan]
    bills: list[Bill]


class LoanOnDay(NamedTuple):
    """A loan at the end of a day: its state, how it is repaid, and what is owed of it, in fen."""

    loan: Loan
    state: str
    plan: str
    overdue_on: date | None
    debt: Debt


class BillOnDay(NamedTuple):
    """A bill at the end of a day: what it asked, what was paid of it, what is owed under it."""

    bill: Bill
    state: str
    due_on: date
    total_fen: int
    minimum_fen: int
    paid_fen: int
    owed_fen: int


class DebtsOnDay(NamedTuple):
    """The loans and bills of a customer at the end of a day, as it is known now (GEN-9)."""

    customer: Customer
    on: date
    loans: list[LoanOnDay]
    bills: list[BillOnDay]

    @property
    def total(self) -> Debt:
        """Return what was owed of all loans."""
        return sum((one.debt for one in self.loans), NOTHING)


def debts(customer: Customer, *, on: date) -> DebtsOnDay:
    """Return the loans and bills of a customer at the end of a day, the oldest first."""
    position = as_of(customer.pk, on=on)
    loans = Loan.objects.filter(pk__in=position.loans.keys()).order_by("drawn_on", "pk")
    bills = Bill.objects.filter(pk__in=position.bills.keys()).order_by("due_on")
    return DebtsOnDay(
        customer,
        on,
        [_loan_on_day(one, position.loans[one.pk]) for one in loans],
        [_bill_on_day(one, position) for one in bills],
    )


def _loan_on_day(loan: Loan, stood: LoanPosition) -> LoanOnDay:
    debt = sum((part.debt for part in stood.parts), NOTHING)
    plan = stood.converted_to or loan.plan
    return LoanOnDay(loan, stood.state, plan, stood.overdue_on, debt)


def _bill_on_day(bill: Bill, position: Position) -> BillOnDay:
    stood = position.bills[bill.pk]
    return BillOnDay(
        bill, stood.state, stood.due_on, stood.total_fen, stood.past_due_fen + stood.minimum_fen,
        stood.paid_fen, position.owed(bill.pk).total_fen,
    )  # fmt: skip


def statement(customer: Customer, *, month: date, on: date) -> CustomerStatement:
    """Return the statement of the month that begins on a day, as it is known on ``on``."""
    period = month_of(month)
    mine = _transfers_of(customer)
    before = mine.filter(business_date__lt=period.first_on)
    within = mine.filter(business_date__range=period)
    found = statement_of(_summed(before, on=period.first_on), _each(within))
    loans = Loan.objects.filter(pk__in=[one.loan_id for one in found.loans])
    bills = Bill.objects.filter(customer=customer, billed_on__range=period).order_by("due_on", "pk")
    return CustomerStatement(
        customer, period, period.last_on < on, found, {one.pk: one for one in loans}, list(bills)
    )


def months_of(customer: Customer, *, on: date) -> list[date]:
    """Return the first days of the months with a statement, the latest first.

    They reach from the month of the first transfer to that of ``on``; without a transfer there is
    none.
    """
    first_on = _transfers_of(customer).aggregate(first=Min("business_date"))["first"]
    months: list[date] = []
    month = month_of(first_on).first_on if first_on else date.max
    while month <= on:
        months.append(month)
        month = next_month(month)
    return months[::-1]


def _transfers_of(customer: Customer) -> "QuerySet[Transfer]":
    """Return what was posted to a customer's loans, and to the money that waits for a refund."""
    loans = list(Loan.objects.filter(customer=customer).values_list("pk", flat=True))
    own = Q(loan_id__in=loans) | Q(customer_id=customer.pk, loan_id=None)
    internal = Q(kind__in=_INTERNAL) | Q(reverses__in=_INTERNAL)
    return Transfer.objects.filter(own).exclude(internal)


def _summed(transfers: "QuerySet[Transfer]", *, on: date) -> Iterator[StatedChange]:
    """Return changes before a day, added up by the database; only their sums are read."""
    grouped = transfers.order_by().values("loan_id", "debit_account", "credit_account")
    for row in grouped.annotate(fen=Sum("amount_fen")):
        yield _effect(
            StatedChange(on, on, LineKind.TAKEN_OVER, row["loan_id"]),
            row["debit_account"], row["credit_account"], row["fen"],
        )  # fmt: skip


def _each(transfers: "QuerySet[Transfer]") -> Iterator[StatedChange]:
    for one in transfers.order_by("business_date", "pk"):
        is_correction = one.kind == TransferKind.REVERSAL
        kind = TransferKind(one.reverses if is_correction else one.kind)
        line = StatedChange(
            one.business_date, day_of(one.at), _kind(kind, one), one.loan_id,
            is_correction=is_correction,
        )  # fmt: skip
        yield _effect(line, one.debit_account, one.credit_account, one.amount_fen)


def _kind(kind: TransferKind, transfer: Transfer) -> LineKind:
    if kind != TransferKind.ACCRUAL:
        return _KINDS[kind]
    is_penalty = Account.PENALTY in (transfer.debit_account, transfer.credit_account)
    return LineKind.PENALTY if is_penalty else LineKind.INTEREST


def _effect(line: StatedChange, debit: str, credit: str, fen: int) -> StatedChange:
    """Return a line with what a transfer between two accounts adds to the debt or to what waits."""
    debt, waiting_fen = NOTHING, 0
    for account, signed_fen in ((debit, fen), (credit, -fen)):
        if account in _COMPONENT_OF:
            debt += NOTHING._replace(**{_COMPONENT_OF[Account(account)]: signed_fen})
        elif account == Account.UNAPPLIED_FUNDS:
            waiting_fen -= signed_fen
    fee_fen = {debit: -fen, credit: fen}.get(Account.PREPAYMENT_INCOME.value, 0)
    return line._replace(debt=debt, waiting_fen=waiting_fen, fee_fen=fee_fen)
