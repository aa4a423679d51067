"""The payments of a customer as the customer reads them: every order, and where its money went."""

from collections.abc import Collection, Sequence
from typing import NamedTuple
from uuid import UUID

from django.db.models import Q, QuerySet, Sum

from loans.accounting.rules.codes import ChargeKind
from loans.accounting.rules.debt import COMPONENTS
from loans.models import (
    Bill,
    CauseType,
    Charge,
    DebitOrder,
    Loan,
    Repayment,
    RepaymentAllocation,
)


class SettledPart(NamedTuple):
    """What a payment settled under one bill, or of a loan under none, in fen."""

    bill_id: UUID | None
    amount_fen: int


class MoneyOf(NamedTuple):
    """What became of the money of a payment: settled by bill, the rest waiting for its refund.

    ``prepayment_fee_fen`` is what of it paid the fee for repaying early, which nobody owed before
    and no bill asks for (REPAY-3).
    """

    settled: Sequence[SettledPart]
    prepayment_fee_fen: int
    unapplied_fen: int
    is_reversed: bool

    @property
    def settled_fen(self) -> int:
        """Return everything that the money paid, the fee too: with what waits, all of it."""
        return sum(part.amount_fen for part in self.settled) + self.prepayment_fee_fen


NO_MONEY = MoneyOf((), 0, 0, is_reversed=False)


def of_customer(customer_id: int) -> QuerySet[DebitOrder]:
    """Return every order of a customer, direct debits and transfers too, the newest first.

    Found through the customer's bills and loans: their orders have no index of their own.
    """
    bills = Bill.objects.filter(customer=customer_id).values("pk")
    loans = Loan.objects.filter(customer=customer_id).values("pk")
    mine = DebitOrder.objects.filter(Q(bill__in=bills) | Q(loan__in=loans))
    orders = mine.select_related("bill", "loan", "card", "sheet")
    return orders.defer("card__number", "card__phone").order_by("-pk")


def money_of(orders: Collection[DebitOrder]) -> dict[int, MoneyOf]:
    """Return what became of the money of those of the orders that were paid, by order."""
    found = Repayment.objects.filter(order__in=[one.pk for one in orders])
    repayments = list(found.select_related("reversal").prefetch_related("unapplied"))
    settled = _settled(repayments)
    fees_fen = _prepayment_fees_fen(repayments)
    return {
        one.order_id: MoneyOf(
            settled.get(one.pk, ()),
            fees_fen.get(one.pk, 0),
            sum(funds.amount_fen for funds in one.unapplied.all()),
            hasattr(one, "reversal"),
        )
        for one in repayments
    }


def _settled(repayments: Collection[Repayment]) -> dict[int, list[SettledPart]]:
    """Return what repayments settled by bill, the oldest first: the last revision holds."""
    rows = RepaymentAllocation.objects.filter(repayment__in=repayments).select_related("bill")
    last: dict[int, int] = {}
    sums: dict[int, dict[UUID | None, int]] = {}
    for row in rows.order_by("revision", "bill__due_on", "pk"):
        if last.get(row.repayment_id) != row.revision:
            last[row.repayment_id], sums[row.repayment_id] = row.revision, {}
        of_bill, fen = sums[row.repayment_id], sum(getattr(row, name) for name in COMPONENTS)
        bill_id = row.bill.public_id if row.bill else None
        of_bill[bill_id] = of_bill.get(bill_id, 0) + fen
    return {
        repayment_id: [SettledPart(*one) for one in of_bill.items() if one[1]]
        for repayment_id, of_bill in sums.items()
    }


def _prepayment_fees_fen(repayments: Collection[Repayment]) -> dict[int, int]:
    """Return the fees that repayments of loans paid, reversals taken off; only these have one."""
    of_loans = {one.pk: one.loan_id for one in repayments if one.loan_id is not None}
    if not of_loans:
        return {}
    fees = Charge.objects.filter(
        loan_id__in=set(of_loans.values()), kind=ChargeKind.PREPAYMENT,
        cause_type=CauseType.REPAYMENT, cause_id__in=of_loans.keys(),
    )  # fmt: skip
    return dict(
        fees.values("cause_id").annotate(fen=Sum("charged_fen")).values_list("cause_id", "fen")
    )
