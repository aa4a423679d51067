"""Deletion requests: open once, withdrawn once, refused while something blocks the closure."""

import pytest

from accounts.models import DeletionRequest
from accounts.privacy.operations import deletions
from backoffice.core.models import StateChange
from tests.accounts.cards.cards import customer
from tests.accounts.identity.operations.test_people import session
from tests.accounts.people import AT

pytestmark = pytest.mark.django_db
BY_CUSTOMER = {"by": "customer:1", "at": AT}


def test_a_request_names_what_is_erased_and_kept_and_who_asked():
    asked = deletions.request(customer(), **BY_CUSTOMER)

    assert asked.state == "requested"
    assert asked.kept["logins"] == "2027-05-23"
    assert asked.kept["identity"] == "2036-11-24"
    trace = StateChange.objects.get(subject_type="accounts.deletionrequest")
    assert (trace.transition, trace.actor) == ("request", "customer:1")


def test_of_an_unknown_person_nothing_but_logs_is_kept():
    asked = deletions.request(session(1).account.customer, **BY_CUSTOMER)

    assert list(asked.kept) == ["logins"]
    assert asked.erased[-2:] == ["submissions", "complaints"]


def test_a_second_request_is_the_first():
    owner = customer()

    assert deletions.request(owner, **BY_CUSTOMER) == deletions.request(owner, **BY_CUSTOMER)
    assert DeletionRequest.objects.count() == 1


def test_a_blocker_refuses_it(monkeypatch):
    monkeypatch.setattr(deletions, "_blockers", [lambda _: "", lambda _: "debts-open"])

    with pytest.raises(deletions.BlockedClosureError) as refused:
        deletions.request(customer(), **BY_CUSTOMER)

    assert refused.value.facts["blockers"] == ["debts-open"]
    assert [one["step"] for one in refused.value.facts["next_steps"]] == [
        "list-bills", "pay-bill", "list-loans", "settle", "ask-support",
    ]  # fmt: skip
    assert not DeletionRequest.objects.exists()


def test_a_request_is_withdrawn_once():
    owner = customer()
    deletions.request(owner, **BY_CUSTOMER)
    assert deletions.withdraw(owner, **BY_CUSTOMER).state == "withdrawn"

    with pytest.raises(deletions.NotRequestedError):
        deletions.withdraw(owner, **BY_CUSTOMER)

    assert DeletionRequest.objects.get().decided_at == AT
