"""Staff pages of waivers, and the proposal to waive charges on the page of a bill."""

from typing import Any, cast

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.customers.rows import CustomersRows
from backoffice.core import clock
from backoffice.core.models import Approval
from backoffice.core.money import yuan
from backoffice.core.staff import StaffMember
from backoffice.platform.approvals import ValueChange
from backoffice.web.admin_actions import AdminAction, Field, yuan_fen
from backoffice.web.readonly_admin import (
    PageSection,
    amount,
    amount_head,
    day_filter,
    display,
    link,
)
from backoffice.web.wording import actor
from loans.accounting.rules.codes import COLLECTED_STATES, REST_STATES
from loans.accounting.rules.debt import Debt
from loans.billing.admin import BillPages
from loans.contracts.admin import LoanPages
from loans.delinquency.rules.waiver import WAIVABLE
from loans.models import Bill, Loan, Waiver, WaiverAllocation
from loans.repayment.operations import waivers
from loans.repayment.operations.waivers import TITLES, ChargeWaiver


def _propose(request: HttpRequest, bill: Bill, given: dict[str, Any]) -> str:
    debt = Debt(**{name: yuan_fen(given[name], TITLES[name]) for name in WAIVABLE})
    at = clock.now()
    waivers.propose(
        [ChargeWaiver(bill.pk, debt)],
        by=cast("StaffMember", request.user), on=clock.day_of(at), reason=given["reason"], at=at,
    )  # fmt: skip
    return gettext("The waiver of {amount} yuan waits for a second person.").format(
        amount=yuan(debt.total_fen)
    )


def _explanation(bill: Bill) -> str:
    """Return what may be waived today, and what that does."""
    unpaid = waivers.unpaid_of(bill.pk, on=clock.business_date())
    amounts = gettext(", ").join(
        f"{TITLES[name]} {yuan(getattr(unpaid, name))}"
        for name in WAIVABLE
        if getattr(unpaid, name)
    )
    return gettext(
        "Unpaid today: {amounts}. Enter 0 for what stays. A second person decides; what is waived "
        "is given up and never charged again, and the bill is closed when nothing is owed."
    ).format(amounts=amounts or gettext("no charges"))


WAIVE = AdminAction(
    "waive", _("Propose a waiver"), "loans.propose_waiver", _propose,
    fields=tuple(
        Field(name, title, length_max=20, keeps_numbers=True) for name, title in TITLES.items()
    ),
    explanation=_explanation,
    is_open=lambda bill: bill.state in (*COLLECTED_STATES, *REST_STATES),
)  # fmt: skip
BillPages.record_actions.append(WAIVE)


def differences(approval: Approval) -> list[ValueChange]:
    """Return what is owed of each component today, and what would be owed."""
    waiver = waivers.waiver_of(approval)
    unpaid = waivers.unpaid_of(waiver.bill_id, on=clock.business_date())
    return [
        ValueChange(
            str(TITLES[name]),
            yuan(getattr(unpaid, name)),
            yuan(max(0, getattr(unpaid, name) - getattr(waiver.debt, name))),
            gettext("yuan"),
        )
        for name in WAIVABLE
        if getattr(waiver.debt, name)
    ]


@admin.register(Waiver)
class WaiverPages(CustomersRows):
    """Charges that two people gave up, and what that took off each instalment."""

    prefix = "W"
    latest_by = "waived_on"
    list_select_related = ("customer", "bill", "approval")
    list_display = (
        "__str__", "customer_link", "bill_link", "waived_on", "penalty_yuan", "late_fee_yuan",
        "interest_yuan", "plan_fee_yuan", "reason",
    )  # fmt: skip
    list_filter = (day_filter("waived_on", _("waived on")),)
    fields = (*list_display[1:], "approval_link", "decider", "at")

    @display(description=_("waived by"))
    def decider(self, waiver: Waiver) -> str:
        """Return who decided."""
        return actor(waiver.waived_by)

    def sections(self, request: HttpRequest, record: Waiver) -> list[PageSection]:
        """Return what the waiver took off each instalment."""
        return [waived_charges(record.allocations.all())]


def waived_charges(rows: Any) -> PageSection:
    """Return what waivers took off instalments, in the order of REPAY-8."""
    heads = (
        _("waiver"), _("revision"), _("waived on"), _("loan"),
        *(amount_head(title) for title in TITLES.values()), _("reason"),
    )  # fmt: skip
    found = [
        (
            link(row.waiver), row.revision, row.waiver.waived_on, link(row.loan),
            *(amount(getattr(row, name)) for name in WAIVABLE), row.waiver.reason,
        )
        for row in rows.select_related("waiver", "loan").order_by("pk")
    ]  # fmt: skip
    return PageSection(WaiverAllocation._meta.verbose_name_plural, heads, found)


def _of_loan(loan: Loan) -> list[PageSection]:
    """Return what was waived of a loan, if anything was."""
    rows = loan.waived.all()
    return [waived_charges(rows)] if rows.exists() else []


LoanPages.more_sections.append(_of_loan)
