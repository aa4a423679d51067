"""Staff pages of payouts: every loan paid out and every refund, found by its number."""

from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.customers.rows import CustomersRows
from backoffice.web import wording
from backoffice.web.readonly_admin import PageSection, day_filter, display, link, timeline
from loans.models import PaymentMethod, Payout
from loans.payouts.rules import payout_codes

SUCCESS = "SUCCESS"  # the state of the payout says it already


def code_words(code: str) -> str:
    """Return what a refusal of a payout means, in the reader's language, with its code."""
    if code in ("", SUCCESS):
        return ""
    meaning = payout_codes.of(code)
    return code if meaning.label == code else f"{gettext(meaning.label)} ({code})"


class PayoutCodeFilter(admin.SimpleListFilter):
    """One reason of the channel; the codes come from the table of refusals, not from the rows."""

    title = _("channel's code")
    parameter_name = "code"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterator[tuple[str, str]]:
        """Return every code the channel is known to use."""
        return ((code, code_words(code)) for code in payout_codes.REFUSALS)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the payouts with the code."""
        return queryset.filter(code=self.value()) if self.value() else queryset


@admin.register(Payout)
class PayoutPages(CustomersRows):
    """Each transfer to a customer: loans and refunds."""

    latest_by = "business_date"
    list_select_related = ("customer", "card", "loan", "unapplied")
    list_display = (
        "number", "customer_link", "kind", "state_label", "what_for", "amount_yuan", "code_shown",
        "business_date", "paid_on",
    )  # fmt: skip
    list_filter = (
        day_filter("business_date", _("business date")), "kind", "state", PayoutCodeFilter,
    )  # fmt: skip
    fields = (
        ("customer_link", "what_for", "destination"), ("kind", "state_label", "code_shown"),
        ("amount_yuan", "paid_yuan", "paid_on"), ("reference", "requester"),
        ("planned_at", "asked_at", "answered_at"),
    )  # fmt: skip
    search_help_text = _("Payout number, or customer id such as C42")

    def find(self, term: str) -> Q:
        """Return the payout with this number, or those of the customer."""
        if term.upper().startswith("C"):
            return super().find(term)
        return Q(number=term.upper())

    @display(description=_("for"))
    def what_for(self, payout: Payout) -> SafeString | str:
        """Return a link to the loan or to the money that was not owed."""
        return link(payout.loan or payout.unapplied)

    @display(description=_("goes to"))
    def destination(self, payout: Payout) -> SafeString | str:
        """Return a link to the card; a refund without one goes back to WeChat."""
        return link(payout.card) if payout.card else str(PaymentMethod.WECHAT.label)

    @display(description=_("channel's code"))
    def code_shown(self, payout: Payout) -> str:
        """Return the channel's reason in words."""
        return code_words(payout.code)

    @display(description=_("requested by"))
    def requester(self, payout: Payout) -> SafeString | str:
        """Return who requested the payout."""
        return wording.actor(payout.requested_by)

    def sections(self, request: HttpRequest, record: Payout) -> list[PageSection]:
        """Return the timeline."""
        return [timeline(record)]
