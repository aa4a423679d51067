"""Admin actions: what staff may do to a record from its page.

A button opens a dialog, the dialog sends a POST, the POST calls one operation. The view checks the
permission again, because a hidden button can be forged. A refused action changes nothing; the reply
is the page of the record with the refusal and the dialog as it was sent. Nothing of it is stored.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from backoffice.core import personal_numbers
from backoffice.core.errors import Refused

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin

    _Admin = ModelAdmin[Any]
else:
    _Admin = object

REASON_MIN, REASON_MAX = 5, 200
YUAN_DIGITS = 10


class ReasonMissingError(Refused):
    """The reason of a recorded action is missing or too short."""

    code = "reason-too-short"
    message = _("Enter a reason of at least {least} characters.")
    remedy = _("The reason is stored with the action.")


class TextTooLongError(Refused):
    """A text is longer than what is stored; it is not cut."""

    code = "text-too-long"
    message = _("{field}: at most {most} characters; this has {length}.")
    remedy = _("Shorten it and try again; nothing was changed.")


class FieldError(Refused):
    """A field of the dialog is empty or has a value that is not an option."""

    code = "field-bad"
    message = _("{field}: select or enter a value.")
    remedy = _("Correct it and try again; nothing was changed.")


class WholeYuanError(Refused):
    """An amount is not whole yuan."""

    code = "not-whole-yuan"
    message = _("{field}: enter whole yuan in digits, such as 12,000.")
    remedy = _("Correct the amount and try again; nothing was changed.")


class YuanError(Refused):
    """An amount is not yuan with at most two decimals."""

    code = "not-yuan"
    message = _("{field}: enter yuan with at most two decimals, such as 5.08.")
    remedy = _("Correct the amount and try again; nothing was changed.")


class Field(NamedTuple):
    """An input of a dialog: text, date, area (long text), select, or checks (several of them).

    Phone, ID and card numbers in it are masked before it is used, unless ``keeps_numbers``.
    ``is_option_of(record, code)`` hides options that a record does not have.
    """

    name: str
    label: Any
    kind: str = "text"
    options: Sequence[tuple[str, Any]] = ()
    length_max: int = 200
    keeps_numbers: bool = False
    is_option_of: Callable[[Any, str], bool] = lambda _record, _code: True

    def of(self, record: Any) -> "Field":
        """Return the input with the options of a record."""
        shown = [one for one in self.options if self.is_option_of(record, one[0])]
        return self._replace(options=shown)


class AdminAction(NamedTuple):
    """One action: its permission, when it is open, its dialog, and the operation it calls.

    ``perform(request, record, given)`` returns the message for the person, or a response. ``given``
    holds the fields by name and, if ``needs_reason``, the reason. ``explanation`` is the text of
    the dialog, or a function that returns it for a record: what names an amount and its effect.
    ``is_open``, ``is_offered`` and what hides an option only hide: the operation refuses by itself.
    """

    code: str
    title: Any
    permission: str
    perform: Callable[[HttpRequest, Any, dict[str, Any]], "str | HttpResponse"]
    explanation: Any = ""
    kind: str = ""
    fields: Sequence[Field] = ()
    needs_reason: bool = True
    is_open: Callable[[Any], bool] = lambda _record: True
    is_offered: Callable[[HttpRequest, Any], bool] = lambda _request, _record: True


class DialogInput(NamedTuple):
    """A field of a dialog with the values that were sent in it, if it was refused."""

    field: Field
    sent: Sequence[str] = ()


class Dialog(NamedTuple):
    """An action on the page of a record, with its URL; ``refusal`` opens it as it was sent."""

    action: AdminAction
    address: str
    inputs: Sequence[DialogInput]
    reason: str = ""
    refusal: str = ""
    explanation: Any = ""


@contextmanager
def shown_again(request: HttpRequest) -> Iterator[None]:
    """Let Django show a page in reply to a refused POST: it would take it for the page's form."""
    request.method = "GET"
    try:
        yield
    finally:
        request.method = "POST"


