"""Simulations of open requests: computed part by part in the background, stored with the request.

A request that changes limits, scores or the lender's highest limit is approved only after its
present content was simulated. A part is computed in a transaction that cannot write, and stored in
one of its own; a killed worker loses its claim after ten minutes.
"""

import gzip
import hashlib
import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.customers import trace
from backoffice.core import policy, workflow
from backoffice.core.errors import Refused
from backoffice.core.models import Approval, ApprovalState
from backoffice.platform import policy_changes
from risk.models import (
    UNFINISHED_STATES,
    PolicySimulation,
    PolicySimulationPart,
    SimulationState,
)
from risk.simulation.operations import portfolio
from risk.simulation.queries.portfolio import SimulationRange
from risk.simulation.rules import figures
from risk.simulation.rules.drafts import SimulationSides
from risk.simulation.rules.figures import SimulationFigures
from risk.simulation.rules.reasons import SimulationReason

CLAIMED_FOR = timedelta(minutes=10)

log = logging.getLogger(__name__)
_starters: list[Callable[[int], None]] = []


class NotSimulatableError(Refused):
    """The request is not open, or changes nothing that a simulation shows."""

    code = "simulation-impossible"
    message = _("This request is not open, or it changes no limit and no score.")
    remedy = _("Simulate an open request that changes product numbers of limits or scores.")


class NotSimulatedError(Refused):
    """The request changes limits or scores and was not simulated as it is now."""

    code = "simulation-missing"
    message = _("What this request does to the credit lines was not simulated.")
    remedy = _("Open its page, simulate it, and read the result before you approve it.")


def register(start: Callable[[int], None]) -> None:
    """Add what starts the work after the commit; the sweep of each minute is the net."""
    _starters.append(start)


@transaction.atomic
def request(approval_id: int, *, by: str, reason: str, at: datetime) -> PolicySimulation:
    """Request the simulation of an open request, with the parts of the portfolio as it is now.

    The simulation of the same content that is there, finished or not, is returned as it is.

    Raises:
        NotSimulatableError: the request is not open, or changes no limit and no score.
        policy.BadPolicyError: it is invalid with the numbers in force by now.
    """
    approval = Approval.objects.select_for_update().get(pk=approval_id)
    is_change = approval.kind == policy_changes.KIND and approval.state == ApprovalState.PROPOSED
    of = _sides(approval) if is_change else None
    if of is None or not of.changed():
        raise NotSimulatableError
    digest = _digest(of, _effective_on(approval))
    there = latest(approval, digest=digest)
    if there is not None:
        return there
    made = PolicySimulation.objects.create(
        approval=approval, content_digest=digest, effective_on=_effective_on(approval),
        requested_by=by, requested_at=at,
    )  # fmt: skip
    trace.note([made], "request", by=by, reason=reason, at=at)
    PolicySimulationPart.objects.bulk_create(
        PolicySimulationPart(simulation=made, number=number, **part._asdict())
        for number, part in enumerate(portfolio.plan(of))
    )
    for start in _starters:
        transaction.on_commit(partial(start, made.pk), robust=True)
    return made


def latest(approval: Approval, *, digest: str = "") -> PolicySimulation | None:
    """Return the latest simulation of a request that has not failed, of any or one content."""
    mine = PolicySimulation.objects.filter(approval=approval).exclude(state=SimulationState.FAILED)
    if digest:
        mine = mine.filter(content_digest=digest)
    return mine.order_by("-pk").first()


def require_simulated(approval: Approval) -> None:
    """Refuse a request that changes limits or scores without its simulation.

    Raises:
        NotSimulatedError: no simulation of its present content is done.
    """
    of = _sides(approval)
    if not of.changed():
        return
    done = latest(approval, digest=_digest(of, _effective_on(approval)))
    if done is None or done.state != SimulationState.DONE:
        raise NotSimulatedError


def is_needed(approval: Approval) -> bool:
    """Return whether a request changes numbers of limits or scores; an invalid one does not."""
    if approval.kind != policy_changes.KIND:
        return False
    try:
        return bool(_sides(approval).changed())
    except policy.BadPolicyError:
        return False


def is_current(simulation: PolicySimulation) -> bool:
    """Return whether the numbers in force are still those of the simulation."""
    of = _sides(simulation.approval)
    return _digest(of, simulation.effective_on) == simulation.content_digest


def unfinished() -> list[int]:
    """Return the simulations that wait for a worker, the oldest first."""
    waiting = PolicySimulation.objects.filter(state__in=UNFINISHED_STATES)
    return list(waiting.order_by("pk").values_list("pk", flat=True))


