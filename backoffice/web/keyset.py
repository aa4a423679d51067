"""Lists that page by key: ``?before=`` and ``?after=``, without a count."""

from typing import TYPE_CHECKING, Any

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest

if TYPE_CHECKING:
    from django.contrib.admin.views.main import ChangeList
else:
    from unfold.views import ChangeList

KEYS = ("before", "after")


def number_in(term: str, prefix: str) -> int | None:
    """Return the id in a term such as ``B42`` or ``42``, or None."""
    digits = term.strip().upper().removeprefix(prefix)
    return int(digits) if digits.isdecimal() and len(digits) <= 18 else None


class KeysetPaginator(Paginator):  # type: ignore[type-arg]
    """Names the template of a page with neighbours and no total."""

    template_name = "admin/keyset_pagination.html"


class KeysetChangeList(ChangeList):
    """A page of rows by descending key; the next page starts after its last key."""

    newer: int | None = None
    older: int | None = None

    def get_filters_params(self, params: Any = None) -> dict[str, Any]:
        """Return the filter parameters, without the keys of the page."""
        found = super().get_filters_params(params)
        return {name: value for name, value in found.items() if name not in KEYS}

    def get_results(self, request: HttpRequest) -> None:
        """Read one row more than the page shows, to know whether a next page exists."""
        before, after = (number_in(request.GET.get(name, ""), "") for name in KEYS)
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
        """Return the URL of this list, with its filters, from a key on."""
        return self.get_query_string({name: key}, [other for other in KEYS if other != name])

    @property
    def chosen(self) -> list[tuple[Any, Any]]:
        """Return the active filters of the list and their values."""
        return [
            (spec.title, text)
            for spec in self.filter_specs
            for number, choice in enumerate(spec.choices(self))
            if (text := choice.get("value") or (number and _selected(choice)))
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
        return self.get_query_string({}, list(KEYS))


def _selected(choice: Any) -> Any:
    """Return the text of the selected choice of a filter; the first choice means all."""
    return choice["display"] if choice.get("selected") else ""
