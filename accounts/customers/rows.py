"""Rows that belong to a customer, whichever app keeps them."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from accounts.privacy.rules import masking
from backoffice.web.keyset import number_in
from backoffice.web.readonly_admin import ReadOnlyAdmin, display, link


def shown_name(customer: Customer) -> str:
    """Return a customer's id and masked name, as every list shows it."""
    return f"{customer} {masking.name(customer.name)}".strip()


class _CodeFilter(admin.SimpleListFilter):
    """Codes that are known beforehand: no table is read for which of them occur."""

    codes: ClassVar[Mapping[str, Any]] = {}

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Return the codes with their words."""
        return list(self.codes.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the rows with the chosen code; one that is not known shows none."""
        if not self.value():
            return queryset
        return queryset.filter(**{str(self.parameter_name): self.value()})


def code_filter(column: str, title: Any, codes: Mapping[str, Any]) -> type[_CodeFilter]:
    """Return a filter of a column by one of its codes."""
    return type("CodeFilterOf", (_CodeFilter,), {"parameter_name": column, "title": title,
                                                 "codes": codes})  # fmt: skip


class CustomersRows(ReadOnlyAdmin):
    """Rows that belong to a customer, found by their own id or the customer's."""

    list_select_related: ClassVar[Any] = ("customer",)
    search_fields = ("pk",)
    search_help_text = _("Id, or customer id such as C42")
    prefix = ""
    customer_path = "customer_id"  # the way to the customer that has an index

    def find(self, term: str) -> Q:
        """Return the rows with this id or of this customer."""
        if term.upper().startswith("C"):
            return Q(**{self.customer_path: number_in(term, "C")})
        return Q(pk=number_in(term, self.prefix))

    @display(description=_("customer"))
    def customer_link(self, row: Any) -> SafeString | str:
        """Return a link to the customer, named with the masked name."""
        return link(row.customer, shown_name(row.customer))
