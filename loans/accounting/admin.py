"""Staff pages of money: repayments, what they settled, what waits, and the ledger."""

from collections.abc import Sequence
from functools import partial
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from accounts.customers.rows import CustomersRows
from backoffice.core.money import yuan
from backoffice.web.admin_actions import AdminAction, AdminActionsMixin
from backoffice.web.keyset import number_in
from backoffice.web.readonly_admin import (
    GrowingRows,
    PageSection,
    ReadOnlyAdmin,
    address_of,
    amount,
    amount_head,
    day_filter,
    display,
    link,
    timeline,
)
from backoffice.web.wording import percent
from loans.accounting.labels import KINDS, formula, rate
from loans.accounting.queries.statement import ChargeLine, LoanStatement
from loans.models import (
    Bill,
    CauseType,
    Charge,
    Loan,
    PaymentMethod,
    Payout,
    Repayment,
    RepaymentAllocation,
    Transfer,
    UnappliedFunds,
    Waiver,
)

LEDGER_ROWS_MAX = 300
_RECORDS: dict[str, tuple[type[Model], Any]] = {
    CauseType.MIGRATION: (Loan, ""),
    CauseType.END_OF_DAY: (Bill, "B"),
    CauseType.REPAYMENT: (Repayment, "R"),
    CauseType.PAYOUT: (Payout, ""),
    CauseType.WAIVER: (Waiver, ""),
    CauseType.ACCELERATION: (Bill, "B"),
    CauseType.CHARGE_OFF: (Loan, ""),
    CauseType.RATE_END: (Loan, ""),
}


def allocations(rows: QuerySet[RepaymentAllocation]) -> PageSection:
    """Return what repayments settled, in the order of REPAY-8."""
    heads = (
        _("repayment"), _("revision"), _("value date"), _("loan"),
        amount_head(_("penalty interest")), amount_head(_("late fee")),
        amount_head(_("interest")), amount_head(_("plan fee")), amount_head(_("principal")),
    )  # fmt: skip
    found = list(rows.select_related("repayment", "loan").order_by("pk"))
    return PageSection(_("Repayment allocation"), heads, GrowingRows(found, _allocation))


def _allocation(row: RepaymentAllocation) -> tuple[Any, ...]:
    return (
        link(row.repayment), row.revision, row.repayment.value_on, link(row.loan),
        amount(row.penalty_fen), amount(row.late_fee_fen), amount(row.interest_fen),
        amount(row.plan_fee_fen), amount(row.principal_fen),
    )  # fmt: skip


def ledger_of(loan_ids: Sequence[int]) -> PageSection:
    """Return the latest ledger transfers of some loans, oldest first."""
    heads = (
        _("business date"), _("kind"), _("debit"), _("credit"), amount_head(_("amount")),
        _("loan"), _("cause"),
    )  # fmt: skip
    transfers = Transfer.objects.filter(loan_id__in=loan_ids).order_by("-business_date", "-pk")
    latest = list(transfers[:LEDGER_ROWS_MAX])[::-1]
    note = _(
        "Interest and penalty that have run since they were last posted to a loan are owed, but "
        "not listed here yet."
    )
    return PageSection(_("Ledger"), heads, GrowingRows(latest, _transfer), note)


def _transfer(row: Transfer) -> tuple[Any, ...]:
    return (
        row.business_date, row.get_kind_display(), row.get_debit_account_display(),
        row.get_credit_account_display(), amount(row.amount_fen), _loan_link(row.loan_id),
        cause(row),
    )  # fmt: skip


def cause(transfer: Transfer | Charge) -> SafeString | str:
    """Return what led to a posting: its kind, and its record as a link."""
    known = _RECORDS.get(transfer.cause_type)
    if known is None:
        return transfer.get_cause_type_display()
    model, prefix = known
    address, kind = address_of(model, transfer.cause_id), transfer.get_cause_type_display()
    shown = '<a class="link" href="{}">{} {}{}</a>'
    return format_html(shown, address, kind, prefix, transfer.cause_id)


