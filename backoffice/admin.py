"""Staff pages of the system: runs, chunks, job pauses, state changes, messages."""

from typing import Any

from django.apps import apps
from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from backoffice.core import reasons
from backoffice.core.models import JobChunk, JobPause, JobRun, OutboxMessage, StateChange
from backoffice.platform import jobs
from backoffice.web import wording
from backoffice.web.admin import approvals, export, work_queue
from backoffice.web.keyset import number_in
from backoffice.web.readonly_admin import (
    PageSection,
    ReadOnlyAdmin,
    day_filter,
    display,
    link,
    state_text,
)

__all__ = ["approvals", "export", "work_queue"]  # pages that register themselves

admin.site.index_title = _("Overview")


@admin.register(JobRun)
class JobRunAdmin(ReadOnlyAdmin):
    """The runs of all days."""

    list_display = (
        "__str__", "work", "planned", "planned_yuan", "done", "failed", "unknown", "held",
        "starter", "started_at", "finished_at", "page",
    )  # fmt: skip
    fields = ("business_date", "job", "planned", "planned_yuan", "done", "failed", "unknown",
              "held", "released_by_shown", "starter", "started_at", "heartbeat_at",
              "finished_at")  # fmt: skip
    list_filter = (day_filter("business_date", _("business date")),
                   ("finished_at", admin.EmptyFieldListFilter))  # fmt: skip

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Give the runs of the list their jobs: one look at the table of jobs for each day."""
        changes = super().get_changelist_instance(request)
        days = {run.business_date for run in changes.result_list}
        titles = {(day, job.name): job.title for day in days for job in jobs.in_order(on=day)}
        for run in changes.result_list:
            run.job_title = titles.get((run.business_date, run.job), "")
        return changes

    @display(description=_("work"))
    def work(self, run: Any) -> str:
        """Return the title of the job."""
        return str(run.job_title)

    @display(description=_("hold reason"))
    def held(self, run: JobRun) -> str:
        """Return why the run is held."""
        return run.held_because

    @display(description=_("started by"))
    def starter(self, run: JobRun) -> SafeString | str:
        """Return who started the run."""
        return wording.actor(run.started_by)

    @display(description=_("page of the run"))
    def page(self, run: JobRun) -> SafeString:
        """Return a link to the page with the figures of the run."""
        address = f"{reverse('admin:loans_run')}?on={run.business_date}&job={run.job}"
        return format_html('<a class="link" href="{}">{}</a>', address, _("in numbers"))

    def sections(self, request: HttpRequest, record: JobRun) -> list[PageSection]:
        """Return the chunks of the run."""
        heads = (pgettext_lazy("chunk", "number"), _("ids"), _("sent by"),
                 _("owner"), _("tries"), _("done at"),
                 _("error"))  # fmt: skip
        rows = [
            (link(chunk, chunk.number), len(chunk.ids), wording.actor(chunk.sent_by), chunk.owner,
             chunk.tries, chunk.done_at or "", chunk.error)
            for chunk in record.chunks.order_by("number")
        ]  # fmt: skip
        return [PageSection(JobChunk._meta.verbose_name_plural, heads, rows)]


@admin.register(JobChunk)
class JobChunkAdmin(ReadOnlyAdmin):
    """Chunks of runs."""

    list_select_related = ("run",)
    list_display = ("__str__", "run_link", "sent_by_shown", "owner", "tries", "done_at", "error")
    list_filter = (("done_at", admin.EmptyFieldListFilter),)
    fields = ("run_link", "number", "sent_by_shown", "owner", "tries", "error", "done_at")

    @display(description=_("run"))
    def run_link(self, chunk: JobChunk) -> SafeString | str:
        """Return a link to the run."""
        return link(chunk.run)


@admin.register(JobPause)
class JobPauseAdmin(ReadOnlyAdmin):
    """Job pauses: who paused, who requested and who approved the resumption."""

    list_select_related = ("paused_by", "approval__proposed_by", "approval__decided_by")
    list_display = ("job", "state_label", "reason", "stopped_by", "paused_at", "asked_by",
                    "agreed_by", "resumed_at")  # fmt: skip
    list_filter = ("state",)
    fields = list_display

    @display(description=_("paused by"))
    def stopped_by(self, pause: JobPause) -> str:
        """Return the person who paused the job."""
        return str(pause.paused_by)

    @display(description=_("resume requested by"))
    def asked_by(self, pause: JobPause) -> str:
        """Return the person who requested the resumption."""
        return str(pause.approval.proposed_by) if pause.approval else ""

    @display(description=_("resumed by"))
    def agreed_by(self, pause: JobPause) -> str:
        """Return the person who approved the resumption."""
        return str(pause.approval.decided_by or "") if pause.approval else ""


@admin.register(StateChange)
class StateChangeAdmin(ReadOnlyAdmin):
    """Every state change of every state machine."""

    list_display = ("at", "subject", "move", "before", "after", "who", "why")
    fields = ("at", "effective_on", *list_display[1:])
    search_fields = ("pk",)
    search_help_text = _("Kind and id, such as bill 42")

    def find(self, term: str) -> Q:
        """Return the state changes of one record, named in words or by the label of its model."""
        kind, _space, number = term.rpartition(" ")
        label = wording.label_of(kind.strip())
        return Q(subject_type=label, subject_id=number_in(number, ""))

    @display(description=_("subject"))
    def subject(self, change: StateChange) -> SafeString | str:
        """Return the kind and id of the record, as a link."""
        return wording.subject(change.subject_type, change.subject_id)

    @display(description=_("transition"))
    def move(self, change: StateChange) -> str:
        """Return what was done."""
        return wording.transition(change.transition, is_move=bool(change.target))

    @display(description=_("from"))
    def before(self, change: StateChange) -> SafeString:
        """Return the source state."""
        return _state(change, change.source)

    @display(description=_("to"))
    def after(self, change: StateChange) -> SafeString:
        """Return the target state."""
        return _state(change, change.target)

    @display(description=_("actor"))
    def who(self, change: StateChange) -> SafeString | str:
        """Return the actor; actors of the system are translated."""
        return wording.actor(change.actor)

    @display(description=_("reason"))
    def why(self, change: StateChange) -> str:
        """Return the reason; reasons of the system are translated."""
        return reasons.text(change.reason, change.facts)


def _state(change: StateChange, state: str) -> SafeString:
    return state_text(apps.get_model(change.subject_type), state)


@admin.register(OutboxMessage)
class OutboxMessageAdmin(ReadOnlyAdmin):
    """Messages of the outbox, without their payload."""

    list_display = ("__str__", "created_at", "tries", "done_at", "dead_at", "error")
    list_filter = (("done_at", admin.EmptyFieldListFilter),
                   ("dead_at", admin.EmptyFieldListFilter))  # fmt: skip
    hidden = ("payload",)
