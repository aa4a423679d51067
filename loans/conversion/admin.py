"""Staff page of conversions, and what bills and loans show of them (REPAY-6)."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.customers.rows import CustomersRows
from backoffice.core import clock, reasons
from backoffice.core.money import yuan
from backoffice.web.admin_actions import AdminAction, AdminActionsMixin
from backoffice.web.readonly_admin import (
    PageSection,
    amount,
    amount_head,
    day_filter,
    display,
    label,
    link,
    timeline,
)
from loans.billing.admin import BillPages
from loans.contracts.admin import LoanPages
from loans.conversion.operations import conversions
from loans.models import Bill, Conversion, ConversionState, Loan


def _withdraw(request: HttpRequest, conversion: Conversion, given: dict[str, Any]) -> str:
    conversions.withdraw(
        [conversion.pk], by=str(request.user), reason=given["reason"], at=clock.now()
    )
    return gettext("The conversion is withdrawn; the bill is due as it was printed.")


def _effect(conversion: Conversion) -> str:
    """Return what the withdrawal does, with its amount."""
    return gettext(
        "{amount} yuan of principal do not become instalments on {day}: {bill} asks them on that"
        " day. The customer can ask again, with a new cost sheet."
    ).format(
        amount=yuan(conversion.offered_fen),
        day=date_format(conversion.effective_on),
        bill=conversion.bill,
    )


@admin.register(Conversion)
class ConversionPages(AdminActionsMixin, CustomersRows):
    """Bullet loans of bills that become instalment plans, each with its cost sheet."""

    latest_by = "effective_on"
    list_select_related = ("customer", "bill", "loan", "quote")
    list_display = (
        "__str__", "customer_link", "bill_link", "loan_link", "state_label", "plan",
        "effective_on", "offered_yuan", "principal_yuan", "fee_yuan",
    )  # fmt: skip
    list_filter = ("state", "plan", day_filter("effective_on", _("takes effect on")))
    fields = (
        *list_display[1:], "quote_link", "printed_total_yuan", "printed_minimum_yuan", "why",
        "requested_at", "decided_at",
    )  # fmt: skip
    record_actions: ClassVar[list[AdminAction]] = [
        AdminAction(
            "withdraw", _("Withdraw"), "loans.withdraw_conversion", _withdraw, kind="danger",
            explanation=_effect, is_open=lambda one: one.state == ConversionState.PLANNED,
        )
    ]  # fmt: skip

    @display(description=_("lapsed because"))
    def why(self, conversion: Conversion) -> str:
        """Return why a conversion lapsed, in words."""
        return lapse_in_words(conversion)

    def sections(self, request: HttpRequest, record: Conversion) -> list[PageSection]:
        """Return what happened to the conversion."""
        return [timeline(record)]


def lapse_in_words(conversion: Conversion) -> str:
    """Return why a conversion lapsed in the active language; empty where it did not."""
    code = conversion.lapsed_because
    return str(reasons.text(code)) if code else ""


def _section(found: QuerySet[Conversion]) -> list[PageSection]:
    heads = (
        _("conversion"), _("loan"), _("bill"), _("state"), _("plan"), _("takes effect on"),
        amount_head(_("principal on the cost sheet")), amount_head(_("converted principal")),
        amount_head(_("plan fee")), _("cost sheet"), _("lapsed because"),
    )  # fmt: skip
    rows = [
        (
            link(one), link(one.loan), link(one.bill),
            label(one.get_state_display(), one.state), one.get_plan_display(),
            one.effective_on, amount(one.offered_fen), amount(one.principal_fen),
            amount(one.fee_fen), link(one.quote), lapse_in_words(one),
        )
        for one in found.select_related("loan", "bill", "quote").order_by("pk")
    ]  # fmt: skip
    return [PageSection(_("Conversions into instalments"), heads, rows)] if rows else []


def _of_bill(bill: Bill) -> list[PageSection]:
    return _section(Conversion.objects.filter(bill=bill))


def _of_loan(loan: Loan) -> list[PageSection]:
    """Return the conversion of a loan that had one; planned ones stand on the pages of bills."""
    return _section(Conversion.objects.filter(loan=loan)) if loan.converted_on else []


BillPages.more_sections.append(_of_bill)
LoanPages.more_sections.append(_of_loan)