def charge_calculation(one: LoanStatement) -> PageSection:
    """Return the charges of one loan, each with the formula that gives it (RATE-9)."""
    heads = (
        _("number"), _("charge"), pgettext_lazy("date", "from"),
        pgettext_lazy("date", "to"), _("nights"),
        amount_head(_("base")), _("rate"), _("formula"), amount_head(_("by contract")),
        amount_head(_("waived by the cap")), amount_head(_("charged")),
    )  # fmt: skip
    lines = [*one.lines, _("service charge"), _("insurance")]
    rows = GrowingRows(lines, partial(_line, one=one))
    title = gettext("Charge calculation of loan {loan}").format(loan=one.loan.pk)
    return PageSection(title, heads, rows, _cap_note(one), is_lead=True)


def _line(line: Any, one: LoanStatement) -> tuple[Any, ...]:
    """Return a charge, or the title of one that is never made (RATE-9)."""
    if not isinstance(line, ChargeLine):
        return ("", line, *[""] * 8, amount(0))
    cells: Any = (
        line.row.shown_number, KINDS[line.kind], line.from_on or "", line.to_on or "",
        line.nights or "", amount(line.base_fen) if line.base_fen else "",
        rate(line, one.loan, one.terms), formula(line, one.loan, one.terms),
        amount(line.contract_fen), amount(line.waived_fen), amount(line.charged_fen),
    )  # fmt: skip
    return tuple(cells)


def _cap_note(one: LoanStatement) -> str:
    position, terms = one.position, one.terms
    note = gettext(
        "Amounts are rounded half up to the fen. The law caps all charges of a loan at {rate} a "
        "year: principal summed over the nights {base} × {rate} ÷ {days} = {cap} yuan at most; "
        "charged under the cap {charged}, permanently waived {waived}. A prepayment fee is not "
        "under the cap. Charged in all rows together: {total} yuan."
    ).format(
        rate=percent(terms.cap_annual_ppm),
        base=yuan(position.principal_nights_fen),
        days=terms.cap_year_days,
        cap=yuan(one.cap_fen),
        charged=yuan(position.charged_fen),
        waived=yuan(position.waived_fen),
        total=yuan(sum(line.charged_fen for line in one.lines)),
    )
    if not one.is_migrated:
        return note
    return gettext("Migrated loan: the originating lender's charges are one line. ") + note


def _loan_link(loan_id: int | None) -> SafeString | str:
    if loan_id is None:
        return ""
    return format_html('<a class="link" href="{}">{}</a>', address_of(Loan, loan_id), loan_id)


def of_customer(customer_id: int | None) -> Q:
    """Return the orders or repayments of a customer: each is found through its bill or its loan."""
    bills = Bill.objects.filter(customer=customer_id).values_list("pk", flat=True)
    loans = Loan.objects.filter(customer=customer_id).values_list("pk", flat=True)
    return Q(bill__in=list(bills)) | Q(loan__in=list(loans))


@admin.register(Repayment)
class RepaymentPages(AdminActionsMixin, CustomersRows):
    """Money that channels have taken.

    Packages above append what may be done to a repayment to ``record_actions``.
    """

    record_actions: ClassVar[list[AdminAction]] = []

    latest_by = "value_on"
    list_select_related = ("customer", "bill", "loan", "order")
    list_display = (
        "__str__", "customer_link", "bill_link", "loan_link", "order_link", "amount_yuan",
        "value_on", "recorded_at",
    )  # fmt: skip
    prefix = "R"

    def find(self, term: str) -> Q:
        """Return the repayment with this id, or those of this customer."""
        if term[:1] in "cC":
            return of_customer(number_in(term, "C"))
        return super().find(term)

    def sections(self, request: HttpRequest, record: Repayment) -> list[PageSection]:
        """Return what the repayment settled."""
        return [allocations(record.allocations.all())]


