"""Personas: deterministic, read by the code of every partner, and apart from each other."""

from datetime import date, timedelta

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
