"""What every staff page shares: read-only rows, masked and linked, paged without counting.

Pages of big tables go by key (``?before=`` and ``?after=``) and never count; search is exact. The
columns of a model are derived once: ``*_fen`` is shown as yuan, a state as a coloured label, a
foreign key as a link, and a sealed column never.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, TypeVar, cast

from django.contrib import admin
from django.contrib.admin.utils import flatten_fieldsets
from django.core.paginator import Paginator
from django.db import models
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.timezone import localtime
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display as unfold_display

from backoffice.core import clock
from backoffice.core.models import StateChange
from backoffice.core.money import yuan

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin
    from django.contrib.admin.views.main import ChangeList

    _Admin = ModelAdmin[Any]
else:
    from unfold.admin import ModelAdmin as _Admin
    from unfold.views import ChangeList

PAGE_SIZE = 50
_KEYS = ("before", "after")

# The colour of a state, whichever machine it belongs to; the others stay grey.
_COLOURS = {
    "success": "active approved ready paid succeeded signed settled resumed",
    "info": "billed sent identified consented disbursing min_paid extended",
    "warning": "grace unknown pending proposed suspended repay_only paused resume_requested",
    "danger": "overdue failed frozen charged_off rejected refused",
}
STATE_VARIANTS = {state: colour for colour, found in _COLOURS.items() for state in found.split()}


Method = TypeVar("Method", bound=Callable[..., Any])


def display(*, description: Any) -> Callable[[Method], Method]:
    """Return unfold's decorator of a column, typed."""
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


def link(record: Model | None, words: object = None) -> SafeString | str:
    """Return a link to the page of a record."""
    if record is None:
        return ""
    return format_html('<a class="link" href="{}">{}</a>', address(record), words or record)


def number_in(term: str, prefix: str) -> int | None:
    """Return the id in a term such as ``B42`` or ``42``, or None."""
    digits = term.strip().upper().removeprefix(prefix)
    return int(digits) if digits.isdecimal() and len(digits) <= 18 else None


class Section(NamedTuple):
    """A table under the fields of a page: headings, rows of cells, their total, and a remark."""

    title: Any
    heads: Sequence[Any]
    rows: Sequence[Sequence[Any]]
    note: Any = ""
    is_lead: bool = False  # above the fields instead of under them
    total: Sequence[Any] = ()
    address: str = ""  # the list of which these rows are a part


def amount_head(words: Any) -> SafeString:
    """Return the heading of a column of amounts."""
    return format_html('<span class="amount">{}</span>', capfirst(str(words)))


def label(words: Any, state: str) -> SafeString:
    """Return a coloured label in the colour of a state."""
    variant = STATE_VARIANTS.get(state, "")
    return render_to_string("unfold/helpers/label.html", {"text": words, "type": variant})


def timeline(*records: Model) -> Section:
    """Return every recorded move of some records, oldest first."""
    if not records:
        return Section(_("Timeline"), (), ())
    mine = Q()
    for record in records:
        mine |= Q(subject_type=record._meta.label_lower, subject_id=record.pk)
    named = {(record._meta.label_lower, record.pk): record for record in records}
    heads = (_("at"), _("subject"), _("from"), _("to"), _("actor"), _("reason"))
    rows = [
        (
            date_format(localtime(change.at), "DATETIME_FORMAT"),
            named[change.subject_type, change.subject_id],
            state_words(type(named[change.subject_type, change.subject_id]), change.source),
            state_words(type(named[change.subject_type, change.subject_id]), change.target),
            gettext(change.actor),
            gettext(change.reason) if change.reason else "",
        )
        for change in StateChange.objects.filter(mine).order_by("at", "pk")
    ]
    return Section(_("Timeline"), heads, rows)


def state_words(model: type[Model], state: str) -> SafeString:
    """Return a state of a model's machine as a coloured label; what is no machine says itself."""
    field: Any = {one.name: one for one in model._meta.concrete_fields}.get("state")
    words = dict(field.flatchoices) if field else {}
    return label(words.get(state, state), state)


class KeysetPaginator(Paginator):  # type: ignore[type-arg]
    """Names the template of a page that knows its neighbours and no total."""

    template_name = "admin/keyset_pagination.html"


