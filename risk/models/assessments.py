"""Assessments: what was asked, from what it was decided, and what came of it."""

import uuid
from datetime import datetime
from typing import Any, ClassVar

import django_fsm
import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from backoffice.core.guards import Guard, InitialState, append_only, state_check
from backoffice.core.states import StateField


class PolicyNumbers(models.Model):
    """The product numbers under which decisions were made, once for each content; append-only.

    Assessments name them by digest: a decision can be computed again whatever is in force by then.
    """

    app = models.CharField(_("policy"), max_length=40)
    digest = models.CharField(_("digest of the content"), max_length=64)
    numbers = models.JSONField(_("numbers"))

    class Meta:
        verbose_name = _("policy numbers of decisions")
        verbose_name_plural = _("policy numbers of decisions")
        default_permissions = ()
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["app", "digest"], name="policy_numbers_once")
        ]
        triggers: ClassVar = append_only()

    def __str__(self) -> str:
        return f"{self.app} {self.digest[:12]}"


class AssessmentState(models.TextChoices):
    """States of an assessment."""

    REQUESTED = "requested", _("requested")
    SCORING = "scoring", _("scoring")
    MANUAL_REVIEW = "manual_review", _("in manual review")
    APPROVED = "approved", _("approved")
    REFUSED = "refused", _("refused")


OPEN_STATES = (
    AssessmentState.REQUESTED,
    AssessmentState.SCORING,
    AssessmentState.MANUAL_REVIEW,
)
DECIDED_STATES = (AssessmentState.APPROVED, AssessmentState.REFUSED)
_FROZEN = ("inputs", "policies", "result", "score", "grade", "rate_ppm", "scored_at")
_DECIDED = ("limit_fen", "decided_at", "decided_by")
_ASKED = ("customer_id", "public_id", "review_of_id", "appeal_id", "requested_at", "due_at")


def _changed(columns: tuple[str, ...]) -> str:
    new, old = (", ".join(f"{row}.{column}" for column in columns) for row in ("NEW", "OLD"))
    return f"(({new}) IS DISTINCT FROM ({old}))"


_DECIDED_ONCE = pgtrigger.Trigger(
    name="decided_once",
    when=pgtrigger.Before,
    operation=pgtrigger.Update,
    # What was requested, and what is frozen or decided once it is there, is never changed.
    condition=pgtrigger.Condition(
        f"({_changed(_ASKED)} OR (OLD.scored_at IS NOT NULL AND {_changed(_FROZEN)}) "
        f"OR (OLD.decided_at IS NOT NULL AND {_changed(_DECIDED)}) "
        "OR (OLD.viewed_at IS NOT NULL AND NEW.viewed_at IS DISTINCT FROM OLD.viewed_at))"
    ),
    func=(
        "RAISE EXCEPTION 'assessment %: a decision and its inputs are never changed', NEW.id "
        "USING ERRCODE = 'check_violation', CONSTRAINT = 'assessment_decided_once';"
    ),
)


