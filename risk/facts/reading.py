"""One partner event from the JSON that a partner sends: read strictly, or refused with a code.

Pure: whose event it is, whether it was received before and whether its source has a consent is for
the operation that stores it.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from backoffice.core import personal_numbers
from backoffice.core.translation import gettext_noop
from risk.facts.rules import (
    SOURCE_OF,
    EventKind,
    FactSource,
    FriendRelation,
    IncomeDocument,
    PaymentCategory,
    PaymentDirection,
    PaymentResult,
    ProductMove,
    ProductRisk,
)

SHANGHAI = ZoneInfo("Asia/Shanghai")
ID_LENGTH_MAX, PARTY_LENGTH_MAX, CHANNEL_LENGTH_MAX = 64, 128, 20
AMOUNT_MAX_FEN = 10**12
EARLIEST_ON = date(2011, 1, 1)  # WeChat began in 2011: nothing earlier was reported by it
PERIOD_MONTHS_MAX = 36

_UNWRITABLE = re.compile("[\0\ud800-\udfff]")  # half a character pair, which JSON can spell
_ID = re.compile(rf"[\x21-\x7e]{{1,{ID_LENGTH_MAX}}}")
# As RFC 9562 writes one: one in 250 contains digits like those of a phone number by chance.
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_DAY_FORM = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")  # not 2016-W01-1, which ISO 8601 has too
_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})"
)


class EventFault(StrEnum):
    """Why an event is refused: stable codes."""

    NOT_AN_OBJECT = "event-not-an-object"
    FIELD_UNKNOWN = "field-unknown"
    FIELD_MISSING = "field-missing"
    FIELD_INVALID = "field-invalid"
    PERSONAL_NUMBER = "personal-number"
    KIND_UNKNOWN = "kind-unknown"
    CODE_UNKNOWN = "code-unknown"
    AMOUNT_INVALID = "amount-invalid"
    DAY_INVALID = "day-invalid"
    MOMENT_INVALID = "moment-invalid"
    MOMENT_IN_FUTURE = "moment-in-future"
    DIRECTION_CONTRADICTS = "direction-contradicts-result"
    CUSTOMER_NOT_NAMED = "customer-not-named"
    CUSTOMER_UNKNOWN = "customer-unknown"
    CONSENT_MISSING = "source-consent-missing"
    CONFLICT = "event-conflict"
    LINE_UNREADABLE = "line-unreadable"


FAULTS: dict[EventFault, str] = {
    EventFault.NOT_AN_OBJECT: gettext_noop("The event is not a JSON object. Send one object each."),
    EventFault.FIELD_UNKNOWN: gettext_noop(
        "The field {field} does not belong to this kind of event. Leave it out."
    ),
    EventFault.FIELD_MISSING: gettext_noop("The field {field} is missing. Add it."),
    EventFault.FIELD_INVALID: gettext_noop(
        "The field {field} is invalid. Send text of the length that the description names."
    ),
    EventFault.PERSONAL_NUMBER: gettext_noop(
        "The field {field} contains a phone, ID or card number, and is stored in readable form."
        " Send another text."
    ),
    EventFault.KIND_UNKNOWN: gettext_noop("Unknown kind of event. Send one of: {codes}."),
    EventFault.CODE_UNKNOWN: gettext_noop(
        "The field {field} has an unknown code. Send one of: {codes}."
    ),
    EventFault.AMOUNT_INVALID: gettext_noop(
        "The field {field} is no whole number from {least} to {most}. Send it without a sign and"
        " without a decimal point."
    ),
    EventFault.DAY_INVALID: gettext_noop(
        "The field {field} is no day from 2011-01-01 to the day of the event. Send it as"
        " YYYY-MM-DD."
    ),
    EventFault.MOMENT_INVALID: gettext_noop(
        "The field {field} is no moment from 2011 on. Send it in ISO 8601 with an offset, such as"
        " 2026-11-24T15:00:00+08:00."
    ),
    EventFault.MOMENT_IN_FUTURE: gettext_noop(
        "The event lies in the future. Check the clock, and send it when it has happened."
    ),
    EventFault.DIRECTION_CONTRADICTS: gettext_noop(
        "Money comes in with a refund and goes out with a failed payment. Correct the direction."
    ),
    EventFault.CUSTOMER_NOT_NAMED: gettext_noop(
        "Name the customer by openid or by customer, one of the two; wechat_since needs openid."
    ),
    EventFault.CUSTOMER_UNKNOWN: gettext_noop(
        "No customer has this openid or id. Stop sending events of this person."
    ),
    EventFault.CONSENT_MISSING: gettext_noop(
        "The customer has not consented to the use of the source {source}. Send the event when the"
        " customer has consented."
    ),
    EventFault.LINE_UNREADABLE: gettext_noop(
        "The line is no JSON, has more columns than the header, or is longer than 64 KB."
        " Correct it."
    ),
    EventFault.CONFLICT: gettext_noop(
        "An event with this id and other content was received before. Send a new event under a new"
        " id."
    ),
}


class EventError(Exception):
    """An event cannot be taken: the code, and the facts of its message."""

    def __init__(self, fault: EventFault, **facts: Any) -> None:
        super().__init__(fault)
        self.fault = fault
        self.facts = facts


class IncomingEvent(NamedTuple):
    """One event as it was read. ``party`` is readable here and stored as a blind index only.

    The customer is named by ``openid`` or by ``customer``, the public id; the other one is empty.
    """

    event_id: str
    kind: EventKind
    openid: str
    customer: str
    occurred_at: datetime
    amount_fen: int | None = None
    direction: str = ""
    result: str = ""
    category: str = ""
    party: str = ""
    since_on: date | None = None
    facts: Mapping[str, Any] = {}

    @property
    def source(self) -> FactSource:
        """Return the source whose consent the use of the event needs."""
        return SOURCE_OF[self.kind]

    @property
    def occurred_on(self) -> date:
        """Return the day in Shanghai on which it happened (GEN-4)."""
        return self.occurred_at.astimezone(SHANGHAI).date()

    def content(self) -> str:
        """Return all that the event says, in one form: equal for equal events."""
        moment = self.occurred_at.astimezone(SHANGHAI).isoformat()
        values = self._replace(facts=sorted(self.facts.items()))._asdict()  # type: ignore[arg-type]
        return repr([*({**values, "occurred_at": moment}).items()])


class FieldReader(NamedTuple):
    """What reads a value, and the JSON schema of what it takes."""

    read: Callable[[str, Any], Any]
    schema: Mapping[str, Any]


class EventField(NamedTuple):
    """A field of a kind of event: the attribute it fills, and what reads its value."""

    target: str
    reader: FieldReader
    is_required: bool = True


def _text(length_max: int) -> FieldReader:
    def read(name: str, value: Any) -> str:
        is_good = isinstance(value, str) and value.strip() and len(value) <= length_max
        if not is_good or _UNWRITABLE.search(value):
            raise EventError(EventFault.FIELD_INVALID, field=name)
        return str(value)

    return FieldReader(read, {"type": "string", "minLength": 1, "maxLength": length_max})


def _code(codes: type[StrEnum]) -> FieldReader:
    def read(name: str, value: Any) -> str:
        if not isinstance(value, str) or value not in list(codes):
            raise EventError(EventFault.CODE_UNKNOWN, field=name, codes=", ".join(codes))
        return value

    return FieldReader(read, {"type": "string", "enum": [code.value for code in codes]})


def _whole(least: int, most: int = AMOUNT_MAX_FEN) -> FieldReader:
    def read(name: str, value: Any) -> int:
        if type(value) is not int or not least <= value <= most:
            raise EventError(EventFault.AMOUNT_INVALID, field=name, least=least, most=most)
        return value

    return FieldReader(read, {"type": "integer", "minimum": least, "maximum": most})


def _read_day(name: str, value: Any) -> date:
    try:
        day = date.fromisoformat(value) if _DAY_FORM.fullmatch(value) else None
    except (TypeError, ValueError):
        day = None
    if day is None or day < EARLIEST_ON:
        raise EventError(EventFault.DAY_INVALID, field=name)
    return day


def _read_id(name: str, value: Any) -> str:
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise EventError(EventFault.FIELD_INVALID, field=name)
    return value


def _read_public_id(name: str, value: Any) -> str:
    try:
        return str(UUID(_read_id(name, value)))
    except ValueError:
        raise EventError(EventFault.FIELD_INVALID, field=name) from None


def _read_moment(name: str, value: Any) -> datetime:
    try:
        moment = datetime.fromisoformat(value) if _MOMENT.fullmatch(value) else None
        is_late_enough = moment is not None and moment.astimezone(SHANGHAI).date() >= EARLIEST_ON
    except (TypeError, ValueError, OverflowError):
        moment, is_late_enough = None, False
    if moment is None or not is_late_enough:
        raise EventError(EventFault.MOMENT_INVALID, field=name)
    return moment


def _stored_readable(reader: FieldReader) -> FieldReader:
    """Refuse a text with a phone, ID or card number: staff read it, and it is never erased.

    A UUID passes: partners draw it at random.
    """

    def read(name: str, value: Any) -> str:
        text = str(reader.read(name, value))
        if not _UUID.fullmatch(text.lower()) and personal_numbers.mask(text) != text:
            raise EventError(EventFault.PERSONAL_NUMBER, field=name)
        return text

    return FieldReader(read, reader.schema)


_DAY = FieldReader(_read_day, {"type": "string", "format": "date"})
_ID_TEXT = FieldReader(_read_id, {"type": "string", "pattern": f"^{_ID.pattern}$"})
_PUBLIC_ID = FieldReader(_read_public_id, {"type": "string", "format": "uuid"})
_PARTY = _text(PARTY_LENGTH_MAX)
# The kind is known before the fields of the kind are read.
_KIND = FieldReader(lambda _name, value: value, {"type": "string"})
COMMON = {
    "id": EventField("event_id", _stored_readable(_ID_TEXT)),
    "kind": EventField("kind", _KIND),
    "openid": EventField("openid", _ID_TEXT, False),
    "customer": EventField("customer", _PUBLIC_ID, False),
    "occurred_at": EventField(
        "occurred_at", FieldReader(_read_moment, {"type": "string", "format": "date-time"})
    ),
}
FIELDS: dict[EventKind, dict[str, EventField]] = {
    EventKind.PAYMENT: {
        "direction": EventField("direction", _code(PaymentDirection)),
        "result": EventField("result", _code(PaymentResult)),
        "amount_fen": EventField("amount_fen", _whole(1)),
        "category": EventField("category", _code(PaymentCategory)),
        "counterparty": EventField("party", _PARTY),
        "channel": EventField("facts", _stored_readable(_text(CHANNEL_LENGTH_MAX)), False),
    },
    EventKind.SOCIAL_LINK: {
        "friend": EventField("party", _PARTY),
        "relation": EventField("category", _code(FriendRelation)),
    },
    EventKind.HOLDING: {
        "product": EventField("party", _PARTY),
        "risk": EventField("category", _code(ProductRisk)),
        "balance_fen": EventField("amount_fen", _whole(0)),
        "stable_since": EventField("since_on", _DAY),
    },
    EventKind.PRODUCT_MOVE: {
        "product": EventField("party", _PARTY),
        "move": EventField("category", _code(ProductMove)),
        "amount_fen": EventField("amount_fen", _whole(1)),
    },
    EventKind.WECHAT_SINCE: {"since": EventField("since_on", _DAY)},
    EventKind.EMPLOYER: {
        "employer": EventField("party", _PARTY),
        "since": EventField("since_on", _DAY, False),
    },
    EventKind.INCOME: {
        "monthly_income_fen": EventField("amount_fen", _whole(0)),
        "document": EventField("category", _code(IncomeDocument)),
        "document_id": EventField("party", _PARTY, False),
        "period_months": EventField("facts", _whole(1, PERIOD_MONTHS_MAX), False),
    },
}


def schema(kind: EventKind) -> dict[str, Any]:
    """Return the JSON schema of a kind of event, for the description of the endpoint."""
    fields = {**COMMON, **FIELDS[kind]}
    properties = {name: dict(field.reader.schema) for name, field in fields.items()}
    by_openid = {"required": ["openid"], "not": {"required": ["customer"]}}
    by_customer = {"required": ["customer"], "not": {"required": ["openid"]}}
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": properties | {"kind": {"type": "string", "enum": [kind.value]}},
        "required": [name for name, field in fields.items() if field.is_required],
        "oneOf": [by_openid] if kind is EventKind.WECHAT_SINCE else [by_openid, by_customer],
    }


def read(sent: Any, *, at: datetime) -> IncomingEvent:
    """Return the event that a JSON value is, as of a moment.

    Raises:
        EventError: it is none that can be taken; the first fault found, in the order of the fields.
    """
    if not isinstance(sent, dict):
        raise EventError(EventFault.NOT_AN_OBJECT)
    kind: Any = sent.get("kind")
    if kind not in list(EventKind):
        raise EventError(EventFault.KIND_UNKNOWN, codes=", ".join(EventKind))
    event = _filled(sent, EventKind(kind))
    if bool(event.openid) == bool(event.customer) or (
        event.kind is EventKind.WECHAT_SINCE and not event.openid
    ):
        raise EventError(EventFault.CUSTOMER_NOT_NAMED)
    if event.occurred_at > at:
        raise EventError(EventFault.MOMENT_IN_FUTURE)
    if event.since_on is not None and event.since_on > event.occurred_on:
        raise EventError(EventFault.DAY_INVALID, field=_field_of(event, "since_on"))
    if event.result in _DIRECTION_OF and event.direction != _DIRECTION_OF[event.result]:
        raise EventError(EventFault.DIRECTION_CONTRADICTS)
    return event


_DIRECTION_OF = {
    PaymentResult.REFUNDED.value: PaymentDirection.IN,
    PaymentResult.FAILED.value: PaymentDirection.OUT,
}


def _field_of(event: IncomingEvent, target: str) -> str:
    return next(name for name, one in FIELDS[event.kind].items() if one.target == target)


def _filled(sent: dict[str, Any], kind: EventKind) -> IncomingEvent:
    fields = {**COMMON, **FIELDS[kind]}
    for name in sent:
        if name not in fields:
            shown = _UNWRITABLE.sub("\ufffd", str(name))[:ID_LENGTH_MAX]
            raise EventError(EventFault.FIELD_UNKNOWN, field=shown)
    values: dict[str, Any] = {"openid": "", "customer": ""}
    facts: dict[str, Any] = {}
    for name, field in fields.items():
        if name in sent:
            value = field.reader.read(name, sent[name])
            values[field.target] = value
            if field.target == "facts":
                facts[name] = value
        elif field.is_required:
            raise EventError(EventFault.FIELD_MISSING, field=name)
    return IncomingEvent(**{**values, "kind": kind, "facts": facts})
