"""The latest rows of every kind that a customer has, whichever app keeps them."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import display_for_field, label_for_field, lookup_field
from django.db.models import Exists, Model, OuterRef
from django.http import HttpRequest

from accounts.models import Customer
from backoffice.web.readonly_admin import PageSection, amount_head, link, list_address

LATEST_MAX = 5


def relations() -> list[Any]:
    """Return what points at customers and has a page and an index, the apps above first."""
    return [
        relation
        for relation in reversed(Customer._meta.related_objects)
        if admin.site.is_registered(relation.related_model) and not relation.hidden
        and _has_index(relation.field)
    ]  # fmt: skip


def with_rows(customer: Customer) -> list[Any]:
    """Return the relations through which a customer has anything, asked in one statement."""
    known = relations()
    there = {
        f"has_{number}": Exists(
            relation.related_model.objects.filter(**{relation.field.name: OuterRef("pk")})
        )
        for number, relation in enumerate(known)
    }
    row: Any = Customer.objects.filter(pk=customer.pk).values(**there).get()
    return [relation for number, relation in enumerate(known) if row[f"has_{number}"]]


def _has_index(field: Any) -> bool:
    """Say whether rows are found by the field: by its own index, or first in another."""
    if not field.concrete:
        return False
    options = field.model._meta
    plain = [index for index in options.indexes if index.fields and index.condition is None]
    ordered = (*options.total_unique_constraints, *plain)
    return field.db_index or any(index.fields[0] == field.name for index in ordered)


def list_of(relation: Any, customer: Customer) -> str:
    """Return the staff list of what a customer has through a relation."""
    return f"{list_address(relation.related_model)}?{relation.field.name}__id__exact={customer.pk}"


def latest(relation: Any, request: HttpRequest, customer: Customer) -> PageSection | None:
    """Return the latest rows by business date in the columns of their list, if there are any."""
    pages: Any = admin.site.get_model_admin(relation.related_model)
    if not pages.has_view_permission(request):
        return None
    columns = [name for name in pages.list_display if name != "customer_link"]
    found = pages.get_queryset(request).filter(**{relation.field.name: customer})
    rows = found.select_related(*pages.list_select_related).order_by(f"-{pages.latest_by}", "-pk")[
        :LATEST_MAX
    ]
    return rows and PageSection(
        relation.related_model._meta.verbose_name_plural,
        [_head(pages, name) for name in columns],
        [[_cell(pages, name, row) for name in columns] for row in rows],
        address=list_of(relation, customer),
    )


def _head(pages: Any, name: str) -> Any:
    words = label_for_field(name, pages.model, pages)
    return amount_head(words) if name.endswith("_yuan") else words


def _cell(pages: Any, name: str, row: Model) -> Any:
    """Return a cell as the list of its model shows it; the first one opens the record."""
    field, _attribute, value = lookup_field(name, row, pages)
    shown = value if field is None else display_for_field(value, field, "")
    return link(row, shown) if name == pages.list_display[0] else shown