@admin.register(UnappliedFunds)
class UnappliedFundsPages(AdminActionsMixin, CustomersRows):
    """Money taken beyond what was owed.

    Packages above append what may be done to it to ``record_actions``.
    """

    record_actions: ClassVar[list[AdminAction]] = []

    latest_by = "waiting_since"
    list_select_related = ("customer", "repayment")
    list_display = (
        "__str__", "customer_link", "repayment_link", "amount_yuan", "waiting_since", "refunded_at",
    )  # fmt: skip
    list_filter = (("refunded_at", admin.EmptyFieldListFilter),)
    prefix = "U"

    def sections(self, request: HttpRequest, record: UnappliedFunds) -> list[PageSection]:
        """Return the refunds of the money, each with what the bank answered."""
        heads = (_("payout"), _("state"), _("goes to"), amount_head(_("amount")),
                 _("channel's code"), _("business date"), _("paid on"))  # fmt: skip
        found = record.payouts.select_related("card").order_by("pk")
        rows = [
            (link(one), one.get_state_display(), str(one.card or PaymentMethod.WECHAT.label),
             amount(one.amount_fen), one.code, one.business_date, one.paid_on or "")
            for one in found
        ]  # fmt: skip
        return [PageSection(Payout._meta.verbose_name_plural, heads, rows), timeline(record)]


@admin.register(Transfer)
class TransferPages(ReadOnlyAdmin):
    """The ledger: one row, one amount from one account to another."""

    list_display = (
        "shown_id", "business_date", "kind", "debit_account", "credit_account", "amount_yuan",
        "loan_shown", "cause_shown",
    )  # fmt: skip
    fields = (*list_display, "accounting_date", "customer_id", "funder", "at")
    list_filter = (day_filter("business_date", _("business date")), "kind", "debit_account",
                   "credit_account")  # fmt: skip
    search_fields = ("pk",)
    search_help_text = _("Loan id, or transfer id such as T42")

    def find(self, term: str) -> Q:
        """Return the transfers of this loan, or the one with this id."""
        if term.upper().startswith("T"):
            return Q(pk=number_in(term, "T"))
        return Q(loan_id=number_in(term, ""))

    @display(description=_("transfer"))
    def shown_id(self, transfer: Transfer) -> str:
        """Return the id as the search takes it."""
        return f"T{transfer.pk}"

    @display(description=_("cause"))
    def cause_shown(self, transfer: Transfer) -> SafeString | str:
        """Return what made the transfer."""
        return cause(transfer)

    @display(description=_("loan"))
    def loan_shown(self, transfer: Transfer) -> SafeString | str:
        """Return a link to the loan."""
        return _loan_link(transfer.loan_id)


@admin.register(Charge)
class ChargePages(ReadOnlyAdmin):
    """What was charged to instalments: the facts behind every statement of charges."""

    list_display = (
        "shown_id", "posted_on", "loan_shown", "kind", "from_on", "to_on", "base_yuan",
        "contract_yuan", "charged_yuan", "cause_shown",
    )  # fmt: skip
    fields = (*list_display, "instalment_id", "customer_id", "segment_on", "reverses", "at")
    list_filter = (day_filter("posted_on", _("posted on")), "kind")
    search_fields = ("pk",)
    search_help_text = _("Loan id")

    def find(self, term: str) -> Q:
        """Return the charges of this loan."""
        return Q(loan_id=number_in(term, ""))

    @display(description=_("charge"))
    def shown_id(self, charge: Charge) -> str:
        """Return the id with its prefix."""
        return str(charge)

    @display(description=_("loan"))
    def loan_shown(self, charge: Charge) -> SafeString | str:
        """Return a link to the loan."""
        return _loan_link(charge.loan_id)

    @display(description=_("cause"))
    def cause_shown(self, charge: Charge) -> SafeString | str:
        """Return what led to the charge."""
        return cause(charge)
