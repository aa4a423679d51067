"""Staff pages of exports: requests, the request dialog of a list, downloads."""

from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.views.main import ALL_VAR, ORDER_VAR, PAGE_VAR
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import URLPattern, path, reverse
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from kombu.exceptions import OperationalError

from backoffice.core import clock
from backoffice.core.errors import Refused
from backoffice.core.models import Export, ExportState
from backoffice.platform import export, tasks
from backoffice.web.admin_actions import (
    AdminAction,
    AdminActionsMixin,
    shown_again,
    typed_reason,
)
from backoffice.web.readonly_admin import PageSection, ReadOnlyAdmin, address, display, list_address

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin

    _Admin = ModelAdmin[Any]
else:
    _Admin = object

_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}

# Parameters of a list that change the order or the page of its rows, not which there are.
_SAME_ROWS = {ORDER_VAR, PAGE_VAR, ALL_VAR}


def _download(request: HttpRequest, record: Export, _given: dict[str, Any]) -> HttpResponse:
    person: Any = request.user
    file = export.download(record.pk, by=person, at=clock.now())
    answer = HttpResponse(file.content, content_type=_TYPES[record.file_format])
    answer["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(file.file_name)}"
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


@admin.register(Export)
class ExportAdmin(AdminActionsMixin, ReadOnlyAdmin):
    """Exports with their requester, reason and downloads."""

    list_select_related = ("requested_by",)
    list_display = ("__str__", "section_title", "state_label", "requester", "requested_at", "rows",
                    "is_masked", "expires_at")  # fmt: skip
    list_filter = ("state",)
    fields = ("section_title", "chosen", "file_format", "is_masked", "language", "reason",
              "state_label", "requester", "requested_at", "rows", "size", "sha256", "error",
              "finished_at", "expires_at")  # fmt: skip
    record_actions = (
        AdminAction(
            "download", _("Download"), "backoffice.download_export", _download,
            explanation=_("Each download is logged with your name."), kind="primary",
            needs_reason=False, is_open=lambda record: record.state == ExportState.DONE,
        ),
    )  # fmt: skip

    @display(description=_("section"))
    def section_title(self, record: Export) -> str:
        """Return the section in the reader's language."""
        section = export.sections().get(record.section)
        return str(section.title) if section else record.section

    @display(description=_("filters"))
    def chosen(self, record: Export) -> str:
        """Return the filters and their values."""
        return ", ".join(f"{name} = {value}" for name, value in record.filters.items())

    @display(description=_("requested by"))
    def requester(self, record: Export) -> str:
        """Return the requester."""
        return str(record.requested_by)

    def sections(self, request: HttpRequest, record: Export) -> list[PageSection]:
        """Return the downloads and the timeline."""
        downloads = record.downloads.select_related("staff").order_by("pk")
        rows = [(one.at, str(one.staff)) for one in downloads]
        heads = (_("at"), _("staff"))
        return [PageSection(_("downloads"), heads, rows), *super().sections(request, record)]


class ExportMixin(_Admin):
    """Lists that can be exported: the subclass names its section."""

    export_section = ""
    list_before_template = "admin/backoffice/exportable_list.html"

    def get_urls(self) -> list[URLPattern]:
        """Add the address of the export dialog."""
        view = self.admin_site.admin_view(require_POST(self.export_view))
        return [path("export/", view, name=f"{self._name()}_export"), *super().get_urls()]

    def _name(self) -> str:
        return f"{self.model._meta.app_label}_{self.model._meta.model_name}"

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the list, with the export dialog once its filters are exactly the required ones.

        A search or another filter would show fewer rows than the file gets.
        """
        section = export.section_named(self.export_section)
        rights = (export.RIGHT_TO_REQUEST, section.permission)
        chosen = [(name, request.GET.get(name, "")) for name in section.filters]
        filled = {name for name, value in request.GET.items() if value}
        context = {
            "export_address": reverse(f"admin:{self._name()}_export"),
            "export_filters": chosen,
            "may_unmask": request.user.has_perm(export.RIGHT_TO_SEE),
            "is_exportable": filled - _SAME_ROWS == {*section.filters}
            and all(request.user.has_perm(right) for right in rights),
        }
        return super().changelist_view(request, {**context, **(extra_context or {})})

    def export_view(self, request: HttpRequest) -> HttpResponse:
        """Store the request and let a worker write the file; the operation checks permissions."""
        section = export.section_named(self.export_section)
        person: Any = request.user
        try:
            made = export.request(
                section.name,
                filters={name: request.POST.get(name, "") for name in section.filters},
                options=export.FileOptions(
                    file_format=request.POST.get("file_format", ""),
                    is_masked="is_unmasked" not in request.POST,
                    language=get_language() or settings.LANGUAGE_CODE,
                ),
                by=person,
                reason=typed_reason(request),
                at=clock.now(),
            )
        except Refused as refusal:
            messages.error(request, str(refusal))
            return self._refused_list(request, refusal)
        send(made)
        messages.success(request, gettext("The export is requested; its page shows the file."))
        return HttpResponseRedirect(address(made))

    def _refused_list(self, request: HttpRequest, refusal: Refused) -> HttpResponse:
        """Return the list with the export dialog as it was sent."""
        names = export.section_named(self.export_section).filters
        query = urlencode({name: request.POST.get(name, "") for name in names})
        request.GET = QueryDict(query)
        page_address = f"{list_address(self.model)}?{query}"
        context = {"refusal": refusal, "sent": request.POST, "page_address": page_address}
        with shown_again(request):
            return self.changelist_view(request, context)


def send(made: Export) -> None:
    """Send the export to a worker; without a broker the next tick sends it."""
    try:
        tasks.run_export.delay(made.pk)
    except OperationalError:
        return
