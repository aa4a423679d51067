"""Direct debit as the customer wants it: which card, how much of a bill, or nothing (REPAY-10).

A mandate is signed with a card that is in use and holds it. The mode of a bill can be changed
until the day before its due date is over; a later change counts for the next bill.
"""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from http import HTTPStatus

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.cards.operations import cards
from accounts.customers import trace
from accounts.models import Customer
from backoffice.core import bulk, workflow
from backoffice.core.errors import NextCall, Refused
from loans.accounting.rules.codes import BillState, DebitMode
from loans.accounting.rules.reasons import LoanReason
from loans.models import AutoDebit, Bill, Mandate, MandateState
from loans.models.debit import CARD_HOLDER


class MandateCardMissingError(Refused):
    """Bills are to be debited, and there is no card to debit them from."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    code = "mandate-card-missing"
    message = _("Direct debit needs a card, and none is chosen.")
    remedy = _("Send the id of one of your bound cards.")
    calls = (NextCall("list-cards", "GET", "/api/v1/me/cards"),)


class NoMandateToEndError(Refused):
    """The customer has no mandate that could be ended."""

    code = "mandate-missing"
    message = _("There is no authorisation for direct debit.")
    remedy = _("Nothing is debited; nothing needs to be ended.")


@transaction.atomic
def choose(
    customer_id: int, *, mode: str, card_id: int | None, by: str, on: date, at: datetime
) -> AutoDebit:
    """Set what is debited of the bills to come, and from which of the customer's cards.

    Bills that fall due after ``on`` take the mode; those that are due by then keep theirs
    (REPAY-10). Another card is a new mandate. Without a card the mandate stays as it is.

    Raises:
        MandateCardMissingError: bills are to be debited, and there is neither card nor mandate.
        CardNotBoundError: the card is not in use.
    """
    bills = _lock(customer_id, after=on)
    mandates = _live([customer_id])
    if card_id is not None:
        _sign(customer_id, card_id, mandates, by=by, at=at)
    elif not mandates and mode != DebitMode.OFF:
        raise MandateCardMissingError
    chosen = _set_mode(customer_id, mode, by=by, at=at)
    _follow(bills, mode, by=by, at=at)
    return chosen


@transaction.atomic
def revoke(customer_id: int, *, by: str, reason: str, at: datetime) -> Mandate:
    """End the mandate of a customer at once: nothing is debited until another one is signed.

    Raises:
        NoMandateToEndError: there is none.
    """
    Customer.objects.select_for_update(no_key=True).get(pk=customer_id)
    ended = end([customer_id], by=by, reason=reason, at=at)
    if not ended:
        raise NoMandateToEndError
    return ended[0]


@transaction.atomic
def end(customer_ids: Collection[int], *, by: str, reason: str, at: datetime) -> list[Mandate]:
    """End the mandates of customers and release their cards; return the mandates ended."""
    if not customer_ids:
        return []
    mandates = _live(customer_ids)
    workflow.move(mandates, "terminate", by=by, reason=reason, at=at)
    workflow.save(mandates, "terminated_at")
    cards.release({one.card_id for one in mandates}, holder=CARD_HOLDER, by=by, at=at)
    return mandates


def _lock(customer_id: int, *, after: date) -> list[Bill]:
    """Lock the customer, after the issued bills that fall due later; return those bills.

    The issue of a bill locks the customer too: it comes before a change of mode, or sees it.
    """
    of_customer = Bill.objects.filter(customer=customer_id, due_on__gt=after)
    issued = of_customer.filter(state=BillState.BILLED).order_by("pk")
    list(issued.select_for_update())
    Customer.objects.select_for_update(no_key=True).get(pk=customer_id)
    return list(issued.select_for_update())


def _live(customer_ids: Collection[int]) -> list[Mandate]:
    live = Mandate.objects.filter(customer__in=customer_ids, state=MandateState.SIGNED)
    return list(live.select_for_update().order_by("pk"))


def _sign(
    customer_id: int, card_id: int, mandates: Sequence[Mandate], *, by: str, at: datetime
) -> None:
    """Let this card be debited from now on, unless it is the one already."""
    if any(one.card_id == card_id for one in mandates):
        return
    cards.hold(card_id, holder=CARD_HOLDER, by=by, at=at)
    end([customer_id], by=by, reason=LoanReason.ANOTHER_CARD, at=at)
    mandate = Mandate.objects.create(customer_id=customer_id, card_id=card_id, signed_at=at)
    trace.note([mandate], "sign", by=by, reason=LoanReason.SIGNED_BY_CUSTOMER, at=at)


def _set_mode(customer_id: int, mode: str, *, by: str, at: datetime) -> AutoDebit:
    chosen, is_new = AutoDebit.objects.get_or_create(
        customer_id=customer_id, defaults={"mode": mode, "changed_at": at}
    )
    if is_new or chosen.mode != mode:
        chosen.mode, chosen.changed_at = mode, at
        chosen.save(update_fields=["mode", "changed_at"])
        trace.note([chosen], "choose", by=by, reason=_CHOSEN[DebitMode(mode)], at=at)
    return chosen


def _follow(bills: Sequence[Bill], mode: str, *, by: str, at: datetime) -> None:
    """Let issued bills take another mode; one that is to be debited is on its due date."""
    changed = [bill for bill in bills if bill.mode != mode]
    for bill in changed:
        if DebitMode.OFF in (bill.mode, mode):
            bill.debit_on = None if mode == DebitMode.OFF else bill.due_on
        bill.mode = mode
    bulk.update(changed, ("mode", "debit_on"))
    trace.note(changed, "change_mode", by=by, reason=_CHOSEN[DebitMode(mode)], at=at)


_CHOSEN = {
    DebitMode.FULL: LoanReason.DEBIT_FULL,
    DebitMode.MINIMUM: LoanReason.DEBIT_MINIMUM,
    DebitMode.OFF: LoanReason.DEBIT_OFF,
}
