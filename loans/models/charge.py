"""What was charged to loans: the facts behind every statement of charges (RATE-9)."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from backoffice.core.guards import append_only, code_check
from backoffice.core.states import choices
from loans.accounting.rules.codes import ChargeKind
from loans.models.ledger import CauseType

CHARGE_KINDS = choices(
    ChargeKind,
    {
        ChargeKind.OWN: _("interest"),
        ChargeKind.REVOLVING: _("interest at 1.5 times the rate"),
        ChargeKind.PENALTY: _("penalty interest"),
        ChargeKind.LATE_FEE: _("late fee"),
        ChargeKind.PLAN_FEE: _("plan fee"),
        ChargeKind.PREPAYMENT: _("prepayment fee"),
        ChargeKind.MIGRATED: _("charged before migration"),
    },
)


class Charge(models.Model):
    """What one instalment was charged for some nights, or as a fee, when it was posted.

    ``from_on`` is the first night and ``to_on`` the day after the last one; a fee has no nights.
    ``segment_on`` begins the segment that bears it (GEN-3), on ``base_fen`` at ``rate_micro``
    (ppm a day x permille). ``contract_fen`` is what the formula gives and ``charged_fen`` what the
    cap of RATE-7 left of it; the difference is permanently waived. A reversal repeats the row it
    reverses with negative amounts, and a row is reversed once. Append-only, partitioned by month
    of ``posted_on``; the primary key in the database is (id, posted_on).
    """

    posted_on = models.DateField(_("posted on"))
    loan_id = models.BigIntegerField(_("loan"))
    instalment_id = models.BigIntegerField(_("instalment"))
    customer_id = models.BigIntegerField(_("customer"))
    kind = models.CharField(_("kind"), max_length=10, choices=CHARGE_KINDS)
    segment_on = models.DateField(_("segment from"))
    from_on = models.DateField(pgettext_lazy("date", "from"))
    to_on = models.DateField(pgettext_lazy("date", "to"))
    base_fen = models.BigIntegerField(_("base"))
    rate_micro = models.BigIntegerField(_("daily rate"))
    contract_fen = models.BigIntegerField(_("by contract"))
    charged_fen = models.BigIntegerField(_("charged"))
    cause_type = models.CharField(_("cause"), max_length=12, choices=CauseType.choices)
    cause_id = models.BigIntegerField(_("id of the cause"))
    reverses = models.BigIntegerField(_("reverses"), null=True)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("charge")
        verbose_name_plural = _("charges")
        default_permissions = ("view",)
        indexes: ClassVar = [models.Index(fields=["loan_id"], name="charge_loan")]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["reverses", "posted_on"],
                condition=Q(reverses__isnull=False),
                name="charge_reversed_once",
            ),
            code_check("charge_kind", ChargeKind, column="kind"),
            models.CheckConstraint(
                name="charge_cause", condition=Q(cause_type__in=CauseType.values)
            ),
            models.CheckConstraint(
                name="charge_signs",
                condition=Q(
                    base_fen__gte=0,
                    rate_micro__gte=0,
                    from_on__gte=models.F("segment_on"),
                    to_on__gte=models.F("from_on"),
                )
                & (
                    Q(
                        reverses__isnull=True,
                        contract_fen__gte=models.F("charged_fen"),
                        charged_fen__gte=0,
                    )
                    | Q(
                        reverses__isnull=False,
                        contract_fen__lte=models.F("charged_fen"),
                        charged_fen__lte=0,
                    )
                ),
            ),
        ]
        triggers: ClassVar = append_only()

    def __str__(self) -> str:
        return f"C{self.pk}"

    @property
    def waived_fen(self) -> int:
        """Return what the cap took off, in fen (RATE-7)."""
        return self.contract_fen - self.charged_fen
