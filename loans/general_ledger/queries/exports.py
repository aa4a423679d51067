"""The files of the ledger: trial balance, account statement, closed month."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from django.db.models import QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from backoffice.platform.export import Column, ExportSection
from loans.general_ledger.queries.statement import postings_of
from loans.general_ledger.queries.trial_balance import trial_balance
from loans.general_ledger.rules.chart import BY_CODE, IN_ORDER, TYPES
from loans.general_ledger.rules.periods import LedgerPeriod, period_of
from loans.general_ledger.rules.trial_balance import credit_side, debit_side
from loans.models import CauseType, ClosedBalance, Transfer, TransferKind

TRIAL_BALANCE, STATEMENT, CLOSED_MONTH = "trial-balance", "account-statement", "closed-month"
_RIGHT = "loans.view_transfer"


class ComputedLines:
    """Lines that are computed only when the file is written, few enough for one piece."""

    def __init__(self, compute: Callable[[], Sequence[Any]]) -> None:
        self.compute = compute

    def __getitem__(self, index: slice) -> "ComputedLines":
        return ComputedLines(lambda: self.compute()[index])

    def iterator(self, chunk_size: int) -> Iterator[Any]:  # noqa: ARG002 - as of a queryset
        """Yield the lines."""
        yield from self.compute()


class SidedLine(NamedTuple):
    """A line of a trial balance with each balance on its side, in fen."""

    account: str
    opening_debit_fen: int
    opening_credit_fen: int
    debit_fen: int
    credit_fen: int
    closing_debit_fen: int
    closing_credit_fen: int


def sided(line: Any) -> SidedLine:
    """Return a line, computed or stored, with each balance on its side."""
    return SidedLine(
        line.account,
        debit_side(line.opening_fen),
        credit_side(line.opening_fen),
        line.debit_fen,
        line.credit_fen,
        debit_side(line.closing_fen),
        credit_side(line.closing_fen),
    )


class StatedTransfer(NamedTuple):
    """A transfer as an account's statement lists it."""

    transfer: Transfer
    contra: str
    debit_fen: int | None
    credit_fen: int | None


def stated(transfer: Transfer, account: str) -> StatedTransfer:
    """Return a transfer with its other account and its amount on the account's side."""
    if transfer.debit_account == account:
        return StatedTransfer(transfer, transfer.credit_account, transfer.amount_fen, None)
    return StatedTransfer(transfer, transfer.debit_account, None, transfer.amount_fen)


def _lines_of(filters: Mapping[str, str]) -> ComputedLines:
    """Return the trial balance of a period; raises ValueError for what is no period."""
    period = period_of(filters["period"])
    return ComputedLines(lambda: [sided(one) for one in trial_balance(period)])


def _closed_lines_of(filters: Mapping[str, str]) -> ComputedLines:
    """Return the stored trial balance of a month; raises ValueError for what is no month."""
    month = period_of(filters["month"]).first_on
    return ComputedLines(lambda: [sided(one) for one in closed_lines(month)])


def closed_lines(month: Any) -> list[ClosedBalance]:
    """Return the stored lines of a closed month in the order of the chart."""
    found = {one.account: one for one in ClosedBalance.objects.filter(closed_month__month=month)}
    return [found[one.code] for one in IN_ORDER if one.code in found]


class _Statement:
    """The transfers of an account in a period, streamed in the order of their ids."""

    def __init__(self, account: str, rows: "QuerySet[Transfer]") -> None:
        self.account, self.rows = account, rows

    def __getitem__(self, index: slice) -> "_Statement":
        return _Statement(self.account, self.rows[index])

    def iterator(self, chunk_size: int) -> Any:
        """Yield the transfers, so many of them read at once."""
        return (stated(one, self.account) for one in self.rows.iterator(chunk_size=chunk_size))


def _statement_of(filters: Mapping[str, str]) -> _Statement:
    """Return the statement of an account; raises ValueError for an unknown account or period."""
    account, period = filters["account"], period_of(filters["period"])
    if account not in BY_CODE:
        raise ValueError(f"no account: {account}")
    return _Statement(account, _in_one(account, period))


def _in_one(account: str, period: LedgerPeriod) -> "QuerySet[Transfer]":
    of_days, late = postings_of(account, period)
    return of_days.order_by().union(late.order_by(), all=True).order_by("pk")


def number_of(account: str) -> str:
    """Return the number of an account in the chart."""
    return BY_CODE[account].number


def title_of(account: str) -> str:
    """Return the name of an account in the language of the reader."""
    return gettext(BY_CODE[account].title)


def _balance_section(
    name: str, title: Any, *, permission: str, filters: tuple[str], rows: Callable[..., Any]
) -> ExportSection:
    return ExportSection(
        name=name,
        title=title,
        permission=permission,
        filters=filters,
        rows=rows,
        columns=(
            Column(_("account number"), "account", show=number_of),
            Column(_("account"), "account", show=title_of),
            Column(_("type"), "account", show=lambda code: gettext(TYPES[BY_CODE[code].type])),
            Column(_("opening debit"), "opening_debit_fen", kind="fen"),
            Column(_("opening credit"), "opening_credit_fen", kind="fen"),
            Column(_("debit"), "debit_fen", kind="fen"),
            Column(_("credit"), "credit_fen", kind="fen"),
            Column(_("closing debit"), "closing_debit_fen", kind="fen"),
            Column(_("closing credit"), "closing_credit_fen", kind="fen"),
        ),
    )


SECTIONS = (
    _balance_section(
        TRIAL_BALANCE, _("trial balance"), permission=_RIGHT, filters=("period",), rows=_lines_of
    ),
    _balance_section(
        CLOSED_MONTH, _("closed month of the ledger"), permission="loans.view_closedmonth",
        filters=("month",), rows=_closed_lines_of,
    ),
    ExportSection(
        name=STATEMENT,
        title=_("account statement"),
        permission=_RIGHT,
        filters=("account", "period"),
        rows=_statement_of,
        columns=(
            Column(_("transfer"), "transfer", show=str),
            Column(_("accounting date"), "transfer.booked_on"),
            Column(_("business date"), "transfer.business_date"),
            Column(_("kind"), "transfer.kind", show=lambda kind: TransferKind(kind).label),
            Column(_("contra account"), "contra", show=title_of),
            Column(_("debit"), "debit_fen", kind="fen"),
            Column(_("credit"), "credit_fen", kind="fen"),
            Column(_("cause"), "transfer.cause_type", show=lambda code: CauseType(code).label),
            Column(_("id of the cause"), "transfer.cause_id"),
            Column(_("loan"), "transfer.loan_id"),
        ),
    ),
)  # fmt: skip
