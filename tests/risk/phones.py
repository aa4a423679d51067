"""A phone of somebody who may ask for an assessment, and the decision on it."""

import pytest

from backoffice.core import clock
from risk.decisions.operations import decisions, requests
from risk.gateways.sandbox import SandboxBureau
from risk.sandbox import operations as sandbox
from tests.accounts.api.conftest import Phone, carded, consented, identified, waited

__all__ = ["carded", "consented", "identified", "waited"]


@pytest.fixture
def newcomer(db, stopped_clock, persona):
    return Phone(persona).log_in()


@pytest.fixture
def persona():
    return "strong-7"


@pytest.fixture
def ready(consented, monkeypatch):
    """Somebody who has declared a profile; decisions are made when the test makes them."""
    monkeypatch.setattr(requests, "_starters", [])
    body = {"monthly_income_fen": 2_000_000, "occupation": "employee",
            "occupation_since": "2015-03-01"}  # fmt: skip
    assert consented.put("me/profile", body).status_code == 200
    for purpose in ("social", "wealth", "consumption"):
        assert consented.put(f"me/consents/{purpose}", {"granted": True}).status_code == 200
    sources = {"none", "agreement", "payment", "social", "wealth", "consumption"}
    sandbox.store(consented.customer.pk, sources=sources, by="partner:sandbox", at=clock.now())
    return consented


def decide():
    at = clock.now()
    return decisions.sweep(
        bureau=SandboxBureau(), by="system:assessment", at=at, on=clock.day_of(at)
    )
