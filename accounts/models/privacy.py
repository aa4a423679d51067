"""What protects customers' data: who looked, what is to be erased, who complained."""

import uuid
from datetime import datetime
from typing import ClassVar

import django_fsm
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models.customer import Customer
from backoffice.core.crypto import SealedField
from backoffice.core.guards import Guard, InitialState, append_only, state_check
from backoffice.core.states import StateField


class AccessRecord(models.Model):
    """Somebody of the staff saw a customer's identity in full, and why. Append-only."""

    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="access_records",
        verbose_name=_("customer"),
    )  # fmt: skip
    staff = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+",
        verbose_name=_("staff member"),
    )  # fmt: skip
    fields = models.CharField(_("shown"), max_length=200)
    reason = models.CharField(_("reason"), max_length=200)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("access record")
        verbose_name_plural = _("access records")
        default_permissions = ("view",)
        constraints: ClassVar = [
            models.CheckConstraint(name="access_record_says_why", condition=~Q(reason=""))
        ]
        triggers: ClassVar = append_only()

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"


class DeletionState(models.TextChoices):
    """States of a deletion request."""

    REQUESTED = "requested", _("requested")
    DONE = "done", _("done")
    WITHDRAWN = "withdrawn", _("withdrawn")


class DeletionRequest(django_fsm.FSMModelMixin, models.Model):
    """A customer asked for the relation to end and the data to go (LAW-18, LAW-19).

    States: requested -> done or withdrawn. The nightly retention carries it out.
    """

    public_id = models.UUIDField(_("public id"), default=uuid.uuid4, unique=True, editable=False)
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="deletions", verbose_name=_("customer")
    )
    state = StateField(
        _("state"),
        choices=DeletionState.choices,
        default=DeletionState.REQUESTED,
        max_length=20,
        protected=True,
    )
    requested_at = models.DateTimeField(_("requested at"))
    decided_at = models.DateTimeField(_("decided at"), null=True)
    erased = models.JSONField(_("erased"), default=list)
    kept = models.JSONField(_("kept, and until when"), default=dict)

    class Meta:
        verbose_name = _("deletion request")
        verbose_name_plural = _("deletion requests")
        default_permissions = ("view",)
        constraints: ClassVar = [
            state_check("deletion_request_state", DeletionState),
            models.UniqueConstraint(
                fields=["customer"],
                condition=Q(state=DeletionState.REQUESTED),
                name="deletion_request_one_open",
            ),
        ]
        triggers: ClassVar = [Guard(), InitialState(DeletionState.REQUESTED)]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"

    @django_fsm.transition(field=state, source=DeletionState.REQUESTED, target=DeletionState.DONE)
    def finish(self, *, at: datetime) -> None:
        """What may be erased is erased."""
        self.decided_at = at

    @django_fsm.transition(
        field=state, source=DeletionState.REQUESTED, target=DeletionState.WITHDRAWN
    )
    def withdraw(self, *, at: datetime) -> None:
        """The customer stays."""
        self.decided_at = at


class ComplaintState(models.TextChoices):
    """States of a complaint."""

    FILED = "filed", _("filed")
    ANSWERED = "answered", _("answered")


class Complaint(django_fsm.FSMModelMixin, models.Model):
    """A customer's complaint and what was answered, by a day that is fixed when it is filed.

    States: filed -> answered.
    """

    public_id = models.UUIDField(_("public id"), default=uuid.uuid4, unique=True, editable=False)
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="complaints", verbose_name=_("customer")
    )
    state = StateField(
        _("state"),
        choices=ComplaintState.choices,
        default=ComplaintState.FILED,
        max_length=20,
        protected=True,
    )
    text = SealedField(_("complaint"))
    answer = SealedField(_("answer"), null=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+",
        verbose_name=_("answered by"),
    )  # fmt: skip
    filed_at = models.DateTimeField(_("filed at"))
    due_on = models.DateField(_("reply due on"))
    answered_at = models.DateTimeField(_("replied at"), null=True)

    class Meta:
        verbose_name = _("complaint")
        verbose_name_plural = _("complaints")
        default_permissions = ("view",)
        permissions: ClassVar = [("answer_complaint", "Can answer a complaint")]
        constraints: ClassVar = [
            state_check("complaint_state", ComplaintState),
            models.CheckConstraint(
                name="complaint_answered_has_an_answer",
                condition=Q(state=ComplaintState.FILED)
                | Q(answer__isnull=False, answered_by__isnull=False, answered_at__isnull=False),
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["due_on"], condition=Q(state=ComplaintState.FILED), name="complaint_open"
            )
        ]
        triggers: ClassVar = [Guard(), InitialState(ComplaintState.FILED)]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"

    @django_fsm.transition(field=state, source=ComplaintState.FILED, target=ComplaintState.ANSWERED)
    def reply(self, *, at: datetime, answerer: models.Model) -> None:
        """Somebody of the staff answered; the answer itself is sealed beside."""
        self.answered_by_id = answerer.pk
        self.answered_at = at
