"""A remedy is one that its reader can follow: each endpoint it names exists, in the API's words."""

import importlib
import itertools
import pkgutil
import re

import pytest
from django.urls import Resolver404, resolve
from django.utils.translation import override

import accounts
import backoffice
import loans
import risk
from accounts.identity.api.identity import REFUSALS, REMEDIES
from accounts.onboarding import queries
from accounts.onboarding.rules.onboarding import Identity, OnboardingStatus
from accounts.privacy.operations import deletions
from backoffice.core.errors import Refused
from backoffice.web.api import problems
from loans import account_closure as of_loans
from risk import account_closure as of_risk
from tests import described

UUID = "00000000-0000-4000-8000-000000000000"
ADDRESS = re.compile(r"/api/|\b(GET|POST|PUT|PATCH|DELETE) ")

NO_MODULES = re.compile(r"\.(settings|wsgi|asgi|up|celery|migrations|management)\b")


def refusals():
    """Every refusal there is, of every module."""
    for package in (accounts, backoffice, loans, risk):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not NO_MODULES.search(module.name):
                importlib.import_module(module.name)
    waiting = [Refused]
    while waiting:
        found = waiting.pop().__subclasses__()
        waiting += found
        yield from (one for one in found if not one.__module__.startswith("tests."))


ALL = sorted({one.code: one for one in refusals()}.items())
every_refusal = pytest.mark.parametrize("refusal", [one for _code, one in ALL], ids=dict(ALL))


def exists(method, endpoint):
    address = endpoint.replace("{id}", UUID).replace("{purpose}", "social")
    try:
        view = resolve(address).func.view_class
    except Resolver404:
        return False
    return hasattr(view, method.lower())


def statuses():
    """Every onboarding status that a step depends on."""
    flags = ("has_active_card", "has_profile", "has_password", "is_cooling", "is_on_hold")
    for identity, *values in itertools.product(Identity, *[(False, True)] * len(flags)):
        for missing in ((), ("agreement",)):
            yield OnboardingStatus(
                identity=identity, missing_consents=missing, **dict(zip(flags, values, strict=True))
            )


def test_an_endpoint_that_is_not_there_is_noticed():
    assert exists("POST", "/api/v1/me/cards")
    assert not exists("POST", "/api/v1/me/nothing")
    assert not exists("PATCH", "/api/v1/me/cards")


def test_every_refusal_is_walked():
    assert len(ALL) > 90


@every_refusal
def test_every_endpoint_of_a_remedy_exists(refusal):
    steps = problems.next_steps(refusal)

    assert [step for step in steps if not exists(step["method"], step["endpoint"])] == []


@every_refusal
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_the_words_of_a_refusal_name_no_address(refusal, language):
    with override(language):
        assert not ADDRESS.search(f"{refusal.message} {refusal.remedy}")


@every_refusal
def test_a_refusal_says_what_to_do(refusal):
    assert str(refusal.remedy) or refusal.code == "refused"


def test_every_next_step_exists_or_is_not_available_yet():
    for status in statuses():
        for step in (*queries.guide(status), *queries.after_refusal(status)):
            if step["state"] == "not-available-yet":
                assert (step["method"], step["endpoint"]) == (None, None)
            else:
                assert exists(step["method"], step["endpoint"]), step


def test_every_step_is_available():
    steps = queries.guide(OnboardingStatus())

    assert [one["step"] for one in steps if one["endpoint"] is None] == []


def test_every_example_of_a_next_step_exists():
    for _path, _method, operation in described.operations():
        for response in operation["responses"].values():
            for media in response.get("content", {}).values():
                for example in media.get("examples", {}).values():
                    for step in example["value"].get("next_steps", []):
                        assert exists(step["method"], step["endpoint"])


def test_every_blocker_of_a_closure_says_what_to_do():
    assert set(of_loans.WORDS) == {"debts-open", "debit-under-way", "money-waiting"}
    assert set(of_risk.WORDS) == {"line-in-use", "assessment-open"}
    assert set(deletions._words) >= {*of_loans.WORDS, *of_risk.WORDS}
    for code, calls in (of_loans.CALLS | of_risk.CALLS).items():
        assert code in deletions._words
        assert [call for call in calls if not exists(call.method, call.endpoint)] == []


def test_a_refused_identity_has_the_remedy_of_its_reason():
    assert set(REMEDIES) == set(REFUSALS) - {"refused-in-review"}
    with override("en"):
        assert "camera" not in str(REMEDIES["three-accounts"])
