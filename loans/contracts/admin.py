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
from loans.contracts import sheet_text
from loans.contracts.labels import in_words
from loans.contracts.rules import cost_sheet
from loans.contracts.rules.cost_sheet import CostItem, CostWay
from loans.models import ContractTerms, Instalment, Loan, Quote


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


@admin.register(Quote)
class QuotePages(CustomersRows):
    """Cost sheets: what a customer was shown, for how long, and what was done under it (LAW-2)."""

    latest_by = "drawn_on"
    list_select_related = ("customer", "loan", "bill")
    list_display = (
        "__str__", "customer_link", "state_label", "purpose", "plan", "amount_yuan", "yearly",
        "offered_at", "confirmed_at", "used_at",
    )  # fmt: skip
    list_filter = ("state", "purpose")
    prefix = "Q"
    fieldsets = (
        (None, {"fields": (
            ("customer_link", "state_label", "purpose"), ("loan_link", "bill_link", "terms_link"),
            ("amount_yuan", "plan", "scenario"),
            ("score", "daily_rate_percent", "factor_percent"), ("yearly", "headline"),
        )}),
        (_("Days"), {"fields": (
            ("drawn_on", "first_due_on"), ("offered_at", "expires_at"),
            ("shown_at", "must_read_seconds", "seconds_read"), ("confirmed_at", "used_at"),
        )}),
        (_("Text"), {"fields": ("text_zh", "text_en", "digest", "is_digest_right")}),
    )  # fmt: skip

    @display(description=_("yearly cost"))
    def yearly(self, quote: Quote) -> str:
        """Return the yearly cost of all items over the real days of the payments."""
        return sheet_text.rate(quote.sheet["annual"]["irr_ppm"])

    @display(description=_("by a year of 360 days"))
    def headline(self, quote: Quote) -> str:
        """Return the smaller figure of the headline (GEN-7)."""
        return sheet_text.rate(quote.sheet["annual"]["headline_360_ppm"])

    @display(description=_("digest fits sheet and texts"))
    def is_digest_right(self, quote: Quote) -> str:
        """Return whether the digest is that of the stored sheet and texts."""
        texts = {"zh-hans": quote.text_zh, "en": quote.text_en}
        fits = cost_sheet.digest(quote.sheet, texts) == quote.digest
        return gettext("yes") if fits else gettext("no")

    def sections(self, request: HttpRequest, record: Quote) -> list[PageSection]:
        """Return the schedule, the items of the cost, and the timeline."""
        return [_sheet_rows(record), _sheet_items(record), timeline(record)]


def _sheet_rows(quote: Quote) -> PageSection:
    heads = (
        _("number"), _("due on"), _("nights"), amount_head(_("principal")),
        amount_head(_("interest")), amount_head(_("plan fee")), amount_head(_("total")),
    )  # fmt: skip
    names = ("principal_fen", "interest_fen", "plan_fee_fen", "total_fen")
    rows = [
        (row["instalment"], row["due_on"], row["nights"], *(amount(row[name]) for name in names))
        for row in quote.sheet["schedule"]
    ]
    return PageSection(_("Payments"), heads, rows)


def _sheet_items(quote: Quote) -> PageSection:
    heads = (
        _("cost item"), _("charged"), amount_head(_("amount")), _("yearly cost"), _("collected by"),
    )  # fmt: skip
    rows = [
        (
            sheet_text.ITEM_TITLES[CostItem(item["item"])], sheet_text.WAYS[CostWay(item["way"])],
            amount(item["amount_fen"]), sheet_text.rate(item["annual_ppm"]),
            sheet_text.COLLECTORS[item["collector"]],
        )
        for item in quote.sheet["items"]
    ]  # fmt: skip
    return PageSection(_("Cost items"), heads, rows)
