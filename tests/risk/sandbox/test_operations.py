"""The sandbox partner: events by consent, once, and what the features then say of a persona."""

import io
import json
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from backoffice.core import clock
from risk.facts import queries
from risk.facts.rules import FactSource
from risk.models import PartnerEvent
from risk.sandbox import operations as sandbox
from tests.accounts.people import AT
from tests.risk.people import consenting

pytestmark = pytest.mark.django_db

ON = AT.date()
ALL = {source.value for source in FactSource}


def store(customer, *, sources=ALL, at=AT):
    return sandbox.store(customer.pk, sources=sources, by="partner:sandbox", at=at)


def features(persona):
    customer = consenting(f"{persona}-1")
    assert store(customer).refused == []
    return queries.features([customer.pk], on=ON, at=AT)[customer.pk]


def test_the_events_of_a_persona_are_stored_once():
    customer = consenting("average-1")
    first = store(customer)

    again = store(customer)

    assert first.accepted == again.repeated == PartnerEvent.objects.count() > 800
    assert (first.refused, again.accepted, again.refused) == ([], 0, [])


def test_the_next_day_adds_what_happened_since():
    customer = consenting("average-1")
    store(customer)

    later = store(customer, at=AT + timedelta(days=1))

    assert 0 < later.accepted < 12 and later.refused == []


def test_only_the_sources_with_a_consent_are_stored():
    customer = consenting("average-1", sources=("payment",))

    done = store(customer)

    assert {one.fault.value for one in done.refused} == {"source-consent-missing"}
    assert set(PartnerEvent.objects.values_list("source", flat=True)) == {"payment", "none"}


def test_somebody_who_is_no_persona_has_no_events():
    assert store(consenting("me")).accepted == 0


def test_the_strong_persona_reaches_the_full_values_and_the_gambler_does_not():
    strong, gambler = features("strong"), features("nightgambler")

    assert strong.payment.payment_count >= 8 * 90
    assert strong.payment.outgoing_fen >= 30_000 * 90
    assert strong.payment.merchant_count >= 30
    assert (strong.payment.active_days, strong.payment.continuous_months) == (90, 24)
    assert strong.payment.utility_count >= 12
    assert strong.consumption.living_fen * 10 > strong.consumption.spend_fen * 6
    assert strong.wealth.stable_days >= 365
    assert strong.evidence.monthly_income_fen == 2_000_000
    assert gambler.payment.night_count * 2 > gambler.payment.payment_count
    assert gambler.payment.large_count >= 4
    assert gambler.consumption.living_fen * 2 < gambler.consumption.spend_fen
    assert gambler.wealth.move_count > 4


def test_thin_and_freelance_personas_differ_where_they_should():
    thin, freelancer = features("thin"), features("freelancer")

    assert 6 <= thin.payment.continuous_months <= 8
    assert thin.payment.payment_count < 90
    inflow = freelancer.payment.monthly_inflow_fen
    assert max(inflow) > 2 * min(inflow)
    assert freelancer.evidence.employer is None


def test_somebody_overindebted_repays_most_of_what_comes_in():
    found = features("overindebted")

    assert found.payment.outgoing_fen > found.payment.inflow_fen


def test_outside_a_sandbox_nothing_is_stored(settings):
    customer = consenting("average-1")
    settings.SANDBOX = False

    with pytest.raises(clock.NotASandboxError):
        store(customer)
    assert PartnerEvent.objects.count() == 0


def test_a_consent_brings_its_events_when_it_is_committed(django_capture_on_commit_callbacks):
    customer = consenting("average-1", sources=("wealth",))

    with django_capture_on_commit_callbacks(execute=True):
        sandbox.announce(customer.pk, purpose="wealth", at=AT)
        assert PartnerEvent.objects.count() == 0

    assert set(PartnerEvent.objects.values_list("source", flat=True)) == {"wealth"}


def test_outside_a_sandbox_a_consent_brings_none(settings, django_capture_on_commit_callbacks):
    settings.SANDBOX = False

    with django_capture_on_commit_callbacks(execute=True) as callbacks:
        sandbox.announce(consenting("average-1").pk, purpose="wealth", at=AT)

    assert callbacks == []


@pytest.mark.parametrize("name", ["C{0.pk}", "{0.pk}", "{0.public_id}"])
def test_the_command_stores_the_events_of_a_customer(stopped_clock, name):
    customer, out = consenting("student-1"), io.StringIO()

    call_command("sandbox_events", "--customer", name.format(customer), "--json", stdout=out)

    assert json.loads(out.getvalue())["accepted"] == PartnerEvent.objects.count() > 500


@pytest.mark.parametrize("name", ["C999999", "nobody"])
def test_the_command_refuses_an_unknown_customer(name):
    with pytest.raises(CommandError, match="no-such-customer"):
        call_command("sandbox_events", "--customer", name)