class KeysetChangeList(ChangeList):
    """A page of rows by descending key: the next one starts where this one ends."""

    newer: int | None = None
    older: int | None = None

    def get_filters_params(self, params: Any = None) -> dict[str, Any]:
        """Return the parameters that filter; the keys of the page do not."""
        found = super().get_filters_params(params)
        return {name: value for name, value in found.items() if name not in _KEYS}

    def get_results(self, request: HttpRequest) -> None:
        """Read one row more than the page shows, which says whether there is a next page."""
        before, after = (number_in(request.GET.get(name, ""), "") for name in _KEYS)
        rows, more = self._page(before, after)
        self.older = rows[-1].pk if rows and (more or after is not None) else None
        self.newer = rows[0].pk if rows and (before is not None or (after and more)) else None
        self.result_list = rows
        self.result_count = self.full_result_count = len(rows)
        self.show_full_result_count = False
        self.show_admin_actions = False
        self.can_show_all = self.multi_page = False
        self.paginator = KeysetPaginator(rows, self.list_per_page)

    def _page(self, before: int | None, after: int | None) -> tuple[list[Any], bool]:
        size = self.list_per_page
        rows: QuerySet[Any] = self.queryset
        if after is not None:
            found = list(rows.filter(pk__gt=after).order_by("pk")[: size + 1])
            return found[:size][::-1], len(found) > size
        rows = rows if before is None else rows.filter(pk__lt=before)
        found = list(rows.order_by("-pk")[: size + 1])
        return found[:size], len(found) > size

    def page_address(self, name: str, key: int) -> str:
        """Return this list, filtered as it is, from a key on."""
        return self.get_query_string({name: key}, [other for other in _KEYS if other != name])

    @property
    def chosen(self) -> list[tuple[Any, Any]]:
        """Return what the list is filtered by, in words: filters and their values."""
        return [
            (spec.title, words)
            for spec in self.filter_specs
            for number, choice in enumerate(spec.choices(self))
            if (words := choice.get("value") or (number and _selected(choice)))
        ]

    @property
    def older_address(self) -> str:
        """Return the address of the page after this one, or nothing."""
        return "" if self.older is None else self.page_address("before", self.older)

    @property
    def newer_address(self) -> str:
        """Return the address of the page before this one, or nothing."""
        return "" if self.newer is None else self.page_address("after", self.newer)

    @property
    def first_address(self) -> str:
        """Return the address of the first page."""
        return self.get_query_string({}, list(_KEYS))


def _selected(choice: Any) -> Any:
    """Return the words of a filter's choice that is the chosen one; the first stands for all."""
    return choice["display"] if choice.get("selected") else ""


class ReadOnlyAdmin(_Admin):
    """Rows that staff look at and never write; operations are the only writers."""

    actions = None
    list_per_page = PAGE_SIZE
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    sortable_by: ClassVar[tuple[str, ...]] = ()
    ordering = ("-pk",)
    list_filter_sheet = False
    list_before_template = "admin/chosen.html"
    change_form_template = "admin/read_only.html"
    change_form_before_template = "admin/lead_sections.html"
    change_form_after_template = "admin/sections.html"
    hidden: ClassVar[Sequence[str]] = ()  # columns that say nothing to staff

    def __init__(self, model: type[Model], admin_site: admin.AdminSite) -> None:
        self.columns: dict[str, str] = {}
        for field in model._meta.concrete_fields:
            self._derive(field)
        super().__init__(model, admin_site)

    def _derive(self, field: "models.Field[Any, Any]") -> None:
        """Make the column of a field that is not shown as it is stored."""
        name = field.name
        if isinstance(field, models.BinaryField):  # sealed ones too
            return
        self.columns[name] = name
        column: Callable[[Any], Any] | None = None
        if name.endswith("_fen"):
            self.columns[name] = f"{name.removesuffix('_fen')}_yuan"
            column = _yuan_column(field)
        elif name == "state":
            self.columns[name] = "state_label"
            column = _state_column(field)
        elif isinstance(field, models.ForeignKey):
            self.columns[name] = f"{name}_link"
            column = _link_column(field)
        if column is not None and not hasattr(type(self), self.columns[name]):
            setattr(self, self.columns[name], column)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Return every column staff may see."""
        if self.fields:
            return self.fields
        return [shown for name, shown in self.columns.items() if name not in self.hidden]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Return all fields: none is ever an input."""
        return flatten_fieldsets(self.get_fieldsets(request, obj))

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[Any]:
        """Return the list that pages by key."""
        return KeysetChangeList

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: rows are made by operations."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: rows are changed by operations."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: nothing is deleted."""
        return False

    def sections(self, request: HttpRequest, record: Any) -> list[Section]:
        """Return the tables under the fields: at least how a machine moved."""
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
        context = {
            "sections": [table for table in tables if not table.is_lead],
            "lead_sections": [table for table in tables if table.is_lead],
            **(extra_context or {}),
        }
        return super().change_view(request, object_id, form_url, context)

    def find(self, term: str) -> Q:
        """Return the exact condition a search term stands for."""
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


def _state_column(field: "models.Field[Any, Any]") -> Callable[[Any], Any]:
    words = dict(field.flatchoices)

    @display(description=field.verbose_name)
    def column(record: Model) -> SafeString:
        state = getattr(record, field.name)
        return label(words[state], state)

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
        """Show the calendar whatever the table holds."""
        return True

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the rows of the day; a value that is no day shows none."""
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
                if name not in (self.parameter_name, *_KEYS)
            ],
            "all": changelist.get_query_string({}, [self.parameter_name, *_KEYS]),
            "days": [
                (words, changelist.get_query_string({self.parameter_name: day}, list(_KEYS)))
                for words, day in (
                    (_("today"), today),
                    (_("yesterday"), today - timedelta(days=1)),
                )
            ],
        }


def day_filter(column: str, title: Any) -> type[DayFilter]:
    """Return a filter of one day for a column."""
    return type("DayFilterOf", (DayFilter,), {"parameter_name": column, "title": title})
