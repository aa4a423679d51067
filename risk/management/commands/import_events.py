"""``manage.py import_events FILE``: partner events from a file, as from the hook."""

from argparse import ArgumentParser, ArgumentTypeError
from pathlib import Path
from re import fullmatch
from typing import Any

from django.utils.translation import gettext as _
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, SpinnerColumn, TextColumn

from backoffice.core import clock
from backoffice.management.base import SystemCommand
from risk.facts.operations import files


class Command(SystemCommand):
    """Receive the events of a file; exit code 1 if a line was bad."""

    help = _("Import partner events from JSON Lines or CSV; again imports only the rest.")

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("file", type=Path, help=_("JSON Lines, or CSV where it ends in .csv"))
        parser.add_argument(
            "--partner", type=_partner, default="file", help=_("whose events they are")
        )

    def perform(self, **options: Any) -> dict[str, Any]:
        partner = options["partner"]
        with self._progress() as progress:
            task = progress.add_task(str(options["file"]), total=None)
            done = files.import_file(
                options["file"],
                partner=partner,
                by=f"partner:{partner}",
                at=clock.now(),
                advance=lambda lines: progress.advance(task, lines),
            )
        return {
            "file": str(options["file"]),
            "partner": partner,
            "encoding": done.encoding,
            "lines": done.lines,
            "accepted": done.accepted,
            "repeated": done.repeated,
            "bad": done.bad,
            "first_bad": [line._asdict() for line in done.first_bad],
            "bad_file": str(done.bad_file) if done.bad_file else None,
        }

    def _progress(self) -> Progress:
        console = Console(stderr=True)
        columns = (SpinnerColumn(), TextColumn("{task.description}"), MofNCompleteColumn())
        is_silent = self.is_json or not console.is_terminal
        return Progress(*columns, console=console, disable=is_silent)

    def show(self, result: dict[str, Any]) -> None:
        words = _(
            "{file} ({encoding}), partner {partner}: {accepted} stored, {repeated} known before, "
            "{bad} bad."
        )
        self.stdout.write(words.format(**result))
        for line in result["first_bad"]:
            self.stdout.write(_("line {number}: [{code}] {detail}").format(**line))
        if result["bad_file"]:
            self.stdout.write(_("All bad lines: {bad_file}").format(**result))

    def failed(self, result: dict[str, Any]) -> bool:
        return bool(result["bad"])


def _partner(text: str) -> str:
    if not fullmatch("[a-z0-9-]{1,20}", text):
        raise ArgumentTypeError(
            _("{text} is no name of a partner: small letters, digits, hyphens").format(text=text)
        )
    return text
