"""``manage.py import_clients FILE``: a portfolio of a lender, moved onto this system."""

from argparse import ArgumentParser, ArgumentTypeError
from pathlib import Path
from typing import Any

from django.utils.translation import gettext

from backoffice.core import clock
from backoffice.management.base import SystemCommand
from loans.management import portfolio
from loans.migration.operations.checking import check_portfolio
from loans.migration.operations.importing import import_portfolio


class Command(SystemCommand):
    """Import the portfolio, or with ``--compare`` hold its labels against the first debits.

    Exit code 1 when a line was bad or a debit ended otherwise than implied.
    """

    help = gettext(
        "Import a portfolio of a lender (CSV or .gz) into a sandbox; again imports only the rest."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("file", type=Path, help=gettext("the portfolio, plain or gzip"))
        parser.add_argument("--limit", type=_lines, help=gettext("only the first lines"))
        parser.add_argument(
            "--compare",
            action="store_true",
            help=gettext("import nothing; compare the labels with the debits of the due day"),
        )

    def perform(self, **options: Any) -> dict[str, Any]:
        file, limit = options["file"], options["limit"]
        self.show_result = portfolio.show_check if options["compare"] else portfolio.show_import
        if options["compare"]:
            return portfolio.checked(check_portfolio(file, limit=limit))
        with portfolio.sandbox_bank() as bank:
            at = clock.now()
            report = import_portfolio(file, bank=bank, on=clock.day_of(at), at=at, limit=limit)
        return portfolio.summary(report)

    def show(self, result: dict[str, Any]) -> None:
        self.stdout.write(self.show_result(result))

    def failed(self, result: dict[str, Any]) -> bool:
        return bool(result.get("bad_lines") or result.get("mismatches"))


def _lines(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise ArgumentTypeError(gettext("{text} is not a number of lines").format(text=text))
    return int(text)