def work_on_part(simulation_id: int, *, by: str, at: datetime, wall_at: datetime) -> bool:
    """Compute one part that nobody works on; return whether there may be another.

    The last part finishes the simulation. A part that cannot be computed fails it, and so do
    numbers in force that have changed since it was requested.
    """
    part = _claim(simulation_id, by=by, at=at, wall_at=wall_at)
    if part is None:
        return False
    simulation = part.simulation
    of = _sides(simulation.approval)
    if _digest(of, simulation.effective_on) != simulation.content_digest:
        _fail(simulation_id, error=str(SimulationReason.NUMBERS_CHANGED), by=by, at=at)
        return False
    try:
        done = portfolio.simulate_part(SimulationRange(part.kind, part.first_id, part.last_id), of)
    except Exception as error:
        log.exception("part %s of the simulation %s failed", part.number, simulation_id)
        _fail(simulation_id, error=type(error).__name__, by=by, at=at)
        return False
    _store(part, done, of, by=by, at=at)
    return True


def csv_of(simulation: PolicySimulation) -> Iterator[bytes]:
    """Return the rows of all parts as CSV with headings, part by part."""
    yield f"{portfolio.HEADINGS}\n".encode()
    parts = PolicySimulationPart.objects.filter(simulation=simulation).order_by("number")
    for rows, digest in parts.values_list("rows", "rows_sha256").iterator(chunk_size=1):
        assert rows is not None, "only what is done is downloaded"
        assert hashlib.sha256(rows).hexdigest() == digest, "rows stay as they were computed"
        yield gzip.decompress(rows)


def progress(simulation: PolicySimulation) -> tuple[int, int]:
    """Return how many parts are computed, of how many."""
    parts = PolicySimulationPart.objects.filter(simulation=simulation)
    return parts.exclude(figures__isnull=True).count(), parts.count()


@transaction.atomic
def _claim(
    simulation_id: int, *, by: str, at: datetime, wall_at: datetime
) -> PolicySimulationPart | None:
    """Take a part for ten minutes; the first one begins the simulation."""
    found = PolicySimulation.objects.select_for_update().get(pk=simulation_id)
    if found.state not in UNFINISHED_STATES:
        return None
    free = Q(claimed_until=None) | Q(claimed_until__lt=wall_at)
    waiting = PolicySimulationPart.objects.filter(free, simulation=found, figures__isnull=True)
    part = waiting.order_by("number").first()
    if found.state == SimulationState.REQUESTED:
        workflow.move([found], "begin", by=by, reason=SimulationReason.BEGUN, at=at)
        workflow.save([found])
    if part is None:
        if not PolicySimulationPart.objects.filter(simulation=found, figures__isnull=True).exists():
            _finish(found, _sides(found.approval), by=by, at=at)  # a portfolio without any line
        return None
    part.claimed_until = wall_at + CLAIMED_FOR
    part.save(update_fields=["claimed_until"])
    part.simulation = found
    return part


@transaction.atomic
def _store(
    part: PolicySimulationPart,
    done: portfolio.SimulationPart,
    of: SimulationSides,
    *,
    by: str,
    at: datetime,
) -> None:
    """Store the result of a part, once; the last one finishes the simulation."""
    found = PolicySimulation.objects.select_for_update().get(pk=part.simulation_id)
    if found.state not in UNFINISHED_STATES:
        return
    mine = PolicySimulationPart.objects.filter(pk=part.pk, figures__isnull=True)
    rows = gzip.compress(done.rows.encode())
    mine.update(
        figures=done.figures.as_json(), rows=rows, rows_sha256=hashlib.sha256(rows).hexdigest()
    )
    if not PolicySimulationPart.objects.filter(simulation=found, figures__isnull=True).exists():
        _finish(found, of, by=by, at=at)


def _finish(simulation: PolicySimulation, of: SimulationSides, *, by: str, at: datetime) -> None:
    parts = PolicySimulationPart.objects.filter(simulation=simulation).order_by("number")
    stored = parts.values_list("figures", flat=True)
    found = figures.merged(SimulationFigures.from_json(one) for one in stored if one)
    result = portfolio.result_of(found, of=of, on=simulation.effective_on)
    reason = SimulationReason.FINISHED
    workflow.move([simulation], "finish", by=by, reason=reason, at=at, result=result)
    workflow.save([simulation], "result", "finished_at")


@transaction.atomic
def _fail(simulation_id: int, *, error: str, by: str, at: datetime) -> None:
    found = PolicySimulation.objects.select_for_update().get(pk=simulation_id)
    if found.state in UNFINISHED_STATES:
        reason = SimulationReason.FAILED
        workflow.move([found], "fail", by=by, reason=reason, at=at, error=error)
        workflow.save([found], "error", "finished_at")


def _effective_on(approval: Approval) -> date:
    return date.fromisoformat(approval.payload["effective_on"])


def _sides(approval: Approval) -> SimulationSides:
    payload = approval.payload
    return portfolio.sides({payload["app"]: payload["overrides"]}, on=_effective_on(approval))


def _digest(of: SimulationSides, effective_on: date) -> str:
    """Return the digest of the numbers on both sides and of their day."""
    content: dict[str, Any] = {
        name: {
            "scoring": asdict(side.scoring),
            "limits": asdict(side.limits),
            "cap_fen": side.cap_fen,
        }
        for name, side in (("before", of.before), ("after", of.after))
    }
    content["on"] = effective_on.isoformat()
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
