"""Customers who are ready, with the facts of a persona, and the bureau that reports on them."""

from datetime import date
from types import SimpleNamespace

import pytest
from django.contrib.auth import get_user_model

from accounts.consents.operations import consents
from accounts.models import Customer, WechatAccount
from accounts.onboarding.rules.occupations import Occupation
from accounts.profile import operations as profiles
from accounts.profile.operations import Declared
from backoffice.core.clock import day_of
from backoffice.core.crypto import blind
from risk.decisions.operations import decisions, requests
from risk.decisions.rules.reasons import DecisionActor
from risk.models import Assessment
from risk.sandbox import operations as sandbox
from tests.accounts.cards.cards import ONE, bound
from tests.accounts.cards.cards import customer as identified
from tests.accounts.people import AT, LONG_AGO, request_of
from tests.policies import put_in_force
from tests.risk.bureau.conftest import CountingBureau

SOURCES = ("agreement", "bureau", "payment", "social", "wealth", "consumption")
BY = DecisionActor.ASSESSMENT
INCOMES_FEN = {"strong": 2_000_000, "thin": 450_000}


@pytest.fixture
def bureau():
    return CountingBureau()


@pytest.fixture
def people(db):
    """Make customers, and decide on them."""
    return People()


class People:
    """Customers by persona; each number is used once."""

    def __init__(self):
        self.made = 0

    def ready(self, openid="strong-1", *, income_fen=None, sources=SOURCES):
        """Return a customer who may ask for an assessment, with the events of a persona."""
        self.made += 1
        customer = identified(self.made, born_on=date(1990, 3, 7))
        WechatAccount.objects.create(
            customer=customer, openid=openid, openid_blind=blind(openid, "openid"), seat=1,
            bound_at=LONG_AGO,
        )  # fmt: skip
        bound(customer, self.made, account_class=ONE)
        for purpose in sources:
            consents.give(request_of(customer), purpose=purpose)
        income_fen = income_fen or INCOMES_FEN.get(openid.split("-")[0], 900_000)
        declared = Declared(income_fen, Occupation.EMPLOYEE, date(2020, 1, 1), None, None)
        profiles.declare(request_of(customer), declared=declared)
        sandbox.store(customer.pk, sources={*sources, "none"}, by="partner:sandbox", at=AT)
        return Customer.objects.get(pk=customer.pk)

    def requested(self, openid="strong-1", *, at=AT, **options):
        customer = self.ready(openid, **options)
        by = f"customer:{customer.pk}"
        return requests.request(request_of(customer, by=by, at=at))

    def assessed(self, openid="strong-1", *, bureau, **options):
        return decide(self.requested(openid, **options), bureau=bureau)


def low_score(people, bureau):
    """Return a refused assessment whose score is a few points too low."""
    put_in_force("scoring", {"grade_c_min": 510}, on=AT.date())
    return people.assessed("nightgambler-1", bureau=bureau)


def decide(assessment, *, bureau, at=AT):
    """Decide automatically; return the assessment as it is stored then."""
    decisions.decide([assessment.pk], bureau=bureau, by=BY, at=at, on=day_of(at))
    return Assessment.objects.get(pk=assessment.pk)


@pytest.fixture
def staff(db):
    """Two of the staff who may decide on assessments."""
    make = get_user_model().objects.create
    return SimpleNamespace(
        one=make(username="li", is_superuser=True), other=make(username="wang", is_superuser=True)
    )
