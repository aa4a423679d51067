"""Personas: deterministic, read by the code of every partner, and apart from each other."""

import json
from datetime import date, timedelta
from hashlib import sha256

import pytest

from backoffice.core import clock
from risk.bureau import rules as bureau
from risk.facts import reading
from risk.facts.rules import SOURCE_OF, EventKind
from risk.sandbox import rules
from risk.sandbox.rules import Persona

ON = date(2026, 11, 24)
AT = clock.moment_of(ON, clock.time(0, 5))

every_persona = pytest.mark.parametrize("persona", Persona)


def events(persona, *, on=ON, number=1):
    return rules.events(f"{persona}-{number}", on=on)


def digest(sent):
    """Return the first digits of a digest of what is sent, whatever the order of its fields."""
    text = json.dumps(sent, sort_keys=True, ensure_ascii=False)
    return sha256(text.encode()).hexdigest()[:16]


def flat(found):
    return {event["id"]: event for batch in found.values() for event in batch}


@every_persona
def test_every_event_is_good_is_of_its_source_and_has_its_own_id(persona):
    found = events(persona)

    for source, batch in found.items():
        for sent in batch:
            event = reading.read(sent, at=AT)
            assert event.source.value == source or event.kind is EventKind.WECHAT_SINCE
    assert len(flat(found)) == sum(map(len, found.values()))
    assert set(found) <= {source.value for source in SOURCE_OF.values()}


@every_persona
def test_a_later_day_only_adds_events(persona):
    before, after = flat(events(persona)), flat(events(persona, on=ON + timedelta(days=1)))

    assert all(after[one] == before[one] for one in set(before) & set(after))
    gone = [before[one]["occurred_at"][:10] for one in set(before) - set(after)]
    assert all(day < (ON - timedelta(days=rules.DENSE_DAYS - 1)).isoformat() for day in gone)


def test_another_number_is_another_person_of_the_same_kind():
    assert events("strong") == events("strong")
    assert events("strong")["payment"] != events("strong", number=2)["payment"]


@pytest.mark.parametrize(
    ("openid", "persona"),
    [("strong-1", "strong"), ("overdue90-12", "overdue90"), ("strong", "average"),
     ("strong-x", "average"), ("me", "average")],
)  # fmt: skip
def test_the_persona_is_a_part_of_the_openid(openid, persona):
    assert rules.persona_of(openid) == persona
    assert rules.is_persona(openid) is (openid[-1].isdecimal())


@every_persona
def test_the_report_of_a_persona_can_be_read(persona):
    payload = rules.bureau_payload(persona, on=ON, name="某", id_number="1")

    assert (payload is None) is (persona is Persona.THIN)
    if payload is not None:
        found = bureau.read(payload, on=ON)
        assert found.months == rules.TRAITS[persona].codes
        assert found.is_adverse is (persona is Persona.OVERDUE90)
        assert found.inquiry_count == rules.TRAITS[persona].inquiries


@pytest.mark.parametrize(
    ("openid", "on", "expected"),
    [
        ("strong-1", ON, "274c763140c555fc"),
        ("average-1", ON, "be1fae65a240f14c"),
        ("thin-1", ON, "951ee27b76990285"),
        ("student-1", ON, "0ca0d450fd7f4295"),
        ("freelancer-1", ON, "17675b56ac5ab559"),
        ("overindebted-1", ON, "19830c7ea75d7fdd"),
        ("overdue90-1", ON, "604c3714e4632fe4"),
        ("withdrawn-1", ON, "4c06242103514097"),
        ("nightgambler-1", ON, "123b4b069d9f62d9"),
        ("average-1", date(2027, 1, 1), "46e0d9cda07fdb3d"),
        ("average-1", date(2028, 3, 31), "671eb707710a7b76"),
    ],
)
def test_events_stay_those_that_were_sent(openid, on, expected):
    # An event that is stored is refused when it comes again with other content.
    assert digest(rules.events(openid, on=on)) == expected


@pytest.mark.parametrize(
    ("persona", "expected"),
    [
        ("strong", "ed8b24aa8ed9728d"),
        ("average", "0c6036013c6c9452"),
        ("student", "2d884c2473b92645"),
        ("freelancer", "bedddfd4d4b3647d"),
        ("overindebted", "28dff0be4ba6d33e"),
        ("overdue90", "56f01b5ac497be46"),
        ("withdrawn", "d80fe5cdca170257"),
        ("nightgambler", "65b81a8ca19384fb"),
    ],
)
def test_the_report_of_a_day_stays_the_same(persona, expected):
    payload = rules.bureau_payload(Persona(persona), on=ON, name="某", id_number="1")

    assert digest(payload) == expected


def test_a_payment_of_a_persona_in_full():
    first, *_others = events("thin", number=7)["payment"]

    assert first == {
        "id": "thin-7-payment-20260427-0",
        "kind": "payment",
        "openid": "thin-7",
        "occurred_at": "2026-04-27T19:30:00+08:00",
        "direction": "out",
        "result": "succeeded",
        "amount_fen": 3853,
        "category": "health",
        "counterparty": "merchant-3",
    }


def test_the_months_of_a_report_end_with_the_one_before():
    payload = rules.bureau_payload(Persona.OVERDUE90, on=date(2027, 1, 5), name="某", id_number="1")

    first, second = payload["accounts"]
    assert (first["account"], second["account"]) == ("A1", "A2")
    assert (first["limit_fen"], first["balance_fen"]) == (1_000_000, 333_333)
    months = [each["month"] for each in first["months"]]
    assert (months[0], months[11], months[12], months[-1]) == (
        "2025-01", "2025-12", "2026-01", "2026-12",
    )  # fmt: skip
    assert [each["overdue_fen"] for each in first["months"]] == [0] * 16 + [300_000] * 4 + [0] * 4
    assert {each["code"] for each in second["months"]} == {"N"}
    assert payload["inquiries"] == [{"on": "2027-01-04", "reason": "loan_approval"}]
