"""Compare caches with the ledger, the bank with orders with the ledger, accruals with the rules."""

from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from backoffice.core import clock, partitions
from backoffice.core.money import yuan
from backoffice.management.base import SystemCommand
from loans.gateways.from_settings import debit_channel
from loans.reconciliation.operations import reconcile
from loans.reconciliation.queries import days_with_orders


class Command(SystemCommand):
    """Exit code 1 and a line for each difference; 0 when there is none."""

    help = "Reconcile the portfolio, the bank and the ledger; list each difference."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--date", type=date.fromisoformat, help="only this day's bank record; default: all"
        )
        parser.add_argument(
            "--full",
            action="store_true",
            help="compare all totals of the ledger with their transfers, not a thirtieth",
        )

    def perform(self, **options: Any) -> dict[str, Any]:
        on = clock.business_date()
        days = [options["date"]] if options["date"] else days_with_orders()
        differences = reconcile(days=days, on=on, channel=debit_channel(), is_full=options["full"])
        return {
            "on": on,
            "days": days,
            "differences": [difference._asdict() for difference in differences],
            "warnings": partitions.warnings(on=on),
        }

    def show(self, result: dict[str, Any]) -> None:
        expected, found = _("expected"), _("found")
        for one in result["differences"]:
            self.stdout.write(
                f"{one['check']} | {one['subject']} | {expected} "
                f"{yuan(one['expected_fen'])} | {found} {yuan(one['found_fen'])}"
            )
        for warning in result["warnings"]:
            self.stdout.write(f"! {warning}")
        count = len(result["differences"])
        self.stdout.write(
            _("{count} differences; {days} days of bank records compared.").format(
                count=count, days=len(result["days"])
            )
        )

    def failed(self, result: dict[str, Any]) -> bool:
        return bool(result["differences"])
