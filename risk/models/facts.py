"""What partners reported of customers: events, kept as they were received."""

from typing import ClassVar

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Customer
from backoffice.core.guards import append_only, code_check
from backoffice.core.states import choices
from risk.facts.rules import (
    CATEGORIES,
    SOURCE_OF,
    EventKind,
    FactSource,
    FriendRelation,
    IncomeDocument,
    PaymentCategory,
    PaymentDirection,
    PaymentResult,
    ProductMove,
    ProductRisk,
)

EVENT_KINDS = choices(
    EventKind,
    {
        EventKind.PAYMENT: _("payment"),
        EventKind.SOCIAL_LINK: _("social link"),
        EventKind.HOLDING: _("holding"),
        EventKind.PRODUCT_MOVE: _("subscription or redemption"),
        EventKind.WECHAT_SINCE: _("WeChat used since"),
        EventKind.EMPLOYER: _("employer"),
        EventKind.INCOME: _("income evidence"),
    },
)
SOURCES = choices(
    FactSource,
    {
        FactSource.PAYMENT: _("payment behaviour"),
        FactSource.SOCIAL: _("social relations"),
        FactSource.WEALTH: _("savings and investments"),
        FactSource.CONSUMPTION: _("spending"),
        FactSource.AGREEMENT: _("service agreement"),
        FactSource.NONE: _("no consent needed"),
    },
)
DIRECTIONS = choices(
    PaymentDirection,
    {PaymentDirection.IN: _("money in"), PaymentDirection.OUT: _("money out")},
)
RESULTS = choices(
    PaymentResult,
    {
        PaymentResult.SUCCEEDED: _("payment succeeded"),
        PaymentResult.FAILED: _("payment failed"),
        PaymentResult.REFUNDED: _("payment refunded"),
    },
)
_PAYMENT_CATEGORIES = choices(
    PaymentCategory,
    {
        PaymentCategory.GROCERIES: _("groceries"),
        PaymentCategory.CONVENIENCE: _("convenience stores"),
        PaymentCategory.DINING: _("dining"),
        PaymentCategory.UTILITIES: _("utilities"),
        PaymentCategory.TRANSPORT: _("transport"),
        PaymentCategory.TELECOM: _("telecom"),
        PaymentCategory.HEALTH: _("health"),
        PaymentCategory.EDUCATION: _("education"),
        PaymentCategory.HOUSING: _("housing"),
        PaymentCategory.CLOTHING: _("clothing"),
        PaymentCategory.ELECTRONICS: _("electronics"),
        PaymentCategory.TRAVEL: _("travel"),
        PaymentCategory.ENTERTAINMENT: _("entertainment"),
        PaymentCategory.GAMES: _("games"),
        PaymentCategory.LOTTERY: _("lottery"),
        PaymentCategory.LUXURY: _("luxury goods"),
        PaymentCategory.OTHER: _("other"),
        PaymentCategory.SALARY: _("salary"),
        PaymentCategory.TRANSFER: _("transfer of money"),
        PaymentCategory.INVESTMENT: _("investment"),
        PaymentCategory.LOAN_REPAYMENT: _("loan repayment"),
    },
)
_RELATIONS = choices(
    FriendRelation,
    {
        FriendRelation.PRODUCT_USER: _("product user in good standing"),
        FriendRelation.REAL_NAME: _("verified contact with mutual transfers"),
        FriendRelation.OTHER: _("other"),
        FriendRelation.SECOND_DEGREE: _("contact of a contact"),
        FriendRelation.OVERDUE: _("overdue contact"),
        FriendRelation.ENDED: _("former contact"),
    },
)
_RISKS = choices(
    ProductRisk,
    {
        ProductRisk.R1: _("R1, low risk"),
        ProductRisk.R2: _("R2, medium to low risk"),
        ProductRisk.R3: _("R3, medium risk"),
        ProductRisk.R4: _("R4, medium to high risk"),
        ProductRisk.R5: _("R5, high risk"),
    },
)
_MOVES = choices(
    ProductMove,
    {ProductMove.SUBSCRIBE: _("subscription"), ProductMove.REDEEM: _("redemption")},
)
_DOCUMENTS = choices(
    IncomeDocument,
    {
        IncomeDocument.PAYROLL: _("payroll"),
        IncomeDocument.TAX: _("tax record"),
        IncomeDocument.SOCIAL_SECURITY: _("social security record"),
        IncomeDocument.HOUSING_FUND: _("housing fund record"),
        IncomeDocument.BANK_STATEMENT: _("bank account statement"),
    },
)
# A code that two kinds share has one label ("other").
CATEGORY_CHOICES = list(
    dict(_PAYMENT_CATEGORIES + _RELATIONS + _RISKS + _MOVES + _DOCUMENTS).items()
)


def _of_kind(kind: EventKind) -> Q:
    """Return the condition that the columns of an event are those of its kind."""
    codes = CATEGORIES[kind]
    known = {"category__in": [code.value for code in codes]} if codes else {"category": ""}
    return Q(kind=kind.value, source=SOURCE_OF[kind].value, **known) & _COLUMNS[kind]


