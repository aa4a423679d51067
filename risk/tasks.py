"""What risk does by itself: decide on assessments at once, and every minute what is left.

The deadlines of appeals are looked at every minute too (FAQ-8).
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from celery import shared_task

from backoffice.core import clock
from risk.appeals.operations import closing
from risk.appeals.rules.reasons import AppealActor
from risk.decisions.operations import decisions, purchases
from risk.decisions.operations.decisions import Decided
from risk.decisions.rules.reasons import DecisionActor
from risk.gateways.from_settings import credit_bureau
from risk.lines.operations import holds
from risk.lines.rules.reasons import LineActor
from risk.simulation.operations import requests as simulations
from risk.simulation.rules.reasons import SimulationActor

SIMULATION_WORKERS = 2


def _run(decide: Callable[..., Decided]) -> None:
    at = clock.now()
    decide(bureau=credit_bureau(), by=DecisionActor.ASSESSMENT, at=at, on=clock.day_of(at))


def start(assessment_id: int) -> None:
    """Send an assessment to a worker; where no broker answers, the sweep finds it."""
    decide_assessment.delay(assessment_id)


@shared_task
def decide_assessment(assessment_id: int) -> None:
    """Decide on one assessment."""
    _run(partial(decisions.decide, [assessment_id]))


@shared_task
def sweep_assessments() -> None:
    """Decide on what waits, and escalate what is late (GEN-12); release holds (LIMIT-6)."""
    _run(decisions.sweep)
    holds.release_expired(by=LineActor.LIMITS, at=clock.now())


@shared_task
def sweep_appeals() -> None:
    """Close appeals that are over, hand back unanswered ones, and escalate late ones (FAQ-8)."""
    closing.sweep(by=AppealActor.APPEALS, at=clock.now())


def start_simulation(simulation_id: int) -> None:
    """Send a simulation to as many workers as compute at the same time."""
    for _worker in range(SIMULATION_WORKERS):
        simulate_policy.delay(simulation_id)


@shared_task
def simulate_policy(simulation_id: int) -> None:
    """Compute parts of a simulation until none is left; several workers share them."""
    by = SimulationActor.SIMULATION
    while simulations.work_on_part(simulation_id, by=by, at=clock.now(), wall_at=clock.wall()):
        continue


@shared_task
def sweep_simulations() -> None:
    """Go on with simulations that no worker has received, or whose worker was killed."""
    for simulation_id in simulations.unfinished():
        simulate_policy.delay(simulation_id)


def hold_purchase(payload: dict[str, Any], *, key: str) -> None:  # noqa: ARG001 - of the outbox
    """Hold for a large purchase that the outbox delivers; a repetition holds nothing more."""
    purchases.hold(payload, by=LineActor.LIMITS, at=clock.now())
