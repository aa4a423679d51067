"""Bank cards, what relies on them, and the table of the BIN table."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.cards import queries as queries
from accounts.cards.operations import cards
from accounts.customers.rows import CustomersRows
from accounts.models import ACCOUNT_CLASSES, AccountClass, BankBin, BankCard
from accounts.privacy.rules import masking
from backoffice.core import clock, reasons
from backoffice.core.crypto import blind
from backoffice.web.admin_actions import AdminAction, AdminActionsMixin, Field
from backoffice.web.readonly_admin import PageSection, display

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin

    _Admin = ModelAdmin[BankBin]
else:
    from unfold.admin import ModelAdmin as _Admin


def _decide(request: HttpRequest, card: BankCard, given: dict[str, Any]) -> str:
    cards.decide_class(
        card.pk, account_class=AccountClass(given["account_class"]), by=str(request.user),
        reason=given["reason"], at=clock.now(),
    )  # fmt: skip
    return gettext("The account class is recorded.")


@admin.register(BankCard)
class BankCardPages(AdminActionsMixin, CustomersRows):
    """Bound cards; of a number only the last four digits are shown."""

    latest_by = "bound_at"
    list_display = ("shown", "customer_link", "bank", "state_label", "account_class",
                    "is_default", "bound_at")  # fmt: skip
    list_filter = ("state", "account_class", ("checked_at", admin.EmptyFieldListFilter))
    search_help_text = _("Card id, customer id such as C42, or the full card number or its phone")
    fields = ("shown", "customer_link", "bank", "state_label", "account_class", "is_default",
              "masked_phone", "check_code", "checked_at", "tries", "account", "bound_at",
              "unbound_at")  # fmt: skip
    record_actions = (
        AdminAction(
            "decide-class", _("Record the account class"), "accounts.decide_bankcard", _decide,
            explanation=_("The bank did not report the class; record the class that the evidence "
                          "shows."),
            fields=(Field("account_class", _("account class"), "select",
                          [choice for choice in ACCOUNT_CLASSES if choice[0] != "unknown"]),),
            is_open=queries.needs_proof,
        ),
    )  # fmt: skip

    def find(self, term: str) -> Q:
        """Return the cards with this id, number or phone, or of this customer."""
        return (
            super().find(term)
            | Q(number_blind=blind(term, "card"))
            | Q(phone_blind=blind(term, "phone"))
        )

    @display(description=_("bank card"))
    def shown(self, card: BankCard) -> str:
        """Return the bank with the last four digits."""
        return f"{card.bank} {masking.card(card.last_four)}"

    @display(description=_("phone at the bank"))
    def masked_phone(self, card: BankCard) -> str:
        """Return the masked phone number."""
        return masking.phone(card.phone)

    def sections(self, request: HttpRequest, record: BankCard) -> list[PageSection]:
        """Return what relies on the card, and the timeline."""
        rows = [
            (reasons.worded(hold.holder), hold.placed_at) for hold in record.holds.order_by("pk")
        ]
        heads = (_("holder"), _("placed at"))
        held = [PageSection(_("What relies on this card"), heads, rows)] if rows else []
        return [*held, *super().sections(request, record)]


@admin.register(BankBin)
class BankBinPages(_Admin):
    """How the card numbers of the banks begin; staff keep the table up to date."""

    list_display = ("prefix", "length", "bank", "bank_en", "code", "kind", "is_supported")
    list_filter = ("kind", "is_supported", "code")
    search_fields = ("prefix__startswith", "bank")
    ordering = ("prefix",)
    actions = None
