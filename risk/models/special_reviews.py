"""Special reviews: a person looks at a single large payment; nothing is blocked (SCORE-3)."""

from datetime import datetime
from typing import ClassVar

import django_fsm
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Customer
from backoffice.core.guards import Guard, InitialState, state_check
from backoffice.core.states import StateField


class SpecialReviewState(models.TextChoices):
    """States of a special review."""

    OPEN = "open", pgettext_lazy("special review", "open")
    CLEARED = "cleared", _("cleared")
    SUSPICIOUS = "suspicious", _("suspicious")


class SpecialReview(django_fsm.FSMModelMixin, models.Model):
    """The review of one payment above 5,000.00 (SCORE-3): a review, not a block.

    States: open -> cleared or suspicious. A payment is named by the partner and its event id, and
    has one review however often it is received.
    """

    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="special_reviews",
        verbose_name=_("customer"),
    )  # fmt: skip
    state = StateField(
        _("state"),
        choices=SpecialReviewState.choices,
        default=SpecialReviewState.OPEN,
        max_length=20,
        protected=True,
    )
    partner = models.CharField(_("partner"), max_length=20)
    event_id = models.CharField(_("event id"), max_length=64)
    amount_fen = models.BigIntegerField(_("amount"))
    occurred_at = models.DateTimeField(_("occurred at"))
    opened_at = models.DateTimeField(_("opened at"))
    due_at = models.DateTimeField(_("due at"))
    decided_at = models.DateTimeField(_("decided at"), null=True)

    class Meta:
        verbose_name = _("special review")
        verbose_name_plural = _("special reviews")
        default_permissions = ("view",)
        permissions: ClassVar = [("decide_specialreview", "Can decide on a special review")]
        constraints: ClassVar = [
            state_check("special_review_state", SpecialReviewState),
            models.UniqueConstraint(fields=["partner", "event_id"], name="special_review_once"),
            models.CheckConstraint(
                name="special_review_decided_or_open",
                condition=Q(state=SpecialReviewState.OPEN, decided_at=None)
                | (~Q(state=SpecialReviewState.OPEN) & Q(decided_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="special_review_of_an_amount", condition=Q(amount_fen__gt=0)
            ),
        ]
        triggers: ClassVar = [Guard(), InitialState(SpecialReviewState.OPEN)]

    def __str__(self) -> str:
        return f"SR{self.pk}"

    @django_fsm.transition(
        field=state, source=SpecialReviewState.OPEN, target=SpecialReviewState.CLEARED
    )
    def clear(self, *, at: datetime) -> None:
        """A person found nothing unusual."""
        self.decided_at = at

    @django_fsm.transition(
        field=state, source=SpecialReviewState.OPEN, target=SpecialReviewState.SUSPICIOUS
    )
    def suspect(self, *, at: datetime) -> None:
        """A person found the payment suspicious."""
        self.decided_at = at
