"""The monthly statement of a customer for staff: the same content as the customer reads."""

from collections.abc import Callable, Iterator
from typing import Any

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
from backoffice.web.readonly_admin import PageSection, amount, amount_head, link
from loans.contracts.admin import LoanPages
from loans.general_ledger.rules.periods import month_code
from loans.statements.labels import FEES, NOTE, line_words
from loans.statements.printed import printed
from loans.statements.queries import CustomerStatement, months_of, statement

RIGHT = "loans.view_loan"
NAME = "loans_customer_statement"


def urls(site: AdminSite) -> list[URLPattern]:
    """Return the page."""
    return [path("statements/<int:pk>/", site.admin_view(require_GET(_view(site))), name=NAME)]


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


LoanPages.more_urls.append(urls)
CustomerPages.more_links.append(_titled)
