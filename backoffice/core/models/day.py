"""State changes, policy versions, runs and pauses of jobs, and the sandbox clock."""

from datetime import timedelta
from typing import Any, ClassVar

import django_fsm
import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from backoffice.core.guards import Guard, InitialState, append_only, approved_only, state_check
from backoffice.core.models.approval import Approval
from backoffice.core.reasons import text
from backoffice.core.states import StateField


class StateChange(models.Model):
    """One change of one state machine: record, from, to, actor, reason, time (product time).

    Actor and reason are codes, ``facts`` what the text of the reason names
    (``backoffice.core.reasons``).
    ``effective_on`` is the business day of the change: before ``at`` when a day is caught up or a
    payment is backdated. Append-only, partitioned by month of
    ``effective_on``; the primary key in the database is (id, effective_on).
    """

    subject_type = models.CharField(_("subject type"), max_length=40)
    subject_id = models.BigIntegerField(_("subject"))
    transition = models.CharField(_("transition"), max_length=40)
    source = models.CharField(_("from"), max_length=20)
    target = models.CharField(_("to"), max_length=20)
    actor = models.CharField(_("actor"), max_length=80)
    reason = models.CharField(_("reason"), max_length=40, blank=True)
    facts = models.JSONField(_("facts"), null=True)
    effective_on = models.DateField(_("effective on"))
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("state change")
        verbose_name_plural = _("state changes")
        default_permissions = ("view",)
        indexes: ClassVar = [
            models.Index(fields=["subject_type", "subject_id"], name="state_change_subject")
        ]
        triggers: ClassVar = append_only()

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"


class PolicyVersion(models.Model):
    """Overrides of an app's policy from a day on, stored by the approval of their request.

    Append-only. The database accepts only a version with the content of an approved request.
    """

    app = models.CharField(_("policy of"), max_length=20)
    overrides = models.JSONField(_("overrides"))
    effective_on = models.DateField(_("effective on"))
    approval = models.OneToOneField(
        Approval, on_delete=models.PROTECT, related_name="+", verbose_name=_("approval request")
    )

    class Meta:
        verbose_name = _("policy version")
        verbose_name_plural = _("policy versions")
        default_permissions = ("add", "view")
        permissions: ClassVar = [("decide_policyversion", "Can decide on a policy version")]
        triggers: ClassVar = [
            *append_only(),
            approved_only(
                "policy-change",
                "id = NEW.approval_id",
                "payload = jsonb_build_object('app', NEW.app, 'overrides', NEW.overrides, "
                "'effective_on', to_char(NEW.effective_on, 'YYYY-MM-DD'))",
                name="stored_as_approved",
                constraint="policy_version_as_approved",
                row="NEW.app",
                condition=pgtrigger.Condition("NEW.approval_id IS NOT NULL"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.app} {self.effective_on}"


class JobRun(models.Model):
    """One run of a job on one business date: planned once, worked through in chunks, counted.

    Unique by (business date, job): two schedulers, a late start and a click of the staff reach the
    same row. ``held_reason`` stops a run until a person releases it.
    """

    business_date = models.DateField(_("business date"))
    job = models.CharField(_("job"), max_length=20)
    planned = models.IntegerField(_("planned"), default=0)
    planned_fen = models.BigIntegerField(_("planned amount"), default=0)
    done = models.IntegerField(_("done"), default=0)
    failed = models.IntegerField(_("failed"), default=0)
    unknown = models.IntegerField(_("unknown"), default=0)
    held_reason = models.CharField(_("hold reason"), max_length=200, blank=True)
    held_facts = models.JSONField(_("facts of the hold"), null=True, blank=True)
    released_by = models.CharField(_("released by"), max_length=80, blank=True)
    started_by = models.CharField(_("started by"), max_length=80)
    started_at = models.DateTimeField(_("started at"))
    heartbeat_at = models.DateTimeField(_("heartbeat"))
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)

    class Meta:
        verbose_name = _("run")
        verbose_name_plural = _("runs of the day")
        default_permissions = ("view",)
        permissions: ClassVar = [
            ("start_jobrun", "Can start a run of the day"),
            ("release_jobrun", "Can release a held run"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["business_date", "job"], name="job_run_once"),
            models.CheckConstraint(
                name="job_run_counts_are_not_negative",
                condition=Q(planned__gte=0, done__gte=0, failed__gte=0, unknown__gte=0),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.business_date} {self.job}"

    @property
    def held_because(self) -> str:
        """Return why the run is held, in the active language."""
        return text(self.held_reason, self.held_facts)


class JobChunk(models.Model):
    """A part of a run for one worker: the ids, the owner, the result.

    The owner holds an advisory lock on the chunk while its connection is open: the chunk of a
    killed worker is free at once. The work of a chunk must therefore be repeatable. ``sent_by`` is
    the person who last sent it to the workers by hand.
    """

    run = models.ForeignKey(
        JobRun, on_delete=models.CASCADE, related_name="chunks", verbose_name=_("run")
    )
    number = models.IntegerField(pgettext_lazy("chunk", "number"))
    ids = ArrayField(models.BigIntegerField(), verbose_name=_("ids"))
    owner = models.CharField(_("owner"), max_length=80, blank=True)
    sent_by = models.CharField(_("sent by"), max_length=80, blank=True)
    tries = models.IntegerField(_("tries"), default=0)
    error = models.TextField(_("error"), blank=True)
    done_at = models.DateTimeField(_("done at"), null=True, blank=True)

    class Meta:
        verbose_name = _("chunk")
        verbose_name_plural = _("chunks")
        default_permissions = ("view",)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["run", "number"], name="job_chunk_once")
        ]

    def __str__(self) -> str:
        return f"{self.run_id}-{self.number}"


