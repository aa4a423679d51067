"""Appeals against decisions, and what customers add to them; append-only materials (FAQ-8)."""

import uuid
from datetime import datetime
from typing import ClassVar

import django_fsm
import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer, ProofKind
from backoffice.core.crypto import SealedField
from backoffice.core.guards import Guard, InitialState, append_only, code_check, state_check
from backoffice.core.states import StateField, choices
from risk.appeals.rules.deadlines import Contested
from risk.models.assessments import Assessment

CONTESTED = choices(
    Contested,
    {
        Contested.REFUSAL: _("refusal"),
        Contested.LIMIT: _("limit"),
        Contested.BUREAU: _("credit report"),
    },
)


class AppealState(models.TextChoices):
    """States of an appeal."""

    DRAFT = "draft", _("draft")
    PROOF = "proof", _("collecting materials")
    SUBMITTED = "submitted", _("submitted")
    IN_REVIEW = "in_review", _("in review")
    MORE_INFO = "more_info", _("waiting for the customer")
    UPHELD = "upheld", _("upheld")
    REJECTED = "rejected", _("rejected")
    CLOSED = "closed", _("closed")


class AppealOutcome(models.TextChoices):
    """How an appeal ended; it stays when the appeal is closed."""

    UPHELD = "upheld", _("upheld")
    REJECTED = "rejected", _("rejected")
    WITHDRAWN = "withdrawn", _("ended without a decision")


_State = AppealState
PREPARED_STATES = (_State.DRAFT, _State.PROOF)
REVIEWED_STATES = (_State.SUBMITTED, _State.IN_REVIEW, _State.MORE_INFO)
OPEN_APPEALS = (*PREPARED_STATES, *REVIEWED_STATES)
WRITABLE_STATES = (*PREPARED_STATES, _State.MORE_INFO)  # the customer may add and submit
DECIDED_APPEALS = (_State.UPHELD, _State.REJECTED)

_ASKED = ("customer_id", "public_id", "assessment_id", "kind", "opened_at", "report_viewed_at")
_DECIDED = ("outcome", "decided_at", "decided_by")


def _changed(columns: tuple[str, ...]) -> str:
    new, old = (", ".join(f"{row}.{column}" for column in columns) for row in ("NEW", "OLD"))
    return f"(({new}) IS DISTINCT FROM ({old}))"


_FIXED = pgtrigger.Trigger(
    name="fixed_once",
    when=pgtrigger.Before,
    operation=pgtrigger.Update,
    condition=pgtrigger.Condition(
        f"({_changed(_ASKED)} "
        "OR (OLD.submitted_at IS NOT NULL AND NEW.submitted_at IS DISTINCT FROM OLD.submitted_at) "
        f"OR (OLD.decided_at IS NOT NULL AND {_changed(_DECIDED)}))"
    ),
    func=(
        "RAISE EXCEPTION 'appeal %: what was asked and decided is never changed', NEW.id "
        "USING ERRCODE = 'check_violation', CONSTRAINT = 'appeal_fixed_once';"
    ),
)
_BY_ANOTHER = pgtrigger.Trigger(
    name="reviewed_by_another",
    when=pgtrigger.Before,
    operation=pgtrigger.Insert | pgtrigger.Update,
    declare=[("reviewer_name", "text")],
    # Usernames are the actors of decisions made by persons.
    func=(
        "SELECT username INTO reviewer_name FROM accounts_staff WHERE id = NEW.reviewer_id;"
        " IF EXISTS (SELECT FROM risk_assessment AS contested JOIN risk_assessment AS decided"
        " ON decided.id IN (contested.id, contested.review_of_id)"
        " WHERE contested.id = NEW.assessment_id"
        " AND decided.decided_by IN (coalesce(reviewer_name, ''), NEW.decided_by)"
        " AND decided.decided_by <> '')"
        " THEN RAISE EXCEPTION 'appeal %: the reviewer decided before', NEW.id"
        " USING ERRCODE = 'check_violation', CONSTRAINT = 'appeal_reviewed_by_another'; END IF;"
        " IF NEW.outcome = 'upheld' AND NEW.decided_by = reviewer_name"
        " THEN RAISE EXCEPTION 'appeal %: a second person upholds it', NEW.id"
        " USING ERRCODE = 'check_violation', CONSTRAINT = 'appeal_upheld_by_two'; END IF;"
        " RETURN NEW;"
    ),
)


