"""Staff pages of loans, their instalments, and the terms they were signed under."""

from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.customers.rows import CustomersRows
from backoffice.core import clock
from backoffice.web.keyset import number_in
from backoffice.web.readonly_admin import (
    PageSection,
    ReadOnlyAdmin,
    amount,
    amount_head,
    day_filter,
    display,
    link,
    timeline,
)
from backoffice.web.wording import percent
from loans.accounting.admin import allocations, ledger_of
from loans.accounting.queries.statement import accrued_on
from loans.accounting.rules.engine import Accrued
from loans.contracts.labels import in_words
from loans.models import ContractTerms, Instalment, Loan


@admin.register(Loan)
class LoanPages(CustomersRows):
    """Loans: what was drawn, what is unpaid, and everything that happened to them."""

    latest_by = "drawn_on"
    list_display = (
        "__str__", "customer_link", "state_label", "plan", "principal_yuan",
        "unpaid_principal_yuan", "rate", "drawn_on", "overdue_on",
    )  # fmt: skip
    list_filter = ("state", "plan")
    fieldsets = (
        (None, {"fields": (
            ("customer_link", "line_link", "terms_link"), ("state_label", "plan", "rate"),
        )}),
        (_("Amounts"), {"fields": (
            ("principal_yuan", "unpaid_principal_yuan"), ("charged_today", "waived_today"),
        )}),
        (_("Days"), {"fields": (("drawn_on", "accrued_on"), ("overdue_on", "ended_on"))}),
    )  # fmt: skip

    @display(description=_("daily rate"))
    def rate(self, loan: Loan) -> str:
        """Return the daily rate in per cent."""
        return percent(loan.daily_rate_ppm)

    @display(description=_("charged up to today"))
    def charged_today(self, loan: Loan) -> str:
        """Return what was charged up to the business date, as the bill's page computes it."""
        return amount(_today(loan).end.charged_fen)

    @display(description=_("waived by the cap up to today"))
    def waived_today(self, loan: Loan) -> str:
        """Return what the cap took off up to the business date (RATE-7)."""
        return amount(_today(loan).end.waived_fen)

    def sections(self, request: HttpRequest, record: Loan) -> list[PageSection]:
        """Return the instalments, the repayments, the ledger and the timeline."""
        return [
            _instalments(record),
            allocations(record.allocations.all()),
            ledger_of([record.pk]),
            timeline(record),
        ]


def _instalments(loan: Loan) -> PageSection:
    heads = (
        _("number"), _("due on"), _("bill"), amount_head(_("principal")),
        amount_head(_("unpaid principal")), amount_head(_("unpaid interest")),
        amount_head(_("unpaid plan fee")), amount_head(_("unpaid late fee")),
        amount_head(_("unpaid penalty interest")), _("accrues"),
    )  # fmt: skip
    instalments = loan.instalments.select_related("bill").order_by("number")
    today = _today(loan)
    rows = [
        (
            row.number, row.due_on, link(row.bill), amount(row.principal_fen),
            amount(part.debt.principal_fen), amount(part.debt.interest_fen),
            amount(part.debt.plan_fee_fen), amount(part.debt.late_fee_fen),
            amount(part.debt.penalty_fen), row.get_accrual_display(),
        )
        for row, part in zip(instalments, today.end.parts, strict=True)
    ]  # fmt: skip
    note = gettext("What is owed on {day}; the bill explains it.").format(day=today.on)
    return PageSection(Instalment._meta.verbose_name_plural, heads, rows, note)


def _today(loan: Loan) -> Accrued:
    """Return the loan charged up to the business date."""
    rows = list(loan.instalments.order_by("number"))
    return accrued_on(loan, rows, on=clock.business_date())


@admin.register(Instalment)
class InstalmentPages(CustomersRows):
    """Instalments: the parts of loans that fall due."""

    list_select_related = ("customer", "loan", "bill")
    list_display = (
        "__str__", "customer_link", "loan_link", "bill_link", "due_on", "principal_yuan",
        "unpaid_principal_yuan", "unpaid_interest_yuan", "unpaid_late_fee_yuan",
        "unpaid_penalty_yuan", "accrual",
    )  # fmt: skip
    list_filter = (day_filter("due_on", _("due on")),)
    search_help_text = _("Loan id, or customer id such as C42")
    customer_path = "loan__customer_id"

    def find(self, term: str) -> Q:
        """Return the instalments of this loan or customer."""
        if term.upper().startswith("C"):
            return super().find(term)
        return Q(loan_id=number_in(term, ""))


@admin.register(ContractTerms)
class ContractTermsPages(ReadOnlyAdmin):
    """The product numbers contracts were signed under."""

    list_display = ("__str__", "rates", "penalty", "cap")
    fields = ("digest",)

    @display(description=_("daily rate"))
    def rates(self, terms: ContractTerms) -> str:
        """Return the lowest and the highest daily rate."""
        bounds = (terms.numbers.get(f"daily_rate_{end}_ppm", 0) for end in ("min", "max"))
        return " - ".join(map(percent, bounds))

    @display(description=_("penalty interest a day"))
    def penalty(self, terms: ContractTerms) -> str:
        """Return the daily rate of penalty interest."""
        return percent(terms.numbers.get("penalty_ppm", 0))

    @display(description=_("cap a year"))
    def cap(self, terms: ContractTerms) -> str:
        """Return the cap on all charges a year."""
        return percent(terms.numbers.get("cap_annual_ppm", 0))

    def sections(self, request: HttpRequest, record: ContractTerms) -> list[PageSection]:
        """Return each number in words with its unit."""
        rows = [(capfirst(title), value) for title, value in in_words(record.numbers)]
        return [PageSection(_("Contract terms"), (_("term"), _("value")), rows, is_lead=True)]
