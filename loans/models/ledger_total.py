"""Totals of the ledger up to a transfer: a cache, made again from the transfers at any time."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from loans.models.ledger import Account, TransferKind


class LedgerCheckpoint(models.Model):
    """How far the totals go: every transfer from the checkpoint before to ``through`` is in them.

    The first one begins with the first transfer, each later one follows the one before.
    """

    through = models.BigIntegerField(_("up to transfer"), primary_key=True)
    after = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="+", db_index=False,
        verbose_name=_("checkpoint before"),
    )  # fmt: skip
    made_on = models.DateField(_("business date"))
    made_by = models.CharField(_("by"), max_length=100)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("ledger checkpoint")
        verbose_name_plural = _("ledger checkpoints")
        default_permissions = ()
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["after"], name="ledger_checkpoint_follows_one", nulls_distinct=False
            ),
            models.CheckConstraint(
                name="ledger_checkpoint_goes_on",
                condition=Q(through__gt=0) & (Q(after=None) | Q(after__lt=F("through"))),
            ),
        ]

    def __str__(self) -> str:
        return f"T{self.through}"


class LedgerTotal(models.Model):
    """What the transfers of a checkpoint moved: a day of the ledger, two accounts, a kind, in fen.

    ``booked_on`` is the accounting date of a transfer, which is its business date unless that lies
    in a closed month.
    """

    checkpoint = models.ForeignKey(
        LedgerCheckpoint, on_delete=models.PROTECT, related_name="totals", db_index=False,
        verbose_name=_("ledger checkpoint"),
    )  # fmt: skip
    booked_on = models.DateField(_("accounting date"))
    debit_account = models.CharField(_("debit"), max_length=20, choices=Account.choices)
    credit_account = models.CharField(_("credit"), max_length=20, choices=Account.choices)
    kind = models.CharField(_("kind"), max_length=12, choices=TransferKind.choices)
    transfers = models.IntegerField(_("transfers"))
    amount_fen = models.BigIntegerField(_("amount"))

    class Meta:
        verbose_name = _("ledger total")
        verbose_name_plural = _("ledger totals")
        default_permissions = ()
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["checkpoint", "booked_on", "debit_account", "credit_account", "kind"],
                name="ledger_total_once",
            ),
            models.CheckConstraint(
                name="ledger_total_signs", condition=Q(transfers__gt=0, amount_fen__gt=0)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.checkpoint} {self.booked_on} {self.kind}"
