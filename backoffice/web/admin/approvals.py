"""Staff pages of approval requests and policy versions."""

from collections.abc import Callable, Sequence
from dataclasses import fields
from datetime import date
from itertools import groupby
from typing import Any, ClassVar, cast

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from backoffice.core import clock, policy
from backoffice.core.errors import Refused
from backoffice.core.models import Approval, ApprovalState, PolicyVersion
from backoffice.core.staff import StaffMember
from backoffice.platform import approvals, policy_changes, policy_fields
from backoffice.platform.approvals import ApprovalKind, ValueChange
from backoffice.platform.policy_changes import PolicyChange
from backoffice.web.admin_actions import (
    AdminAction,
    AdminActionsMixin,
    FieldError,
    typed_reason,
)
from backoffice.web.keyset import number_in
from backoffice.web.readonly_admin import PageSection, ReadOnlyAdmin, address, display, link


class PolicyNumberError(Refused):
    """A typed value is no number in the unit of its field, or has too many decimals."""

    code = "policy-number"
    message = _("{field}: enter {what}.")
    remedy = _("Correct the value and propose again; nothing was stored.")


class PolicyNumberTwiceError(Refused):
    """A number was entered twice in one request."""

    code = "policy-number-twice"
    message = _("{field} is entered twice.")
    remedy = _("Remove one of the two; nothing was stored.")


class PoliciesMixedError(Refused):
    """The numbers of a request belong to several policies."""

    code = "policies-mixed"
    message = _("All numbers of a request belong to one policy; these belong to: {policies}.")
    remedy = _("Propose the numbers of each policy in a request of its own.")


VALUE_MAX = 200  # characters of a typed value
ROWS_MAX = 8  # numbers of one proposal


def _decide(operation: Callable[..., Any], message: Any) -> Any:
    """Return the function of an action that decides one request."""

    def perform(request: HttpRequest, approval: Approval, given: dict[str, Any]) -> str:
        operation([approval.pk], by=request.user, reason=given["reason"], at=clock.now())
        return str(message)

    return perform


Panel = Callable[[Approval], list[PageSection]]
_panels: list[Panel] = []


def extend(*, panel: Panel, action: AdminAction | None = None) -> None:
    """Add tables and an action of an app to the pages of requests and of policy versions, once."""
    if action is not None:
        ApprovalAdmin.record_actions = (*ApprovalAdmin.record_actions, action)
    _panels.append(panel)


def _effect(approval: Approval) -> SafeString:
    """Return what a decision is about, a line each, in the words of the request's page."""
    kind = approvals.kinds().get(approval.kind)
    words = [str(kind.title) if kind else approval.kind, _summary(kind, approval)]
    for one in _differences(kind, approval):
        values = " → ".join(str(value) for value in (one.now, one.proposed) if str(value))
        words.append(f"{one.name}: {values} {one.unit}".rstrip())
    return format_html_join("", "{}<br>", ((one,) for one in words if one))


def _summary(kind: ApprovalKind | None, approval: Approval) -> str:
    return kind.summary(approval) if kind else ""


def _differences(kind: ApprovalKind | None, approval: Approval) -> Sequence[ValueChange]:
    """Return what a request changes, computed once for the dialogs and the table of a page."""
    found: Sequence[ValueChange] | None = approval.__dict__.get("_changed")
    if found is None:
        found = approval.__dict__["_changed"] = kind.differences(approval) if kind else ()
    return found


def _is_open(approval: Approval) -> bool:
    return bool(approval.state == ApprovalState.PROPOSED)


def _person(request: HttpRequest) -> StaffMember:
    return cast("StaffMember", request.user)


def _decides(request: HttpRequest, approval: Approval) -> bool:
    """Return whether the person may decide this request: never an own one."""
    is_own = approval.proposed_by_id == request.user.pk
    return not is_own and approvals.may_decide(_person(request), approval.kind)


def _proposed(request: HttpRequest, approval: Approval) -> bool:
    return bool(approval.proposed_by_id == request.user.pk)


