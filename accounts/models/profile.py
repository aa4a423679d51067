"""What customers declare: income, occupation, employer, address."""

from datetime import datetime
from typing import ClassVar

import django_fsm
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models.customer import Customer
from accounts.onboarding.rules.occupations import Occupation
from accounts.onboarding.rules.onboarding import ProfileReviewState
from backoffice.core.crypto import SealedField
from backoffice.core.guards import Guard, InitialState, state_check
from backoffice.core.states import StateField, choices

OCCUPATIONS = choices(
    Occupation,
    {
        Occupation.CIVIL_SERVANT: _("civil servant"),
        Occupation.PUBLIC_INSTITUTION: _("public institution"),
        Occupation.EMPLOYEE: _("employee"),
        Occupation.SELF_EMPLOYED: _("self-employed"),
        Occupation.FREELANCER: _("freelancer"),
        Occupation.STUDENT: _("student"),
        Occupation.OTHER: _("other"),
    },
)


class ProfileReview(django_fsm.FSMModelMixin, models.Model):
    """A manual review of a profile before anything is lent (LAW-11, IDN-020).

    States: in_review -> accepted, refused or lapsed. It holds the declaration it is about: another
    occupation or income is another review, and the one before lapses.
    """

    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="profile_reviews",
        verbose_name=_("customer"),
    )  # fmt: skip
    state = StateField(
        _("state"),
        choices=choices(
            ProfileReviewState,
            {
                ProfileReviewState.IN_REVIEW: _("in review"),
                ProfileReviewState.ACCEPTED: _("accepted"),
                ProfileReviewState.REFUSED: _("refused"),
                ProfileReviewState.LAPSED: _("lapsed"),
            },
        ),
        default=ProfileReviewState.IN_REVIEW.value,
        max_length=20,
        protected=True,
    )
    occupation = models.CharField(_("occupation"), max_length=20, choices=OCCUPATIONS)
    monthly_income_fen = models.BigIntegerField(_("monthly income"))
    requested_at = models.DateTimeField(_("requested at"))
    decided_at = models.DateTimeField(_("decided at"), null=True)

    class Meta:
        verbose_name = _("profile review")
        verbose_name_plural = _("profile reviews")
        default_permissions = ("view",)
        permissions: ClassVar = [("decide_profilereview", "Can decide on a profile in review")]
        constraints: ClassVar = [
            state_check("profile_review_state", ProfileReviewState),
            models.UniqueConstraint(
                fields=["customer"],
                condition=Q(state=ProfileReviewState.IN_REVIEW.value),
                name="profile_review_one_open",
            ),
            models.CheckConstraint(
                name="profile_review_decided_or_open",
                condition=Q(state=ProfileReviewState.IN_REVIEW.value, decided_at=None)
                | (~Q(state=ProfileReviewState.IN_REVIEW.value) & Q(decided_at__isnull=False)),
            ),
        ]
        triggers: ClassVar = [Guard(), InitialState(ProfileReviewState.IN_REVIEW)]

    def __str__(self) -> str:
        return f"PR{self.pk}"

    @django_fsm.transition(
        field=state,
        source=ProfileReviewState.IN_REVIEW.value,
        target=ProfileReviewState.ACCEPTED.value,
    )
    def accept(self, *, at: datetime) -> None:
        """A person accepted the profile."""
        self.decided_at = at

    @django_fsm.transition(
        field=state,
        source=ProfileReviewState.IN_REVIEW.value,
        target=ProfileReviewState.REFUSED.value,
    )
    def refuse(self, *, at: datetime) -> None:
        """A person refused the profile: nothing is lent on it."""
        self.decided_at = at

    @django_fsm.transition(
        field=state,
        source=ProfileReviewState.IN_REVIEW.value,
        target=ProfileReviewState.LAPSED.value,
    )
    def lapse(self, *, at: datetime) -> None:
        """Another declaration took its place, or the customer left."""
        self.decided_at = at


class Profile(models.Model):
    """What a customer declared; nothing of it is proven here.

    ``review`` is the manual review that the declaration needs, None where it needs none.
    """

    customer = models.OneToOneField(
        Customer, on_delete=models.PROTECT, primary_key=True, related_name="profile",
        verbose_name=_("customer"),
    )  # fmt: skip
    monthly_income_fen = models.BigIntegerField(_("monthly income"))
    occupation = models.CharField(_("occupation"), max_length=20, choices=OCCUPATIONS)
    occupation_since_on = models.DateField(_("in this occupation since"), null=True)
    employer = SealedField(_("employer"), null=True)
    address = SealedField(_("address"), null=True)
    declared_at = models.DateTimeField(_("declared at"))
    review = models.OneToOneField(
        ProfileReview, on_delete=models.PROTECT, null=True, related_name="profile",
        verbose_name=_("manual review"),
    )  # fmt: skip

    class Meta:
        verbose_name = _("profile")
        verbose_name_plural = _("profiles")
        default_permissions = ("view",)
        constraints: ClassVar = [
            models.CheckConstraint(
                name="profile_income_is_not_negative", condition=Q(monthly_income_fen__gte=0)
            ),
            models.CheckConstraint(
                name="profile_occupation", condition=Q(occupation__in=[*Occupation])
            ),
        ]

    def __str__(self) -> str:
        return f"P{self.pk}"
