"""The history of a loan on its page: each attempt to collect, and its effect."""

from typing import Any

from django.utils.formats import date_format
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from backoffice.core import reasons
from backoffice.core.money import yuan
from backoffice.web import wording
from backoffice.web.readonly_admin import (
    GrowingRows,
    PageSection,
    amount,
    amount_head,
    label,
    link,
    state_text,
)
from loans.accounting.labels import code_words
from loans.accounting.rules.debt import COMPONENTS
from loans.collection.rules.refusal_codes import is_counted
from loans.contracts.admin import LoanPages
from loans.models import DebitOrder, DebitOrderState, Loan, Origin, PaymentMethod
from loans.reporting.queries import LoanEvent, history

_COMPONENTS = {
    "penalty_fen": _("penalty interest"), "late_fee_fen": _("late fee"),
    "interest_fen": _("interest"), "plan_fee_fen": _("plan fee"), "principal_fen": _("principal"),
}  # fmt: skip
assert tuple(_COMPONENTS) == COMPONENTS, "every component of a debt has its word"


def history_section(loan: Loan) -> list[PageSection]:
    """Return what happened to a loan, one event a row, the oldest first."""
    heads = (
        _("at"), _("subject"), _("event"), amount_head(_("amount")), _("effect"), _("actor"),
    )  # fmt: skip
    return [PageSection(_("History"), heads, GrowingRows(history(loan), _row))]


LoanPages.more_sections.append(history_section)


def _row(event: LoanEvent) -> tuple[Any, ...]:
    at = date_format(localtime(event.at), "DATETIME_FORMAT")
    if isinstance(event.record, DebitOrder):
        order = event.record
        return (at, link(order), _attempt(order), amount(order.amount_fen), _effect(event, order),
                wording.actor(order.requested_by))  # fmt: skip
    change = event.change
    assert change is not None
    model = type(event.record)
    step = gettext("{source} → {target}").format(
        source=_plain(model, change.source), target=_plain(model, change.target)
    )
    return (at, link(event.record), state_text(model, change.target), "",
            f"{step}: {reasons.text(change.reason, change.facts)}",
            wording.actor(change.actor))  # fmt: skip


def _plain(model: type[Any], state: str) -> str:
    field: Any = model._meta.get_field("state")
    return str(dict(field.flatchoices).get(state, state))


def _attempt(order: DebitOrder) -> SafeString:
    """Return which request it was, in the colour of what became of it."""
    if order.origin == Origin.AUTO:
        words = gettext("direct debit, cycle {cycle}, attempt {attempt}: {state}")
    elif order.method == PaymentMethod.TRANSFER:
        words = gettext("bank transfer")
    elif order.method == PaymentMethod.WECHAT:
        words = gettext("payment in WeChat: {state}")
    else:
        words = gettext("payment: {state}")
    shown = words.format(cycle=order.cycle, attempt=order.attempt, state=order.get_state_display())
    return label(shown, order.state)


def _effect(event: LoanEvent, order: DebitOrder) -> str:
    """Return what the request led to: what its money settled of the loan, or how it counts."""
    if order.state == DebitOrderState.SUCCEEDED:
        parts = [
            f"{_COMPONENTS[name]} {yuan(fen)}"
            for name, fen in event.settled._asdict().items()
            if fen
        ]
        return gettext(", ").join(parts) or gettext("nothing of this loan")
    if order.state != DebitOrderState.FAILED:
        return ""
    counts = (
        gettext("counted") if order.origin == Origin.AUTO and is_counted(order.code)
        else gettext("not counted")
    )  # fmt: skip
    return f"{code_words(order.code)}: {counts}"
