"""Approval requests: one person proposes, another decides."""

from datetime import datetime
from typing import ClassVar

import django_fsm
import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import MD5, Cast
from django.utils.translation import gettext_lazy as _

from backoffice.core.guards import Guard, InitialState, state_check
from backoffice.core.states import StateField


class ApprovalState(models.TextChoices):
    """States of an approval request."""

    PROPOSED = "proposed", _("proposed")
    APPROVED = "approved", _("approved")
    REJECTED = "rejected", _("rejected")
    WITHDRAWN = "withdrawn", _("withdrawn")
    EXPIRED = "expired", _("expired")


_DECIDED = (ApprovalState.APPROVED, ApprovalState.REJECTED)


class Approval(django_fsm.FSMModelMixin, models.Model):
    """A request that needs a second person, and its decision.

    States: proposed -> approved, rejected, withdrawn or expired. ``subject_id`` is the record of
    the request if its kind has one; ``payload`` holds the other proposed values. ``reason`` is the
    proposer's, ``note`` the decider's. Neither the proposal nor the decision ever changes.
    """

    kind = models.CharField(_("kind"), max_length=40)
    subject_id = models.BigIntegerField(_("subject"), null=True)
    payload = models.JSONField(_("payload"), default=dict)
    reason = models.CharField(_("reason"), max_length=200)
    note = models.CharField(_("note of the decision"), max_length=200, blank=True)
    state = StateField(
        _("state"),
        choices=ApprovalState.choices,
        default=ApprovalState.PROPOSED,
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
        related_name="+",
        verbose_name=_("decided by"),
    )
    decided_at = models.DateTimeField(_("decided at"), null=True)
    expires_at = models.DateTimeField(_("expires at"))

    class Meta:
        verbose_name = _("approval request")
        verbose_name_plural = _("approval requests")
        default_permissions = ("view",)
        permissions: ClassVar = [
            ("approve_approval", "Can approve what somebody else proposed"),
            ("reject_approval", "Can reject what somebody else proposed"),
            ("withdraw_approval", "Can withdraw what one has proposed"),
        ]
        constraints: ClassVar = [
            state_check("approval_state", ApprovalState),
            models.CheckConstraint(
                name="approval_four_eyes",
                condition=~Q(state__in=_DECIDED) | ~Q(decided_by=F("proposed_by")),
            ),
            models.CheckConstraint(
                name="approval_withdrawn_by_its_proposer",
                condition=~Q(state=ApprovalState.WITHDRAWN) | Q(decided_by=F("proposed_by")),
            ),
            models.CheckConstraint(
                name="approval_decided_by_someone",
                condition=Q(state=ApprovalState.PROPOSED, decided_by=None, decided_at=None)
                | Q(state=ApprovalState.EXPIRED, decided_by=None, decided_at__isnull=False)
                | Q(
                    state__in=(*_DECIDED, ApprovalState.WITHDRAWN),
                    decided_by__isnull=False,
                    decided_at__isnull=False,
                ),
            ),
            models.CheckConstraint(name="approval_has_a_reason", condition=~Q(reason="")),
            models.CheckConstraint(
                name="approval_expires_later", condition=Q(expires_at__gt=F("proposed_at"))
            ),
            models.UniqueConstraint(
                fields=["kind", "subject_id"],
                condition=Q(state=ApprovalState.PROPOSED),
                name="approval_one_open",
            ),
            # Without a record the content is what makes two requests the same.
            models.UniqueConstraint(
                F("kind"),
                MD5(Cast("payload", models.TextField())),
                condition=Q(state=ApprovalState.PROPOSED, subject_id=None),
                name="approval_one_open_content",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["expires_at"],
                condition=Q(state=ApprovalState.PROPOSED),
                name="approval_waiting",
            )
        ]
        triggers: ClassVar = [
            Guard(),
            InitialState(ApprovalState.PROPOSED),
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            # The check sees one version of the row, this trigger two: a replaced proposer or a
            # changed decision would let one person decide alone.
            pgtrigger.Trigger(
                name="decided_as_proposed",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "OLD.state = NEW.state AND OLD.state <> 'proposed' "
                    "AND OLD.* IS DISTINCT FROM NEW.* "
                    "OR (OLD.kind, OLD.subject_id, OLD.payload, OLD.reason, OLD.proposed_by_id, "
                    "OLD.proposed_at, OLD.expires_at) IS DISTINCT FROM "
                    "(NEW.kind, NEW.subject_id, NEW.payload, NEW.reason, NEW.proposed_by_id, "
                    "NEW.proposed_at, NEW.expires_at) "
                    "OR NEW.state IN ('approved', 'rejected') "
                    "AND NEW.decided_by_id = OLD.proposed_by_id"
                ),
                func=(
                    "RAISE EXCEPTION 'approval request %: decided by another person, as it was "
                    "proposed, and once', NEW.id "
                    "USING ERRCODE = 'check_violation', CONSTRAINT = 'approval_as_proposed';"
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"

    def _decide(self, decider: models.Model | None, note: str, at: datetime) -> None:
        self.decided_by_id = decider.pk if decider else None
        self.decided_at = at
        self.note = note

    @django_fsm.transition(
        field=state, source=ApprovalState.PROPOSED, target=ApprovalState.APPROVED
    )
    def approve(self, *, at: datetime, decider: models.Model, note: str) -> None:
        """Approve the request."""
        self._decide(decider, note, at)

    @django_fsm.transition(
        field=state, source=ApprovalState.PROPOSED, target=ApprovalState.REJECTED
    )
    def reject(self, *, at: datetime, decider: models.Model, note: str) -> None:
        """Reject the request."""
        self._decide(decider, note, at)

    @django_fsm.transition(
        field=state, source=ApprovalState.PROPOSED, target=ApprovalState.WITHDRAWN
    )
    def withdraw(self, *, at: datetime, decider: models.Model, note: str) -> None:
        """Withdraw the request, as its proposer."""
        self._decide(decider, note, at)

    @django_fsm.transition(field=state, source=ApprovalState.PROPOSED, target=ApprovalState.EXPIRED)
    def expire(self, *, at: datetime) -> None:
        """Expire the request."""
        self._decide(None, "", at)
