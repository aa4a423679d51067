"""Tasks of risk: a request is decided right after its commit, the sweep finds the rest."""

from datetime import timedelta

import pytest
from django.conf import settings

from backoffice.core import clock
from risk import tasks
from risk.appeals.operations import reviewing
from risk.decisions.operations import requests
from risk.models import Appeal, Assessment
from tests.risk.appeals.conftest import bureau, in_review, people, refused, staff

__all__ = ["bureau", "in_review", "people", "refused", "staff"]
pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("name", "task"),
    [("assessments", tasks.sweep_assessments), ("appeals", tasks.sweep_appeals)],
)
def test_the_beat_sweeps_every_minute(name, task):
    entry = settings.CELERY_BEAT_SCHEDULE[name]

    assert (entry["task"], entry["schedule"]) == (task.name, 60.0)


def test_a_request_is_sent_to_a_worker(monkeypatch):
    sent = []
    monkeypatch.setattr(tasks.decide_assessment, "delay", sent.append)

    for start in requests._starters:
        start(7)

    assert sent == [7]


def test_one_assessment_is_decided(people, stopped_clock):
    asked = people.requested()

    tasks.decide_assessment(asked.pk)

    assert Assessment.objects.get().state == "approved"


def test_the_sweep_decides_what_no_worker_received(people, stopped_clock):
    people.requested("average-1")

    tasks.sweep_assessments()

    assert Assessment.objects.get().state == "approved"


def test_the_sweep_of_appeals_closes_what_is_over(stopped_clock, in_review, staff):
    reviewing.reject(in_review.pk, answer="No.", by=staff.one, reason="no proof", at=clock.now())
    stopped_clock.shift(timedelta(days=7))

    tasks.sweep_appeals()

    assert Appeal.objects.get().state == "closed"
