"""What customers declare: income, occupation, employer, address."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models.customer import Customer
from accounts.onboarding.rules.occupations import Occupation
from backoffice.core.crypto import SealedField
from backoffice.core.states import choices

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


class Profile(models.Model):
    """What a customer declared; nothing of it is proven here."""

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
