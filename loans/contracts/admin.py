"""Staff pages of loans, their instalments, and the terms they were signed under."""

from collections.abc import Callable
from datetime import date
from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin import AdminSite
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import URLPattern
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.customers.rows import CustomersRows
from backoffice.core import clock
from backoffice.core.money import yuan
from backoffice.web.admin_actions import AdminAction, AdminActionsMixin
from backoffice.web.keyset import number_in
from backoffice.web.readonly_admin import (
    PageSection,
    ReadOnlyAdmin,
    address_of,
    amount,
    amount_head,
    day_filter,
    display,
    timeline,
)
from backoffice.web.wording import percent
from loans.accounting.admin import allocations, charge_calculation, ledger_of
from loans.accounting.queries.statement import LoanStatement, loan_statement
from loans.contracts import sheet_text
from loans.contracts.labels import in_words, penalty_in_words
from loans.contracts.operations import preferred_rates
from loans.contracts.rules import cost_sheet
from loans.contracts.rules.cost_sheet import CostItem, CostWay
from loans.models import Bill, ContractTerms, Instalment, Loan, LoanState, Quote


def _needs_proof(loan: Loan) -> bool:
    is_open = loan.proof_until_on is not None and loan.proven_on is None
    return is_open and loan.state in (LoanState.ACTIVE, LoanState.OVERDUE)


def _prove(request: HttpRequest, loan: Loan, given: dict[str, Any]) -> str:
    at = clock.now()
    preferred_rates.prove(
        loan.pk, by=str(request.user), reason=given["reason"], on=clock.day_of(at), at=at
    )
    return gettext("The use of the loan is proven: its preferred rate stays.")


def _proof_effect(loan: Loan) -> str:
    return gettext(
        "The rate stays at {factor}% of {rate} a day. Without a proof until {until} later nights "
        "bear the full rate."
    ).format(
        factor=loan.rate_factor_permille // 10, rate=percent(loan.daily_rate_ppm),
        until=loan.proof_until_on,
    )  # fmt: skip


@admin.register(Loan)
class LoanPages(AdminActionsMixin, CustomersRows):
    """Loans: what was drawn, what is unpaid, and everything that happened to them.

    Packages above append what may be done to a loan to ``record_actions``.
    """

    record_actions: ClassVar[list[AdminAction]] = [
        AdminAction(
            "prove", _("Record the proof of use"), "loans.prove_use", _prove, kind="primary",
            is_open=_needs_proof, explanation=_proof_effect,
        )
    ]  # fmt: skip
    # Packages above append what they know of a loan.
    more_sections: ClassVar[list[Callable[[Loan], list[PageSection]]]] = []
    # And the addresses of pages of their own.
    more_urls: ClassVar[list[Callable[[AdminSite], list[URLPattern]]]] = []
    latest_by = "drawn_on"
    list_display = (
        "__str__", "customer_link", "state_label", "plan", "principal_yuan",
        "unpaid_principal_yuan", "rate", "drawn_on", "overdue_on",
    )  # fmt: skip
    list_filter = ("state", "plan")
    fieldsets = (
        (None, {"fields": (
            ("customer_link", "line_link", "terms_link"), ("state_label", "plan", "rate"),
            ("purpose", "card_link"), ("rate_factor", "proof_until_on", "proven_on"),
            ("converted_to", "converted_on"),
        )}),
        (_("Amounts"), {"fields": (
            ("principal_yuan", "unpaid_principal_yuan"),
        )}),
        (_("Days"), {"fields": (("drawn_on", "accrued_on"), ("overdue_on", "ended_on"))}),
    )  # fmt: skip

    @display(description=_("rate factor"))
    def rate_factor(self, loan: Loan) -> str:
        """Return what is left of the rate by its purpose, in per cent (RATE-10)."""
        return f"{loan.rate_factor_permille / 10:g}%"

    @display(description=_("daily rate"))
    def rate(self, loan: Loan) -> str:
        """Return the daily rate in per cent."""
        return percent(loan.daily_rate_ppm)

    def get_urls(self) -> list[URLPattern]:
        """Return the addresses of the pages, those of packages above first."""
        more = [one for pages in self.more_urls for one in pages(self.admin_site)]
        return [*more, *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Loan]:
        """Return the loans with what their page names."""
        return super().get_queryset(request).select_related("customer", "line", "terms", "card")

    def sections(self, request: HttpRequest, record: Loan) -> list[PageSection]:
        """Return the schedule, the charges with their formulas, the history, and the ledger."""
        on = clock.business_date()
        statement = loan_statement(record, on=on)
        return [
            _schedule(statement, on=on),
            charge_calculation(statement),
            *(section for sections in self.more_sections for section in sections(record)),
            allocations(record.allocations.all()),
            ledger_of([record.pk]),
        ]


def _bill_link(bill_id: int | None) -> SafeString | str:
    if bill_id is None:
        return ""
    return format_html('<a class="link" href="{}">B{}</a>', address_of(Bill, bill_id), bill_id)


def _schedule(statement: LoanStatement, *, on: date) -> PageSection:
    """Return each instalment as agreed, against what was paid and is owed of it."""
    one = statement.loan
    heads = (
        _("number"), _("due on"), _("bill"), amount_head(_("principal")),
        amount_head(_("plan fee")), amount_head(_("principal paid")),
        amount_head(_("unpaid principal")), amount_head(_("unpaid interest")),
        amount_head(_("unpaid plan fee")), amount_head(_("unpaid late fee")),
        amount_head(_("unpaid penalty interest")), _("accrues"),
    )  # fmt: skip
    converted_fen = sum(row.principal_fen for row, _part in statement.owed if row.number > 1)
    agreed_fen = {
        row.pk: row.principal_fen - converted_fen * (row.number == 1 and bool(one.converted_on))
        for row, _part in statement.owed
    }
    rows = [
        (
            row.shown_number, row.due_on, _bill_link(row.bill_id),
            amount(agreed_fen[row.pk]), amount(row.plan_fee_fen),
            amount(agreed_fen[row.pk] - part.debt.principal_fen),
            amount(part.debt.principal_fen), amount(part.debt.interest_fen),
            amount(part.debt.plan_fee_fen), amount(part.debt.late_fee_fen),
            amount(part.debt.penalty_fen), row.get_accrual_display(),
        )
        for row, part in statement.owed
        if row.principal_fen  # of a conversion that was undone
    ]  # fmt: skip
    note = gettext(
        "Owed on {day}: {amount} yuan in all. Each row as agreed, what is paid, and what is owed; "
        "the fee of a row is owed once it is billed."
    ).format(day=on, amount=yuan(sum(part.debt.total_fen for _row, part in statement.owed)))
    return PageSection(_("Schedule and payments"), heads, rows, note)


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
        """Return the daily rate of penalty interest, or the multiple of the contract's rate."""
        return penalty_in_words(terms.numbers)

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
