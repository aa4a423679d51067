"""The opening of a customer as one story: everything that happened, in the order of time."""

from datetime import datetime
from typing import Any, NamedTuple

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import (
    BankCard,
    Consent,
    Customer,
    DeviceLink,
    IdentityVerification,
    ProviderCall,
    WechatAccount,
)
from accounts.rules import masking
from accounts.rules.consents import PURPOSES

EACH_MAX = 50  # of a kind: a story, not a log


class Event(NamedTuple):
    """Something that happened: when, what, and the particulars."""

    at: datetime
    what: Any
    detail: str = ""


def story(customer: Customer) -> list[Event]:
    """Return the events of an opening, oldest first."""
    kinds = (_accounts, _devices, _proofs, _calls, _cards, _consents)
    events = [Event(customer.registered_at, _("registered"))]
    for kind in kinds:
        events += kind(customer)
    if customer.closed_at is not None:
        events.append(Event(customer.closed_at, _("closed")))
    return sorted(events, key=lambda event: event.at)


def _accounts(customer: Customer) -> list[Event]:
    accounts = WechatAccount.objects.filter(customer=customer).defer("openid")[:EACH_MAX]
    bound = [Event(one.bound_at, _("WeChat account bound"), str(one)) for one in accounts]
    gone = [
        Event(one.unbound_at, _("WeChat account unbound"), str(one))
        for one in accounts
        if one.unbound_at is not None
    ]
    return bound + gone


def _devices(customer: Customer) -> list[Event]:
    links = DeviceLink.objects.filter(account__customer=customer).select_related("device")
    return [
        Event(one.first_seen_at, _("first login on a device"),
              f"{one.device} {one.device.model} {one.device.os} {one.device.os_version}")
        for one in links[:EACH_MAX]
    ]  # fmt: skip


def _proofs(customer: Customer) -> list[Event]:
    proofs = IdentityVerification.objects.filter(customer=customer)[:EACH_MAX]
    sent = [Event(one.submitted_at, _("proof of identity sent"), str(one)) for one in proofs]
    decided = [
        Event(one.decided_at, _("proof of identity decided"),
              f"{one} {one.get_state_display()} {one.refusal}".strip())
        for one in proofs
        if one.decided_at is not None
    ]  # fmt: skip
    return sent + decided


def _calls(customer: Customer) -> list[Event]:
    calls = ProviderCall.objects.filter(customer=customer).order_by("-pk")[:EACH_MAX]
    return [
        Event(call.asked_at, _("provider asked"),
              f"{call.provider} {call.action}: {call.verdict} {call.code} {call.request_id}")
        for call in calls
    ]  # fmt: skip


def _cards(customer: Customer) -> list[Event]:
    cards = BankCard.objects.filter(customer=customer).defer("number", "phone")[:EACH_MAX]
    sent = [Event(one.bound_at, _("card sent"), _card(one)) for one in cards]
    gone = [
        Event(one.unbound_at, _("card unbound"), _card(one))
        for one in cards
        if one.unbound_at is not None
    ]
    return sent + gone


def _card(card: BankCard) -> str:
    return f"{card.bank} {masking.card(card.last_four)}"


def _consents(customer: Customer) -> list[Event]:
    rows = Consent.objects.filter(customer=customer).order_by("-pk")[:EACH_MAX]
    given = [Event(one.given_at, _("consent given"), _purpose(one)) for one in rows]
    taken = [
        Event(one.withdrawn_at, _("consent taken back"), _purpose(one))
        for one in rows
        if one.withdrawn_at is not None
    ]
    return given + taken


def _purpose(consent: Consent) -> str:
    known = PURPOSES.get(consent.purpose)
    return f"{gettext(known.title) if known else consent.purpose} {consent.version}"
