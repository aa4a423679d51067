"""Show or move a sandbox's business clock; moving it runs every due job."""

import re
from argparse import SUPPRESS, ArgumentParser
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _

from backoffice.core import clock
from backoffice.core.models import JobRun
from backoffice.management import day
from backoffice.management.base import BadArgumentError, SystemCommand

UNITS = {"d": "days", "h": "hours", "m": "minutes"}
AHEAD_MAX = timedelta(days=1_100)  # three years and a bit: the jobs of each day are run


class NotAMomentError(BadArgumentError):
    """The text is not a moment."""

    code = "not-a-moment"
    message = _("{text} is not a moment.")
    remedy = _("Write it like 2026-10-01T08:59.")


class NotASpanError(BadArgumentError):
    """The text is not a duration."""

    code = "not-a-span"
    message = _("{text} is not a duration.")
    remedy = _("Write it like 5d, 12h or 30m.")


class TooFarError(BadArgumentError):
    """The moment is further ahead than one command works through."""

    code = "too-far-ahead"
    message = _("{moment} is more than {days} days ahead of the business clock.")
    remedy = _("Move it in steps: every job on the way is run.")


class Command(SystemCommand):
    """``clock show``, ``clock set ISO``, ``clock advance 3d``, ``clock reset``."""

    help = "Show or move the business clock of a sandbox."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        actions = parser.add_subparsers(dest="action", required=True)
        actions.add_parser("show", help="print both clocks")
        actions.add_parser("reset", help="set the business clock back to the machine's")
        actions.add_parser("set", help="move to a moment").add_argument(
            "moment", help="2026-10-01T08:59, Asia/Shanghai unless it carries an offset"
        )
        actions.add_parser("advance", help="move by a span").add_argument(
            "span", help="5d, 12h or 30m"
        )
        for action in actions.choices.values():  # before or after the action
            action.add_argument(
                "--json", action="store_true", default=SUPPRESS, help="print one JSON document"
            )

    def perform(self, **options: Any) -> dict[str, Any]:
        runs: list[dict[str, Any]] = []
        if options["action"] == "set":
            runs = self._run_until(_moment(options["moment"]))
        elif options["action"] == "advance":
            runs = self._run_until(clock.now() + _span(options["span"]))
        elif options["action"] == "reset":
            _refuse_after_runs(clock.wall())
            clock.reset()
        now = clock.now()
        return {"now": now.isoformat(), "wall": clock.wall().isoformat(), "runs": runs}

    def _run_until(self, moment: datetime) -> list[dict[str, Any]]:
        if moment > clock.now() + AHEAD_MAX:
            raise TooFarError(moment=moment.isoformat(" ", "seconds"), days=AHEAD_MAX.days)
        if moment < clock.now():
            _refuse_after_runs(moment)
            clock.move_to(moment, is_back_allowed=True)
        runs = []
        for run in day.run_until(moment):
            runs.append(day.as_dict(run))
            if not self.is_json and (run.planned or run.failed):
                self.stdout.write(day.line(runs[-1]))
        return runs

    def show(self, result: dict[str, Any]) -> None:
        product, machine = _("business clock"), _("machine clock")
        self.stdout.write(f"{product} {_to_the_second(result['now'])}")
        self.stdout.write(f"{machine} {_to_the_second(result['wall'])}")


def _to_the_second(moment: str) -> str:
    return datetime.fromisoformat(moment).isoformat(" ", "seconds")


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise NotAMomentError(text=text) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=clock.SHANGHAI)


def _span(text: str) -> timedelta:
    found = re.fullmatch(r"(\d{1,4})([dhm])", text)
    if not found:
        raise NotASpanError(text=text)
    return timedelta(**{UNITS[found[2]]: int(found[1])})


def _refuse_after_runs(moment: datetime) -> None:
    """Refuse to go back before a day that was run: it would run twice."""
    if JobRun.objects.filter(business_date__gte=clock.day_of(moment)).exists():
        raise clock.ClockMovedBackError(now=clock.now().isoformat(" ", "seconds"), wanted=moment)
