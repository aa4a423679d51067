"""Appeals in every state, of customers whose decision can be contested."""

import hashlib
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.contrib.auth.models import Group

from accounts.models import AssetProof, Staff
from risk.appeals.operations import filing, reviewing
from risk.appeals.operations.filing import Material, Objection
from risk.appeals.rules.deadlines import Contested
from risk.decisions.operations import reports
from risk.models import Appeal
from tests.accounts.people import AT, request_of
from tests.risk.decisions.conftest import bureau, low_score, people

__all__ = ["bureau", "low_score", "people"]

LATER = AT + timedelta(days=1)
WHY = "My salary rose in September."


def person(group):
    """Return another member of a group."""
    who = Staff.objects.create_user(f"{group}-{Staff.objects.count()}", is_staff=True)
    who.groups.add(Group.objects.get(name=group))
    return who


@pytest.fixture
def staff(db):
    """Two who review appeals, and two who decide on proposals."""
    return SimpleNamespace(
        one=person("credit"), other=person("credit"), manager=person("manager"),
        risk=person("risk"),
    )  # fmt: skip


def request_by(customer, *, at=AT):
    return request_of(customer, by=f"customer:{customer.pk}", at=at)


def proof_of(customer, kind="income", **other):
    """Return a proof that the customer uploaded; its file is not needed here."""
    number = AssetProof.objects.count()
    digest = hashlib.sha256(f"{customer.pk} {number}".encode()).digest()
    return AssetProof.objects.create(
        customer=customer, kind=kind, content_type="image/png", size=10, digest=digest,
        uploaded_at=AT, **other,
    )  # fmt: skip


def opened(assessment, contested=Contested.REFUSAL, *, at=AT):
    """Return the appeal against a decision whose report was read."""
    reports.view(assessment.customer_id, at=at)
    context = request_by(assessment.customer, at=at)
    return filing.open_appeal(Objection(contested, WHY), context=context)


def added(appeal, *, proof=None, text=None, at=AT):
    material = Material(proof and proof.public_id, text)
    context = request_by(appeal.customer, at=at)
    return filing.add_material(appeal.public_id, material=material, context=context)


def submitted(appeal, *, at=AT):
    return filing.submit(appeal.public_id, context=request_by(appeal.customer, at=at))


def withdrawn(appeal, *, at=AT):
    return filing.withdraw(appeal.public_id, context=request_by(appeal.customer, at=at))


def taken(appeal, who, *, at=AT):
    return reviewing.take(appeal.pk, by=who, at=at)


def reread(appeal):
    return Appeal.objects.get(pk=appeal.pk)


@pytest.fixture
def refused(people, bureau):
    """A refusal by a score that is a few points too low."""
    return low_score(people, bureau)


@pytest.fixture
def in_review(refused, staff):
    """An appeal against the refusal that a person reviews."""
    return taken(submitted(opened(refused)), staff.one)
