"""The debts of a customer on any day, and the monthly statements, for staff as for customers."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from accounts.customer_page.admin.customers import CustomerPages
from accounts.customers.rows import shown_name
from accounts.models import Customer
from backoffice.core import clock
from backoffice.web.api.files import as_file
from backoffice.web.pdf import CONTENT_TYPE
from backoffice.web.readonly_admin import PageSection, amount, amount_head, link, state_text
from loans.contracts.admin import LoanPages
from loans.general_ledger.rules.periods import month_code
from loans.models import Bill, Loan
from loans.models.loan import PLANS
from loans.statements.labels import FEES, NOTE, line_words
from loans.statements.printed import printed
from loans.statements.queries import CustomerStatement, DebtsOnDay, debts, months_of, statement

RIGHT = "loans.view_loan"
NAME, DEBTS = "loans_customer_statement", "loans_customer_debts"


def urls(site: AdminSite) -> list[URLPattern]:
    """Return the pages."""
    return [
        path("statements/<int:pk>/", site.admin_view(require_GET(_view(site))), name=NAME),
        path("debts/<int:pk>/", site.admin_view(require_GET(_debts_view(site))), name=DEBTS),
    ]


def _debts_view(site: AdminSite) -> Callable[[HttpRequest, int], HttpResponse]:
    def view(request: HttpRequest, pk: int) -> HttpResponse:
        """Return the debts at the end of the day that is asked for, of today without it."""
        if not request.user.has_perm(RIGHT):
            raise PermissionDenied
        customer = get_object_or_404(Customer, pk=pk)
        today = clock.business_date()
        asked = request.GET.get("as_of") or today.isoformat()
        on = _day(asked)
        if on is None or on > today:
            words = gettext("{day} is no day, or after today: this is today.")
            messages.error(request, words.format(day=asked))
            on = today
        found = debts(customer, on=on)
        title = gettext("Debts of {customer} on {day}").format(
            customer=shown_name(customer), day=on.isoformat()
        )
        context = {
            **site.each_context(request), "title": title, "customer": customer, "today": today,
            "on": on, "before": on - timedelta(1), "after": on + timedelta(1),
            "sections": [_debts_of_loans(found), _debts_of_bills(found)],
        }  # fmt: skip
        return render(request, "admin/loans/debts.html", context)

    return view


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _debts_of_loans(found: DebtsOnDay) -> PageSection:
    heads = (
        _("loan"), _("state"), _("plan"), _("drawn on"), _("overdue on"),
        amount_head(_("penalty interest")), amount_head(_("late fee")), amount_head(_("interest")),
        amount_head(_("plan fee")), amount_head(_("principal")), amount_head(_("owed")),
    )  # fmt: skip
    rows = [
        (link(one.loan), state_text(Loan, one.state), dict(PLANS)[one.plan], one.loan.drawn_on,
         one.overdue_on or "", *map(amount, one.debt), amount(one.debt.total_fen))
        for one in found.loans
    ]  # fmt: skip
    note = _(
        "At the end of the day, charged the nights before it, as it is known now: money that was "
        "recorded later counts from the day on which it was paid, what was reversed does not count."
    )
    total = (_("Total"), "", "", "", "", *map(amount, found.total), amount(found.total.total_fen))
    return PageSection(_("Loans"), heads, rows, note, total=total)


def _debts_of_bills(found: DebtsOnDay) -> PageSection:
    heads = (
        _("bill"), _("state"), _("billed on"), _("due on"), amount_head(_("bill total")),
        amount_head(_("minimum payment")), amount_head(_("paid")), amount_head(_("owed")),
    )  # fmt: skip
    rows = [
        (link(one.bill), state_text(Bill, one.state), one.bill.billed_on, one.due_on,
         amount(one.total_fen), amount(one.minimum_fen), amount(one.paid_fen),
         amount(one.owed_fen))
        for one in found.bills
    ]  # fmt: skip
    return PageSection(_("Bills"), heads, rows)


def _view(site: AdminSite) -> Callable[[HttpRequest, int], HttpResponse]:
    def view(request: HttpRequest, pk: int) -> HttpResponse:
        """Return the statement of the month that is asked for, of the latest one without it."""
        if not request.user.has_perm(RIGHT):
            raise PermissionDenied
        customer = get_object_or_404(Customer, pk=pk)
        on = clock.business_date()
        months = {month_code(one): one for one in months_of(customer, on=on)}
        asked = request.GET.get("month") or next(iter(months), "")
        if asked and asked not in months:
            raise Http404
        found = statement(customer, month=months[asked], on=on) if asked else None
        if found and request.GET.get("form") == "pdf":
            content = HttpResponse(printed(found), content_type=CONTENT_TYPE)
            return as_file(content, f"weidai-{asked}.pdf")
        title = gettext("Monthly statements of {customer}").format(customer=shown_name(customer))
        context = {
            **site.each_context(request), "title": title, "customer": customer, "asked": asked,
            "months": months, "found": found, "sections": list(_sections(found)) if found else [],
        }  # fmt: skip
        return render(request, "admin/loans/customer_statement.html", context)

    return view


def _sections(found: CustomerStatement) -> Iterator[PageSection]:
    yield _loans(found)
    yield _lines(found)
    if any(found.statement.waiting):
        yield _waiting(found)
    yield _bills(found)


def _loans(found: CustomerStatement) -> PageSection:
    heads = (
        _("loan"), amount_head(_("owed before")), amount_head(_("disbursed")),
        amount_head(_("charged")), amount_head(_("waived")), amount_head(_("repaid")),
        amount_head(_("owed after")),
    )  # fmt: skip
    rows = [
        (link(found.loans[one.loan_id]),
         *(amount(debt.total_fen) for debt in (one.opening, one.received, one.charged, one.waived,
                                               one.paid, one.closing)))
        for one in found.statement.loans
    ]  # fmt: skip
    sums = found.statement.totals
    total = (sums.opening_fen, sums.received_fen, sums.charged_fen, sums.waived_fen, sums.paid_fen,
             sums.closing_fen)  # fmt: skip
    return PageSection(
        _("Loans"), heads, rows, format_html("{}<br>{}", NOTE, FEES),
        total=(_("Total"), *map(amount, total)),
    )  # fmt: skip


def _lines(found: CustomerStatement) -> PageSection:
    heads = (
        _("day"), _("recorded on"), _("loan"), _("event"), amount_head(_("penalty interest")),
        amount_head(_("late fee")), amount_head(_("interest")), amount_head(_("plan fee")),
        amount_head(_("principal")), amount_head(_("amount")),
    )  # fmt: skip
    rows = [
        (one.on, one.recorded_on,
         link(found.loans[one.loan_id]) if one.loan_id is not None else "", line_words(one),
         *(amount(fen or None) for fen in one.debt), amount(one.amount_fen))
        for one in found.statement.lines
    ]  # fmt: skip
    note = _("Above zero: paid out, charged or refunded. Below zero: paid or waived.")
    return PageSection(_("Movements"), heads, rows, note)


def _waiting(found: CustomerStatement) -> PageSection:
    heads = (amount_head(_("waiting before")), amount_head(_("received")),
             amount_head(_("refunded")), amount_head(_("waiting after")))  # fmt: skip
    one = found.statement.waiting
    fens = (one.opening_fen, one.received_fen, one.refunded_fen, one.closing_fen)
    return PageSection(_("Money that waits for a refund"), heads, [[*map(amount, fens)]])


def _bills(found: CustomerStatement) -> PageSection:
    heads = (_("bill"), _("billed on"), _("due on"), amount_head(_("bill total")),
             amount_head(_("minimum payment")))  # fmt: skip
    rows = [
        (link(one), one.billed_on, one.due_on, amount(one.total_fen),
         amount(one.printed_minimum_fen))
        for one in found.bills
    ]  # fmt: skip
    return PageSection(_("Bills of the month"), heads, rows)


def address(customer: Customer) -> str:
    """Return the page of the latest statement of a customer."""
    return reverse(f"admin:{NAME}", args=[customer.pk])


def _titled(customer: Customer) -> tuple[str, Any]:
    return address(customer), _("monthly statements")


def _on_a_day(customer: Customer) -> tuple[str, Any]:
    return reverse(f"admin:{DEBTS}", args=[customer.pk]), _("debts on a day")


LoanPages.more_urls.append(urls)
CustomerPages.more_links.append(_on_a_day)
CustomerPages.more_links.append(_titled)
