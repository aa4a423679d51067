"""Partner events as they are read: every field strictly, each fault with its code."""

from datetime import date, datetime, timedelta

import pytest

from risk.facts import reading
from risk.facts.reading import FAULTS, EventError, EventFault
from risk.facts.rules import CATEGORIES, SOURCE_OF, EventKind, FactSource
from tests.accounts.people import AT
from tests.risk.people import EVERY_KIND, employer, friend, holding, income, payment, wechat_since


def fault(sent):
    with pytest.raises(EventError) as refused:
        reading.read(sent, at=AT)
    assert "{" not in FAULTS[refused.value.fault].format(**refused.value.facts)
    return refused.value.fault.value


def without(name, sent):
    return {field: value for field, value in sent.items() if field != name}


def test_a_payment_is_read_whole():
    event = reading.read(payment(channel="qr"), at=AT)

    assert event == reading.IncomingEvent(
        "p-1", EventKind.PAYMENT, "o-1", "", datetime.fromisoformat("2026-11-20T12:00:00+08:00"),
        3500, "out", "succeeded", "dining", "shop-1", None, {"channel": "qr"},
    )  # fmt: skip
    assert (event.source, event.occurred_on) == (FactSource.PAYMENT, date(2026, 11, 20))


@pytest.mark.parametrize("kind", EVERY_KIND, ids=lambda kind: kind.__name__)
def test_each_required_field_is_missed_and_no_other_field_is_taken(kind):
    sent = kind()
    fields = reading.FIELDS[EventKind(sent["kind"])]

    for name, field in fields.items():
        if field.is_required:
            assert fault(without(name, sent)) == "field-missing"
    assert fault(sent | {"note": "x"}) == "field-unknown"
    assert fault(without("id", sent)) == "field-missing"


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ([], "event-not-an-object"),
        (None, "event-not-an-object"),
        ({}, "kind-unknown"),
        (payment(kind="call"), "kind-unknown"),
        (payment(kind=["payment"]), "kind-unknown"),
        (payment(id=""), "field-invalid"),
        (payment(id="with space"), "field-invalid"),
        (payment(id="x" * 65), "field-invalid"),
        (payment(id=7), "field-invalid"),
        (payment(customer="no-uuid"), "field-invalid"),
        (payment(counterparty=" "), "field-invalid"),
        (payment(counterparty="x" * 129), "field-invalid"),
        (payment(counterparty="a\0b"), "field-invalid"),
        (payment(counterparty="\ud800"), "field-invalid"),
        (payment(channel="\udfff"), "field-invalid"),
        (payment(**{"\ud800": 1}), "field-unknown"),
        (payment(category="gold"), "code-unknown"),
        (payment(category={}), "code-unknown"),
        (payment(direction="up"), "code-unknown"),
        (payment(result="lost"), "code-unknown"),
        (friend(relation="cousin"), "code-unknown"),
        (holding(risk="R6"), "code-unknown"),
        (income(document="word"), "code-unknown"),
        (payment(amount_fen=0), "amount-invalid"),
        (payment(amount_fen=-1), "amount-invalid"),
        (payment(amount_fen=1.0), "amount-invalid"),
        (payment(amount_fen="1"), "amount-invalid"),
        (payment(amount_fen=True), "amount-invalid"),
        (payment(amount_fen=10**12 + 1), "amount-invalid"),
        (income(period_months=0), "amount-invalid"),
        (payment(occurred_at="2026-11-20"), "moment-invalid"),
        (payment(occurred_at="2026-11-20T12:00:00"), "moment-invalid"),
        (payment(occurred_at="2026-13-20T12:00:00Z"), "moment-invalid"),
        (payment(occurred_at="2010-12-31T12:00:00+08:00"), "moment-invalid"),
        (payment(occurred_at=1), "moment-invalid"),
        (payment(occurred_at=(AT + timedelta(seconds=1)).isoformat()), "moment-in-future"),
        (payment(direction="out", result="refunded"), "direction-contradicts-result"),
        (payment(direction="in", result="failed"), "direction-contradicts-result"),
        (without("openid", payment()), "customer-not-named"),
        (payment(customer="0190a1b2-c3d4-4e5f-8a9b-0c1d2e3f4a5b"), "customer-not-named"),
        (without("openid", wechat_since(customer="0190a1b2-c3d4-4e5f-8a9b-0c1d2e3f4a5b")),
         "customer-not-named"),
        (wechat_since(since="2026-11-11"), "day-invalid"),
        (wechat_since(since="2010-12-31"), "day-invalid"),
        (wechat_since(since="soon"), "day-invalid"),
        (wechat_since(since="2016-W01-1"), "day-invalid"),
        (wechat_since(since="２016-05-01"), "day-invalid"),
        (holding(stable_since="2026-11-02"), "day-invalid"),
        (employer(since=20240101), "day-invalid"),
    ],
)  # fmt: skip
def test_a_bad_event_is_refused_with_its_code(sent, code):
    assert fault(sent) == code


@pytest.mark.parametrize("number", ["13812345678", "11010519491231002X", "6222021001123459"])
def test_no_text_that_is_stored_readable_contains_a_personal_number(number):
    """A field that is added later is refused here too, unless it is stored as a hash."""
    for kind in EVERY_KIND:
        sent = kind()
        fields = {**reading.COMMON, **reading.FIELDS[EventKind(sent["kind"])]}
        texts = [name for name, field in fields.items() if is_readable(field)]
        assert "id" in texts
        for name in texts:
            assert fault(sent | {name: f"p-{number}"}) == "personal-number"


def is_readable(field):
    schema = field.reader.schema
    is_free = schema["type"] == "string" and not {"enum", "format"} & set(schema)
    return is_free and field.target not in ("kind", "openid", "party")


def test_hashed_text_and_ids_drawn_at_random_are_taken():
    by_chance = payment("0190a1b2-c3d4-4e5f-8a9b-013812345678", counterparty="13812345678")

    assert reading.read(by_chance, at=AT).event_id == by_chance["id"]


def test_an_event_of_this_moment_is_taken():
    assert reading.read(payment(occurred_at=AT.isoformat()), at=AT).occurred_at == AT


def test_equal_events_have_equal_content_and_others_have_not():
    one = reading.read(payment(), at=AT)

    same = reading.read(payment(occurred_at="2026-11-20T04:00:00Z"), at=AT)
    other = reading.read(payment(channel="qr"), at=AT)

    assert one.content() == same.content() != other.content()


def test_every_kind_has_a_source_fields_and_codes():
    assert set(SOURCE_OF) == set(reading.FIELDS) == set(CATEGORIES) == set(EventKind)
    assert set(FAULTS) == set(EventFault)
