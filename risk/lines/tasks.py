"""The limits of the business day, as a job (GEN-8)."""

from collections.abc import Sequence
from datetime import date, datetime, time

from django.utils.translation import gettext_lazy as _

from backoffice.platform.jobs import Job, RunPlan, Tally
from risk.lines.operations import grants, growth, holds, temporary, walk
from risk.lines.queries import touched
from risk.lines.rules.reasons import LineActor


def plan(*, on: date, at: datetime) -> RunPlan:
    """Plan the lines that something touched since they were computed; all after new numbers."""
    if touched.has_new_numbers(on=on):
        return RunPlan(touched.open_line_ids())
    return RunPlan(touched.line_ids(on=on, at=at))


def work(ids: Sequence[int], *, run_id: int, on: date, at: datetime) -> Tally:
    """Compute a chunk of lines for a day, in the order of LIMIT; repeated, it changes nothing.

    What has ended is taken off first; new numbers and growth give the targets; the limits walk
    last.
    """
    by = LineActor.LIMITS
    holds.release_due(ids, by=by, at=at)
    temporary.expire(ids, by=by, on=on, at=at)
    if touched.has_new_numbers(on=on):
        grants.recompute(ids, by=by, on=on, at=at)
    growth.apply_conduct(ids, by=by, on=on, at=at)
    growth.anniversary(ids, by=by, on=on, at=at)
    walk.walk(ids, by=by, on=on, at=at)
    return Tally(done=len(ids))


JOBS = (
    Job(
        name="00:10",
        at=time(0, 10),
        title=_("limit computation"),
        plan=plan,
        work=work,
        optional=True,
    ),
)
