"""What customers declare: income, occupation, employer, address."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models.customer import Customer
from backoffice.core.crypto import SealedField


class Occupation(models.TextChoices):
    """Occupations as the limit weighs them (LIMIT-3), and students (LAW-11)."""

    CIVIL_SERVANT = "civil_servant", _("civil servant")
    PUBLIC_INSTITUTION = "public_institution", _("public institution")
    EMPLOYEE = "employee", _("employee")
    SELF_EMPLOYED = "self_employed", _("self-employed")
    FREELANCER = "freelancer", _("freelancer")
    STUDENT = "student", _("student")
    OTHER = "other", _("other")


class Profile(models.Model):
    """What a customer declared; nothing of it is proven here."""

    customer = models.OneToOneField(
        Customer, on_delete=models.PROTECT, primary_key=True, related_name="profile",
        verbose_name=_("customer"),
    )  # fmt: skip
    monthly_income_fen = models.BigIntegerField(_("monthly income"))
    occupation = models.CharField(_("occupation"), max_length=20, choices=Occupation.choices)
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
                name="profile_occupation", condition=Q(occupation__in=Occupation.values)
            ),
        ]

    def __str__(self) -> str:
        return f"P{self.pk}"
