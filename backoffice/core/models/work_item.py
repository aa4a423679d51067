"""Work items: one record to review, in the queue of its kind."""

from datetime import datetime
from typing import ClassVar

import django_fsm
import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from backoffice.core.guards import Guard, InitialState, state_check
from backoffice.core.states import StateField


class WorkItemState(models.TextChoices):
    """States of a work item."""

    WAITING = "waiting", _("waiting")
    CLAIMED = "claimed", _("claimed")
    DONE = "done", _("done")


class WorkItem(django_fsm.FSMModelMixin, models.Model):
    """A record that a person must review before a deadline.

    States: waiting -> claimed -> waiting (released), claimed (handed over) or done; waiting ->
    done. A record has one open item in a queue. ``claimed_by`` of a finished item is its last
    holder. A higher priority comes first.
    """

    queue = models.CharField(_("queue"), max_length=40)
    subject_type = models.CharField(_("subject type"), max_length=40)
    subject_id = models.BigIntegerField(_("subject"))
    priority = models.SmallIntegerField(_("priority"), default=0)
    state = StateField(
        _("state"),
        choices=WorkItemState.choices,
        default=WorkItemState.WAITING,
        max_length=20,
        protected=True,
    )
    added_at = models.DateTimeField(_("added at"))
    deadline_at = models.DateTimeField(_("deadline"))
    claimed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("claimed by"),
    )
    claimed_at = models.DateTimeField(_("claimed at"), null=True)
    done_at = models.DateTimeField(_("done at"), null=True)
    escalated_at = models.DateTimeField(_("escalated at"), null=True)

    class Meta:
        verbose_name = _("work item")
        verbose_name_plural = _("work items")
        default_permissions = ("view",)
        permissions: ClassVar = [
            ("claim_workitem", "Can take work from a queue"),
            ("release_workitem", "Can give work back to its queue"),
            ("hand_over_workitem", "Can hand work over to somebody else"),
            ("reassign_workitem", "Can release and hand over work that somebody else holds"),
        ]
        constraints: ClassVar = [
            state_check("work_item_state", WorkItemState),
            models.UniqueConstraint(
                fields=["queue", "subject_type", "subject_id"],
                condition=~Q(state=WorkItemState.DONE),
                name="work_item_one_open",
            ),
            models.CheckConstraint(
                name="work_item_claimed_by_someone",
                condition=Q(state=WorkItemState.WAITING, claimed_by=None, claimed_at=None)
                | Q(
                    state=WorkItemState.CLAIMED,
                    claimed_by__isnull=False,
                    claimed_at__isnull=False,
                )
                | Q(state=WorkItemState.DONE),
            ),
            models.CheckConstraint(
                name="work_item_done_at",
                condition=Q(state=WorkItemState.DONE, done_at__isnull=False)
                | (~Q(state=WorkItemState.DONE) & Q(done_at=None)),
            ),
            models.CheckConstraint(
                name="work_item_deadline_follows", condition=Q(deadline_at__gte=F("added_at"))
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                F("queue"),
                F("priority").desc(),
                F("deadline_at"),
                F("id"),
                condition=Q(state=WorkItemState.WAITING),
                name="work_item_next",
            ),
            models.Index(
                fields=["deadline_at"],
                condition=~Q(state=WorkItemState.DONE) & Q(escalated_at=None),
                name="work_item_to_escalate",
            ),
            models.Index(fields=["subject_type", "subject_id"], name="work_item_subject"),
        ]
        triggers: ClassVar = [
            Guard(),
            InitialState(WorkItemState.WAITING),
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"W{self.pk}"

    @django_fsm.transition(field=state, source=WorkItemState.WAITING, target=WorkItemState.CLAIMED)
    def claim(self, *, at: datetime, holder: models.Model) -> None:
        """Give the item to a person."""
        self.claimed_by_id = holder.pk
        self.claimed_at = at

    @django_fsm.transition(field=state, source=WorkItemState.CLAIMED, target=WorkItemState.WAITING)
    def release(self, *, at: datetime) -> None:
        """Put the item back into its queue."""
        self.claimed_by_id = None
        self.claimed_at = None

    @django_fsm.transition(field=state, source=WorkItemState.CLAIMED, target=WorkItemState.CLAIMED)
    def hand_over(self, *, at: datetime, holder: models.Model) -> None:
        """Give the item to another person."""
        self.claimed_by_id = holder.pk
        self.claimed_at = at

    @django_fsm.transition(
        field=state,
        source=[WorkItemState.WAITING, WorkItemState.CLAIMED],
        target=WorkItemState.DONE,
    )
    def finish(self, *, at: datetime) -> None:
        """Close the item: its record is decided or needs no review any more."""
        self.done_at = at