class Appeal(django_fsm.FSMModelMixin, models.Model):
    """A customer contests the latest decision on an assessment, once (FAQ-8, LAW-18).

    States: draft -> proof (the customer adds materials, which may be skipped) -> submitted ->
    in_review -> more_info -> submitted; in_review -> upheld or rejected -> closed. What is open is
    closed without a decision when the customer withdraws it, leaves, or does not submit it in time.
    ``due_at`` is moved on by the time for which the appeal waits for the customer. Whoever made the
    contested decision, or the one that it reviewed, does not review the appeal.
    """

    public_id = models.UUIDField(_("public id"), default=uuid.uuid4, unique=True, editable=False)
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="appeals", verbose_name=_("customer")
    )
    assessment = models.OneToOneField(
        Assessment, on_delete=models.PROTECT, related_name="contested_by",
        verbose_name=_("contested assessment"),
    )  # fmt: skip
    kind = models.CharField(_("what is contested"), max_length=20, choices=CONTESTED)
    state = StateField(
        _("state"),
        choices=AppealState.choices,
        default=AppealState.DRAFT,
        max_length=20,
        protected=True,
    )
    statement = SealedField(_("statement"))
    opened_at = models.DateTimeField(_("appeal opened at"))
    report_viewed_at = models.DateTimeField(_("report viewed at"))
    submitted_at = models.DateTimeField(_("submitted at"), null=True)
    due_at = models.DateTimeField(_("due at"), null=True)
    escalated_at = models.DateTimeField(_("escalated at"), null=True)
    reviewer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+",
        verbose_name=_("reviewer"),
    )  # fmt: skip
    question = SealedField(_("question to the customer"), null=True)
    asked_at = models.DateTimeField(_("asked at"), null=True)
    outcome = models.CharField(
        _("outcome"), max_length=20, choices=AppealOutcome.choices, blank=True
    )
    answer = SealedField(_("answer to the customer"), null=True)
    decided_at = models.DateTimeField(_("decided at"), null=True)
    decided_by = models.CharField(_("decided by"), max_length=150, blank=True)
    read_at = models.DateTimeField(_("outcome read at"), null=True)
    closed_at = models.DateTimeField(_("appeal closed at"), null=True)

    class Meta:
        verbose_name = _("appeal")
        verbose_name_plural = _("appeals")
        default_permissions = ("view",)
        permissions: ClassVar = [
            ("review_appeal", "Can review an appeal and propose to uphold it"),
            ("decide_appeal", "Can decide a proposal to uphold an appeal"),
        ]
        constraints: ClassVar = [
            state_check("appeal_state", AppealState),
            code_check("appeal_kind", Contested, column="kind"),
            models.UniqueConstraint(
                fields=["customer"], condition=Q(state__in=OPEN_APPEALS), name="appeal_one_open"
            ),
            models.CheckConstraint(
                name="appeal_submitted_has_a_deadline",
                condition=Q(state__in=PREPARED_STATES, submitted_at=None, due_at=None)
                | Q(state=AppealState.CLOSED, submitted_at=None, due_at=None)
                | (
                    ~Q(state__in=PREPARED_STATES)
                    & Q(submitted_at__isnull=False, due_at__isnull=False)
                    & Q(due_at__gt=F("submitted_at"))
                ),
            ),
            models.CheckConstraint(
                name="appeal_in_review_has_a_reviewer",
                condition=Q(state__in=[*PREPARED_STATES, _State.SUBMITTED, _State.CLOSED])
                | Q(reviewer__isnull=False),
            ),
            models.CheckConstraint(
                name="appeal_waits_with_a_question",
                condition=Q(
                    state=AppealState.MORE_INFO, question__isnull=False, asked_at__isnull=False
                )
                | (~Q(state=AppealState.MORE_INFO) & Q(asked_at=None)),
            ),
            models.CheckConstraint(
                name="appeal_decided_or_open",
                condition=Q(state__in=OPEN_APPEALS, outcome="", decided_at=None, decided_by="")
                | (
                    Q(state__in=[*DECIDED_APPEALS, _State.CLOSED])
                    & Q(outcome__in=DECIDED_APPEALS, decided_at__isnull=False)
                    & ~Q(decided_by="")
                    & (Q(state=_State.CLOSED) | Q(state=F("outcome")))
                )
                | Q(
                    state=AppealState.CLOSED, outcome=AppealOutcome.WITHDRAWN, decided_at=None,
                    decided_by="",
                ),
            ),
            models.CheckConstraint(
                name="appeal_rejected_with_an_answer",
                condition=~Q(outcome=AppealOutcome.REJECTED) | Q(answer__isnull=False),
            ),
            models.CheckConstraint(
                name="appeal_closed_has_its_moment",
                condition=Q(state=AppealState.CLOSED, closed_at__isnull=False)
                | (~Q(state=AppealState.CLOSED) & Q(closed_at=None)),
            ),
        ]  # fmt: skip
        indexes: ClassVar = [
            models.Index(fields=["customer", "-id"], name="appeal_of"),
            models.Index(
                fields=["due_at"], condition=~Q(state=AppealState.CLOSED), name="appeal_open"
            ),
        ]
        triggers: ClassVar = [
            Guard(),
            InitialState(AppealState.DRAFT),
            _FIXED,
            _BY_ANOTHER,
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"AP{self.pk}"

    @django_fsm.transition(field=state, source=AppealState.DRAFT, target=AppealState.PROOF)
    def collect(self, *, at: datetime) -> None:
        """The customer added the first material."""

    @django_fsm.transition(
        field=state, source=[*PREPARED_STATES, AppealState.MORE_INFO], target=AppealState.SUBMITTED
    )
    def submit(self, *, at: datetime, due_at: datetime) -> None:
        """The staff may review it until then; the moment of the first submission stays."""
        self.submitted_at = self.submitted_at or at
        self.due_at = due_at
        self.asked_at = None

    @django_fsm.transition(field=state, source=AppealState.SUBMITTED, target=AppealState.IN_REVIEW)
    def take(self, *, at: datetime, reviewer: models.Model) -> None:
        """A person reviews it."""
        self.reviewer_id = reviewer.pk

    @django_fsm.transition(field=state, source=AppealState.IN_REVIEW, target=AppealState.MORE_INFO)
    def ask(self, *, at: datetime) -> None:
        """The reviewer asked the customer for more; the question itself is sealed beside."""
        self.asked_at = at

    @django_fsm.transition(field=state, source=AppealState.IN_REVIEW, target=AppealState.UPHELD)
    def uphold(self, *, at: datetime, decider: str) -> None:
        """A second person approved a new decision."""
        self.outcome = AppealOutcome.UPHELD
        self.decided_at = at
        self.decided_by = decider

    @django_fsm.transition(field=state, source=AppealState.IN_REVIEW, target=AppealState.REJECTED)
    def reject(self, *, at: datetime, decider: str) -> None:
        """The contested decision stands."""
        self.outcome = AppealOutcome.REJECTED
        self.decided_at = at
        self.decided_by = decider

    @django_fsm.transition(field=state, source=DECIDED_APPEALS, target=AppealState.CLOSED)
    def close(self, *, at: datetime) -> None:
        """The customer has read the outcome, or had the time to."""
        self.closed_at = at

    @django_fsm.transition(field=state, source=OPEN_APPEALS, target=AppealState.CLOSED)
    def withdraw(self, *, at: datetime) -> None:
        """It ends without a decision: withdrawn, not submitted in time, or the customer left."""
        self.outcome = AppealOutcome.WITHDRAWN
        self.asked_at = None
        self.closed_at = at


class AppealMaterial(models.Model):
    """What a customer added to an appeal: a proof that was uploaded, or a text; append-only.

    The proof is named by its public id and kind, which stay when the customer deletes the file.
    """

    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="+", verbose_name=_("customer"),
        db_index=False,
    )  # fmt: skip
    appeal = models.ForeignKey(
        Appeal, on_delete=models.PROTECT, related_name="materials", verbose_name=_("appeal")
    )
    proof_id = models.UUIDField(_("proof"), null=True)
    proof_kind = models.CharField(
        _("kind of proof"), max_length=20, choices=ProofKind.choices, blank=True
    )
    text = SealedField(_("text"), null=True)
    added_at = models.DateTimeField(_("added at"))

    class Meta:
        verbose_name = _("material of an appeal")
        verbose_name_plural = _("materials of appeals")
        default_permissions = ("view",)
        constraints: ClassVar = [
            models.CheckConstraint(
                name="appeal_material_is_proof_or_text",
                condition=(Q(proof_id__isnull=False, text__isnull=True) & ~Q(proof_kind=""))
                | Q(proof_id=None, proof_kind="", text__isnull=False),
            ),
            models.UniqueConstraint(
                fields=["appeal", "proof_id"], name="appeal_material_proof_once"
            ),
        ]
        triggers: ClassVar = [
            *append_only(),
            pgtrigger.Trigger(
                name="while_prepared",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func=(
                    "IF EXISTS (SELECT FROM risk_appeal WHERE id = NEW.appeal_id"
                    " AND (customer_id <> NEW.customer_id"
                    " OR state NOT IN ('draft', 'proof', 'more_info')))"
                    " THEN RAISE EXCEPTION 'appeal %: it takes no material now', NEW.appeal_id"
                    " USING ERRCODE = 'check_violation', CONSTRAINT ="
                    " 'appeal_material_while_prepared'; END IF; RETURN NEW;"
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"