class AdminActionsMixin(_Admin):
    """Record pages with admin actions."""

    record_actions: ClassVar[Sequence[AdminAction]] = ()
    # Outside the form of the record: browsers drop a form inside a form.
    change_form_outer_before_template = "admin/record_actions.html"

    def get_urls(self) -> list[URLPattern]:
        """Return the URLs of the pages and of their actions."""
        view = self.admin_site.admin_view(require_POST(self.action_view))
        mine = path("<int:pk>/action/<slug:code>/", view, name=f"{self._label()}_action")
        return [mine, *super().get_urls()]

    def _label(self) -> str:
        return f"{self.model._meta.app_label}_{self.model._meta.model_name}"

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Any:
        """Return the record of the page, read once per request."""
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
        """Show a record with the actions that are open to the person."""
        record = self.get_object(request, object_id) if self.has_view_permission(request) else None
        dialogs = [] if record is None else self._dialogs(request, record)
        return super().change_view(
            request, object_id, form_url, {"record_actions": dialogs, **(extra_context or {})}
        )

    def action_view(self, request: HttpRequest, pk: int, code: str) -> HttpResponseBase:
        """Perform an action and redirect to the record; show it again if the action is refused.

        Raises:
            PermissionDenied: the person may not view the record or not perform the action.
            Http404: the record or the action does not exist.
        """
        action = next((one for one in self.record_actions if one.code == code), None)
        if action is None:
            raise Http404
        if not self.has_view_permission(request) or not _has(request, action.permission):
            raise PermissionDenied
        record = self.get_object(request, str(pk))
        if record is None:
            raise Http404
        try:
            result = action.perform(request, record, given_in(request, action))
        except Refused as refusal:
            messages.error(request, str(refusal))
            return self._refused_page(request, pk, action, refusal)
        if isinstance(result, HttpResponseBase):
            return result
        messages.success(request, result)
        return HttpResponseRedirect(self._record_address(pk))

    def _refused_page(
        self, request: HttpRequest, pk: int, action: AdminAction, refusal: Refused
    ) -> HttpResponse:
        """Return the page of a record with the dialog of the refused action as it was sent."""
        request.__dict__.pop("_read", None)  # the operation may have left marks on the record
        record = self.get_object(request, str(pk))
        if record is None:
            return HttpResponseRedirect(self._record_address(pk))
        refused = self._dialog(record, action)._replace(
            inputs=[
                DialogInput(one.of(record), request.POST.getlist(one.name)) for one in action.fields
            ],
            reason=request.POST.get("reason", ""),
            refusal=str(refusal),
        )
        # An action that is no longer open is shown too: what was typed can be copied out of it.
        others = [one for one in self._dialogs(request, record) if one.action != action]
        context = {
            "record_actions": [refused, *others],
            "record_address": self._record_address(pk),
        }
        with shown_again(request):
            return self.change_view(request, str(pk), extra_context=context)

    def _record_address(self, pk: int) -> str:
        return reverse(f"admin:{self._label()}_change", args=[pk])

    def _dialogs(self, request: HttpRequest, record: Model) -> list[Dialog]:
        """Return the dialogs of the actions that are open to the person for a record."""
        return [
            self._dialog(record, one)
            for one in self.record_actions
            if _has(request, one.permission)
            and one.is_open(record)
            and one.is_offered(request, record)
        ]

    def _dialog(self, record: Model, action: AdminAction) -> Dialog:
        address = reverse(f"admin:{self._label()}_action", args=[record.pk, action.code])
        words = action.explanation
        return Dialog(
            action,
            address,
            [DialogInput(field.of(record)) for field in action.fields],
            explanation=words(record) if callable(words) else words,
        )


def _has(request: HttpRequest, permission: str) -> bool:
    return bool(request.user.has_perm(permission))


def typed_text(request: HttpRequest, name: str, *, label: Any, length_max: int) -> str:
    """Return what a person typed, to be stored: personal numbers are masked.

    A browser sends a line end as two characters and counts it as one.

    Raises:
        TextTooLongError: it has more characters than may be stored; ``label`` names the field.
    """
    text = request.POST.get(name, "").replace("\r\n", "\n").strip()
    if len(text) > length_max:
        raise TextTooLongError(field=label, most=length_max, length=len(text))
    return personal_numbers.mask(text)


def typed_reason(request: HttpRequest) -> str:
    """Return the reason that a person typed; personal numbers are masked.

    Raises:
        ReasonMissingError: it is missing or too short.
        TextTooLongError: it is too long.
    """
    reason = typed_text(request, "reason", label=_("reason"), length_max=REASON_MAX)
    if len(reason) < REASON_MIN:
        raise ReasonMissingError(least=REASON_MIN)
    return reason


def whole_yuan_fen(text: str, label: Any) -> int:
    """Return whole yuan as a person typed them, such as 12,000, in fen.

    Raises:
        WholeYuanError: it is something else; ``label`` names the field.
    """
    digits = text.replace(",", "").removesuffix(".00")
    if not (digits.isascii() and digits.isdecimal() and len(digits) <= YUAN_DIGITS):
        raise WholeYuanError(field=label)
    return int(digits) * 100


def yuan_fen(text: str, label: Any) -> int:
    """Return yuan with at most two decimals as a person typed them, such as 1,005.08, in fen.

    Raises:
        YuanError: it is something else; ``label`` names the field.
    """
    yuan, _point, decimals = text.replace(",", "").partition(".")
    digits = f"{yuan}{decimals:0<2}"
    if not (digits.isascii() and digits.isdecimal() and yuan and len(decimals) <= 2):
        raise YuanError(field=label)
    if len(yuan) > YUAN_DIGITS:
        raise YuanError(field=label)
    return int(digits)


def given_in(request: HttpRequest, action: AdminAction) -> dict[str, Any]:
    """Return what a dialog sent: its fields by name, and the reason.

    Raises:
        FieldError: a field is empty or has a value that is not an option.
        ReasonMissingError: the reason is missing or too short.
        TextTooLongError: the reason or a field is too long.
    """
    given = {field.name: _value(request, field) for field in action.fields}
    if action.needs_reason:
        given["reason"] = typed_reason(request)
    return given


def _value(request: HttpRequest, field: Field) -> Any:
    offered = {code for code, _label in field.options}
    if field.kind == "checks":
        chosen = [value for value in request.POST.getlist(field.name) if value in offered]
        if not chosen:
            raise FieldError(field=field.label)
        return chosen
    value = request.POST.get(field.name, "").strip()
    if not offered:
        masked = typed_text(request, field.name, label=field.label, length_max=field.length_max)
        value = value if field.keeps_numbers else masked
    if not value or (offered and value not in offered):
        raise FieldError(field=field.label)
    return value
