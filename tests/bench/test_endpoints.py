"""The endpoints are measured by real clients, and what is measured are real replies."""

import shutil

import pytest
from rich.progress import Progress

from tests.bench import databases, endpoints


@pytest.mark.skipif(not shutil.which("wrk"), reason="no wrk here: apt-get install wrk")
def test_every_endpoint_is_measured(django_db_setup, django_db_blocker, monkeypatch, worker_id):
    monkeypatch.setattr(databases, "PREFIX", f"bench_{worker_id}")
    monkeypatch.setattr(endpoints, "SECONDS", 1)
    with django_db_blocker.unblock():
        measured = endpoints.measure(rounds=1, progress=Progress(disable=True))

    assert set(measured.milliseconds) == {"empty", "me", "login"}
    assert set(measured.cpu_ratios) == {"me / empty", "login / empty"}
    # The database works for these, and not for the empty one.
    for name in ("me", "login"):
        assert measured.cpu_milliseconds[name] > measured.web_milliseconds[name]
    assert 0 <= measured.crowd["refused"] < 1