@admin.register(Approval)
class ApprovalAdmin(AdminActionsMixin, ReadOnlyAdmin):
    """Approval requests."""

    list_select_related = ("proposed_by", "decided_by")
    list_display = ("__str__", "kind_title", "state_label", "reason", "proposer", "proposed_at",
                    "expires_at", "decider", "decided_at")  # fmt: skip
    list_filter = ("state",)
    fields = ("kind_title", "state_label", "reason", "proposer", "proposed_at", "expires_at",
              "decider", "decided_at", "note")  # fmt: skip
    record_actions: ClassVar[Sequence[AdminAction]] = (
        AdminAction(
            "approve", _("Approve"), "backoffice.approve_approval",
            _decide(approvals.approve, _("The request is approved and has taken effect.")),
            explanation=_effect, kind="primary", is_open=_is_open, is_offered=_decides,
        ),
        AdminAction(
            "reject", _("Reject"), "backoffice.reject_approval",
            _decide(approvals.reject, _("The request is rejected.")),
            explanation=_effect, kind="danger", is_open=_is_open, is_offered=_decides,
        ),
        AdminAction(
            "withdraw", _("Withdraw"), "backoffice.withdraw_approval",
            _decide(approvals.withdraw, _("The request is withdrawn.")),
            is_open=_is_open, is_offered=_proposed,
        ),
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[Approval]:
        """Return the requests of the kinds that the person may read."""
        return (
            super()
            .get_queryset(request)
            .filter(kind__in=approvals.readable_kinds(_person(request)))
        )

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Approval | None:
        """Return a request.

        Raises:
            PermissionDenied: it is of a kind that the person may not read.
        """
        found: Approval | None = super().get_object(request, object_id, from_field)
        if found is None and Approval.objects.filter(pk=number_in(object_id, "") or 0).exists():
            raise PermissionDenied
        return found

    @display(description=_("kind"))
    def kind_title(self, approval: Approval) -> str:
        """Return the kind of request in the reader's language."""
        kind = approvals.kinds().get(approval.kind)
        return str(kind.title) if kind else approval.kind

    @display(description=_("proposed by"))
    def proposer(self, approval: Approval) -> str:
        """Return the proposer."""
        return str(approval.proposed_by)

    @display(description=_("decided by"))
    def decider(self, approval: Approval) -> str:
        """Return the decider."""
        return str(approval.decided_by or "")

    def sections(self, request: HttpRequest, record: Approval) -> list[PageSection]:
        """Return the changes, the payload and the timeline."""
        kind = approvals.kinds().get(record.kind)
        tables = [changes(record), *(table for panel in _panels for table in panel(record))]
        if record.payload and (kind is None or not kind.hides_payload):
            payload = [(name, _shown(value)) for name, value in record.payload.items()]
            tables.append(PageSection(_("request"), (_("field"), _("value")), payload))
        return [*tables, *super().sections(request, record)]


def changes(approval: Approval) -> PageSection:
    """Return what a request changes: each value before and after, with its rule and unit if any."""
    kind = approvals.kinds().get(approval.kind)
    changed = _differences(kind, approval)
    heads = [_("field"), _("now"), _("proposed value")]
    rows: list[tuple[Any, ...]] = [(one.name, one.now, one.proposed) for one in changed]
    if any(one.unit or one.source for one in changed):
        heads = [_("field"), _("rule"), _("now"), _("proposed value"),
                 _("unit")]  # fmt: skip
        rows = [(one.name, one.source, one.now, one.proposed, one.unit) for one in changed]
    return PageSection(_("changes"), heads, rows, note=_summary(kind, approval), is_lead=True)


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} = {one}" for name, one in value.items())
    return str(value)


