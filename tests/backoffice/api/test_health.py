"""What a load balancer and an operator read: alive, ready, and what somebody must look at."""

from datetime import date

import pytest
from django.db import OperationalError
from django.test import Client

from backoffice.web.api import health


def ready():
    answer = Client().get("/readyz")
    return answer.status_code, answer.json()


def test_a_process_that_runs_is_alive(db):
    assert Client().get("/livez").content == b"ok\n"


@pytest.mark.parametrize("address", ["/livez", "/readyz"])
def test_a_health_check_is_only_read(db, address):
    assert Client().post(address).status_code == 405
    assert Client().head(address).status_code == 200


def test_a_process_with_a_database_is_ready(db):
    assert ready() == (200, {"ready": True, "failing": {}, "warnings": []})


def test_months_that_run_out_are_warned_of_and_requests_served(db, monkeypatch):
    monkeypatch.setattr(health.clock, "business_date", lambda: date(2040, 1, 1))

    status, answer = ready()

    assert (status, answer["ready"]) == (200, True)
    assert answer["warnings"][0] == (
        "backoffice_statechange: partitions for 0 months are left: run manage.py migrate"
    )
    assert len(answer["warnings"]) == 4


def test_a_process_without_a_database_is_not_ready(db, monkeypatch):
    def fail():
        raise OperationalError("connection refused")

    with monkeypatch.context() as lost:
        lost.setattr(health.connection, "cursor", fail)
        found = ready()

    failing = {"database": "connection refused"}
    assert found == (503, {"ready": False, "failing": failing, "warnings": []})
