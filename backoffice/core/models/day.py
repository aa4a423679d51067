"""What the house decides and does by the day: moves, policy versions, runs, pauses, the clock."""

from datetime import timedelta
from typing import Any, ClassVar

import django_fsm
import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from backoffice.core.guards import Birth, Guard, append_only, state_check
from backoffice.core.states import StateField


class StateChange(models.Model):
    """One move of one state machine: what, from, to, who, why, when (product time).

    ``effective_on`` is the business day that the move belongs to: a day that is caught up, or a
    value date learnt of late, lies before ``at``. Append-only, partitioned by month of
    ``effective_on``; the primary key in the database is (id, effective_on).
    """

    subject_type = models.CharField(_("subject type"), max_length=40)
    subject_id = models.BigIntegerField(_("subject"))
    transition = models.CharField(_("transition"), max_length=40)
    source = models.CharField(_("from"), max_length=20)
    target = models.CharField(_("to"), max_length=20)
    actor = models.CharField(_("actor"), max_length=80)
    reason = models.CharField(_("reason"), max_length=200)
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


class FourEyesState(models.TextChoices):
    """States of everything one person proposes and another decides."""

    PROPOSED = "proposed", _("proposed")
    APPROVED = "approved", _("approved")
    REJECTED = "rejected", _("rejected")
    WITHDRAWN = "withdrawn", _("withdrawn")


