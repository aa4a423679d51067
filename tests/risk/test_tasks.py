"""Tasks of risk: a request is decided right after its commit, the sweep finds the rest."""

import pytest
from django.conf import settings

from risk import tasks
from risk.decisions.operations import requests
from risk.models import Assessment
from tests.risk.decisions.conftest import people

__all__ = ["people"]
pytestmark = pytest.mark.django_db


def test_the_beat_sweeps_every_minute():
    entry = settings.CELERY_BEAT_SCHEDULE["assessments"]

    assert (entry["task"], entry["schedule"]) == (tasks.sweep_assessments.name, 60.0)


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
