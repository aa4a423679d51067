"""Automatic decisions: every persona comes to its end, once, and an outage is never a pass."""

from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.db.utils import IntegrityError
from django.test.utils import CaptureQueriesContext

from accounts.models import Customer
from backoffice.core.clock import day_of
from backoffice.core.models import StateChange, WorkItem
from risk.decisions.operations import decisions
from risk.models import Assessment, CreditLine, PolicyNumbers
from tests.accounts.people import AT
from tests.risk.decisions.conftest import BY, decide, low_score
from tests.risk.people import withdraw

pytestmark = pytest.mark.django_db


def gates(assessment):
    return [one["code"] for one in assessment.result["failed_gates"]]


def test_somebody_strong_is_approved_and_has_a_line(people, bureau):
    done = people.assessed("strong-1", bureau=bureau)

    assert (done.state, done.grade, done.rate_ppm, done.decided_at) == ("approved", "AAA", 200, AT)
    assert done.decided_by == "system:assessment"
    assert done.limit_fen == 4_400_000
    line = CreditLine.objects.get()
    assert (line.limit_fen, line.customer_id) == (4_400_000, done.customer_id)


@pytest.mark.parametrize(
    ("persona", "state", "codes"),
    [
        ("average", "approved", []),
        ("overdue90", "refused", ["overdue-history"]),
        ("thin", "approved", []),
        ("nightgambler", "approved", []),
    ],
)
def test_a_persona_comes_to_its_end(people, bureau, persona, state, codes):
    done = people.assessed(f"{persona}-1", bureau=bureau)

    assert (done.state, gates(done)) == (state, codes)
    assert CreditLine.objects.exists() == (state == "approved")


def test_a_score_too_low_is_refused(people, bureau):
    done = low_score(people, bureau)

    assert (done.state, done.score, gates(done)) == ("refused", 503, ["low-score"])


def test_a_contradiction_waits_for_a_person_with_the_deadline_of_the_request(people, bureau):
    done = people.assessed("average-1", bureau=bureau, income_fen=9_000_000)

    assert (done.state, done.result["doubts"], done.limit_fen) == (
        "manual_review",
        ["income"],
        None,
    )
    item = WorkItem.objects.get(queue=decisions.MANUAL_REVIEWS)
    assert (item.subject_id, item.deadline_at) == (done.pk, AT + timedelta(minutes=15))
    assert not CreditLine.objects.exists()


def test_an_outage_of_the_bureau_leaves_it_pending_and_the_sweep_asks_again(people, bureau):
    first = people.assessed("bureau-late", bureau=bureau)

    assert (first.state, first.scored_at, first.bureau_tries) == ("scoring", None, 1)
    counts = decisions.sweep(bureau=bureau, by=BY, at=AT, on=day_of(AT))
    assert (counts.refused, counts.pending) == (1, 0)  # no partner reports anything of this person
    assert Assessment.objects.get().scored_at == AT


def test_what_is_late_is_escalated_once(people, bureau):
    people.assessed("bureau-down", bureau=bureau)
    late = AT + timedelta(minutes=16)

    decisions.sweep(bureau=bureau, by=BY, at=late, on=day_of(late))
    decisions.sweep(bureau=bureau, by=BY, at=late + timedelta(hours=1), on=day_of(late))

    assert (Assessment.objects.get().escalated_at, Assessment.objects.get().is_late) == (late, True)


def test_deciding_twice_decides_once(people, bureau):
    done = people.assessed("strong-1", bureau=bureau)

    again = decide(done, bureau=bureau, at=AT + timedelta(minutes=1))

    assert again.decided_at == AT
    changes = StateChange.objects.filter(subject_type="risk.assessment").order_by("pk")
    assert list(changes.values_list("transition", "actor")) == [
        ("request", f"customer:{done.customer_id}"), ("begin", BY), ("approve", BY),
    ]  # fmt: skip
    assert CreditLine.objects.count() == 1


def test_a_consent_withdrawn_meanwhile_is_not_scored(people, bureau):
    asked = people.requested("strong-1")
    withdraw(Customer.objects.get(), "bureau")

    done = decide(asked, bureau=bureau)

    assert (done.state, done.score, gates(done)) == ("refused", None, ["not-scorable"])
    assert bureau.attempts == []


def test_the_numbers_of_a_decision_are_stored_once(people, bureau):
    first = people.assessed("strong-1", bureau=bureau)
    second = people.assessed("average-2", bureau=bureau)

    assert first.policies == second.policies
    assert sorted(PolicyNumbers.objects.values_list("app", flat=True)) == ["limits", "scoring"]


@pytest.mark.parametrize(
    "change", [{"result": {}}, {"inputs": {}}, {"score": 1}, {"limit_fen": 1}, {"due_at": AT}]
)
def test_a_decision_is_never_changed(people, bureau, change):
    done = people.assessed("strong-1", bureau=bureau)

    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        Assessment.objects.filter(pk=done.pk).update(**change)


def test_the_features_of_a_batch_take_one_statement(people, bureau):
    asked = [people.requested(f"average-{n}").pk for n in range(3)]

    with CaptureQueriesContext(connection) as found:
        counts = decisions.decide(asked, bureau=bureau, by=BY, at=AT, on=day_of(AT))

    assert counts.approved == 3
    statements = [one["sql"] for one in found.captured_queries]
    assert sum("risk_partnerevent AS event" in one for one in statements) == 1