class PolicyVersion(django_fsm.FSMModelMixin, models.Model):
    """Overrides of an app's policy from a day on, valid once a second person approved them.

    States: proposed -> approved, rejected or withdrawn.
    """

    app = models.CharField(_("policy of"), max_length=20)
    overrides = models.JSONField(_("overrides"))
    effective_on = models.DateField(_("effective on"))
    reason = models.CharField(_("reason"), max_length=200)
    state = StateField(
        _("state"),
        choices=FourEyesState.choices,
        default=FourEyesState.PROPOSED,
        max_length=20,
        protected=True,
    )
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("proposed by"),
    )
    proposed_at = models.DateTimeField(_("proposed at"))
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("decided by"),
    )
    decided_at = models.DateTimeField(_("decided at"), null=True, blank=True)

    class Meta:
        verbose_name = _("policy version")
        verbose_name_plural = _("policy versions")
        permissions: ClassVar = [("decide_policyversion", "Can decide on a policy version")]
        constraints: ClassVar = [
            state_check("policy_version_state", FourEyesState),
            models.CheckConstraint(
                name="policy_version_four_eyes",
                condition=Q(decided_by=None)
                | Q(state=FourEyesState.WITHDRAWN)
                | ~Q(decided_by=F("proposed_by")),
            ),
            models.CheckConstraint(
                name="policy_version_decided_by_someone",
                condition=Q(state=FourEyesState.PROPOSED, decided_by=None)
                | (~Q(state=FourEyesState.PROPOSED) & Q(decided_by__isnull=False)),
            ),
        ]
        triggers: ClassVar = [
            Guard(),
            Birth(FourEyesState.PROPOSED),
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            pgtrigger.Trigger(
                name="signed_as_proposed",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "OLD.state = NEW.state AND OLD.state <> 'proposed' "
                    "AND OLD.* IS DISTINCT FROM NEW.* "
                    "OR (OLD.app, OLD.overrides, OLD.effective_on, OLD.proposed_by_id) "
                    "IS DISTINCT FROM "
                    "(NEW.app, NEW.overrides, NEW.effective_on, NEW.proposed_by_id)"
                ),
                func=(
                    "RAISE EXCEPTION 'policy version %: what was proposed is what is signed', "
                    "NEW.id USING ERRCODE = 'check_violation', "
                    "CONSTRAINT = 'policy_version_as_proposed';"
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.app} {self.effective_on}"

    def _decide(self, by: models.Model, at: Any) -> None:
        self.decided_by_id = by.pk
        self.decided_at = at

    @django_fsm.transition(
        field=state, source=FourEyesState.PROPOSED, target=FourEyesState.APPROVED
    )
    def approve(self, *, at: Any, decider: models.Model) -> None:
        """Let the version take effect on its day."""
        self._decide(decider, at)

    @django_fsm.transition(
        field=state, source=FourEyesState.PROPOSED, target=FourEyesState.REJECTED
    )
    def reject(self, *, at: Any, decider: models.Model) -> None:
        """Decline the version."""
        self._decide(decider, at)

    @django_fsm.transition(
        field=state, source=FourEyesState.PROPOSED, target=FourEyesState.WITHDRAWN
    )
    def withdraw(self, *, at: Any, decider: models.Model) -> None:
        """Take the proposal back; the one thing its maker may decide."""
        self._decide(decider, at)


class JobRun(models.Model):
    """One slot of one business date: planned once, worked through in chunks, counted.

    Rows are unique by (business date, slot): two schedulers, a late start and a click of the
    staff all end in the same row. ``held_reason`` stops a run until a person releases it.
    """

    business_date = models.DateField(_("business date"))
    slot = models.CharField(_("slot"), max_length=20)
    planned = models.IntegerField(_("planned"), default=0)
    planned_fen = models.BigIntegerField(_("planned amount"), default=0)
    done = models.IntegerField(_("done"), default=0)
    failed = models.IntegerField(_("failed"), default=0)
    unknown = models.IntegerField(_("unknown"), default=0)
    held_reason = models.CharField(_("held because"), max_length=200, blank=True)
    released_by = models.CharField(_("released by"), max_length=80, blank=True)
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
            models.UniqueConstraint(fields=["business_date", "slot"], name="job_run_once"),
            models.CheckConstraint(
                name="job_run_counts_are_not_negative",
                condition=Q(planned__gte=0, done__gte=0, failed__gte=0, unknown__gte=0),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.business_date} {self.slot}"


class JobChunk(models.Model):
    """A part of a run that one worker takes: the ids, the owner, the outcome.

    The owner holds an advisory lock on the chunk for as long as its connection lives: a killed
    worker's chunk is anybody's again at once. What a chunk does must therefore be repeatable.
    """

    run = models.ForeignKey(
        JobRun, on_delete=models.CASCADE, related_name="chunks", verbose_name=_("run")
    )
    number = models.IntegerField(_("number"))
    ids = ArrayField(models.BigIntegerField(), verbose_name=_("ids"))
    owner = models.CharField(_("owner"), max_length=80, blank=True)
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


class SlotPauseState(models.TextChoices):
    """States of a pause: anyone entitled stops at once, two people resume."""

    PAUSED = "paused", _("paused")
    RESUME_REQUESTED = "resume_requested", _("resume requested")
    RESUMED = "resumed", _("resumed")


class SlotPause(django_fsm.FSMModelMixin, models.Model):
    """A slot of the day that must not run for now.

    States: paused -> resume_requested -> resumed, or back to paused.
    """

    slot = models.CharField(_("slot"), max_length=20)
    reason = models.CharField(_("reason"), max_length=200)
    state = StateField(
        _("state"),
        choices=SlotPauseState.choices,
        default=SlotPauseState.PAUSED,
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
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("resume requested by"),
    )
    resumed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("resumed by"),
    )
    resumed_at = models.DateTimeField(_("resumed at"), null=True)

    class Meta:
        verbose_name = _("pause of a slot")
        verbose_name_plural = _("pauses of slots")
        default_permissions = ("add", "view")
        permissions: ClassVar = [
            ("request_resume", "Can ask for a paused slot to be resumed"),
            ("resume_slot", "Can resume a paused slot"),
        ]
        constraints: ClassVar = [
            state_check("slot_pause_state", SlotPauseState),
            models.UniqueConstraint(
                fields=["slot"],
                condition=~Q(state=SlotPauseState.RESUMED),
                name="slot_pause_one_at_a_time",
            ),
            models.CheckConstraint(
                name="slot_pause_four_eyes",
                condition=Q(resumed_by=None) | ~Q(resumed_by=F("requested_by")),
            ),
            models.CheckConstraint(
                name="slot_pause_resumed_by_someone",
                condition=~Q(state=SlotPauseState.RESUMED)
                | Q(resumed_by__isnull=False, requested_by__isnull=False),
            ),
        ]
        triggers: ClassVar = [Guard(), Birth(SlotPauseState.PAUSED)]

    def __str__(self) -> str:
        return self.slot

    @django_fsm.transition(
        field=state, source=SlotPauseState.PAUSED, target=SlotPauseState.RESUME_REQUESTED
    )
    def request_resume(self, *, at: Any, requester: models.Model) -> None:
        """Ask for the slot to run again."""
        self.requested_by_id = requester.pk

    @django_fsm.transition(
        field=state, source=SlotPauseState.RESUME_REQUESTED, target=SlotPauseState.PAUSED
    )
    def keep_paused(self, *, at: Any) -> None:
        """Decline the request: the slot stays paused."""
        self.requested_by_id = None

    @django_fsm.transition(
        field=state, source=SlotPauseState.RESUME_REQUESTED, target=SlotPauseState.RESUMED
    )
    def resume(self, *, at: Any, resumer: models.Model) -> None:
        """Let the slot run again, as the second person."""
        self.resumed_by_id = resumer.pk
        self.resumed_at = at


class SandboxClock(models.Model):
    """Marks a database as a sandbox and says how far its time is ahead. One row or none."""

    one = models.BooleanField(primary_key=True, default=True)
    ahead = models.DurationField(default=timedelta())

    class Meta:
        default_permissions = ()
        constraints: ClassVar = [
            models.CheckConstraint(name="sandbox_clock_one_row", condition=Q(one=True))
        ]

    def __str__(self) -> str:
        return str(self.ahead)