@admin.register(PolicyVersion)
class PolicyVersionAdmin(ReadOnlyAdmin):
    """Overrides of the product's numbers that were approved, and the form that proposes others."""

    list_select_related = ("approval",)
    list_display = ("version", "policy_title", "overridden", "effective_on", "request_link")
    list_before_template = "admin/backoffice/policy_list.html"
    list_display_links = ("version",)
    fields = ("policy_title", "effective_on", "request_link")

    @display(description=_("overrides"))
    def overridden(self, version: PolicyVersion) -> str:
        """Return the fields and their values with units."""
        return ", ".join(
            f"{title}: {policy_fields.with_unit(value, unit)}"
            for name, value in version.overrides.items()
            for title, unit, _rule in [policy_fields.field_of(version.app, name)]
        )

    @display(description=_("policy version"))
    def version(self, version: PolicyVersion) -> str:
        """Return the number of a version."""
        return f"V{version.pk}"

    @display(description=_("policy of"))
    def policy_title(self, version: PolicyVersion) -> str:
        """Return the title of the policy."""
        return policy_fields.title_of(version.app)

    def sections(self, request: HttpRequest, record: PolicyVersion) -> list[PageSection]:
        """Return what the version changed on its day, and what apps add."""
        approval = record.approval
        return [changes(approval), *(table for panel in _panels for table in panel(approval))]

    @display(description=_("approval request"))
    def request_link(self, version: PolicyVersion) -> Any:
        """Return a link to the request that was approved."""
        return link(version.approval)

    def get_urls(self) -> list[URLPattern]:
        """Add the form that proposes a change."""
        view = self.admin_site.admin_view(require_http_methods(["GET", "POST"])(self.propose_view))
        mine = path("propose/", view, name="backoffice_policyversion_propose")
        return [mine, *super().get_urls()]

    def propose_view(self, request: HttpRequest) -> HttpResponse:
        """Show the form, or propose the change and open its request.

        Raises:
            PermissionDenied: the person may not propose changes.
        """
        if not request.user.has_perm("backoffice.add_policyversion"):
            raise PermissionDenied
        if request.method == "POST":
            try:
                proposed = _propose(request)
            except Refused as refusal:
                messages.error(request, str(refusal))
            else:
                messages.success(request, gettext("The change waits for a second person."))
                return HttpResponseRedirect(address(proposed))
        numbers = policy_changes.numbers(on=clock.business_date())
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Propose a change of product numbers"),
            "policies": [
                (policy_fields.title_of(app), list(found))
                for app, found in groupby(numbers, key=lambda one: one.app)
            ],
            "rows": _rows(request),
            "today": clock.business_date(),
            "given": request.POST,
            "list_address": reverse("admin:backoffice_policyversion_changelist"),
        }
        return render(request, "admin/backoffice/propose_policy.html", context)


def _propose(request: HttpRequest) -> Approval:
    overrides: dict[tuple[str, str], Any] = {}
    names = request.POST.getlist("number")[:ROWS_MAX]
    for name, typed in zip(names, request.POST.getlist("value"), strict=False):
        value = typed.strip()
        if not name and not value and overrides:
            continue  # a row that was left empty
        app, _dot, field = name.partition(".")
        if (app, field) not in _known():
            raise FieldError(field=pgettext_lazy("policy", "number"))
        if not value or len(value) > VALUE_MAX:
            raise FieldError(field=_("value"))
        if (app, field) in overrides:
            raise PolicyNumberTwiceError(field=policy_fields.field_of(app, field).title)
        overrides[app, field] = _parsed(app, field, value)
    apps = {app for app, _field in overrides}
    if not apps:
        raise FieldError(field=pgettext_lazy("policy", "number"))
    if len(apps) > 1:
        titles = ", ".join(sorted(map(policy_fields.title_of, apps)))
        raise PoliciesMixedError(policies=titles)
    try:
        effective_on = date.fromisoformat(request.POST.get("effective_on", ""))
    except ValueError:
        raise FieldError(field=_("effective on")) from None
    reason = typed_reason(request)
    values = {field: value for (_app, field), value in overrides.items()}
    change = PolicyChange(apps.pop(), values, effective_on)
    person: Any = request.user
    [proposed] = policy_changes.propose([change], by=person, reason=reason, at=clock.now())
    return proposed


def _parsed(app: str, field: str, text: str) -> Any:
    """Return a typed value as it is stored; a number must be one in the unit of its field."""
    value = policy_changes.parse(app, field, text)
    default = policy.value_of(app, field, {})
    if type(default) is int and type(value) is not int:
        title, unit, _rule = policy_fields.field_of(app, field)
        raise PolicyNumberError(field=title, what=policy_fields.number_wanted(unit))
    return value


def _known() -> set[tuple[str, str]]:
    return {(app, one.name) for app, known in policy.registered().items() for one in fields(known)}


def _rows(request: HttpRequest) -> list[dict[str, str]]:
    """Return the rows of the form, with what was typed."""
    names, values = request.POST.getlist("number"), request.POST.getlist("value")
    typed = [{"number": name, "value": one} for name, one in zip(names, values, strict=False)]
    return [*typed, *({"number": "", "value": ""} for _row in range(ROWS_MAX - len(typed)))]
