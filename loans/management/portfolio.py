"""The report of the commands that import a portfolio: as JSON, and as tables for people."""

from collections.abc import Sequence
from io import StringIO
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from rich import box
from rich.console import Console
from rich.table import Table

from accounts.models import Customer
from loans.gateways.channel import ChannelError
from loans.gateways.sandbox import SandboxBank
from loans.migration.operations.admission import NoBankError
from loans.migration.operations.checking import Check
from loans.migration.operations.comparison import NO_BILL, Month
from loans.migration.operations.importing import ImportReport
from loans.migration.operations.reading import BadLine

LISTED_MAX = 20
WIDTH = 100


def sandbox_bank() -> SandboxBank:
    """Return the sandbox bank that the settings name.

    Order numbers start again with a new database: before the first import the bank deletes those
    of an earlier one, which it would take for repetitions.

    Raises:
        NoBankError: they name none, or it does not answer.
    """
    for name in ("CHANNEL_URL", "CHANNEL_SECRET"):
        if not getattr(settings, name):
            raise NoBankError(problem=_("{name} is not set").format(name=name))
    bank = SandboxBank(settings.CHANNEL_URL, settings.CHANNEL_SECRET)
    if settings.SANDBOX and not Customer.objects.exists():
        try:
            bank.reset()
        except ChannelError as error:
            raise NoBankError(problem=error) from error
    return bank


def summary(report: ImportReport) -> dict[str, Any]:
    """Return an import as JSON."""
    return {
        "rows": report.rows,
        "imported": report.imported,
        "already_there": report.skipped,
        "bad_lines": [_line_entry(line) for line in report.bad],
        "orders_expected": {"paid": report.to_be_paid, "refused": report.to_be_refused},
        "comparison": [
            {
                "minimum_permille": months[0].minimum_permille,
                "months": [_month_entry(month) for month in months],
            }
            for months in report.comparison.months
        ],
    }


def _line_entry(line: BadLine) -> dict[str, Any]:
    reasons = {language: line.reason(language) for language in ("zh-hans", "en")}
    return {"line": line.line, "column": line.column, "value": line.value, "reason": reasons}


def _month_entry(month: Month) -> dict[str, Any]:
    return {
        "column": month.column,
        "by_status": {str(status): dict(ours) for status, ours in month.by_status().items()},
        "compared": month.compared,
        "agreed": month.agreed,
        "agreed_permille": month.agreed_permille,
    }


def checked(check: Check) -> dict[str, Any]:
    """Return a comparison with the orders as JSON."""
    return {
        "expected": check.expected,
        "found": check.found,
        "mismatches": [mismatch._asdict() for mismatch in check.mismatches],
    }


def show_import(result: dict[str, Any]) -> str:
    """Return an import as text: bad lines, the comparison, the counts."""
    tables = [_comparison_table(policy) for policy in result["comparison"]]
    parts = [_bad_lines(result["bad_lines"]), *map(_drawn, tables), counts(result)]
    return "\n".join(part for part in parts if part)


def counts(result: dict[str, Any]) -> str:
    """Return how many rows an import took, and how many debits the portfolio implies."""
    rows = _("{rows} good rows: {imported} imported, {already} already there; {bad} bad lines.")
    orders = _("Orders expected: paid {paid}, refused {refused}.")
    return "\n".join(
        (
            rows.format(
                rows=result["rows"],
                imported=result["imported"],
                already=result["already_there"],
                bad=len(result["bad_lines"]),
            ),
            orders.format(**result["orders_expected"]),
        )
    )


def _bad_lines(lines: Sequence[dict[str, Any]]) -> str:
    if not lines:
        return ""
    table = _table(_("Lines left out"), _("line"), _("column"), _("value"), _("reason"))
    for line in lines[:LISTED_MAX]:
        reasons = " / ".join(dict.fromkeys(line["reason"].values()))
        table.add_row(str(line["line"]), line["column"], line["value"], reasons)
    return _drawn(table) + _and_more(lines)


def _and_more(listed: Sequence[object]) -> str:
    more = len(listed) - LISTED_MAX
    return "\n" + _("and {more} more: --json lists all").format(more=more) if more > 0 else ""


def _comparison_table(policy: dict[str, Any]) -> Table:
    title = _("Minimum payment {percent} %: the lender's status and our outcome").format(
        percent=_tenths(policy["minimum_permille"])
    )
    outcomes = {
        "paid": _("paid"),
        "carried": _("small balance carried forward"),
        "min_paid": _("minimum paid"),
        "overdue": _("overdue"),
        NO_BILL: _("no bill"),
    }
    table = _table(title, _("month"), _("lender's status"), *outcomes.values(), _("agreed"))
    for month in policy["months"]:
        for n, (status, ours) in enumerate(month["by_status"].items()):
            cells = [str(ours.get(name, 0)) for name in outcomes]
            agreed = "" if n else f"{_tenths(month['agreed_permille'])} %"
            table.add_row("" if n else month["column"], _status(int(status)), *cells, agreed)
        table.add_section()
    table.caption = _(
        "Agreed: paid is paid in full, minimum is minimum, overdue is late, a small balance is "
        "either of the first two; months without use or bill are left out."
    )
    return table


def _tenths(permille: int) -> str:
    whole, tenth = divmod(permille, 10)
    return f"{whole}.{tenth}" if tenth else str(whole)


def _status(status: int) -> str:
    words = {-2: _("no use"), -1: _("paid in full"), 0: _("minimum paid")}
    return words.get(status) or _("late")


def show_check(result: dict[str, Any]) -> str:
    """Return a comparison with the orders as text, the two sides beside each other."""
    words = {
        "succeeded": _("paid"),
        "failed": _("debit failed"),
        "no_order": _("no order"),
        "not_imported": _("not imported"),
        "sent": _("no answer yet"),
        "unknown": _("no answer yet"),
    }
    table = _table(_("First debits"), "", _("implied by the file"), _("in the orders"))
    for name in dict.fromkeys([*result["expected"], *result["found"]]):
        cells = (str(result[side].get(name, 0)) for side in ("expected", "found"))
        table.add_row(words.get(name, name), *cells)
    return _drawn(table) + _mismatches(result["mismatches"], words)


def _mismatches(mismatches: Sequence[dict[str, Any]], words: dict[str, str]) -> str:
    if not mismatches:
        return "\n" + _("Every customer as implied.")
    table = _table(_("Mismatches"), _("customer"), _("line"), _("implied"), _("found"))
    for one in mismatches[:LISTED_MAX]:
        sides = (words.get(one[side], one[side]) for side in ("expected", "found"))
        table.add_row(one["origin"], str(one["line"]), *sides)
    return "\n" + _drawn(table) + _and_more(mismatches)


def _table(title: str, *headers: str) -> Table:
    table = Table(title=title, title_justify="left", caption_justify="left", box=box.SIMPLE_HEAD)
    for header in headers:
        table.add_column(header)
    return table


def _drawn(*tables: Table) -> str:
    """Return tables as plain text."""
    out = StringIO()
    console = Console(file=out, width=WIDTH, markup=False, highlight=False)
    for table in tables:
        console.print(table)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines())
