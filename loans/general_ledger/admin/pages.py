"""Pages of the ledger for staff: chart of accounts, trial balance, account statement.

Each page has a period, a day or a month; its actions are dialogs that send it along.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST

from backoffice.core import clock
from backoffice.core.errors import Refused
from backoffice.core.money import yuan
from backoffice.platform import export
from backoffice.web.admin.export import send
from backoffice.web.admin_actions import (
    AdminAction,
    Dialog,
    DialogInput,
    Field,
    given_in,
    shown_again,
)
from backoffice.web.readonly_admin import PageSection, address
from loans.accounting.queries import closed_months
from loans.gateways.from_settings import debit_channel
from loans.general_ledger.admin import tables
from loans.general_ledger.operations import month_close
from loans.general_ledger.queries import exports
from loans.general_ledger.queries.statement import page_of
from loans.general_ledger.queries.trial_balance import movements, summary_of, trial_balance
from loans.general_ledger.rules.chart import BY_CODE, IN_ORDER
from loans.general_ledger.rules.periods import (
    LedgerPeriod,
    month_code,
    month_of,
    next_month,
    period_of,
)
from loans.models import ClosedMonth

RIGHT = "loans.view_transfer"
FORMATS = (("xlsx", "XLSX"), ("csv", "CSV"))


class PeriodError(Refused):
    """The period of a page is no day and no month."""

    code = "period-bad"
    message = _("{period} is no day and no month.")
    remedy = _("Write a month such as 2026-09 or a day such as 2026-09-30.")


class LedgerQuery(NamedTuple):
    """What a page is asked for: a period, and for a statement an account and where to go on."""

    period: LedgerPeriod
    account: str = ""
    after: int = 0

    @property
    def filters(self) -> dict[str, str]:
        """Return what names the rows of the page, as its address and its export do."""
        own = {"account": self.account} if self.account else {}
        return {**own, "period": self.period.code}


@dataclass(frozen=True, kw_only=True)
class LedgerPage:
    """A page: its name and title, its tables, and what may be done from it.

    ``more`` returns the query of the next page of rows, if there is one.
    """

    name: str
    title: Any
    content: Callable[[LedgerQuery], tuple[list[PageSection], int | None]]
    actions: Sequence[AdminAction] = ()
    has_account: bool = False

    @property
    def address(self) -> str:
        """Return the address of the page, without a query."""
        return reverse(f"admin:loans_{self.name}")


def urls(site: AdminSite) -> list[URLPattern]:
    """Return the pages and where their dialogs send to."""
    found = []
    for page in PAGES:
        show = site.admin_view(require_GET(_view(site, page)))
        perform = site.admin_view(require_POST(_action(site, page)))
        at = page.name.replace("_", "-")
        found += [
            path(f"{at}/", show, name=f"loans_{page.name}"),
            path(f"{at}/<slug:code>/", perform, name=f"loans_{page.name}_action"),
        ]
    return found


def _view(site: AdminSite, page: LedgerPage) -> Callable[[HttpRequest], HttpResponse]:
    def view(request: HttpRequest) -> HttpResponse:
        return _shown(site, request, page)

    return view


def _shown(
    site: AdminSite, request: HttpRequest, page: LedgerPage, refused: Dialog | None = None
) -> HttpResponse:
    if not request.user.has_perm(RIGHT):
        raise PermissionDenied
    query = _query(request, page)
    sections, next_after = page.content(query)
    context = {
        **site.each_context(request), "title": page.title, "query": query, "sections": sections,
        "accounts": _accounts() if page.has_account else (), "days": _periods(),
        "record_actions": _dialogs(request, page, query, refused),
        "record_address": f"{page.address}?{urlencode(query.filters)}",
        "next": next_after and urlencode({**query.filters, "after": next_after}),
    }  # fmt: skip
    return render(request, "admin/loans/ledger.html", context)


def _query(request: HttpRequest, page: LedgerPage) -> LedgerQuery:
    """Return what is asked for; an invalid period is reported, and this month's shown."""
    asked = request.GET.get("period", "").strip()
    period = month_of(clock.business_date())
    if asked:
        try:
            period = period_of(asked)
        except ValueError:
            messages.error(request, str(PeriodError(period=asked)))
    if not page.has_account:
        return LedgerQuery(period)
    account, after = request.GET.get("account", IN_ORDER[0].code), request.GET.get("after", "0")
    if account not in BY_CODE or not (after.isascii() and after.isdecimal() and len(after) < 19):
        raise Http404
    return LedgerQuery(period, account, int(after))


