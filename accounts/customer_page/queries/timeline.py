"""The opening of a customer as one story: everything that happened, in the order of time.

What happens to a customer is told in product time, logins in machine time: outside a sandbox that
was moved ahead they are the same.
"""

from datetime import datetime
from typing import Any, NamedTuple

from django.apps import apps
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.consents.rules import PURPOSES
from accounts.customer_page.queries.opened import Opened
from accounts.models import BankCard, Consent
from accounts.privacy.rules import masking
from backoffice.core.models import StateChange


class Event(NamedTuple):
    """Something that happened: when, what, the particulars, and who did it if that is known."""

    at: datetime
    what: Any
    detail: str = ""
    by: str = ""


def timeline(opened: Opened) -> list[Event]:
    """Return the events of an opening, oldest first."""
    events = [Event(opened.customer.registered_at, _("registered"))]
    for kind in (_accounts, _devices, _proofs, _cards, _consents, _profile, _holds, _moves):
        events += kind(opened)
    return sorted(events, key=lambda event: event.at)


def _accounts(opened: Opened) -> list[Event]:
    bound = [Event(one.bound_at, _("WeChat account bound"), str(one)) for one in opened.accounts]
    gone = [
        Event(one.unbound_at, _("WeChat account unbound"), str(one))
        for one in opened.accounts
        if one.unbound_at is not None
    ]
    return bound + gone


def _devices(opened: Opened) -> list[Event]:
    return [
        Event(one.first_seen_at, _("first login on a device"),
              f"{one.device} {one.device.model} {one.device.os} {one.device.os_version}")
        for one in opened.links
    ]  # fmt: skip


def _proofs(opened: Opened) -> list[Event]:
    """Return the proofs that were sent, and what providers were asked about them and the cards."""
    sent = [Event(one.submitted_at, _("proof of identity sent"), str(one)) for one in opened.proofs]
    asked = [
        Event(call.asked_at, _("provider asked"),
              f"{call.provider} {call.action}: {call.verdict} {call.code} {call.request_id}")
        for call in opened.calls
    ]  # fmt: skip
    return sent + asked


def _cards(opened: Opened) -> list[Event]:
    return [Event(one.bound_at, _("card sent"), _card(one)) for one in opened.cards]


def _card(card: BankCard) -> str:
    return f"{card.bank} {masking.card(card.last_four)}"


def _consents(opened: Opened) -> list[Event]:
    given = [Event(one.given_at, _("consent given"), _purpose(one)) for one in opened.consents]
    taken = [
        Event(one.withdrawn_at, _("consent taken back"), _purpose(one))
        for one in opened.consents
        if one.withdrawn_at is not None
    ]
    return given + taken


def _purpose(consent: Consent) -> str:
    known = PURPOSES.get(consent.purpose)
    return f"{gettext(known.title) if known else consent.purpose} {consent.version}"


def _profile(opened: Opened) -> list[Event]:
    if opened.profile is None:
        return []
    occupation = str(opened.profile.get_occupation_display())
    return [Event(opened.profile.declared_at, _("profile declared"), occupation)]


def _holds(opened: Opened) -> list[Event]:
    placed = [
        Event(one.placed_at, _("hold placed"),
              f"{one.get_kind_display()}, {one.holder}: {one.reason}", one.placed_by)
        for one in opened.holds
    ]  # fmt: skip
    lifted = [
        Event(one.lifted_at, _("hold lifted"),
              f"{one.get_kind_display()}, {one.holder}: {one.lifted_reason}", one.lifted_by)
        for one in opened.holds
        if one.lifted_at is not None
    ]  # fmt: skip
    return placed + lifted


def _moves(opened: Opened) -> list[Event]:
    cards = {card.pk: _card(card) for card in opened.cards}
    return [_move(move, cards) for move in opened.moves]


def _move(move: StateChange, cards: dict[int, str]) -> Event:
    """Return a move of the customer, a proof of identity or a card."""
    model = apps.get_model(move.subject_type)
    states = dict(model._meta.get_field("state").flatchoices)
    named = cards.get(move.subject_id, "") if model is BankCard else str(model(pk=move.subject_id))
    reason = gettext(move.reason) if move.reason else ""
    arrow = f"{states.get(move.source, move.source)} → {states.get(move.target, move.target)}"
    return Event(
        move.at, model._meta.verbose_name, f"{named} {arrow}: {reason}".rstrip(": "),
        gettext(move.actor),
    )  # fmt: skip
