"""The timeline of a customer: the onboarding, and what apps above add, oldest first.

Every moment is product time, that of the first login on a device too.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, NamedTuple

from django.apps import apps
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.consents.rules import PURPOSES
from accounts.customer_page.queries import provider_words
from accounts.customer_page.queries.records import OnboardingRecords
from accounts.models import BankCard, Consent
from accounts.privacy.rules import masking
from backoffice.core import reasons
from backoffice.core.models import StateChange


class TimelineEntry(NamedTuple):
    """Something that happened: when, what, the particulars, and the code of who did it if known."""

    at: datetime
    what: Any
    detail: str = ""
    by: str = ""


TimelineSource = Callable[[int], Iterable[TimelineEntry]]

_sources: list[TimelineSource] = []


def register(source: TimelineSource) -> None:
    """Let an app above add entries of a customer, by id, once, when it is ready."""
    _sources.append(source)


def timeline(records: OnboardingRecords) -> list[TimelineEntry]:
    """Return the events of an onboarding and those that apps above add, oldest first."""
    events = [TimelineEntry(records.customer.registered_at, _("registered"))]
    for kind in (_accounts, _devices, _proofs, _cards, _consents, _profile, _holds, _moves):
        events += kind(records)
    for source in _sources:
        events += source(records.customer.pk)
    return sorted(events, key=lambda event: event.at)


def _accounts(records: OnboardingRecords) -> list[TimelineEntry]:
    bound = [
        TimelineEntry(one.bound_at, _("WeChat account bound"), str(one)) for one in records.accounts
    ]
    gone = [
        TimelineEntry(one.unbound_at, _("WeChat account unbound"), str(one))
        for one in records.accounts
        if one.unbound_at is not None
    ]
    return bound + gone


def _devices(records: OnboardingRecords) -> list[TimelineEntry]:
    return [
        TimelineEntry(one.linked_at, _("first login on a device"),
              f"{one.device} {one.device.model} {one.device.os} {one.device.os_version}")
        for one in records.links
    ]  # fmt: skip


def _proofs(records: OnboardingRecords) -> list[TimelineEntry]:
    """Return the proofs that were sent, and what providers were asked about them and the cards."""
    sent = [
        TimelineEntry(one.submitted_at, _("identity verification submitted"), str(one))
        for one in records.proofs
    ]
    asked = [
        TimelineEntry(call.asked_at, _("provider asked"),
              f"{call.provider} {provider_words.action(call.action)}: "
              f"{provider_words.verdict(call.verdict)} {call.code} {call.request_id}")
        for call in records.calls
    ]  # fmt: skip
    return sent + asked


def _cards(records: OnboardingRecords) -> list[TimelineEntry]:
    return [TimelineEntry(one.bound_at, _("card sent"), _card(one)) for one in records.cards]


def _card(card: BankCard) -> str:
    return f"{card.bank} {masking.card(card.last_four)}"


def _consents(records: OnboardingRecords) -> list[TimelineEntry]:
    given = [
        TimelineEntry(one.given_at, _("consent given"), _purpose(one)) for one in records.consents
    ]
    taken = [
        TimelineEntry(one.withdrawn_at, _("consent taken back"), _purpose(one))
        for one in records.consents
        if one.withdrawn_at is not None
    ]
    return given + taken


def _purpose(consent: Consent) -> str:
    known = PURPOSES.get(consent.purpose)
    return f"{gettext(known.title) if known else consent.purpose} {consent.version}"


def _profile(records: OnboardingRecords) -> list[TimelineEntry]:
    if records.profile is None:
        return []
    occupation = str(records.profile.get_occupation_display())
    return [TimelineEntry(records.profile.declared_at, _("profile declared"), occupation)]


def _holds(records: OnboardingRecords) -> list[TimelineEntry]:
    placed = [
        TimelineEntry(one.placed_at, _("hold placed"),
              f"{one.get_kind_display()}, {one.holder}: {one.reason}", one.placed_by)
        for one in records.holds
    ]  # fmt: skip
    lifted = [
        TimelineEntry(one.lifted_at, _("hold lifted"),
              f"{one.get_kind_display()}, {one.holder}: {one.lifted_reason}", one.lifted_by)
        for one in records.holds
        if one.lifted_at is not None
    ]  # fmt: skip
    return placed + lifted


def _moves(records: OnboardingRecords) -> list[TimelineEntry]:
    cards = {card.pk: _card(card) for card in records.cards}
    return [_move(move, cards) for move in records.moves]


def _move(move: StateChange, cards: dict[int, str]) -> TimelineEntry:
    """Return a state change of the customer, an identity verification or a card.

    Where no state has moved, the reason alone names what was done.
    """
    model = apps.get_model(move.subject_type)
    states = dict(model._meta.get_field("state").flatchoices)
    named = cards.get(move.subject_id, "") if model is BankCard else str(model(pk=move.subject_id))
    reason = reasons.text(move.reason, move.facts)
    if move.target:
        arrow = f"{states.get(move.source, move.source)} → {states.get(move.target, move.target)}"
        named = f"{named} {arrow}"
    words = f"{named}: {reason}".rstrip(": ")
    return TimelineEntry(move.at, model._meta.verbose_name, words, move.actor)