def _accounts() -> list[tuple[str, str]]:
    return [(one.code, f"{one.number} {exports.title_of(one.code)}") for one in IN_ORDER]


def _periods() -> list[tuple[Any, str]]:
    today = clock.business_date()
    last_month = today.replace(day=1) - timedelta(days=1)
    return [
        (_("this month"), month_code(today)),
        (_("last month"), month_code(last_month)),
        (_("today"), today.isoformat()),
        (_("yesterday"), (today - timedelta(days=1)).isoformat()),
    ]


def _dialogs(
    request: HttpRequest, page: LedgerPage, query: LedgerQuery, refused: Dialog | None
) -> list[Dialog]:
    """Return the dialogs that are open to the person; a refused one first, as it was sent."""
    dialogs = [
        _dialog(page, query, one)
        for one in page.actions
        if request.user.has_perm(one.permission) and one.is_open(query)
        and (refused is None or one.code != refused.action.code)
    ]  # fmt: skip
    return dialogs if refused is None else [refused, *dialogs]


def _dialog(page: LedgerPage, query: LedgerQuery, action: AdminAction) -> Dialog:
    to = reverse(f"admin:loans_{page.name}_action", args=[action.code])
    words = action.explanation
    return Dialog(
        action,
        f"{to}?{urlencode(query.filters)}",
        [DialogInput(field) for field in action.fields],
        explanation=words(query) if callable(words) else words,
    )


def _action(site: AdminSite, page: LedgerPage) -> Callable[[HttpRequest, str], HttpResponseBase]:
    """Return the view that performs an action; a refused one is shown as it was sent."""

    def perform(request: HttpRequest, code: str) -> HttpResponseBase:
        action = next((one for one in page.actions if one.code == code), None)
        if action is None:
            raise Http404
        if not (request.user.has_perm(RIGHT) and request.user.has_perm(action.permission)):
            raise PermissionDenied
        query = _query(request, page)
        try:
            result = action.perform(request, query, given_in(request, action))
        except Refused as refusal:
            messages.error(request, str(refusal))
            refused = _dialog(page, query, action)._replace(
                inputs=[DialogInput(one, request.POST.getlist(one.name)) for one in action.fields],
                reason=request.POST.get("reason", ""),
                refusal=str(refusal),
            )
            with shown_again(request):
                return _shown(site, request, page, refused)
        if isinstance(result, HttpResponseBase):
            return result
        messages.success(request, result)
        return HttpResponseRedirect(f"{page.address}?{urlencode(query.filters)}")

    return perform


def export_file(
    request: HttpRequest, section: str, filters: dict[str, str], given: dict[str, Any]
) -> HttpResponse:
    """Request a file of the ledger and lead to the page of its export.

    Raises:
        export.ExportNotPermittedError: the person may not request exports.
        export.ExportFilterError: the format is unknown.
    """
    person: Any = request.user
    made = export.request(
        section,
        filters=filters,
        options=export.FileOptions(
            file_format=given["file_format"],
            is_masked=True,
            language=get_language() or settings.LANGUAGE_CODE,
        ),
        by=person,
        reason=given["reason"],
        at=clock.now(),
    )
    send(made)
    messages.success(request, gettext("The export is requested; its page shows the file."))
    return HttpResponseRedirect(address(made))


