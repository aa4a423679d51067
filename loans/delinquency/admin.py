"""Staff pages of accelerations and charge-offs, and what leads to them on bills and loans."""

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
from backoffice.web.admin_actions import AdminAction
from backoffice.web.readonly_admin import day_filter, display
from backoffice.web.wording import actor
from loans.accounting.queries.statement import accrued_on
from loans.billing.admin import BillPages
from loans.contracts.admin import LoanPages
from loans.delinquency.operations import accelerations, charge_offs
from loans.delinquency.queries import later_principal_fen
from loans.models import Acceleration, Bill, BillState, ChargeOff, Loan, LoanState


def _accelerate(request: HttpRequest, bill: Bill, given: dict[str, Any]) -> str:
    at = clock.now()
    accelerations.accelerate(
        [bill.pk], by=str(request.user), on=clock.day_of(at), reason=given["reason"], at=at
    )
    return gettext("The later instalments are due now.")


def _later(bill: Bill) -> str:
    """Return what would fall due, and what that does."""
    return gettext(
        "Principal of {amount} yuan in later instalments of the loans of this bill falls due at "
        "once and bears penalty interest from tonight. No plan fee is charged any more."
    ).format(amount=yuan(later_principal_fen(bill.pk)))


BillPages.record_actions.append(
    AdminAction(
        "accelerate", _("Call later instalments due"), "loans.accelerate_bill", _accelerate,
        kind="danger", explanation=_later,
        is_open=lambda bill: bill.state == BillState.OVERDUE and later_principal_fen(bill.pk) > 0,
    )
)  # fmt: skip


def _propose(request: HttpRequest, loan: Loan, given: dict[str, Any]) -> str:
    charge_offs.propose(
        [loan.pk], by=cast("StaffMember", request.user), reason=given["reason"], at=clock.now()
    )
    return gettext("The charge-off waits for a second person.")


def _owed_fen(loan: Loan) -> int:
    """Return what is owed of a loan on the business date."""
    rows = list(loan.instalments.order_by("number"))
    end = accrued_on(loan, rows, on=clock.business_date()).end
    return sum(part.debt.total_fen for part in end.parts)


def _loss(loan: Loan) -> str:
    """Return what would be given up, and what that does."""
    return gettext(
        "{amount} yuan leave the balance sheet as a loss, once a second person agrees. The debt "
        "stays and bears penalty interest; direct debits go on as before, and what is paid is "
        "recovery income."
    ).format(amount=yuan(_owed_fen(loan)))


LoanPages.record_actions.append(
    AdminAction(
        "charge-off", _("Propose a charge-off"), "loans.propose_chargeoff", _propose,
        kind="danger", explanation=_loss, is_open=lambda loan: loan.state == LoanState.OVERDUE,
    )
)  # fmt: skip


def differences(approval: Approval) -> list[ValueChange]:
    """Return what of the loan is on the balance sheet today, and what would be."""
    loan = Loan.objects.get(pk=charge_offs.loan_id_of(approval))
    in_books_fen = 0 if loan.state == LoanState.CHARGED_OFF else _owed_fen(loan)
    words = gettext("claim on the balance sheet")
    return [ValueChange(words, yuan(in_books_fen), yuan(0), gettext("yuan"))]


@admin.register(Acceleration)
class AccelerationPages(CustomersRows):
    """Bills whose later instalments were called due."""

    latest_by = "accelerated_on"
    list_select_related = ("customer", "bill")
    list_display = (
        "__str__", "customer_link", "bill_link", "accelerated_on", "reason", "caller",
    )  # fmt: skip
    list_filter = (day_filter("accelerated_on", _("accelerated on")),)
    fields = (*list_display[1:], "at")

    @display(description=_("accelerated by"))
    def caller(self, acceleration: Acceleration) -> str:
        """Return who called the instalments due."""
        return actor(acceleration.accelerated_by)


@admin.register(ChargeOff)
class ChargeOffPages(CustomersRows):
    """Loans given up as a loss."""

    latest_by = "charged_off_on"
    list_select_related = ("customer", "loan", "approval")
    list_display = (
        "__str__", "customer_link", "loan_link", "charged_off_on", "reason", "decider",
    )  # fmt: skip
    list_filter = (day_filter("charged_off_on", _("charged off on")),)
    fields = (*list_display[1:], "approval_link", "at")

    @display(description=_("charged off by"))
    def decider(self, charge_off: ChargeOff) -> str:
        """Return who decided."""
        return actor(charge_off.charged_off_by)
