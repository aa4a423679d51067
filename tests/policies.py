"""Policies put into force by two people."""

from datetime import date, datetime, time, timedelta
from typing import Any

from django.contrib.auth import get_user_model

from backoffice.core import clock
from backoffice.core.models import Approval, PolicyVersion
from backoffice.platform import approvals
from backoffice.platform.approvals import Proposal
from risk.simulation.operations import requests


def two_people() -> tuple[Any, Any]:
    """Return one who may propose everything and one who may decide everything."""
    staff = get_user_model().objects
    names = ("policy-maker", "policy-checker")
    found = [staff.get_or_create(username=name, is_superuser=True)[0] for name in names]
    return found[0], found[1]


def payload(app: str, overrides: dict[str, Any], effective_on: date) -> dict[str, Any]:
    return {"app": app, "overrides": overrides, "effective_on": effective_on.isoformat()}


def simulate(proposed: Approval, *, at: datetime) -> None:
    """Simulate a request that changes limits or scores, in the process; leave others alone."""
    try:
        simulation = requests.request(proposed.pk, by="policy-maker", reason="look", at=at)
    except requests.NotSimulatableError:
        return
    while requests.work_on_part(simulation.pk, by="system:simulation", at=at, wall_at=at):
        continue


def put_in_force(app: str, overrides: dict[str, Any], *, on: date) -> PolicyVersion:
    """Propose, simulate where it must be, and approve overrides in the evening before their day."""
    maker, checker = two_people()
    at = clock.moment_of(on - timedelta(days=1), time(23, 59))
    proposal = Proposal("policy-change", payload=payload(app, overrides, on))
    [proposed] = approvals.propose([proposal], by=maker, reason="other numbers", at=at)
    simulate(proposed, at=at)
    approvals.approve([proposed.pk], by=checker, reason="agreed", at=at)
    return PolicyVersion.objects.get(approval=proposed)