class Assessment(django_fsm.FSMModelMixin, models.Model):
    """A customer asked for a credit decision (GEN-12, SCORE-8, LAW-18).

    States: requested -> scoring -> approved, refused or manual_review; manual_review -> approved
    or refused. ``inputs`` are frozen when the score is computed, ``policies`` name the numbers by
    digest, ``result`` holds everything that was computed. ``review_of`` is the decision that a
    customer asked a person to look at again; such an assessment has the inputs of that one.
    ``appeal`` is the upheld appeal from which the decision follows (FAQ-8).
    """

    public_id = models.UUIDField(_("public id"), default=uuid.uuid4, unique=True, editable=False)
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="assessments", verbose_name=_("customer")
    )
    review_of = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, related_name="reviewed_by",
        verbose_name=_("human review of"),
    )  # fmt: skip
    appeal = models.OneToOneField(
        "risk.Appeal", on_delete=models.PROTECT, null=True, related_name="new_assessment",
        verbose_name=_("upheld appeal"),
    )  # fmt: skip
    state = StateField(
        _("state"),
        choices=AssessmentState.choices,
        default=AssessmentState.REQUESTED,
        max_length=20,
        protected=True,
    )
    requested_at = models.DateTimeField(_("requested at"))
    due_at = models.DateTimeField(_("due at"))
    escalated_at = models.DateTimeField(_("escalated at"), null=True)
    bureau_tries = models.IntegerField(_("bureau asked in vain"), default=0)
    inputs: Any = models.JSONField(_("inputs"), null=True)
    policies: Any = models.JSONField(_("policy digests"), null=True)
    result: Any = models.JSONField(_("result"), null=True)
    scored_at = models.DateTimeField(_("scored at"), null=True)
    score = models.IntegerField(_("score"), null=True)
    grade = models.CharField(_("grade"), max_length=3, blank=True)
    rate_ppm = models.IntegerField(_("daily rate"), null=True)
    limit_fen = models.BigIntegerField(_("limit"), null=True)
    decided_at = models.DateTimeField(_("decided at"), null=True)
    decided_by = models.CharField(_("decided by"), max_length=150, blank=True)
    viewed_at = models.DateTimeField(_("report viewed at"), null=True)

    class Meta:
        verbose_name = _("assessment")
        verbose_name_plural = _("assessments")
        default_permissions = ("view",)
        permissions: ClassVar = [
            ("decide_assessment", "Can decide on an assessment in manual review")
        ]
        constraints: ClassVar = [
            state_check("assessment_state", AssessmentState),
            models.UniqueConstraint(
                fields=["customer"], condition=Q(state__in=OPEN_STATES), name="assessment_one_open"
            ),
            models.CheckConstraint(
                name="assessment_decided_or_open",
                condition=Q(state__in=OPEN_STATES, decided_at=None, decided_by="", limit_fen=None)
                | (Q(state__in=DECIDED_STATES, decided_at__isnull=False) & ~Q(decided_by="")),
            ),
            models.CheckConstraint(
                name="assessment_scored_has_its_result",
                condition=Q(scored_at=None, inputs=None, policies=None, result=None)
                | Q(
                    scored_at__isnull=False,
                    inputs__isnull=False,
                    policies__isnull=False,
                    result__isnull=False,
                ),
            ),
            models.CheckConstraint(
                name="assessment_scored_where_reviewed_or_decided",
                condition=Q(state__in=["requested", "scoring"]) | Q(scored_at__isnull=False),
            ),
            models.CheckConstraint(
                name="assessment_only_approved_has_a_limit",
                condition=Q(
                    state=AssessmentState.APPROVED, limit_fen__isnull=False, limit_fen__gt=0
                )
                | (~Q(state=AssessmentState.APPROVED) & Q(limit_fen=None)),
            ),
            models.CheckConstraint(
                name="assessment_of_one_origin",
                condition=Q(review_of=None) | Q(appeal=None),
            ),
            models.CheckConstraint(
                name="assessment_due_after_requested",
                condition=Q(due_at__gt=models.F("requested_at")),
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["customer", "-id"], name="assessment_of"),
            models.Index(
                fields=["due_at"], condition=Q(state__in=OPEN_STATES), name="assessment_open"
            ),
        ]
        triggers: ClassVar = [
            Guard(),
            InitialState(AssessmentState.REQUESTED),
            _DECIDED_ONCE,
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"AS{self.pk}"

    @property
    def is_open(self) -> bool:
        """Return whether no decision was made yet."""
        return self.state in OPEN_STATES

    @property
    def is_late(self) -> bool:
        """Return whether it was decided after it was due, or was escalated undecided (GEN-12)."""
        if self.decided_at is None:
            return self.escalated_at is not None
        return self.decided_at > self.due_at

    @django_fsm.transition(
        field=state, source=AssessmentState.REQUESTED, target=AssessmentState.SCORING
    )
    def begin(self, *, at: datetime) -> None:
        """The inputs are being collected."""

    @django_fsm.transition(
        field=state, source=AssessmentState.SCORING, target=AssessmentState.MANUAL_REVIEW
    )
    def refer(self, *, at: datetime) -> None:
        """A person decides: something contradicts what was declared, or the customer asked."""

    @django_fsm.transition(
        field=state,
        source=[AssessmentState.SCORING, AssessmentState.MANUAL_REVIEW],
        target=AssessmentState.APPROVED,
    )
    def approve(self, *, at: datetime, decider: str) -> None:
        """The limit is granted."""
        self.decided_at = at
        self.decided_by = decider

    @django_fsm.transition(
        field=state,
        source=[AssessmentState.SCORING, AssessmentState.MANUAL_REVIEW],
        target=AssessmentState.REFUSED,
    )
    def refuse(self, *, at: datetime, decider: str) -> None:
        """Nothing is lent."""
        self.decided_at = at
        self.decided_by = decider
