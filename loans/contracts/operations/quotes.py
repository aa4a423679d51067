"""The life of a cost sheet after its offer: shown, confirmed, used, expired (LAW-2).

Seconds count on the server: between ``show`` and ``confirm`` the forced reading time has passed by
the product's clock, whatever a client reports.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import NamedTuple
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connection, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.onboarding.context import RequestContext
from backoffice.core import clock, prepared, workflow
from backoffice.core.errors import NextCall, Refused
from backoffice.platform import idempotency
from loans.contracts.rules.reasons import QuoteReason
from loans.models import Loan, Quote, QuotePurpose, QuoteState

OPEN_STATES = (QuoteState.OFFERED, QuoteState.SHOWN, QuoteState.CONFIRMED)
BATCH_MAX = 500
_OF_DRAWDOWN = NextCall("ask-quote", "POST", "/api/v1/quotes")
_OF_CONVERSION = NextCall("ask-conversion-quote", "POST", "/api/v1/bills/{id}/quotes")
_OFFER = (_OF_DRAWDOWN, _OF_CONVERSION)
_REASONS = {
    QuotePurpose.DRAWDOWN: QuoteReason.DRAWN,
    QuotePurpose.CONVERSION: QuoteReason.CONVERTED,
}


def next_sheet(purpose: str) -> dict[str, list[dict[str, str]]]:
    """Return the facts of a refusal that say where a new sheet of the purpose is asked for."""
    call = _OF_CONVERSION if purpose == QuotePurpose.CONVERSION else _OF_DRAWDOWN
    return {"next_steps": [{**call._asdict(), "state": "open"}]}


class QuoteExpiredError(Refused):
    """The cost sheet is no longer valid: its time or its day is over."""

    public_facts = ("expires_at", "next_steps")
    code = "quote-expired"
    message = _("This cost sheet was valid until {expires_at}.")
    remedy = _("Ask for a new one.")
    calls = _OFFER


class QuoteNotShownError(Refused):
    """The cost sheet was not opened yet, so it cannot have been read."""

    code = "quote-not-shown"
    message = _("This cost sheet was not opened yet.")
    remedy = _("Open it, and read it to the end.")


class QuoteReadTooShortError(Refused):
    """The forced reading time has not passed since the cost sheet was opened."""

    public_facts = ("must_read_seconds", "available_at")
    code = "quote-read-too-short"
    message = _("The cost sheet must be open for {must_read_seconds} seconds.")
    remedy = _("Read it to the end, then confirm it.")


class QuoteConfirmedError(Refused):
    """The cost sheet was confirmed or used before."""

    public_facts = ("state",)
    code = "quote-confirmed-before"
    message = _("This cost sheet was confirmed before.")
    remedy = _("Go on with it, or ask for a new one.")


class QuoteNotConfirmedError(Refused):
    """The cost sheet was not confirmed by the customer (LAW-2)."""

    public_facts = ("state",)
    code = "quote-not-confirmed"
    message = _("This cost sheet was not confirmed.")
    remedy = _("Open it, read it to the end, and confirm it.")


class QuoteUsedError(Refused):
    """A loan was drawn or a bill was converted under the cost sheet before."""

    public_facts = ("next_steps",)
    code = "quote-used"
    message = _("This cost sheet was used before: each serves once.")
    remedy = _("Ask for a new one for another loan, or for another bill to convert.")
    calls = _OFFER


class QuoteUnknownError(Refused):
    """The customer has no such cost sheet."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    public_facts = ("next_steps",)
    code = "quote-unknown"
    message = _("You have no such cost sheet.")
    remedy = _("Send the id of one that you confirmed.")
    calls = _OFFER


