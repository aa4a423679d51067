"""Questions to providers: stored before they leave, answered once."""

import pytest
from django.db import transaction

from accounts.gateways.identity import IdentityAnswer, Verdict
from accounts.identity.operations import providers
from accounts.identity.operations.providers import Question
from accounts.models import ProviderCall
from tests.accounts.cards.cards import customer
from tests.accounts.people import AT

pytestmark = pytest.mark.django_db
UNKNOWN = IdentityAnswer(Verdict.UNAVAILABLE, "UNREACHABLE", "")


def question():
    owner = customer()
    return Question("fake", "identity", owner, f"of-{owner.pk}", owner.pk, 1, {"name": "张*"})


def record(kept):
    with transaction.atomic():
        providers.record([kept], at=AT)


def test_a_call_is_on_record_while_the_provider_is_asked():
    seen = []

    def call():
        seen.extend(ProviderCall.objects.values_list("verdict", "answered_at", "masked"))
        return IdentityAnswer(Verdict.MATCH, "0", "r-1")

    answer, kept = providers.ask(question(), call=call, unknown=UNKNOWN, at=AT)

    assert seen == [("", None, {"name": "张*"})]
    assert (answer.verdict, kept.code, kept.request_id) == (Verdict.MATCH, "0", "r-1")


def test_a_transport_fault_is_the_unknown_answer():
    def fail():
        raise ConnectionResetError

    answer, kept = providers.ask(question(), call=fail, unknown=UNKNOWN, at=AT)

    assert (answer, kept.verdict) == (UNKNOWN, "unavailable")


def test_the_first_answer_stands():
    asked = question()
    _, kept = providers.ask(
        asked, call=lambda: IdentityAnswer(Verdict.MATCH, "0", "r-1"), unknown=UNKNOWN, at=AT
    )
    record(kept)

    record(kept._replace(verdict="mismatch", code="-1"))

    stored = ProviderCall.objects.get()
    assert (stored.number, stored.verdict, stored.code) == (asked.number, "match", "0")
