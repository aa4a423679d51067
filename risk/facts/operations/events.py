"""Receiving partner events: each once, under the consent of its source (GEN-14, SCORE-9).

The good events of a batch are kept and the others reported by their index. An event that was
received before changes nothing, whatever has become of the consent since.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple, Protocol
from uuid import UUID

from django.db import connection, transaction
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.login import operations as logins
from accounts.models import Consent, Customer, CustomerState, WechatAccount
from backoffice.core import bulk
from backoffice.core.bulk import Of
from backoffice.core.crypto import blind
from backoffice.core.errors import Refused
from risk.facts import reading
from risk.facts.reading import FAULTS, EventError, EventFault, IncomingEvent
from risk.facts.rules import (
    NOT_SPENT,
    EventKind,
    FactSource,
    PaymentDirection,
    PaymentResult,
)
from risk.models import PartnerEvent

BATCH_MAX = 1_000


class BatchTooLargeError(Refused):
    """More events than one batch may hold."""

    status = 422
    code = "too-many-events"
    message = _("The batch has {count} events; one batch may have {most}.")
    remedy = _("Split the batch and send its parts one after another.")


class RefusedEvent(NamedTuple):
    """An event that was not taken: its position from 0, the code, the facts of the message."""

    position: int
    fault: EventFault
    facts: Mapping[str, Any]

    @property
    def detail(self) -> str:
        """Return what is wrong and how to correct it, in the active language."""
        return gettext(FAULTS[self.fault]).format(**self.facts)


class ReceivedEvents(NamedTuple):
    """What became of a batch: newly stored, received before, and refused."""

    accepted: int
    repeated: int
    refused: list[RefusedEvent]


class ReceivedPayment(NamedTuple):
    """An outgoing payment that succeeded and was stored just now."""

    customer_id: int
    partner: str
    event_id: str
    amount_fen: int
    occurred_at: datetime
    is_purchase: bool


class PaymentObserver(Protocol):
    """Does what follows from new payments, in the transaction that stores them."""

    def __call__(self, payments: Sequence[ReceivedPayment], *, at: datetime) -> None:
        """Take the payments of one batch."""


_observers: list[PaymentObserver] = []


def register(observer: PaymentObserver) -> None:
    """Add what follows from new payments, once, when the app is ready."""
    _observers.append(observer)


class _Owner(NamedTuple):
    """The customer of an event, the sources with a consent, and the first day of WeChat known."""

    customer_id: int
    sources: frozenset[str]
    used_since_on: date | None = None


@transaction.atomic(durable=True)
def receive(batch: Sequence[Any], *, partner: str, by: str, at: datetime) -> ReceivedEvents:
    """Store the good events of a batch, as decoded from JSON; report the others by their index.

    Raises:
        BatchTooLargeError: more than 1,000 events; nothing was stored.
    """
    if len(batch) > BATCH_MAX:
        raise BatchTooLargeError(count=len(batch), most=BATCH_MAX)
    events, refused = _read(batch, at=at)
    content = {index: blind(event.content(), "partner_event") for index, event in events.items()}
    event_ids = sorted({event.event_id for event in events.values()})
    known = _stored_content(partner, event_ids)
    owners = _owners([event for event in events.values() if event.event_id not in known])
    fresh, faulty = _fresh(events, known, owners)

    taken = _take_ids(partner, {events[index].event_id: content[index] for index in fresh})
    new = [events[index] for index in fresh if events[index].event_id in taken]
    is_new = {index for index in fresh if events[index].event_id in taken}
    others = set(events) - is_new - {one.position for one in faulty}
    stored = _stored_content(partner, event_ids)
    conflicts = [
        RefusedEvent(index, EventFault.CONFLICT, {})
        for index in others
        if stored[events[index].event_id] != content[index]
    ]

    _write([(event, owners[_name(event)]) for event in new], partner=partner, at=at)
    paid = _payments([(event, owners[_name(event)]) for event in new], partner=partner)
    for observer in _observers:
        observer(paid, at=at)
    _report_history(new, owners, by=by, at=at)
    refused = sorted([*refused, *faulty, *conflicts], key=lambda one: one.position)
    return ReceivedEvents(len(new), len(others) - len(conflicts), refused)


def _read(
    batch: Sequence[Any], *, at: datetime
) -> tuple[dict[int, IncomingEvent], list[RefusedEvent]]:
    events: dict[int, IncomingEvent] = {}
    refused = []
    for index, sent in enumerate(batch):
        try:
            events[index] = reading.read(sent, at=at)
        except EventError as error:
            refused.append(RefusedEvent(index, error.fault, error.facts))
    return events, refused


def _fresh(
    events: Mapping[int, IncomingEvent], known: Mapping[str, bytes], owners: Mapping[str, "_Owner"]
) -> tuple[list[int], list[RefusedEvent]]:
    """Return the events under ids of which nothing is stored, and those that may not be."""
    fresh: dict[str, int] = {}
    refused = []
    for index, event in events.items():
        if event.event_id in known or event.event_id in fresh:
            continue
        fault = _fault(event, owners)
        if fault is None:
            fresh[event.event_id] = index
        else:
            refused.append(RefusedEvent(index, fault, {"source": event.source.value}))
    return list(fresh.values()), refused


def _name(event: IncomingEvent) -> str:
    return event.openid or f"customer {event.customer}"


def _fault(event: IncomingEvent, owners: Mapping[str, _Owner]) -> EventFault | None:
    owner = owners.get(_name(event))
    if owner is None:
        return EventFault.CUSTOMER_UNKNOWN
    if event.source is not FactSource.NONE and event.source.value not in owner.sources:
        return EventFault.CONSENT_MISSING
    return None


def _stored_content(partner: str, event_ids: Sequence[str]) -> dict[str, bytes]:
    """Return the content of the events received before, by their ids."""
    with connection.cursor() as cursor:
        cursor.execute(
            # A join: ANY(list) is compared row by row where the planner knows too little.
            "SELECT known.event_id, known.content_blind FROM unnest(%s::text[]) AS sent (event_id) "
            "JOIN risk_partnereventkey AS known USING (event_id) WHERE known.partner = %s",
            [list(event_ids), partner],
        )
        return {event_id: bytes(content) for event_id, content in cursor.fetchall()}


def _take_ids(partner: str, content: Mapping[str, bytes]) -> set[str]:
    """Take event ids that nobody has taken; return them.

    In the order of the ids: two batches with the same ones wait for each other and cannot deadlock.
    """
    ids = sorted(content)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO risk_partnereventkey (partner, event_id, content_blind) "
            "SELECT %s, * FROM unnest(%s::text[], %s::bytea[]) "
            "ON CONFLICT (partner, event_id) DO NOTHING RETURNING event_id",
            [partner, ids, [content[one] for one in ids]],
        )
        return {event_id for (event_id,) in cursor.fetchall()}


def _owners(events: Sequence[IncomingEvent]) -> dict[str, _Owner]:
    """Return whose events these are, by openid or public id; unknown and closed ones are left out.

    The customers are locked against a withdrawal that would commit before the events.
    """
    openids = {blind(event.openid, "openid"): event.openid for event in events if event.openid}
    accounts = WechatAccount.objects.filter(unbound_at=None, openid_blind__in=list(openids))
    bound = accounts.values_list("openid_blind", "customer_id", "used_since_on")
    found: dict[str, tuple[int, date | None]] = {
        openids[bytes(index or b"")]: (pk, since_on) for index, pk, since_on in bound
    }
    public_ids = {UUID(event.customer) for event in events if event.customer}
    named = Customer.objects.filter(public_id__in=public_ids)
    found |= {f"customer {uid}": (pk, None) for uid, pk in named.values_list("public_id", "pk")}
    present = _locked({pk for pk, _since in found.values()})
    consents = Consent.objects.filter(customer__any=Of(sorted(present)), withdrawn_at=None)
    sources: dict[int, set[str]] = {pk: set() for pk in present}
    for customer_id, purpose in consents.values_list("customer_id", "purpose"):
        sources[customer_id].add(purpose)
    return {
        name: _Owner(pk, frozenset(sources[pk]), since_on)
        for name, (pk, since_on) in found.items()
        if pk in present
    }


def _locked(customer_ids: set[int]) -> set[int]:
    """Lock customers in the order of their ids; return those who have not left."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM accounts_customer WHERE id = ANY(%s) AND state <> %s "
            "ORDER BY id FOR SHARE",
            [sorted(customer_ids), CustomerState.CLOSED.value],
        )
        return {pk for (pk,) in cursor.fetchall()}