class JobPauseState(models.TextChoices):
    """States of a pause: one person pauses, two people resume."""

    PAUSED = "paused", _("paused")
    RESUMED = "resumed", _("resumed")


class JobPause(django_fsm.FSMModelMixin, models.Model):
    """A pause of a job of the day.

    States: paused -> resumed, by an approved request about this pause.
    """

    job = models.CharField(_("job"), max_length=20)
    reason = models.CharField(_("reason"), max_length=200)
    state = StateField(
        _("state"),
        choices=JobPauseState.choices,
        default=JobPauseState.PAUSED,
        max_length=20,
        protected=True,
    )
    paused_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("paused by"),
    )
    paused_at = models.DateTimeField(_("paused at"))
    approval = models.OneToOneField(
        Approval,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("approval request"),
    )
    resumed_at = models.DateTimeField(_("resumed at"), null=True)

    class Meta:
        verbose_name = _("job pause")
        verbose_name_plural = _("job pauses")
        default_permissions = ("add", "view")
        permissions: ClassVar = [
            ("request_resume", "Can request the resumption of a paused job"),
            ("resume_job", "Can resume a paused job"),
        ]
        constraints: ClassVar = [
            state_check("job_pause_state", JobPauseState),
            models.UniqueConstraint(
                fields=["job"],
                condition=~Q(state=JobPauseState.RESUMED),
                name="job_pause_one_at_a_time",
            ),
            models.CheckConstraint(
                name="job_pause_resumed_by_approval",
                condition=Q(state=JobPauseState.PAUSED, approval=None, resumed_at=None)
                | Q(
                    state=JobPauseState.RESUMED,
                    approval__isnull=False,
                    resumed_at__isnull=False,
                ),
            ),
        ]
        triggers: ClassVar = [
            Guard(),
            InitialState(JobPauseState.PAUSED),
            approved_only(
                "job-resumption",
                "id = NEW.approval_id",
                "subject_id = NEW.id",
                name="resumed_as_approved",
                constraint="job_pause_as_approved",
                row="NEW.id",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition("NEW.approval_id IS NOT NULL"),
            ),
        ]

    def __str__(self) -> str:
        return self.job

    @django_fsm.transition(field=state, source=JobPauseState.PAUSED, target=JobPauseState.RESUMED)
    def resume(self, *, at: Any, approval: Approval) -> None:
        """Resume the job after the approval of a second person."""
        self.approval_id = approval.pk
        self.resumed_at = at


class SandboxClock(models.Model):
    """Marks a database as a sandbox and stores its clock offset. One row or none."""

    one = models.BooleanField(primary_key=True, default=True)
    ahead = models.DurationField(default=timedelta())

    class Meta:
        default_permissions = ()
        constraints: ClassVar = [
            models.CheckConstraint(name="sandbox_clock_one_row", condition=Q(one=True))
        ]

    def __str__(self) -> str:
        return str(self.ahead)
