"""The base of every command: ``--json``, bilingual refusals, exit codes."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from backoffice.core.errors import Refused


class BadArgumentError(Refused):
    """An invalid argument; the command ends with exit code 1."""


class SystemCommand(BaseCommand):
    """A command that returns a result, shown as text or, with ``--json``, as JSON.

    Subclasses define ``perform`` (do the work, return the result) and ``show`` (print it).
    ``failed`` returns whether the result means exit code 1.
    """

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add ``--json``; subclasses add theirs and call this."""
        parser.add_argument("--json", action="store_true", help="print one JSON document")

    def handle(self, *args: Any, **options: Any) -> None:
        """Perform and show; print a refusal in both languages with exit code 2."""
        self.is_json = options["json"]
        try:
            result = self.perform(**options)
        except Refused as refusal:
            code = 1 if isinstance(refusal, BadArgumentError) else 2
            raise CommandError(refusal.in_both_languages(), returncode=code) from refusal
        if self.is_json:
            self.stdout.write(json.dumps(result, default=str, ensure_ascii=False, indent=2))
        else:
            self.show(result)
        if self.failed(result):
            raise SystemExit(1)

    def perform(self, **options: Any) -> dict[str, Any]:
        """Do the work and return the result."""
        raise CommandError(f"{type(self).__module__} does not define perform")

    def show(self, result: dict[str, Any]) -> None:
        """Print the result for people."""
        for name, value in result.items():
            self.stdout.write(f"{name}: {value}")

    def failed(self, result: dict[str, Any]) -> bool:
        """Return whether the result is a failure."""
        return False