_COLUMNS = (
    "customer", "partner", "event_id", "kind", "source", "occurred_at", "occurred_on",
    "received_at", "amount_fen", "direction", "result", "category", "party_blind", "since_on",
    "facts",
)  # fmt: skip


def _write(events: Sequence[tuple[IncomingEvent, _Owner]], *, partner: str, at: datetime) -> None:
    rows = [
        (
            owner.customer_id, partner, event.event_id, event.kind.value, event.source.value,
            event.occurred_at, event.occurred_on, at, event.amount_fen, event.direction,
            event.result, event.category,
            blind(event.party, event.kind) if event.party else None,
            event.since_on, dict(event.facts),
        )
        for event, owner in events
    ]  # fmt: skip
    bulk.copy(PartnerEvent, _COLUMNS, rows)


def _payments(
    events: Sequence[tuple[IncomingEvent, _Owner]], *, partner: str
) -> list[ReceivedPayment]:
    return [
        ReceivedPayment(
            owner.customer_id,
            partner,
            event.event_id,
            event.amount_fen,
            event.occurred_at,
            is_purchase=event.category not in NOT_SPENT,
        )
        for event, owner in events
        if event.kind is EventKind.PAYMENT
        and event.direction == PaymentDirection.OUT
        and event.result == PaymentResult.SUCCEEDED
        and event.amount_fen is not None
    ]


def _report_history(
    events: Sequence[IncomingEvent], owners: Mapping[str, _Owner], *, by: str, at: datetime
) -> None:
    """Report since when WeChat is used: the day a partner names, or that of a payment (ELIG-12)."""
    reports = []
    for event in events:
        is_payment = event.kind is EventKind.PAYMENT
        day = event.since_on if event.kind is EventKind.WECHAT_SINCE else event.occurred_on
        known_on = owners[_name(event)].used_since_on
        if (
            event.openid
            and day is not None
            and (is_payment or event.kind is EventKind.WECHAT_SINCE)
            and (known_on is None or day < known_on)
        ):
            reports.append((event.openid, day))
    logins.report_history(reports, by=by, at=at)
