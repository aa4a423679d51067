"""Bank transfers that arrived on the collection account: two people book them (REPAY-12).

One person enters a transfer from the bank's own list, another approves it; the bank's reference
makes it one however often it is entered. It becomes an order of origin ``transfer`` that is
answered at once, and its money goes the one way of all money: value date, oldest bill first, what
is not owed waits for its refund (GEN-9, REPAY-8).
"""

import re
from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Any, NamedTuple

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from backoffice.core import clock
from backoffice.core.errors import Refused
from backoffice.core.models import Approval, ApprovalState
from backoffice.core.staff import StaffMember
from backoffice.platform import approvals
from backoffice.platform.approvals import Proposal
from loans.accounting.operations.batch import LoanBatch
from loans.accounting.rules.codes import BillState
from loans.billing.queries.customers import of_the_same_customers
from loans.collection.operations import results
from loans.gateways.channel import Answer, Outcome
from loans.models import Bill, DebitOrder, DebitOrderState, Origin
from loans.models.debit import TRANSFER_APPROVAL
from loans.repayment.operations import reprocess
from loans.repayment.operations.reprocess import RepaymentEffect
from loans.repayment.operations.run_start import older_bills
from loans.repayment.rules import Payment

KIND = TRANSFER_APPROVAL
_REFERENCE = re.compile(r"[0-9A-Za-z][0-9A-Za-z._/-]{3,79}")


class TransferReferenceError(Refused):
    """The reference is not one that a bank gives."""

    code = "transfer-reference-bad"
    message = _("This is not a bank's reference: {reference}.")
    remedy = _("Copy it from the bank's list: 4 to 80 letters, digits, dots, dashes or slashes.")


class TransferKnownError(Refused):
    """A transfer with this reference was entered before."""

    code = "transfer-known"
    message = _("The transfer {reference} was entered before.")
    remedy = _("Look for it among the debit orders and the approvals.")


class TransferAmountError(Refused):
    """A transfer of nothing."""

    code = "transfer-amount-bad"
    message = _("A transfer brings at least one fen.")
    remedy = _("Enter the amount of the bank's list.")


class TransferDayError(Refused):
    """The value date is not one on which the bill could be paid."""

    code = "transfer-day-bad"
    message = _("The value date lies before the bill was issued on {billed_on}, or after today.")
    remedy = _("Enter the day on which the bank booked the money, for a bill that was issued then.")


class BillNotIssuedError(Refused):
    """The bill asks for nothing yet, or does not exist."""

    code = "bill-not-issued"
    message = _("This bill is not issued.")
    remedy = _("Choose a bill that the customer has received.")


class ArrivedTransfer(NamedTuple):
    """A transfer as the bank lists it: the bill it is for, its reference, fen, and value date."""

    bill_id: int
    reference: str
    amount_fen: int
    value_on: date


@transaction.atomic
def propose(
    transfers: Sequence[ArrivedTransfer], *, by: StaffMember, reason: str, on: date, at: datetime
) -> list[Approval]:
    """Enter transfers, to be approved by a second person.

    Raises:
        TransferReferenceError: a reference is none.
        TransferAmountError: an amount is below one fen.
        BillNotIssuedError: a bill is not issued, or unknown.
        TransferDayError: a value date lies in the future, or before the issue of the bill.
        TransferKnownError: a transfer with the reference is booked, or waits for its approval.
        approvals.AlreadyProposedError: the same transfer is open.
        approvals.NotPermittedError: the person may not enter transfers.
    """
    for one in transfers:
        _require(one, on=on)
        waiting = Approval.objects.filter(
            kind=KIND, state=ApprovalState.PROPOSED, payload__reference=one.reference
        )
        if waiting.exists():
            raise TransferKnownError(reference=one.reference)
    proposals = [Proposal(KIND, payload=_payload(one)) for one in transfers]
    return approvals.propose(proposals, by=by, reason=reason, at=at)


def apply(
    approved: Sequence[Approval],
    *,
    by: str,
    reason: str,  # noqa: ARG001 - the reason stays with the approval
    at: datetime,
) -> None:
    """Book approved transfers; called by ``approvals.approve``.

    Raises:
        BillNotIssuedError, TransferDayError, TransferReferenceError, TransferAmountError: the
            request is not one that could be proposed now.
        TransferKnownError: a transfer with the reference was booked meanwhile.
    """
    for approval in approved:
        transfer = transfer_of(approval)
        # The lock of its bills lets two approvals of one reference follow each other.
        LoanBatch.lock_bills(of_the_same_customers({transfer.bill_id}))
        bill = _require(transfer, on=clock.day_of(at))
        order = DebitOrder.objects.create(
            number=f"{bill.pk}-t-{approval.pk}",
            bill=bill,
            customer_id=bill.customer_id,
            state=DebitOrderState.SENT,
            origin=Origin.TRANSFER,
            cycle=bill.cycle,
            attempt=1,
            business_date=transfer.value_on,
            amount_fen=transfer.amount_fen,
            reference=transfer.reference,
            requested_by=str(approval.proposed_by),
            asked_at=at,
        )
        booked_at = clock.moment_of(transfer.value_on, time())
        answer = Answer(
            order.number, Outcome.SUCCEEDED, "SUCCESS", transfer.amount_fen, transfer.reference,
            booked_at,
        )  # fmt: skip
        results.apply([answer], by=by, at=at)


def register() -> None:
    """Register the kind of request, once, when the site is ready."""
    approvals.register(
        KIND,
        title=_("bank transfer"),
        apply=apply,
        permission="loans.decide_transfer",
        propose_permission="loans.propose_transfer",
    )
    approvals.let_read(KIND, "loans.view_debitorder")


def transfer_of(approval: Approval) -> ArrivedTransfer:
    """Return the transfer of a request."""
    payload = approval.payload
    return ArrivedTransfer(
        payload["bill"], payload["reference"], payload["amount_fen"],
        date.fromisoformat(payload["value_on"]),
    )  # fmt: skip


def effect(transfer: ArrivedTransfer, *, on: date) -> RepaymentEffect:
    """Return what a transfer would lead to if it were booked on a day."""
    with transaction.atomic():
        batch = LoanBatch.lock_bills(of_the_same_customers({transfer.bill_id}))
        older = older_bills(batch, transfer.bill_id)
        money = Payment(0, transfer.bill_id, transfer.amount_fen, transfer.value_on, older)
        return reprocess.preview(batch, money, on=on, is_new=True)


def _require(transfer: ArrivedTransfer, *, on: date) -> Bill:
    """Return the bill of a transfer that can be booked on a day."""
    if not _REFERENCE.fullmatch(transfer.reference):
        raise TransferReferenceError(reference=transfer.reference)
    if transfer.amount_fen < 1:
        raise TransferAmountError
    bill = Bill.objects.filter(pk=transfer.bill_id).exclude(state=BillState.OPEN).first()
    if bill is None:
        raise BillNotIssuedError
    if not bill.billed_on <= transfer.value_on <= on:
        raise TransferDayError(billed_on=bill.billed_on)
    if DebitOrder.objects.filter(origin=Origin.TRANSFER, reference=transfer.reference).exists():
        raise TransferKnownError(reference=transfer.reference)
    return bill


def _payload(transfer: ArrivedTransfer) -> dict[str, Any]:
    return {
        "bill": transfer.bill_id,
        "reference": transfer.reference,
        "amount_fen": transfer.amount_fen,
        "value_on": transfer.value_on.isoformat(),
    }
