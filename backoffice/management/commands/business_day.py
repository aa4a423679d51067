"""Run every job of one or more business dates, in order; a second run changes nothing."""

from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.core import clock
from backoffice.core.money import yuan
from backoffice.core.reasons import stored, text
from backoffice.management import day
from backoffice.management.base import BadArgumentError, SystemCommand
from backoffice.platform import jobs


class BackwardsError(BadArgumentError):
    """The last day is before the first."""

    code = "days-backwards"
    message = gettext_lazy("The last day, {last}, is before the first day, {first}.")
    remedy = gettext_lazy("Swap --date and --through.")


class NotYetError(BadArgumentError):
    """The day is in the future."""

    code = "day-not-come"
    message = gettext_lazy("{day} is in the future.")
    remedy = gettext_lazy("Give a day up to today; only a sandbox can advance its clock.")


class Command(SystemCommand):
    """Advances the clock of a sandbox; elsewhere runs only what is due."""

    help = "Run every job of the business date(s), in order, to completion."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--date", type=_day, help="the (first) business date, default today")
        parser.add_argument("--through", type=_day, help="the last business date")
        parser.add_argument("--dry-run", action="store_true", help="print the sums, do nothing")

    def perform(self, **options: Any) -> dict[str, Any]:
        first = options["date"] or clock.business_date()
        last = options["through"] or first
        if last < first:
            raise BackwardsError(first=first, last=last)
        if options["dry_run"]:
            return {"plan": list(_plan(first, last))}
        runs = []
        for run in self._run(last):
            runs.append(day.as_dict(run))
            if not self.is_json:
                self.stdout.write(day.line(runs[-1]))
        return {"runs": runs, "now": clock.now().isoformat()}

    def _run(self, last: date) -> Any:
        end = clock.moment_of(last, jobs.in_order(on=last)[-1].at)
        if settings.SANDBOX and end > clock.now():
            return day.run_until(end)
        if last > clock.business_date():
            raise NotYetError(day=last)
        return day.run_due()

    def show(self, result: dict[str, Any]) -> None:
        if "plan" in result:
            planned = _("planned")
            for job in result["plan"]:
                self.stdout.write(
                    f"{job['business_date']} {job['job']:6} {planned} "
                    f"{job['planned']:>7} {yuan(job['planned_fen']):>16} {job['title']} "
                    f"{job['held_reason']}".rstrip()
                )
        elif not result["runs"]:
            self.stdout.write(_("Everything has been run already."))

    def failed(self, result: dict[str, Any]) -> bool:
        return any(run["state"] == "held" for run in result.get("runs", ()))


def _plan(first: date, last: date) -> Any:
    """Yield the plan of each job on the present data."""
    for number in range(first.toordinal(), last.toordinal() + 1):
        on = date.fromordinal(number)
        for job in jobs.in_order(on=on):
            plan = job.plan(on=on, at=clock.moment_of(on, job.at)) if job.plan else None
            yield {
                "business_date": on,
                "job": job.name,
                "title": str(job.title),
                "planned": len(plan.ids) if plan else 0,
                "planned_fen": plan.amount_fen if plan else 0,
                "held_reason": text(*stored(plan.held_because))
                if plan and plan.held_because
                else "",
            }


def _day(text: str) -> date:
    return date.fromisoformat(text)
