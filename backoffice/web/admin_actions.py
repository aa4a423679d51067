"""What staff may do to a record from its page: a button, a dialog that asks why, one operation.

Every act is a POST of its own address, and its permission is asked again there: a button that is
not shown can still be forged. An act that is refused changes nothing and says so on the page.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from backoffice.core.errors import Refused

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin

    _Admin = ModelAdmin[Any]
else:
    _Admin = object

REASON_MIN, REASON_MAX = 5, 200


class ReasonMissingError(Refused):
    """A step that is kept for ever needs words."""

    code = "reason-missing"
    message = _("Say why, in {least} characters or more.")
    remedy = _("The reason is kept with the step.")


class FieldError(Refused):
    """A field of the dialog was left empty or holds what is not on offer."""

    code = "field-bad"
    message = _("{field}: choose or fill in what is asked.")
    remedy = _("Open the dialog again; nothing was done.")


class Field(NamedTuple):
    """An input of a dialog: text, date, area (long text), select, or checks (several of them)."""

    name: str
    label: Any
    kind: str = "text"
    options: Sequence[tuple[str, Any]] = ()
    length_max: int = 200


class Act(NamedTuple):
    """One thing to do: who may, when it is open, what is asked, and the operation behind it.

    ``perform(request, record, given)`` returns what to tell the person, or a page of its own.
    ``given`` holds the fields by name and, unless the act needs none, the reason.
    """

    code: str
    title: Any
    permission: str
    perform: Callable[[HttpRequest, Any, dict[str, Any]], "str | HttpResponse"]
    words: Any = ""
    kind: str = ""
    fields: Sequence[Field] = ()
    needs_reason: bool = True
    is_open: Callable[[Any], bool] = lambda record: True


class ActsMixin(_Admin):
    """Pages of records with acts."""

    acts: ClassVar[Sequence[Act]] = ()
    # Outside the form of the record: a form within a form is none to a browser.
    change_form_outer_before_template = "admin/acts.html"

    def get_urls(self) -> list[URLPattern]:
        """Return the addresses of the pages and of their acts."""
        view = self.admin_site.admin_view(require_POST(self.act_view))
        mine = path("<int:pk>/act/<slug:code>/", view, name=f"{self._label()}_act")
        return [mine, *super().get_urls()]

    def _label(self) -> str:
        return f"{self.model._meta.app_label}_{self.model._meta.model_name}"

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Any:
        """Return the record of the page; it is read once a request, whoever asks for it."""
        read = request.__dict__.setdefault("_read", {})
        key = (self.model, object_id, from_field)
        if key not in read:
            read[key] = super().get_object(request, object_id, from_field)
        return read[key]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show a record with the acts that are open to the person."""
        record = self.get_object(request, object_id) if self.has_view_permission(request) else None
        asked = [] if record is None else self._open_to(request, record)
        return super().change_view(
            request, object_id, form_url, {"acts": asked, **(extra_context or {})}
        )

    def act_view(self, request: HttpRequest, pk: int, code: str) -> HttpResponseBase:
        """Do what a dialog asks for, if its person may, and say what came of it.

        Raises:
            PermissionDenied: the person may not look at the record or not do this.
            Http404: there is no such record or act.
        """
        act = next((act for act in self.acts if act.code == code), None)
        if act is None:
            raise Http404
        if not self.has_view_permission(request) or not _has(request, act.permission):
            raise PermissionDenied
        record = self.get_object(request, str(pk))
        if record is None:
            raise Http404
        try:
            told = act.perform(request, record, _given(request, act))
        except Refused as refusal:
            messages.error(request, str(refusal))
        else:
            if isinstance(told, HttpResponseBase):
                return told
            messages.success(request, told)
        return HttpResponseRedirect(reverse(f"admin:{self._label()}_change", args=[pk]))

    def _open_to(self, request: HttpRequest, record: Model) -> list[tuple[Act, str]]:
        """Return the acts that the person may do to a record as it is, with their addresses."""
        return [
            (act, reverse(f"admin:{self._label()}_act", args=[record.pk, act.code]))
            for act in self.acts
            if _has(request, act.permission) and act.is_open(record)
        ]


def _has(request: HttpRequest, permission: str) -> bool:
    return bool(request.user.has_perm(permission))


def _given(request: HttpRequest, act: Act) -> dict[str, Any]:
    given = {field.name: _value(request, field) for field in act.fields}
    if act.needs_reason:
        reason = request.POST.get("reason", "").strip()[:REASON_MAX]
        if len(reason) < REASON_MIN:
            raise ReasonMissingError(least=REASON_MIN)
        given["reason"] = reason
    return given


def _value(request: HttpRequest, field: Field) -> Any:
    offered = {code for code, _words in field.options}
    if field.kind == "checks":
        chosen = [value for value in request.POST.getlist(field.name) if value in offered]
        if not chosen:
            raise FieldError(field=field.label)
        return chosen
    value = request.POST.get(field.name, "").strip()[: field.length_max]
    if not value or (offered and value not in offered):
        raise FieldError(field=field.label)
    return value
