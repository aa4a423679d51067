"""``manage.py generate_book``: a synthetic portfolio at scale, by COPY."""

from argparse import ArgumentParser, ArgumentTypeError
from dataclasses import asdict
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.translation import gettext

from backoffice.core import clock
from backoffice.core.money import yuan
from backoffice.management.base import SystemCommand
from loans.management import portfolio
from loans.migration.operations.generating import DUE_SHARE_PPM, generate


class Command(SystemCommand):
    """Sandbox only. Adds loans to what is there.

    The same seed on an empty sandbox makes the same portfolio. A fifth of the customers
    have no money on their card.
    """

    help = gettext("Generate a synthetic portfolio of any size in a sandbox.")

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--loans", type=_loans, required=True, help=gettext("how many loans"))
        parser.add_argument(
            "--due-share",
            type=_share_ppm,
            default=DUE_SHARE_PPM,
            help=gettext("share of them due on the business date; default 0.033"),
        )
        parser.add_argument(
            "--seed", type=int, default=1, help=gettext("another seed, other loans")
        )

    def perform(self, **options: Any) -> dict[str, Any]:
        at = clock.now()
        with portfolio.sandbox_bank() as bank:
            made = generate(
                options["loans"],
                bank=bank,
                on=clock.day_of(at),
                at=at,
                due_share_ppm=options["due_share"],
                seed=options["seed"],
            )
        return {"on": clock.day_of(at), **asdict(made)}

    def show(self, result: dict[str, Any]) -> None:
        words = gettext(
            "{loans} loans added; {due} bills of {amount} yuan fall due on {on}, "
            "{to_be_refused} of them on cards without money."
        )
        self.stdout.write(words.format(amount=yuan(result["due_fen"]), **result))


def _loans(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise ArgumentTypeError(gettext("{text} is not a number of loans").format(text=text))
    return int(text)


def _share_ppm(text: str) -> int:
    """Return a share like 0.033 in parts per million, exactly."""
    try:
        ppm = Decimal(text) * 1_000_000
    except InvalidOperation:
        ppm = Decimal(-1)
    if not (ppm.is_finite() and 0 <= ppm <= 1_000_000 and ppm == int(ppm)):
        words = gettext("{text} is not a share from 0 to 1 with at most six decimals")
        raise ArgumentTypeError(words.format(text=text))
    return int(ppm)
