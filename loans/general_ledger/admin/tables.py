"""The tables of the ledger's pages: the chart, a trial balance, an account statement."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db.models import Model
from django.urls import reverse
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from backoffice.web.readonly_admin import PageSection, address_of, amount, amount_head, link
from loans.accounting.admin import cause
from loans.general_ledger.queries.exports import SidedLine, stated, title_of
from loans.general_ledger.queries.statement import StatementPage
from loans.general_ledger.queries.trial_balance import AccountSummary
from loans.general_ledger.rules.chart import SIDES, TYPES, ChartAccount, kinds_of, tree
from loans.general_ledger.rules.trial_balance import KindMovement, credit_side, debit_side
from loans.models import CauseType, DebitOrder, Loan, Transfer, TransferKind

_INDENT = "\u2003"  # of a line of the tree, once a level


def statement_address(account: str, period: str) -> str:
    """Return the page of an account's statement."""
    query = urlencode({"account": account, "period": period})
    return f"{reverse('admin:loans_statement')}?{query}"


def account_link(code: str, period: str) -> SafeString:
    """Return the name of an account as a link to its statement."""
    address = statement_address(code, period)
    return format_html('<a class="link" href="{}">{}</a>', address, capfirst(title_of(code)))


def chart(period: str) -> PageSection:
    """Return the chart of accounts as a tree, each account with a link to its statement."""
    heads = (_("account number"), _("account"), _("type"), _("normal side"),
             _("kinds of transfers"))  # fmt: skip
    rows = [_chart_row(line.depth, line.entry, period) for line in tree()]
    note = _("Nothing is posted to headings. A reversal may use every account.")
    return PageSection(_("Chart of accounts"), heads, rows, note)


def _chart_row(depth: int, entry: Any, period: str) -> tuple[Any, ...]:
    if not isinstance(entry, ChartAccount):
        words = capfirst(gettext(entry.title))
        title = format_html("{}<strong>{}</strong>", _INDENT * depth, words)
        return (entry.number, title, "", "", "")
    return (
        entry.number,
        format_html("{}{}", _INDENT * depth, account_link(entry.code, period)),
        gettext(TYPES[entry.type]),
        gettext(SIDES[entry.side]),
        ", ".join(str(TransferKind(kind).label) for kind in kinds_of(entry.code)),
    )


def trial_balance(
    lines: Sequence[SidedLine], period: str, *, title: Any, note: Any = ""
) -> PageSection:
    """Return a trial balance: each balance on its side, and the sums, which are equal.

    A heading stands above its accounts with the sums of their columns.
    """
    heads = (
        _("account number"), _("account"), amount_head(_("opening debit")),
        amount_head(_("opening credit")), amount_head(_("debit")), amount_head(_("credit")),
        amount_head(_("closing debit")), amount_head(_("closing credit")),
    )  # fmt: skip
    by_account = {one.account: one for one in lines}
    rows = [
        row for line in tree() if (row := _balance_row(line.depth, line.entry, by_account, period))
    ]
    sums = [amount(sum(column)) for column in zip(*(one[1:] for one in lines), strict=True)]
    return PageSection(title, heads, rows, note, total=("", _("Total"), *sums))


def _balance_row(
    depth: int, entry: Any, lines: Mapping[str, SidedLine], period: str
) -> tuple[Any, ...]:
    """Return the row of an account or a heading; nothing of one without a line."""
    if isinstance(entry, ChartAccount):
        if entry.code not in lines:
            return ()
        title = format_html("{}{}", _INDENT * depth, account_link(entry.code, period))
        return (entry.number, title, *_blank_zeros(lines[entry.code][1:]))
    under = [line.entry for line in tree(entry.number)]
    found = [lines[one.code][1:] for one in under
             if isinstance(one, ChartAccount) and one.code in lines]  # fmt: skip
    words = capfirst(gettext(entry.title))
    title = format_html("{}<strong>{}</strong>", _INDENT * depth, words)
    return (entry.number, title, *_blank_zeros(map(sum, zip(*found, strict=True))))


def _blank_zeros(amounts: Iterable[int]) -> list[SafeString | str]:
    return [amount(fen) if fen else "" for fen in amounts]


def summary(found: AccountSummary) -> PageSection:
    """Return an account in a period: opening, movements by kind, closing."""
    line = found.line
    heads = (_("kind"), _("transfers"), amount_head(_("debit")), amount_head(_("credit")))
    rows = [
        (_("opening balance"), "", *_sides(line.opening_fen)),
        *(_moved(one) for one in found.kinds),
        (_("movements"), sum(one.transfers for one in found.kinds), amount(line.debit_fen),
         amount(line.credit_fen)),
    ]  # fmt: skip
    total = (_("closing balance"), "", *_sides(line.closing_fen))
    return PageSection(_("Balance and movements"), heads, rows, total=total)


def _moved(one: KindMovement) -> tuple[Any, ...]:
    return (
        TransferKind(one.kind).label, one.transfers, *_blank_zeros((one.debit_fen, one.credit_fen))
    )  # fmt: skip


def _sides(balance_fen: int) -> tuple[Any, Any]:
    """Return a balance on its side; one of nothing is a debit of nothing."""
    credit_fen = credit_side(balance_fen)
    return ("", amount(credit_fen)) if credit_fen else (amount(debit_side(balance_fen)), "")


def postings(page: StatementPage, account: str) -> PageSection:
    """Return the transfers of a statement with their cause, order and loan."""
    heads = (
        _("transfer"), _("accounting date"), _("business date"), _("kind"), _("contra account"),
        amount_head(_("debit")), amount_head(_("credit")), _("cause"), _("order"), _("loan"),
    )  # fmt: skip
    rows = [_posting(one, account, page.orders) for one in page.transfers]
    note = _(
        "The accounting date is the day in the ledger. It differs from the business date where "
        "that lies in a month that was closed already."
    )
    return PageSection(_("Postings"), heads, rows, note)


def _posting(transfer: Transfer, account: str, orders: dict[int, int]) -> tuple[Any, ...]:
    one = stated(transfer, account)
    return (
        link(transfer), transfer.booked_on, transfer.business_date, transfer.get_kind_display(),
        title_of(one.contra), amount(one.debit_fen), amount(one.credit_fen), cause(transfer),
        _order(transfer, orders), _record(Loan, transfer.loan_id),
    )  # fmt: skip


def _order(transfer: Transfer, orders: dict[int, int]) -> SafeString | str:
    if transfer.cause_type != CauseType.REPAYMENT or transfer.cause_id is None:
        return ""
    return _record(DebitOrder, orders.get(transfer.cause_id))


def _record(model: type[Model], pk: int | None) -> SafeString | str:
    """Return a link to a record by its id."""
    if pk is None:
        return ""
    return format_html('<a class="link" href="{}">{}</a>', address_of(model, pk), pk)
