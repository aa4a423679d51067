"""What risk does by itself: decide on assessments at once, and every minute what is left."""

from collections.abc import Callable
from functools import partial

from celery import shared_task

from backoffice.core import clock
from risk.decisions.operations import decisions
from risk.decisions.operations.decisions import Decided
from risk.decisions.rules.reasons import DecisionActor
from risk.gateways.from_settings import credit_bureau


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
    """Decide on what waits, and escalate what is late (GEN-12)."""
    _run(decisions.sweep)
