"""Proofs of who a customer is, and every question asked of a provider on the way."""

import uuid
from datetime import datetime
from typing import ClassVar

import django_fsm
import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models.customer import Customer
from accounts.models.login import Device, WechatAccount
from backoffice.core.crypto import SealedField
from backoffice.core.guards import Guard, InitialState, state_check
from backoffice.core.states import StateField


class VerificationState(models.TextChoices):
    """States of an identity verification."""

    PENDING = "pending", _("pending")
    IN_REVIEW = "in_review", _("in review")
    PASSED = "passed", _("passed")
    REFUSED = "refused", _("refused")
    LAPSED = "lapsed", _("lapsed")


class IdentityVerification(django_fsm.FSMModelMixin, models.Model):
    """One submission of name, ID number and face, and the answers of the checks (ELIG-2, ELIG-3).

    States: pending -> passed, in_review, refused or lapsed; in_review -> passed, refused or lapsed.
    Pending means that a provider has not answered: that is never a pass. What was sealed here for
    asking is taken out again once it is no longer needed; the results stay.
    """

    public_id = models.UUIDField(_("public id"), default=uuid.uuid4, unique=True, editable=False)
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="verifications",
        verbose_name=_("customer"),
    )  # fmt: skip
    account = models.ForeignKey(
        WechatAccount, on_delete=models.PROTECT, related_name="+", verbose_name=_("WeChat account")
    )
    device = models.ForeignKey(
        Device, on_delete=models.PROTECT, related_name="+", verbose_name=_("device")
    )
    state = StateField(
        _("state"),
        choices=VerificationState.choices,
        default=VerificationState.PENDING,
        max_length=20,
        protected=True,
    )
    name = SealedField(_("name"), null=True)
    id_number = SealedField(_("ID number"), null=True)
    id_blind = models.BinaryField(_("ID number index"), max_length=16, null=True, db_index=True)
    valid_until_on = models.DateField(_("ID card valid until"), null=True)
    face_token = SealedField(_("face token"), null=True)
    face_blind = models.BinaryField(_("face token index"), max_length=16, unique=True)
    identity_code = models.CharField(_("result of the ID check"), max_length=40, blank=True)
    identity_checked_at = models.DateTimeField(_("ID checked at"), null=True)
    face_code = models.CharField(_("result of the face check"), max_length=40, blank=True)
    face_checked_at = models.DateTimeField(_("face checked at"), null=True)
    similarity_permille = models.SmallIntegerField(_("similarity in permille"), null=True)
    is_live = models.BooleanField(_("alive"), null=True)
    tries = models.SmallIntegerField(_("tries"), default=0)
    refusal = models.CharField(_("refused because"), max_length=40, blank=True)
    submitted_at = models.DateTimeField(_("submitted at"))
    decided_at = models.DateTimeField(_("decided at"), null=True)

    class Meta:
        verbose_name = _("identity verification")
        verbose_name_plural = _("identity verifications")
        default_permissions = ("view",)
        permissions: ClassVar = [
            ("decide_identityverification", "Can decide on an identity verification in review")
        ]
        constraints: ClassVar = [
            state_check("identity_verification_state", VerificationState),
            models.UniqueConstraint(
                fields=["customer"],
                condition=Q(state__in=[VerificationState.PENDING, VerificationState.IN_REVIEW]),
                name="identity_verification_one_open",
            ),
            models.CheckConstraint(
                name="identity_verification_open_can_be_asked",
                condition=~Q(state=VerificationState.PENDING)
                | Q(
                    name__isnull=False,
                    id_number__isnull=False,
                    id_blind__isnull=False,
                    face_token__isnull=False,
                ),
            ),
            models.CheckConstraint(
                name="identity_verification_passed_both",
                condition=~Q(state=VerificationState.PASSED)
                | Q(identity_checked_at__isnull=False, face_checked_at__isnull=False, is_live=True),
            ),
            models.CheckConstraint(
                name="identity_verification_refused_says_why",
                condition=~Q(state=VerificationState.REFUSED) | ~Q(refusal=""),
            ),
            models.CheckConstraint(
                name="identity_verification_similarity_is_permille",
                condition=Q(similarity_permille=None)
                | Q(similarity_permille__gte=0, similarity_permille__lte=1000),
            ),
        ]
        triggers: ClassVar = [
            Guard(),
            InitialState(VerificationState.PENDING),
            pgtrigger.Trigger(
                name="forget_face",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                # Of a face only the result is kept once it is decided (LAW-18).
                func="""
                    IF NEW.state NOT IN ('pending', 'in_review') THEN
                        NEW.face_token = NULL;
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"V{self.pk}"

    @django_fsm.transition(
        field=state,
        source=[VerificationState.PENDING, VerificationState.IN_REVIEW],
        target=VerificationState.PASSED,
    )
    def accept(self, *, at: datetime) -> None:
        """Both checks passed, or a person decided that they did."""
        self.decided_at = at

    @django_fsm.transition(
        field=state, source=VerificationState.PENDING, target=VerificationState.IN_REVIEW
    )
    def refer(self, *, at: datetime) -> None:
        """A person must decide (SEC-3, ELIG-9)."""

    @django_fsm.transition(
        field=state,
        source=[VerificationState.PENDING, VerificationState.IN_REVIEW],
        target=VerificationState.REFUSED,
    )
    def refuse(self, *, at: datetime, because: str) -> None:
        """A check failed; ``because`` is the code of the refusal."""
        self.refusal = because
        self.decided_at = at

    @django_fsm.transition(
        field=state,
        source=[VerificationState.PENDING, VerificationState.IN_REVIEW],
        target=VerificationState.LAPSED,
    )
    def lapse(self, *, at: datetime) -> None:
        """The results grew too old to open with (ELIG-3)."""
        self.decided_at = at


class UsedFaceToken(models.Model):
    """A face check that was used for anything but an identity verification: each serves once.

    Only its blind index is kept. The answer stands in the calls of the provider.
    """

    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="+", verbose_name=_("customer")
    )
    face_blind = models.BinaryField(_("face token index"), max_length=16, unique=True)
    used_at = models.DateTimeField(_("used at"))

    class Meta:
        verbose_name = _("used face check")
        verbose_name_plural = _("used face checks")
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"


class ProviderCall(models.Model):
    """One question to a provider and its answer; what it carried is kept masked.

    It is stored under its number before anything leaves, and its answer once: verdict and code are
    empty and ``answered_at`` is None until then. Nothing of it is changed or deleted afterwards.
    """

    number = models.CharField(pgettext_lazy("provider call", "number"), max_length=80, unique=True)
    provider = models.CharField(_("provider"), max_length=40)
    action = models.CharField(_("action"), max_length=40)
    subject_type = models.CharField(_("subject type"), max_length=40)
    subject_id = models.BigIntegerField(_("subject"))
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="provider_calls",
        verbose_name=_("customer"),
    )  # fmt: skip
    attempt = models.SmallIntegerField(pgettext_lazy("provider call", "attempt"))
    verdict = models.CharField(_("verdict"), max_length=20, blank=True)
    code = models.CharField(_("code"), max_length=80, blank=True)
    request_id = models.CharField(_("request id"), max_length=80, blank=True)
    masked = models.JSONField(_("asked, masked"))
    latency_ms = models.IntegerField(_("took, in milliseconds"), null=True)
    asked_at = models.DateTimeField(_("asked at"))
    answered_at = models.DateTimeField(_("answered at"), null=True)

    class Meta:
        verbose_name = _("API call")
        verbose_name_plural = _("API calls")
        default_permissions = ("view",)
        indexes: ClassVar = [
            models.Index(fields=["subject_type", "subject_id"], name="provider_call_subject"),
            models.Index(
                fields=["asked_at"], condition=Q(answered_at=None), name="provider_call_waiting"
            ),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="provider_call_answered_or_not",
                condition=Q(answered_at=None, verdict="", latency_ms=None)
                | (Q(answered_at__isnull=False, latency_ms__gte=0) & ~Q(verdict="")),
            ),
        ]
        triggers: ClassVar = [
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            pgtrigger.Trigger(
                name="answered_once",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "OLD.answered_at IS NOT NULL AND OLD.* IS DISTINCT FROM NEW.* "
                    "OR (OLD.number, OLD.provider, OLD.action, OLD.subject_type, OLD.subject_id, "
                    "OLD.customer_id, OLD.attempt, OLD.masked, OLD.asked_at) IS DISTINCT FROM "
                    "(NEW.number, NEW.provider, NEW.action, NEW.subject_type, NEW.subject_id, "
                    "NEW.customer_id, NEW.attempt, NEW.masked, NEW.asked_at)"
                ),
                func=(
                    "RAISE EXCEPTION 'provider call %: asked as prepared, answered once', "
                    "NEW.number USING ERRCODE = 'check_violation', "
                    "CONSTRAINT = 'provider_call_answered_once';"
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.action} {self.pk}"
