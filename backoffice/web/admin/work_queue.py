"""Staff pages of work queues: figures per queue, own items, claim, release, hand over."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST

from backoffice.core import clock
from backoffice.core.errors import Refused
from backoffice.core.models import WorkItem, WorkItemState
from backoffice.platform import work_queue
from backoffice.web import wording
from backoffice.web.admin_actions import AdminAction, AdminActionsMixin, Field, FieldError
from backoffice.web.readonly_admin import ReadOnlyAdmin, address, display, link


def _release(request: HttpRequest, item: WorkItem, given: dict[str, Any]) -> str:
    person: Any = request.user
    work_queue.release([item.pk], by=person, reason=given["reason"], at=clock.now())
    return gettext("The work is back in its queue.")


def _hand_over(request: HttpRequest, item: WorkItem, given: dict[str, Any]) -> str:
    person: Any = request.user
    staff = get_user_model().objects.filter(username=given["to"], is_active=True)
    to: Any = staff.first()
    if to is None:
        raise FieldError(field=_("user name"))
    work_queue.hand_over([item.pk], to=to, by=person, reason=given["reason"], at=clock.now())
    return gettext("{person} has the work now.").format(person=to)


def _is_claimed(item: WorkItem) -> bool:
    return bool(item.state == WorkItemState.CLAIMED)


@admin.register(WorkItem)
class WorkItemAdmin(AdminActionsMixin, ReadOnlyAdmin):
    """Work items, and the page of the queues."""

    list_select_related = ("claimed_by",)
    list_display = ("__str__", "queue_title", "subject", "state_label", "priority", "added_at",
                    "deadline_at", "holder", "escalated_at")  # fmt: skip
    list_filter = ("state", ("escalated_at", admin.EmptyFieldListFilter))
    fields = ("queue_title", "subject", "state_label", "priority", "added_at", "deadline_at",
              "holder", "claimed_at", "done_at", "escalated_at")  # fmt: skip
    record_actions = (
        AdminAction(
            "release", _("Give back"), "backoffice.release_workitem", _release,
            is_open=_is_claimed,
        ),
        AdminAction(
            "hand-over", _("Hand over"), "backoffice.hand_over_workitem", _hand_over,
            fields=(Field("to", _("user name"), keeps_numbers=True),), is_open=_is_claimed,
        ),
    )  # fmt: skip

    @display(description=_("queue"))
    def queue_title(self, item: WorkItem) -> str:
        """Return the queue in the reader's language."""
        queue = work_queue.queues().get(item.queue)
        return str(queue.title) if queue else item.queue

    @display(description=_("subject"))
    def subject(self, item: WorkItem) -> SafeString | str:
        """Return a link to the record to review."""
        return wording.subject(item.subject_type, item.subject_id)

    @display(description=_("claimed by"))
    def holder(self, item: WorkItem) -> str:
        """Return the present or last holder."""
        return str(item.claimed_by or "")

    def get_urls(self) -> list[URLPattern]:
        """Add the page of the queues and the address that claims the next item."""
        page = self.admin_site.admin_view(require_GET(self.queues_view))
        take = self.admin_site.admin_view(require_POST(self.take_view))
        return [
            path("queues/", page, name="backoffice_workitem_queues"),
            path("queues/<slug:queue>/take/", take, name="backoffice_workitem_take"),
            *super().get_urls(),
        ]

    def queues_view(self, request: HttpRequest) -> HttpResponse:
        """Show the figures of every queue, the earliest deadline first, and the person's items.

        Raises:
            PermissionDenied: the person may not view work items.
        """
        if not self.has_view_permission(request):
            raise PermissionDenied
        person: Any = request.user
        now = clock.now()
        may_claim = person.has_perm("backoffice.claim_workitem")
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Work queues"),
            "now": now,
            "rows": [
                (one, may_claim and person.has_perm(one.queue.permission))
                for one in work_queue.summaries(at=now)
            ],
            "mine": [
                (link(item), self.queue_title(item), self.subject(item), item.deadline_at)
                for item in work_queue.held_by(person)
            ],
        }
        return render(request, "admin/backoffice/work_queues.html", context)

    def take_view(self, request: HttpRequest, queue: str) -> HttpResponse:
        """Claim the next item of a queue and open its page.

        Raises:
            PermissionDenied: the person may not claim work.
        """
        person: Any = request.user
        if not person.has_perm("backoffice.claim_workitem"):
            raise PermissionDenied
        try:
            item = work_queue.claim_next(queue, by=person, at=clock.now())
        except Refused as refusal:
            messages.error(request, str(refusal))
        else:
            if item is not None:
                return HttpResponseRedirect(address(item))
            messages.info(request, gettext("Nothing waits in this queue."))
        return HttpResponseRedirect(reverse("admin:backoffice_workitem_queues"))
