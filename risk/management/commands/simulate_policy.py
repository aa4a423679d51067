"""``manage.py simulate_policy FILE [--on D]``: the portfolio under a draft of product numbers."""

import json
import os
from argparse import ArgumentParser
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, SpinnerColumn, TextColumn

from backoffice.core import clock
from backoffice.core.models import Approval
from backoffice.core.money import yuan
from backoffice.core.policy import BadPolicyError
from backoffice.management.base import BadArgumentError, SystemCommand
from backoffice.platform import policy_changes
from risk.simulation.operations import portfolio
from risk.simulation.rules.moves import MOVE_TEXTS, MoveReason

PROCESSES = 2


class BadDraftError(BadArgumentError):
    """The draft is neither a file of numbers nor an open request to change them."""

    code = "draft-unreadable"
    message = gettext_lazy("{draft} is no draft of product numbers: {why}.")
    remedy = gettext_lazy(
        'Give a JSON file such as {{"limits": {{"income_permille": 2200}}}}, or the number of an '
        "open request to change product numbers."
    )


class BadCsvError(BadArgumentError):
    """The file for the rows cannot be written."""

    code = "csv-not-writable"
    message = gettext_lazy("{file} cannot be written: {why}.")
    remedy = gettext_lazy("Name a file in a folder that exists and may be written with --csv.")


class SimulationDayError(BadArgumentError):
    """An argument is no day."""

    code = "day-unreadable"
    message = gettext_lazy("{given} is no day.")
    remedy = gettext_lazy("Give a day such as 2026-11-24.")


class Command(SystemCommand):
    """Simulate a draft; exit code 1 if the draft is bad. Nothing is changed."""

    help = _("Compute what a draft of product numbers does to every open line; changes nothing.")

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("draft", help=_("JSON file by app and field, or id of an open request"))
        parser.add_argument("--on", metavar="DAY", help=_("business day of the numbers in force"))
        parser.add_argument(
            "--csv", type=Path, help=_("file for the rows of all lines, in the current folder")
        )
        parser.add_argument(
            "--processes", type=int, default=min(PROCESSES, os.cpu_count() or 1),
            help=_("processes to compute with"),
        )  # fmt: skip

    def perform(self, **options: Any) -> dict[str, Any]:
        overrides, of_request = _draft(options["draft"])
        on = _day(options["on"]) or of_request or clock.business_date()
        try:
            of = portfolio.sides(overrides, on=on)
        except BadPolicyError as refusal:
            raise CommandError(refusal.in_both_languages(), returncode=1) from refusal
        csv_file = options["csv"] or Path(f"simulation-{Path(options['draft']).stem}-{on}.csv")
        try:
            csv_file.absolute().touch()
        except OSError as error:
            raise BadCsvError(file=csv_file, why=error.strerror) from error
        with self._progress() as progress:
            task = progress.add_task(csv_file.name, total=None)
            found = portfolio.simulate(
                of,
                csv_file=csv_file.absolute(),
                processes=max(1, options["processes"]),
                advance=lambda lines: progress.advance(task, lines),
            )
        return {**portfolio.result_of(found, of=of, on=on), "csv": str(csv_file)}

    def _progress(self) -> Progress:
        console = Console(stderr=True)
        columns = (SpinnerColumn(), TextColumn("{task.description}"), MofNCompleteColumn())
        is_silent = self.is_json or not console.is_terminal
        return Progress(*columns, console=console, disable=is_silent)

    def show(self, result: dict[str, Any]) -> None:
        delta_fen = result["after_fen"] - result["before_fen"]
        sums = {name: yuan(result[f"{name}_fen"]) for name in ("before", "after")}
        for words in (
            _("{lines} open lines on {on}: {raised} up, {lowered} down, {unchanged} unchanged."),
            _("{suspended} suspended, {resumed} no longer; {refused} out, {approved} in."),
            _("Sum of the targets: {before} before, {after} after, {delta} yuan."),
        ):
            self.stdout.write(words.format(**{**result, **sums, "delta": yuan(delta_fen)}))
        for row in result["movers"]:
            text = _(str(MOVE_TEXTS[MoveReason(row["reason"])]))
            before, after = yuan(row["before_fen"]), yuan(row["after_fen"])
            self.stdout.write(f"  L{row['line']} C{row['customer']}: {before} > {after}, {text}")
        if result["later_only"]:
            words = _("Move no open line on their day: {fields}.")
            self.stdout.write(words.format(fields=", ".join(result["later_only"])))
        self.stdout.write(_("All lines: {csv}").format(**result))


def _day(given: str | date | None) -> date | None:
    """Return a day that was typed, or given by a program."""
    if given is None or isinstance(given, date):
        return given
    try:
        return date.fromisoformat(given)
    except ValueError as error:
        raise SimulationDayError(given=given) from error


def _draft(given: str) -> tuple[dict[str, Any], date | None]:
    """Return the overrides of a file or of an open request, with the day of the request."""
    if given.isdecimal():
        request = Approval.objects.filter(pk=given, kind=policy_changes.KIND).first()
        if request is None or request.decided_at is not None:
            raise BadDraftError(draft=given, why=gettext_lazy("no open request has this number"))
        payload = request.payload
        overrides = {payload["app"]: payload["overrides"]}
        return overrides, date.fromisoformat(payload["effective_on"])
    try:
        found = json.loads(Path(given).read_text())
    except (OSError, ValueError) as error:
        raise BadDraftError(draft=given, why=error) from error
    if not isinstance(found, dict):
        raise BadDraftError(draft=given, why=gettext_lazy("it holds no fields by app"))
    return found, None