class QuoteOtherError(Refused):
    """The cost sheet is for something else than what is requested."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    public_facts = ("next_steps",)
    code = "quote-for-another"
    message = _("This cost sheet is for something else than you request.")
    remedy = _(
        "Ask for one for exactly this drawdown, or for the conversion of this very bill: with its "
        "plan and due date, and what is unpaid of it now."
    )
    calls = _OFFER


CONFIRM_REFUSALS = (
    QuoteExpiredError,
    QuoteNotShownError,
    QuoteReadTooShortError,
    QuoteConfirmedError,
)
USE_REFUSALS = (
    QuoteUnknownError,
    QuoteOtherError,
    QuoteNotConfirmedError,
    QuoteUsedError,
    QuoteExpiredError,
)


class QuoteUse(NamedTuple):
    """What a confirmed quote is used for: by whom, and of a conversion for which bill."""

    public_id: UUID
    customer_id: int
    purpose: QuotePurpose
    bill_id: int | None = None


@transaction.atomic
def show(public_id: UUID, *, context: RequestContext) -> Quote:
    """Return a quote to its customer; the first time is noted and begins the reading time.

    A quote whose time is over is returned as expired.

    Raises:
        Quote.DoesNotExist: the customer has no such quote.
    """
    quote = _of_customer(public_id, context)
    if quote.state in OPEN_STATES and context.at >= quote.expires_at:
        _expire([quote], by=context.by, at=context.at)
    elif quote.state == QuoteState.OFFERED:
        workflow.move([quote], "show", by=context.by, reason=QuoteReason.SHOWN, at=context.at)
        workflow.save([quote], "shown_at")
    return quote


@transaction.atomic(durable=True)
@idempotency.replies
def confirm(public_id: UUID, *, seconds_read: int, context: RequestContext) -> Quote:
    """Note that the customer has read the sheet for so many seconds, and confirms it (LAW-2).

    Of the seconds the client reports, no more are stored than have passed on the server.

    Raises:
        Quote.DoesNotExist: the customer has no such quote.
        QuoteConfirmedError: it was confirmed or used before.
        QuoteExpiredError: its time is over.
        QuoteNotShownError: it was not shown yet.
        QuoteReadTooShortError: too few seconds were reported, or have passed.
    """
    quote = _of_customer(public_id, context)
    if quote.state in (QuoteState.CONFIRMED, QuoteState.USED):
        raise QuoteConfirmedError(state=quote.state)
    _require_in_time(quote, at=context.at)
    if quote.shown_at is None:
        raise QuoteNotShownError
    passed = int((context.at - quote.shown_at).total_seconds())
    counted = min(seconds_read, passed)
    if counted < quote.must_read_seconds:
        raise QuoteReadTooShortError(
            must_read_seconds=quote.must_read_seconds,
            available_at=_readable_at(quote).isoformat(),
        )

    reason = QuoteReason.CONFIRMED
    workflow.move(
        [quote], "confirm_sheet", by=context.by, reason=reason, at=context.at, seconds_read=counted
    )
    workflow.save([quote], "seconds_read", "confirmed_at")
    return quote


def use(uses: Sequence[QuoteUse], *, by: str, at: datetime) -> list[Quote]:
    """Lock confirmed quotes and mark them as used, in the caller's transaction, in the given order.

    The caller converts the bill in the same transaction: both happen or neither.

    Raises:
        QuoteUnknownError, QuoteOtherError, QuoteUsedError, QuoteExpiredError,
        QuoteNotConfirmedError: as ``lock``.
    """
    quotes = lock(uses, at=at)
    spend([(quote, None) for quote in quotes], by=by, at=at)
    return quotes


def lock(uses: Sequence[QuoteUse], *, at: datetime) -> list[Quote]:
    """Lock confirmed quotes that can be used so, in the given order; ``spend`` marks them as used.

    Quotes are locked before everything else. Their sheets and texts are not read.

    Raises:
        QuoteUnknownError: a customer has no such quote.
        QuoteOtherError: it is for another purpose or another bill.
        QuoteUsedError: it was used before.
        QuoteExpiredError: its time is over.
        QuoteNotConfirmedError: the customer has not confirmed it.
    """
    assert connection.in_atomic_block, "a quote is used in the transaction of what is done under it"
    ids = [one.public_id for one in uses]
    assert len(set(ids)) == len(ids), "a quote is used once"
    rows = prepared.rows(_LOCK, [ids])
    locked = [Quote.from_db(DEFAULT_DB_ALIAS, _COLUMNS, row) for row in rows]
    found = {one.public_id: one for one in locked}
    return [_usable(found.get(one.public_id), one, at=at) for one in uses]


# Written out: a customer waits for it, and sheets and texts are long.
_COLUMNS = tuple(
    field.attname
    for field in Quote._meta.concrete_fields
    if field.attname not in ("sheet", "text_zh", "text_en")
)
_LOCK = (
    f"SELECT {', '.join(_COLUMNS)} FROM loans_quote "  # nosec B608: the columns of the model
    "WHERE public_id = ANY(%s) ORDER BY id FOR UPDATE"
)


def spend(used: Sequence[tuple[Quote, Loan | None]], *, by: str, at: datetime) -> None:
    """Mark locked quotes as used, each with the loan that was drawn under it.

    In the transaction that draws the loan or converts the bill: both happen or neither.
    """
    for quote, loan in used:
        quote.loan = loan
    quotes = [quote for quote, _loan in used]
    for purpose, reason in _REASONS.items():
        of_purpose = [quote for quote in quotes if quote.purpose == purpose]
        workflow.move(of_purpose, "use", by=by, reason=reason, at=at)
    workflow.save(quotes, "used_at", "loan")


@transaction.atomic
def expire(*, by: str, at: datetime) -> int:
    """End the quotes whose time is over, the oldest first; return how many.

    Repeated, it goes on with the next ones.
    """
    over = Quote.objects.filter(state__in=OPEN_STATES, expires_at__lte=at)
    ids = [*over.order_by("expires_at").values_list("pk", flat=True)[:BATCH_MAX]]
    found = _locked(over.filter(pk__in=ids))
    _expire(found, by=by, at=at)
    return len(found)


def _expire(quotes: Sequence[Quote], *, by: str, at: datetime) -> None:
    workflow.move(quotes, "expire", by=by, reason=QuoteReason.TIME_OVER, at=at)
    workflow.save(quotes)


def _of_customer(public_id: UUID, context: RequestContext) -> Quote:
    mine = Quote.objects.filter(customer=context.customer.pk)
    return mine.select_for_update().get(public_id=public_id)


def _usable(quote: Quote | None, use: QuoteUse, *, at: datetime) -> Quote:
    if quote is None or quote.customer_id != use.customer_id:
        raise QuoteUnknownError(**next_sheet(use.purpose))
    if (quote.purpose, quote.bill_id) != (use.purpose, use.bill_id):
        raise QuoteOtherError(**next_sheet(use.purpose))
    if quote.state == QuoteState.USED:
        raise QuoteUsedError(**next_sheet(use.purpose))
    _require_in_time(quote, at=at)
    if quote.state != QuoteState.CONFIRMED:
        raise QuoteNotConfirmedError(state=quote.state)
    return quote


def _require_in_time(quote: Quote, *, at: datetime) -> None:
    if quote.state == QuoteState.EXPIRED or at >= quote.expires_at:
        expires_at = quote.expires_at.astimezone(clock.SHANGHAI)
        raise QuoteExpiredError(expires_at=expires_at.isoformat(), **next_sheet(quote.purpose))


def _readable_at(quote: Quote) -> datetime:
    """Return when the sheet can be confirmed at the earliest, in local time."""
    assert quote.shown_at is not None
    readable_at = quote.shown_at + timedelta(seconds=quote.must_read_seconds)
    return readable_at.astimezone(clock.SHANGHAI)


def _locked(quotes: "QuerySet[Quote]") -> list[Quote]:
    return list(quotes.select_for_update().order_by("pk"))
