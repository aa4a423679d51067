"""The base of every staff page: read-only rows, masked and linked, with keyset pagination.

Lists page by key (``?before=`` and ``?after=``) without a count; search is exact. The columns of a
model are derived once: ``*_fen`` as yuan, a state as a coloured label, a foreign key as a link.
Sealed columns are left out.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, TypeVar, cast, overload

from django.contrib import admin
from django.contrib.admin.utils import flatten_fieldsets
from django.db import models
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.formats import date_format, localize
from django.utils.functional import Promise
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display as unfold_display

from backoffice.core import clock, reasons
from backoffice.core.models import StateChange
from backoffice.core.money import yuan
from backoffice.web import wording
from backoffice.web.keyset import KEYS, KeysetChangeList, number_in

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin

    _Admin = ModelAdmin[Any]
else:
    from unfold.admin import ModelAdmin as _Admin

PAGE_SIZE = 50
ROWS_SHOWN = 12  # of a section that grows, unless all are asked for
WHOLE = "whole"  # the parameter that asks for them
CELL_MAX = 24  # characters of a cell that stays on one line

# The colour of a state in every state machine; other states are grey.
_COLOURS = {
    "success": "active approved ready paid succeeded signed settled resumed granted upheld",
    "info": "billed sent identified consented disbursing min_paid extended",
    "warning": "grace unknown pending proposed suspended repay_only paused resume_requested",
    "danger": "overdue failed frozen charged_off rejected refused",
}
STATE_VARIANTS = {state: colour for colour, found in _COLOURS.items() for state in found.split()}


Method = TypeVar("Method", bound=Callable[..., Any])


def display(*, description: Any) -> Callable[[Method], Method]:
    """Return unfold's column decorator with its type."""
    return cast("Callable[[Method], Method]", unfold_display(description=description))


def amount(fen: int | None) -> SafeString | str:
    """Return an amount for a column of amounts, in yuan and right aligned."""
    return "" if fen is None else format_html('<span class="amount">{}</span>', yuan(fen))


def address(record: Model) -> str:
    """Return the staff page of a record."""
    return address_of(type(record), record.pk)


def address_of(model: type[Model], pk: Any) -> str:
    """Return the staff page of the record of a model with this key."""
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_change", args=[pk])


def list_address(model: type[Model]) -> str:
    """Return the staff list of a model."""
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


def link(record: Model | None, text: object = None) -> SafeString | str:
    """Return a link to the page of a record."""
    if record is None:
        return ""
    return format_html('<a class="link" href="{}">{}</a>', address(record), text or record)


class GrowingRows(Sequence[Sequence[Any]]):
    """Rows that become more with time, each written when it is shown."""

    def __init__(self, records: Sequence[Any], write: Callable[[Any], Sequence[Any]]) -> None:
        self.records, self.write = records, write

    def __len__(self) -> int:
        return len(self.records)

    @overload
    def __getitem__(self, index: int) -> Sequence[Any]: ...
    @overload
    def __getitem__(self, index: slice) -> "GrowingRows": ...
    def __getitem__(self, index: int | slice) -> "Sequence[Any] | GrowingRows":
        if isinstance(index, slice):
            return GrowingRows(self.records[index], self.write)
        return self.write(self.records[index])


class PageSection(NamedTuple):
    """A table on a page: headings, rows of cells, their total, and a note.

    Of ``GrowingRows`` a page shows the latest, and how many are ``hidden``.
    """

    title: Any
    heads: Sequence[Any]
    rows: Sequence[Sequence[Any]]
    note: Any = ""
    is_lead: bool = False  # above the fields instead of below them
    total: Sequence[Any] = ()
    address: str = ""  # the list that these rows are taken from
    hidden: int = 0

    def shortened(self) -> "PageSection":
        """Return the section with the latest of its growing rows."""
        if not isinstance(self.rows, GrowingRows) or len(self.rows) <= ROWS_SHOWN:
            return self
        latest = self.rows[-ROWS_SHOWN:]
        return self._replace(rows=latest, hidden=len(self.rows) - ROWS_SHOWN)

    def body(self) -> SafeString:
        """Return the rows as HTML, written here because a template takes ten times as long.

        A cell of long plain text wraps.
        """
        return format_html_join("", "<tr>{}</tr>", ((_cells(row),) for row in self.rows))


