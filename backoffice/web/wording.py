"""Words for staff in place of stored codes: actors, subjects, transitions, rates, scores."""

from typing import Any

from django.apps import apps
from django.contrib import admin
from django.db.models import Model
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy, pgettext_lazy

from backoffice.core import reasons
from backoffice.core.money import percent_of_ppb

# What each transition of a state machine does, in words.
TRANSITIONS: dict[str, Any] = {
    "accept": _("accept"),
    "activate": _("activate"),
    "approve": _("approve"),
    "ask": _("ask for more"),
    "begin": _("begin"),
    "cancel": _("cancel"),
    "carry": _("carry a small balance forward"),
    "charge_off": _("charge off"),
    "claim": _("claim"),
    "clear": _("clear"),
    "close": _("close"),
    "collect": _("add the first material"),
    "confirm": _("confirm the cut"),
    "confirm_sheet": _("confirm the cost sheet"),
    "consent": _("give the consents"),
    "convert": _("convert into instalments"),
    "cure": _("return to normal"),
    "decline": _("decline"),
    "disburse": _("disburse"),
    "enter_grace": _("enter grace"),
    "expire": _("expire"),
    "extend": _("extend"),
    "fail": _("fail"),
    "finish": _("finish"),
    "freeze": _("freeze"),
    "grant": _("grant"),
    "hand_over": _("hand over"),
    "identify": _("verify the identity"),
    "issue": _("issue"),
    "lapse": _("lapse"),
    "make_ready": _("complete the onboarding"),
    "mark_unknown": _("mark unknown"),
    "pay": _("pay"),
    "record_overdue": _("record overdue"),
    "recover": _("recover"),
    "refer": _("refer to manual review"),
    "refuse": _("refuse"),
    "reject": _("reject"),
    "release": _("release"),
    "reopen": _("reopen"),
    "reply": _("answer"),
    "restrict": _("restrict to repayments"),
    "resume": _("resume"),
    "revoke": _("revoke"),
    "send": _("send"),
    "settle": _("settle"),
    "settle_minimum": _("settle the minimum"),
    "show": _("show"),
    "start": _("start"),
    "submit": _("submit"),
    "succeed": _("succeed"),
    "suspect": _("mark as suspicious"),
    "suspend": _("suspend"),
    "take": _("take"),
    "take_effect": _("take effect"),
    "terminate": _("terminate"),
    "unbind": _("unbind"),
    "unfreeze": _("unfreeze"),
    "unfreeze_suspended": _("unfreeze, still suspended"),
    "uphold": _("uphold"),
    "use": _("use"),
    "withdraw": _("withdraw"),
}

# What commands without a state machine do, as ``trace.note`` stores them.
COMMANDS: dict[str, Any] = {
    "ask-bureau": _("ask the bureau for a report"),
    "change_account": _("change the account"),
    "change_mode": _("change the debit mode"),
    "choose": _("choose the debit mode"),
    "collect": _("add a material"),
    "create_account": _("create the account"),
    "delete": _("delete"),
    "download": _("download"),
    "end_preferred_rate": _("end the preferred rate"),
    "file": _("file"),
    "hold": _("hold the card"),
    "make_default": _("make it the default card"),
    "open": pgettext_lazy("command", "open"),
    "prove_use": _("prove the use"),
    "release": _("release the card"),
    "renew_identity": _("renew the identity"),
    "report_history": _("record since when WeChat is used"),
    "request": _("request"),
    "sign": _("sign"),
    "take": _("take"),
    "use": _("use"),
}

# Django's own Chinese of this span reads as the name of a month, "1 月" as January.
MONTHS = ngettext_lazy("%(num)d month", "%(num)d months", "num")

# Actors that are records: the part of the code before the colon, and the label of the model.
_actor_models: dict[str, str] = {}


def register_actor(prefix: str, label: str) -> None:
    """Add a kind of actor whose code is ``prefix:id``, with the label of its model."""
    _actor_models[prefix] = label


def record_link(model: type[Model], pk: int) -> SafeString | str:
    """Return the kind and id of a record, as a link where the kind has a page."""
    words = f"{model._meta.verbose_name} {pk}"
    if not admin.site.is_registered(model):
        return words
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}_change"
    return format_html('<a class="link" href="{}">{}</a>', reverse(name, args=[pk]), words)


def subject(label: str, pk: int) -> SafeString | str:
    """Return a record that is stored as its model's label, such as ``loans.bill``, and its id."""
    return record_link(apps.get_model(label), pk)


def label_of(kind: str) -> str:
    """Return the label of the model with this name in the active language, else what was given."""
    names = {
        str(one._meta.verbose_name).lower(): one._meta.label_lower for one in apps.get_models()
    }
    return names.get(kind.lower(), kind.lower())


def actor(code: str) -> SafeString | str:
    """Return an actor in the active language, a record as a link."""
    prefix, _colon, number = code.partition(":")
    if prefix in _actor_models and number.isdecimal():
        return subject(_actor_models[prefix], int(number))
    return reasons.actor(code)


def transition(name: str, *, is_move: bool = True) -> str:
    """Return what a transition, or a command that moves no state, does.

    An unknown name is shown as it is.
    """
    return str((TRANSITIONS if is_move else COMMANDS).get(name, name))


def percent(ppm: int) -> str:
    """Return millionths as per cent: 500 becomes ``0.05%``."""
    return percent_of_ppb(ppm * 1000)


def score(permille: int | None) -> str:
    """Return a similarity as a score of 100 with one decimal: 920 becomes ``92.0``."""
    return "" if permille is None else f"{permille // 10}.{permille % 10}"
