"""Payments inside WeChat that their customers cancel before they have confirmed them (REPAY-12).

What no worker has sent is cancelled here. What may have left is closed at the channel, outside any
transaction, and its answer recorded like every other: money that was confirmed before the close has
been taken, and settles the bill.
"""

from collections.abc import Collection
from datetime import datetime
from http import HTTPStatus

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from backoffice.core import workflow
from backoffice.core.errors import NextCall, Refused
from loans.accounting.operations.batch import LoanBatch
from loans.accounting.rules.reasons import LoanReason
from loans.billing.queries.customers import of_the_same_customers
from loans.collection.operations import orders, results
from loans.collection.rules.refusal_codes import WITHDRAWN
from loans.gateways.channel import Channel
from loans.models import DebitOrder, DebitOrderState
from loans.models.debit import ASKED_STATES

_READ = (NextCall("read-payment", "GET", "/api/v1/payments/{id}"),)


class NotCancellableError(Refused):
    """The payment is not confirmed inside WeChat: the bank takes the money by itself."""

    status = HTTPStatus.CONFLICT
    code = "payment-not-cancellable"
    message = _("Only a payment that you confirm in WeChat can be cancelled.")
    remedy = _("Read the payment to see what became of it.")
    calls = _READ


class NotClosedYetError(Refused):
    """The channel has not reported whether the payment is closed or was confirmed before."""

    status = HTTPStatus.CONFLICT
    code = "payment-not-closed-yet"
    message = _("WeChat has not closed this payment yet.")
    remedy = _("Do not confirm it, and cancel it again in a few minutes.")
    calls = _READ


def cancel(order_ids: Collection[int], *, by: str, channel: Channel, at: datetime) -> None:
    """Cancel payments that customers have not confirmed yet; the same again changes nothing.

    One that has ended stays as it is, and one that was confirmed meanwhile is recorded as paid.

    Raises:
        NotCancellableError: one is no payment inside WeChat; nothing is cancelled.
        NotClosedYetError: the channel has no final answer for one; ``payments.sweep`` asks again.
    """
    sent = _withdraw(order_ids, by=by, at=at)
    if not sent:
        return
    results.record(orders.close(sent, channel=channel, at=at), by=by, at=at)
    if DebitOrder.objects.filter(pk__in=order_ids, state__in=ASKED_STATES).exists():
        raise NotClosedYetError


@transaction.atomic(durable=True)
def _withdraw(order_ids: Collection[int], *, by: str, at: datetime) -> list[DebitOrder]:
    """Cancel what was not sent, and return what may have left and has no final answer."""
    mine = DebitOrder.objects.filter(pk__in=order_ids)
    if mine.filter(expires_at=None).exists():
        raise NotCancellableError
    bill_ids = set(mine.filter(bill__isnull=False).values_list("bill_id", flat=True))
    if bill_ids:  # a worker sends under the same locks
        LoanBatch.lock_bills(of_the_same_customers(bill_ids))
    planned = list(mine.filter(state=DebitOrderState.PLANNED).order_by("pk"))
    for order in planned:
        order.code = WITHDRAWN
    workflow.move(planned, "cancel", by=by, reason=LoanReason.PAYMENT_CANCELLED, at=at)
    workflow.save(planned, "code")
    return list(mine.filter(state__in=ASKED_STATES).order_by("pk"))
