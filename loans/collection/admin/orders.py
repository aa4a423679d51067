"""Staff pages of direct debits: orders, mandates, and the way to the run of the day."""

from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import URLPattern
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from accounts.customers.rows import CustomersRows
from accounts.privacy.rules import masking
from backoffice.web import wording
from backoffice.web.admin.export import ExportMixin
from backoffice.web.keyset import number_in
from backoffice.web.readonly_admin import day_filter, display, link
from loans.accounting.admin import of_customer
from loans.accounting.labels import code_words
from loans.collection.admin import run
from loans.collection.rules import refusal_codes
from loans.models import DebitNotice, DebitOrder, Mandate, PaymentMethod


class AttemptFilter(admin.SimpleListFilter):
    """First, second or third attempt."""

    title = _("attempt")
    parameter_name = "attempt"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the three attempts of a cycle."""
        return [("1", "1"), ("2", "2"), ("3", "3")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the orders of the attempt."""
        return queryset.filter(attempt=self.value()) if self.value() else queryset


class CodeFilter(admin.SimpleListFilter):
    """One reason of the channel; the codes come from the table of refusals, not from the rows."""

    title = _("channel's code")
    parameter_name = "code"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterator[tuple[str, str]]:
        """Return every code the channel is known to use."""
        return ((code, code_words(code)) for code in refusal_codes.REFUSALS)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the orders with the code."""
        return queryset.filter(code=self.value()) if self.value() else queryset


class MethodFilter(admin.SimpleListFilter):
    """How the money moves: from a card, inside WeChat, or by bank transfer."""

    title = _("method")
    parameter_name = "method"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        """Return the methods."""
        return PaymentMethod.choices

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the orders of the method."""
        match self.value():
            case PaymentMethod.CARD:
                return queryset.filter(card__isnull=False)
            case PaymentMethod.WECHAT:
                return queryset.filter(wechat_account__isnull=False)
            case PaymentMethod.TRANSFER:
                return queryset.filter(card=None, wechat_account=None)
        return queryset


@admin.register(DebitOrder)
class DebitOrderPages(ExportMixin, CustomersRows):
    """Each request for money, found by its number."""

    export_section = "debit-orders"
    latest_by = "business_date"
    list_select_related = ("customer", "bill", "loan", "card", "wechat_account", "run")
    list_display = (
        "number", "customer_link", "bill_link", "business_date", "method_shown", "attempt",
        "amount_yuan", "state_label", "code_label", "taken_yuan",
    )  # fmt: skip
    list_filter = (
        day_filter("business_date", _("business date")), "state", AttemptFilter, CodeFilter,
        "origin", MethodFilter, "purpose",
    )  # fmt: skip
    search_help_text = _("Order number or its beginning, or customer id such as C42")
    fieldsets = (
        (None, {"fields": (
            ("number", "customer_link", "purpose"), ("bill_link", "loan_link"),
            ("origin", "method_shown", "payer_shown", "run_link"),
            ("state_label", "amount_yuan", "taken_yuan"),
        )}),
        (_("Attempt"), {"fields": (("business_date", "cycle", "attempt"),)}),
        (_("Channel"), {"fields": (("code_label", "reference"),
                                   ("requester", "asked_at", "answered_at"), "expires_at")}),
    )  # fmt: skip

    def find(self, term: str) -> Q:
        """Return the orders whose number begins so, or of this customer."""
        if term[:1] in "cC":
            return of_customer(number_in(term, "C"))
        return Q(number__startswith=term)

    @display(description=_("channel's code"))
    def code_label(self, order: DebitOrder) -> str:
        """Return the meaning of the channel's code."""
        return code_words(order.code)

    @display(description=_("requested by"))
    def requester(self, order: DebitOrder) -> SafeString | str:
        """Return who requested the debit."""
        return wording.actor(order.requested_by)

    @display(description=_("method"))
    def method_shown(self, order: DebitOrder) -> str:
        """Return how the money moves."""
        return str(order.method.label)

    @display(description=_("paid from"))
    def payer_shown(self, order: DebitOrder) -> str:
        """Return a link to the card, by its last four digits, or to the WeChat account."""
        if order.card is None:  # a bank transfer has neither
            return link(order.wechat_account)
        return link(order.card, f"{order.card.bank} {masking.card(order.card.last_four)}")

    def get_urls(self) -> list[URLPattern]:
        """Add the page of the run of the day."""
        return run.urls(self.admin_site) + super().get_urls()


@admin.register(Mandate)
class MandatePages(CustomersRows):
    """Authorisations to debit a card."""

    latest_by = "signed_at"
    list_select_related = ("customer", "card")
    list_display = ("__str__", "customer_link", "card_shown", "state_label", "signed_at",
                    "terminated_at")  # fmt: skip
    list_filter = ("state",)
    prefix = "M"
    fields = ("customer_link", "card_shown", "state_label", "signed_at", "terminated_at")

    @display(description=_("bank card"))
    def card_shown(self, mandate: Mandate) -> str:
        """Return a link to the card, which is named by its last four digits."""
        return link(mandate.card, f"{mandate.card.bank} {masking.card(mandate.card.last_four)}")


@admin.register(DebitNotice)
class DebitNoticePages(CustomersRows):
    """What customers were notified of before a debit."""

    latest_by = "notified_on"
    list_select_related = ("customer", "bill")
    list_display = ("bill_link", "customer_link", "first_on", "last_on", "maximum_yuan",
                    "notified_on")  # fmt: skip
    list_filter = (day_filter("notified_on", _("notified on")),)
    fields = (
        ("bill_link", "customer_link"), ("first_on", "last_on", "cycle"), "maximum_yuan",
        ("notified_on", "notifier", "notified_at"),
    )  # fmt: skip

    @display(description=_("notified by"))
    def notifier(self, notice: DebitNotice) -> SafeString | str:
        """Return what made the notice."""
        return wording.actor(notice.notified_by)