_NO_PAYMENT = Q(direction="", result="")
_FLOW = (
    Q(direction=PaymentDirection.OUT.value, result=PaymentResult.SUCCEEDED.value)
    | Q(direction=PaymentDirection.OUT.value, result=PaymentResult.FAILED.value)
    | Q(direction=PaymentDirection.IN.value, result=PaymentResult.SUCCEEDED.value)
    | Q(direction=PaymentDirection.IN.value, result=PaymentResult.REFUNDED.value)
)
_PARTY = Q(party_blind__isnull=False)
# A comparison with NULL would pass: that the amount is there is a condition of its own.
_AMOUNT = Q(amount_fen__isnull=False, amount_fen__gte=0)
_COLUMNS = {
    EventKind.PAYMENT: _FLOW & _PARTY & _AMOUNT & Q(amount_fen__gt=0, since_on=None),
    EventKind.SOCIAL_LINK: _NO_PAYMENT & _PARTY & Q(amount_fen=None, since_on=None),
    EventKind.HOLDING: _NO_PAYMENT & _PARTY & _AMOUNT & Q(since_on__isnull=False),
    EventKind.PRODUCT_MOVE: _NO_PAYMENT & _PARTY & _AMOUNT & Q(amount_fen__gt=0, since_on=None),
    EventKind.WECHAT_SINCE: _NO_PAYMENT
    & Q(party_blind=None, amount_fen=None, since_on__isnull=False),
    EventKind.EMPLOYER: _NO_PAYMENT & _PARTY & Q(amount_fen=None),
    EventKind.INCOME: _NO_PAYMENT & _AMOUNT & Q(since_on=None),
}


class PartnerEvent(models.Model):
    """One event that a partner reported of a customer (GEN-14).

    Append-only, partitioned by month on ``occurred_on``, the day in Shanghai. ``category`` is a
    code of its kind: of a payment what it was for, of a friend the relation, of a holding the risk
    level, of a move its direction, of income the document. ``party_blind`` is the blind index of
    the counterparty, friend, product, employer or document: nobody else is readable here.
    """

    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="partner_events", db_index=False,
        verbose_name=_("customer"),
    )  # fmt: skip
    partner = models.CharField(_("partner"), max_length=20)
    event_id = models.CharField(_("event id"), max_length=64)
    kind = models.CharField(_("kind"), max_length=20, choices=EVENT_KINDS)
    source = models.CharField(pgettext_lazy("partner event", "source"), max_length=20,
                              choices=SOURCES)  # fmt: skip
    occurred_at = models.DateTimeField(_("occurred at"))
    occurred_on = models.DateField(_("occurred on"))
    received_at = models.DateTimeField(_("received at"))
    amount_fen = models.BigIntegerField(_("amount"), null=True)
    direction = models.CharField(_("direction"), max_length=4, blank=True, choices=DIRECTIONS)
    result = models.CharField(_("result"), max_length=10, blank=True, choices=RESULTS)
    category = models.CharField(_("category"), max_length=20, blank=True, choices=CATEGORY_CHOICES)
    party_blind = models.BinaryField(_("counterparty index"), max_length=16, null=True)
    since_on = models.DateField(_("since"), null=True)
    facts = models.JSONField(_("further facts"), default=dict)

    class Meta:
        verbose_name = _("partner event")
        verbose_name_plural = _("partner events")
        default_permissions = ("view",)
        indexes: ClassVar = [
            models.Index(fields=["customer", "kind", "occurred_on"], name="partner_event_of"),
            # Rows come almost in the order of both: the daily job reads what is new, or too old.
            BrinIndex(fields=["received_at", "occurred_on"], name="partner_event_received"),
        ]
        constraints: ClassVar = [
            code_check("partner_event_kind", EventKind, column="kind"),
            *(
                models.CheckConstraint(
                    name=f"partner_event_{kind.value}",
                    condition=~Q(kind=kind.value) | _of_kind(kind),
                )
                for kind in EventKind
            ),
        ]
        triggers: ClassVar = append_only()

    def __str__(self) -> str:
        return f"E{self.pk}"


class PartnerEventKey(models.Model):
    """The id under which a partner reported an event, and a keyed digest of its content.

    A table of its own: a unique index over the partitions would have to contain the day, and an
    event repeated with another day would be stored twice.
    """

    partner = models.CharField(_("partner"), max_length=20)
    event_id = models.CharField(_("event id"), max_length=64)
    content_blind = models.BinaryField(_("content index"), max_length=16)

    class Meta:
        verbose_name = _("partner event id")
        verbose_name_plural = _("partner event ids")
        default_permissions = ()
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["partner", "event_id"], name="partner_event_once")
        ]
        triggers: ClassVar = append_only()

    def __str__(self) -> str:
        return f"{self.partner} {self.event_id}"
