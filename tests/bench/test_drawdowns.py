"""A drawdown is measured against its own statements, sent by an endpoint that does no more."""

import shutil

import pytest
from rich.progress import Progress

from tests.bench import databases, drawdowns

pytestmark = pytest.mark.skipif(not shutil.which("wrk"), reason="no wrk: apt-get install wrk")


def test_drawdowns_are_measured_against_a_bare_endpoint(
    django_db_setup, django_db_blocker, monkeypatch, worker_id
):
    monkeypatch.setattr(databases, "PREFIX", f"bench_{worker_id}")
    with django_db_blocker.unblock():
        measured = drawdowns.measure(rounds=1, progress=Progress(disable=True), requests=24)

    assert measured.statements <= 16
    assert set(measured.cpu) == {"drawdown", "bare"}