def _cells(row: Sequence[Any]) -> SafeString:
    shown = ((_WRAPS if _is_long(cell) else "", localize(cell)) for cell in row)
    return format_html_join("", "<td{}>{}</td>", shown)


_WRAPS = SafeString(' class="text"')


def _is_long(cell: Any) -> bool:
    text = str(cell) if isinstance(cell, Promise) else cell
    is_plain = isinstance(text, str) and not isinstance(text, SafeString)
    return is_plain and len(text) > CELL_MAX


def amount_head(title: Any) -> SafeString:
    """Return the heading of a column of amounts."""
    return format_html('<span class="amount">{}</span>', capfirst(str(title)))


def label(text: Any, state: str) -> SafeString:
    """Return a coloured label in the colour of a state."""
    variant = STATE_VARIANTS.get(state, "")
    return render_to_string("unfold/helpers/label.html", {"text": text, "type": variant})


def timeline(*records: Model) -> PageSection:
    """Return every state change of some records, oldest first."""
    if not records:
        return PageSection(_("Timeline"), (), ())
    mine = Q()
    for record in records:
        mine |= Q(subject_type=record._meta.label_lower, subject_id=record.pk)
    named = {(record._meta.label_lower, record.pk): record for record in records}
    heads = (_("at"), _("subject"), _("from"), _("to"), _("actor"), _("reason"))
    rows = [
        (
            date_format(localtime(change.at), "DATETIME_FORMAT"),
            named[change.subject_type, change.subject_id],
            state_text(type(named[change.subject_type, change.subject_id]), change.source),
            state_text(type(named[change.subject_type, change.subject_id]), change.target),
            wording.actor(change.actor),
            reasons.text(change.reason, change.facts),
        )
        for change in StateChange.objects.filter(mine).order_by("at", "pk")
    ]
    return PageSection(_("Timeline"), heads, rows)


def state_text(model: type[Model], state: str) -> SafeString:
    """Return a state of a model as a coloured label; unknown codes are shown as they are."""
    field: Any = {one.name: one for one in model._meta.concrete_fields}.get("state")
    labels = dict(field.flatchoices) if field else {}
    return label(labels.get(state, state), state)


