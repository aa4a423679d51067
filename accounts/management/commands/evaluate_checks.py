"""Measure the checks of devices and faces on a labelled set; exit 1 when a promise is missed."""

import csv
from argparse import ArgumentParser
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.identity.rules.evaluation import (
    Case,
    CheckAnswer,
    Label,
    Measured,
    accepted_bound_ppb,
    accuracy_ppm,
    measure,
)
from accounts.onboarding import operations as onboarding
from accounts.policy import AccountPolicy
from backoffice.core import clock
from backoffice.management.base import BadArgumentError, SystemCommand

CHECKS = ("device", "face")
COLUMNS = ["check", "label", "answer"]


class BadSetError(BadArgumentError):
    """The file is no labelled set."""

    code = "labelled-set-bad"
    message = _("{file}, line {line}: this is no labelled case.")
    remedy = _(
        "Give a CSV file with the columns check (device or face), label (genuine or attack) and "
        "answer (accepted or refused)."
    )


class Command(SystemCommand):
    """Reads the cases, measures each check, compares it with what is promised (SEC-2, SEC-3)."""

    help = "Measure the checks of devices and faces on a labelled set."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("file", type=Path, help="CSV: check,label,answer")

    def perform(self, **options: Any) -> dict[str, Any]:
        numbers = onboarding.numbers(on=clock.business_date())
        cases = _read(options["file"])
        return {check: _figures(check, measure(cases[check]), numbers) for check in CHECKS}

    def show(self, result: dict[str, Any]) -> None:
        for check, figures in result.items():
            met = gettext("met") if figures["is_met"] else gettext("missed")
            self.stdout.write(
                f"{check:8} {figures['cases']:>8,} · {figures['accuracy_ppm'] / 10_000:.4f} % · "
                f"{figures['accepted_attacks']} / {figures['attacks']:,} · "
                f"< {figures['accepted_bound_ppb'] / 10_000_000:.5f} % · {met}"
            )

    def failed(self, result: dict[str, Any]) -> bool:
        return not all(figures["is_met"] for figures in result.values())


def _figures(check: str, measured: Measured, numbers: AccountPolicy) -> dict[str, Any]:
    accuracy, bound = accuracy_ppm(measured), accepted_bound_ppb(measured)
    met = {
        "device": accuracy >= numbers.device_accuracy_min_ppm,
        "face": bound < numbers.face_accepted_max_ppb,
    }
    return {
        **measured._asdict(),
        "accuracy_ppm": accuracy,
        "accepted_bound_ppb": bound,
        "is_met": met[check],
    }


def _read(file: Path) -> dict[str, list[Case]]:
    """Return the cases by check.

    Raises:
        BadSetError: the file cannot be read, or a line is no case; names the line.
    """
    cases: dict[str, list[Case]] = {check: [] for check in CHECKS}
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BadSetError(file=file, line=1) from error
    for number, row in enumerate(_rows(file, lines), start=2):
        try:
            check, label, answer = row
            cases[check].append(Case(Label(label), CheckAnswer(answer)))
        except (ValueError, KeyError) as error:
            raise BadSetError(file=file, line=number) from error
    return cases


def _rows(file: Path, lines: list[str]) -> Iterable[list[str]]:
    rows = csv.reader(lines)
    if next(rows, None) != COLUMNS:
        raise BadSetError(file=file, line=1)
    return rows
