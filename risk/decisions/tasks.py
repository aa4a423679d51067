"""What decisions do every day: the inputs of limits follow the facts (LIMIT-12, SCORE-10)."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from django.utils.translation import gettext_lazy as _

from backoffice.core import clock
from backoffice.core.policy import current
from backoffice.platform.jobs import Job, RunPlan, Tally
from risk.decisions.operations import inputs
from risk.lines.queries import touched
from risk.lines.rules.reasons import LineActor
from risk.policy import LimitPolicy


def plan(*, on: date, at: datetime) -> RunPlan:
    """Plan the lines about whose customers something new is known, or no longer counts."""
    proof_days = current(LimitPolicy, on=on).proof_days
    return RunPlan(touched.with_new_facts(on=on, at=at, proof_days=proof_days))


def work(ids: Sequence[int], *, run_id: int, on: date, at: datetime) -> Tally:
    """Count payment days and refresh the inputs of a chunk of lines; repeated, nothing changes."""
    since = clock.moment_of(on - timedelta(days=1), time.min)
    inputs.count_payment_days(ids, since=since, at=at)
    evidence = f"facts:{on.isoformat()}"
    inputs.refresh(ids, evidence=evidence, by=LineActor.LIMITS, on=on, at=at)
    return Tally(done=len(ids))


JOBS = (
    Job(
        name="00:08",
        at=time(0, 8),
        title=_("inputs of limits"),
        plan=plan,
        work=work,
        optional=True,
    ),
)
