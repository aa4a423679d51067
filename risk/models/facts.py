"""What partners reported of customers: events, kept as they were received."""

from typing import ClassVar

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
    PaymentDirection,
    PaymentResult,
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
    direction = models.CharField(_("direction"), max_length=4, blank=True)
    result = models.CharField(_("result"), max_length=10, blank=True)
    category = models.CharField(_("category"), max_length=20, blank=True)
    party_blind = models.BinaryField(_("counterparty index"), max_length=16, null=True)
    since_on = models.DateField(_("since"), null=True)
    facts = models.JSONField(_("further facts"), default=dict)

    class Meta:
        verbose_name = _("partner event")
        verbose_name_plural = _("partner events")
        default_permissions = ("view",)
        indexes: ClassVar = [
            models.Index(fields=["customer", "kind", "occurred_on"], name="partner_event_of"),
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
