"""The customers of a demo who came by themselves, and the work that they leave for the staff."""

import json
from io import StringIO

import pytest
from django.core.management import call_command
from django.db.models import Count

from accounts.gateways.sandbox import SandboxIdentityChecks
from accounts.models import Customer, ProfileReview
from backoffice.core import clock
from backoffice.core.models import Approval, WorkItem
from loans.migration.operations import demo_customers
from loans.migration.operations.admission import SandboxOnlyError
from loans.migration.operations.demo import create_logins
from loans.migration.operations.demo_customers import Providers, show_customers
from risk.gateways.sandbox import SandboxBureau
from risk.models import Assessment, CreditLine, LimitChange, ReserveHold, SpecialReview
from risk.sandbox.rules import Persona

PROVIDERS = Providers(SandboxIdentityChecks(), SandboxBureau())


def show():
    return show_customers(providers=PROVIDERS, at=clock.now(), wall_at=clock.wall())


@pytest.fixture
def shown(committed_db):
    create_logins(password="cold-feet-9")
    return show()


def states(rows):
    return {row["state"]: row["n"] for row in rows.values("state").annotate(n=Count("pk"))}


def test_a_demo_has_each_persona_assessed_and_work_for_each_role(shown):
    assert {*demo_customers.OPENIDS.values()} == {*Persona}
    assert shown.states["strong-9"] == "approved"
    assert shown.states["overindebted-9"] == "manual_review"
    assert shown.states["overdue90-9"] == "refused"
    assert (shown.states["overdue90-10"], shown.states["student-9"]) == ("manual_review", "")
    assert set(WorkItem.objects.values_list("queue", flat=True)) == {
        "appeal", "assessment-review", "cut-review", "human-review", "profile-review",
        "proof-review", "special-review",
    }  # fmt: skip
    assert ProfileReview.objects.get().state == "in_review"
    assert states(Approval.objects.all()) == {"approved": 2, "proposed": 1}
    reviews = states(SpecialReview.objects.all())
    assert (reviews["cleared"], reviews["suspicious"]) == (1, 1)
    assert reviews["open"] > 5
    assert ReserveHold.objects.get().amount_fen == 480_000
    assert LimitChange.objects.count() > CreditLine.objects.count() == 8

    out = StringIO()
    call_command("replay_assessment", "--all", "--json", stdout=out)
    assert json.loads(out.getvalue()) == {"replayed": 15, "differing": []}

    before = Customer.objects.count(), Assessment.objects.count()
    assert show() is None
    assert (Customer.objects.count(), Assessment.objects.count()) == before


def test_outside_a_sandbox_nobody_is_made(db, settings):
    settings.SANDBOX = False

    with pytest.raises(SandboxOnlyError):
        show()

    assert Customer.objects.count() == 0