class ReadOnlyAdmin(_Admin):
    """Rows that staff read and never write; only operations write."""

    actions = None
    list_per_page = PAGE_SIZE
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    sortable_by: ClassVar[tuple[str, ...]] = ()
    ordering = ("-pk",)
    latest_by = "pk"  # in the lists of a customer: the column of the business date
    list_filter_sheet = False
    list_before_template = "admin/chosen.html"
    change_form_template = "admin/read_only.html"
    change_form_before_template = "admin/lead_sections.html"
    change_form_after_template = "admin/sections.html"
    hidden: ClassVar[Sequence[str]] = ()  # columns that staff do not need

    def __init__(self, model: type[Model], admin_site: admin.AdminSite) -> None:
        self.columns: dict[str, str] = {}
        for field in model._meta.concrete_fields:
            self._derive(field)
        super().__init__(model, admin_site)

    def _derive(self, field: "models.Field[Any, Any]") -> None:
        """Add the display column of a field that is not shown as stored."""
        name = field.name
        if isinstance(field, models.BinaryField):  # sealed ones too
            return
        self.columns[name] = name
        column: Callable[[Any], Any] | None = None
        if name.endswith("_fen"):
            self.columns[name] = f"{name.removesuffix('_fen')}_yuan"
            column = _yuan_column(field)
        elif name.endswith(("_ppm", "_permille")):
            stem, _underscore, unit = name.rpartition("_")
            self.columns[name] = f"{stem}_percent"
            column = _percent_column(field, 1 if unit == "ppm" else 1000)
        elif name.endswith("_by") and isinstance(field, models.CharField):
            self.columns[name] = f"{name}_shown"
            column = _actor_column(field)
        elif name == "state":
            self.columns[name] = "state_label"
            column = _state_column(field)
        elif isinstance(field, models.ForeignKey):
            self.columns[name] = f"{name}_link"
            column = _link_column(field)
        if column is not None and not hasattr(type(self), self.columns[name]):
            setattr(self, self.columns[name], column)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Return every visible column."""
        if self.fields:
            return self.fields
        return [shown for name, shown in self.columns.items() if name not in self.hidden]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Return all fields: none is an input."""
        return flatten_fieldsets(self.get_fieldsets(request, obj))

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[Any]:
        """Return the list that pages by key."""
        return KeysetChangeList

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: operations create rows."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: operations change rows."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: nothing is deleted."""
        return False

    def sections(self, request: HttpRequest, record: Any) -> list[PageSection]:
        """Return the tables below the fields, at least the timeline of a state machine."""
        return [timeline(record)] if "state" in self.columns else []

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show a record with its tables."""
        record = self.get_object(request, object_id) if self.has_view_permission(request) else None
        tables = [] if record is None else self.sections(request, record)
        if WHOLE not in request.GET:
            tables = [table.shortened() for table in tables]
        context = {
            "sections": [table for table in tables if not table.is_lead],
            "lead_sections": [table for table in tables if table.is_lead],
            **(extra_context or {}),
        }
        return super().change_view(request, object_id, form_url, context)

    def find(self, term: str) -> Q:
        """Return the exact condition of a search term."""
        return Q(pk=number_in(term, ""))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Search by exact key; no table is scanned for a part of a word."""
        term = search_term.strip()
        return (queryset.filter(self.find(term)) if term else queryset), False


def _yuan_column(field: "models.Field[Any, Any]") -> Callable[[Any], Any]:
    @display(description=field.verbose_name)
    def column(record: Model) -> SafeString | str:
        return amount(getattr(record, field.name))

    return column


def _percent_column(field: "models.Field[Any, Any]", ppm: int) -> Callable[[Any], Any]:
    """Return the column of a rate or share, of which one is ``ppm`` millionths."""

    @display(description=field.verbose_name)
    def column(record: Model) -> str:
        share = getattr(record, field.name)
        return "" if share is None else wording.percent(share * ppm)

    return column


def _actor_column(field: "models.Field[Any, Any]") -> Callable[[Any], Any]:
    @display(description=field.verbose_name)
    def column(record: Model) -> SafeString | str:
        return wording.actor(getattr(record, field.name))

    return column


def _state_column(field: "models.Field[Any, Any]") -> Callable[[Any], Any]:
    labels = dict(field.flatchoices)

    @display(description=field.verbose_name)
    def column(record: Model) -> SafeString:
        state = getattr(record, field.name)
        return label(labels[state], state)

    return column


def _link_column(field: "models.ForeignKey[Any, Any]") -> Callable[[Any], Any]:
    @display(description=field.verbose_name)
    def column(record: Model) -> SafeString | str:
        return link(getattr(record, field.name))

    return column


class DayFilter(admin.SimpleListFilter):
    """One business date, chosen from a calendar; the subclass names the column."""

    template = "admin/day_filter.html"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return nothing: the days are not listed."""
        return []

    def has_output(self) -> bool:
        """Show the calendar even for an empty table."""
        return True

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the rows of the day; an invalid day returns none."""
        if not self.value():
            return queryset
        try:
            day = date.fromisoformat(str(self.value()))
        except ValueError:
            return queryset.none()
        return queryset.filter(**{str(self.parameter_name): day})

    def choices(self, changelist: Any) -> Iterator[Any]:
        """Return what the template needs: the day, its neighbours and the other parameters."""
        today = clock.business_date()
        yield {
            "name": self.parameter_name,
            "value": self.value() or "",
            "others": [
                (name, value)
                for name, value in changelist.params.items()
                if name not in (self.parameter_name, *KEYS)
            ],
            "all": changelist.get_query_string({}, [self.parameter_name, *KEYS]),
            "days": [
                (text, changelist.get_query_string({self.parameter_name: day}, list(KEYS)))
                for text, day in (
                    (_("today"), today),
                    (_("yesterday"), today - timedelta(days=1)),
                )
            ],
        }


def day_filter(column: str, title: Any) -> type[DayFilter]:
    """Return a filter of one day for a column."""
    return type("DayFilterOf", (DayFilter,), {"parameter_name": column, "title": title})