def export_action(section: str, filters: Callable[[Any], dict[str, str]]) -> AdminAction:
    """Return the action that requests a file of what a page shows."""

    def perform(request: HttpRequest, record: Any, given: dict[str, Any]) -> HttpResponse:
        return export_file(request, section, filters(record), given)

    return AdminAction(
        "export", _("Export this list"), export.RIGHT_TO_REQUEST, perform,
        explanation=_("A worker writes the file; each download is logged with your name."),
        fields=(Field("file_format", _("format"), kind="select", options=FORMATS),),
    )  # fmt: skip


def _propose_close(request: HttpRequest, query: LedgerQuery, given: dict[str, Any]) -> str:
    at = clock.now()
    person: Any = request.user
    month_close.propose(
        [query.period.first_on], by=person, reason=given["reason"], at=at, channel=debit_channel()
    )
    return gettext("The close of {month} waits for a second person.").format(
        month=month_code(query.period.first_on)
    )


def _may_close(query: LedgerQuery) -> bool:
    """Return whether the page shows a whole month that has ended and may be closed next."""
    month, opened_on = query.period.first_on, closed_months.opened_on()
    has_ended = next_month(month) <= clock.business_date()
    return query.period == month_of(month) and has_ended and opened_on in (None, month)


def _close_explained(query: LedgerQuery) -> str:
    """Return what is closed, and what that does."""
    moved = movements(query.period)
    return gettext(
        "{month} is closed with {transfers} transfers, debits = credits = {amount} yuan, once a "
        "second person agrees. It takes no more postings: later ones enter the next open month. It "
        "cannot be opened again. The portfolio and the bank are reconciled now, which takes a "
        "moment."
    ).format(
        month=query.period.code,
        transfers=sum(one.transfers for one in moved),
        amount=yuan(sum(one.amount_fen for one in moved)),
    )


def _chart(query: LedgerQuery) -> tuple[list[PageSection], None]:
    return [tables.chart(query.period.code)], None


def _trial_balance(query: LedgerQuery) -> tuple[list[PageSection], None]:
    lines = [exports.sided(one) for one in trial_balance(query.period)]
    title = gettext("Trial balance of {period}").format(period=query.period.code)
    note = _closed_note(query.period.first_on)
    return [tables.trial_balance(lines, query.period.code, title=title, note=note)], None


def _closed_note(month: date) -> str:
    """Return whether the month of a period is closed."""
    opened_on = closed_months.opened_on()
    if opened_on is None or month >= opened_on:
        return gettext("The month is open: later postings change these figures.")
    closed = ClosedMonth.objects.filter(month__gte=month.replace(day=1)).earliest("month")
    return gettext("Closed with {month} on {day} by {person}.").format(
        month=closed, day=clock.day_of(closed.at), person=closed.closed_by
    )


def _statement(query: LedgerQuery) -> tuple[list[PageSection], int | None]:
    page = page_of(query.account, query.period, after=query.after)
    sections = [tables.postings(page, query.account)]
    if not query.after:
        sections = [tables.summary(summary_of(query.account, query.period)), *sections]
    return sections, page.next_after


PAGES = (
    LedgerPage(name="chart", title=_("Chart of accounts"), content=_chart),
    LedgerPage(
        name="trial_balance",
        title=_("Trial balance"),
        content=_trial_balance,
        actions=(
            AdminAction(
                "close", _("Propose to close the month"), "loans.propose_monthclose",
                _propose_close, explanation=_close_explained, kind="danger", is_open=_may_close,
            ),
            export_action(exports.TRIAL_BALANCE, lambda query: query.filters),
        ),
    ),
    LedgerPage(
        name="statement",
        title=_("Account statement"),
        content=_statement,
        actions=(export_action(exports.STATEMENT, lambda query: query.filters),),
        has_account=True,
    ),
)  # fmt: skip
