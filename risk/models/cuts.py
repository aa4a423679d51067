"""Human reviews of limit cuts: what a customer asked a person to look at again (LAW-18)."""

import uuid
from datetime import datetime
from typing import ClassVar

import django_fsm
import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Customer
from backoffice.core.crypto import SealedField
from backoffice.core.guards import Guard, InitialState, state_check
from backoffice.core.states import StateField
from risk.models.limits import LimitChange


class CutReviewState(models.TextChoices):
    """States of the human review of a limit cut."""

    REQUESTED = "requested", _("requested")
    UPHELD = "upheld", pgettext_lazy("review of a cut", "upheld")
    CONFIRMED = "confirmed", _("confirmed")
    WITHDRAWN = "withdrawn", _("withdrawn")


DECIDED_CUTS = (CutReviewState.UPHELD, CutReviewState.CONFIRMED)

_FIXED = pgtrigger.Trigger(
    name="fixed_once",
    when=pgtrigger.Before,
    operation=pgtrigger.Update,
    condition=pgtrigger.Condition(
        "((NEW.customer_id, NEW.public_id, NEW.change_id, NEW.requested_at, NEW.due_at)"
        " IS DISTINCT FROM"
        " (OLD.customer_id, OLD.public_id, OLD.change_id, OLD.requested_at, OLD.due_at)"
        " OR (OLD.state <> 'requested' AND (NEW.decided_at, NEW.decided_by)"
        " IS DISTINCT FROM (OLD.decided_at, OLD.decided_by)))"
    ),
    func=(
        "RAISE EXCEPTION 'cut review %: what was asked and decided is never changed', NEW.id "
        "USING ERRCODE = 'check_violation', CONSTRAINT = 'cut_review_fixed_once';"
    ),
)
_BY_ANOTHER = pgtrigger.Trigger(
    name="reviewed_by_another",
    when=pgtrigger.Before,
    operation=pgtrigger.Update,
    condition=pgtrigger.Condition("NEW.decided_by <> ''"),
    # A change by a limit review names the second person; its approval names the first one too.
    func=(
        "IF EXISTS (SELECT FROM risk_limitchange AS cut WHERE cut.id = NEW.change_id"
        " AND (cut.changed_by = NEW.decided_by OR EXISTS (SELECT FROM backoffice_approval AS"
        " agreed JOIN accounts_staff AS person"
        " ON person.id IN (agreed.proposed_by_id, agreed.decided_by_id)"
        " WHERE 'approval:' || agreed.id = cut.evidence AND person.username = NEW.decided_by)))"
        " THEN RAISE EXCEPTION 'cut review %: the reviewer decided the change', NEW.id"
        " USING ERRCODE = 'check_violation', CONSTRAINT = 'cut_review_by_another'; END IF;"
        " RETURN NEW;"
    ),
)


class CutReview(django_fsm.FSMModelMixin, models.Model):
    """A customer asked a person to look at a fall of the limit or of its target, once (LAW-18).

    States: requested -> confirmed (the fall stands, with an answer that the customer reads),
    upheld (a second person approved a higher limit) or withdrawn (the customer left). ``change`` is
    the fall of the target; the daily steps that follow from it belong to it. Whoever decided the
    change does not review it.
    """

    public_id = models.UUIDField(_("public id"), default=uuid.uuid4, unique=True, editable=False)
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="+", verbose_name=_("customer")
    )
    change = models.OneToOneField(
        LimitChange, on_delete=models.PROTECT, related_name="cut_review",
        verbose_name=_("limit change"),
    )  # fmt: skip
    state = StateField(
        _("state"),
        choices=CutReviewState.choices,
        default=CutReviewState.REQUESTED,
        max_length=20,
        protected=True,
    )
    requested_at = models.DateTimeField(_("requested at"))
    due_at = models.DateTimeField(_("due at"))
    answer = SealedField(_("answer to the customer"), null=True)
    decided_at = models.DateTimeField(_("decided at"), null=True)
    decided_by = models.CharField(_("decided by"), max_length=150, blank=True)

    class Meta:
        verbose_name = _("human review of a limit cut")
        verbose_name_plural = _("human reviews of limit cuts")
        default_permissions = ("view",)
        permissions: ClassVar = [("review_limitcut", "Can review a limit cut")]
        constraints: ClassVar = [
            state_check("cut_review_state", CutReviewState),
            models.UniqueConstraint(
                fields=["customer"],
                condition=Q(state=CutReviewState.REQUESTED),
                name="cut_review_one_open",
            ),
            models.CheckConstraint(
                name="cut_review_due_after_requested", condition=Q(due_at__gt=F("requested_at"))
            ),
            models.CheckConstraint(
                name="cut_review_decided_or_open",
                condition=(Q(state__in=DECIDED_CUTS, decided_at__isnull=False) & ~Q(decided_by=""))
                | (~Q(state__in=DECIDED_CUTS) & Q(decided_at=None, decided_by="")),
            ),
            models.CheckConstraint(
                name="cut_review_confirmed_with_an_answer",
                condition=~Q(state=CutReviewState.CONFIRMED) | Q(answer__isnull=False),
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["customer", "-id"], name="cut_review_of"),
        ]
        triggers: ClassVar = [
            Guard(),
            InitialState(CutReviewState.REQUESTED),
            _FIXED,
            _BY_ANOTHER,
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"CR{self.pk}"

    @django_fsm.transition(
        field=state, source=CutReviewState.REQUESTED, target=CutReviewState.CONFIRMED
    )
    def confirm(self, *, at: datetime, decider: str) -> None:
        """The fall stands; the answer itself is sealed beside."""
        self.decided_at = at
        self.decided_by = decider

    @django_fsm.transition(
        field=state, source=CutReviewState.REQUESTED, target=CutReviewState.UPHELD
    )
    def uphold(self, *, at: datetime, decider: str) -> None:
        """A second person approved a higher limit."""
        self.decided_at = at
        self.decided_by = decider

    @django_fsm.transition(
        field=state, source=CutReviewState.REQUESTED, target=CutReviewState.WITHDRAWN
    )
    def withdraw(self, *, at: datetime) -> None:
        """It ends without a decision: the customer left."""
