"""How appeals end: read or not, not submitted, not answered, left behind; and what is late."""

from datetime import timedelta

import pytest

from backoffice.core.models import StateChange, WorkItem
from risk import account_closure
from risk.appeals.operations import closing, reviewing
from risk.appeals.operations.closing import Swept
from risk.appeals.rules.reasons import AppealActor
from risk.models import Appeal
from tests.accounts.people import AT
from tests.risk.appeals.conftest import LATER, opened, reread, submitted, taken

pytestmark = pytest.mark.django_db


def sweep(*, days=0, seconds=0):
    return closing.sweep(by=AppealActor.APPEALS, at=AT + timedelta(days=days, seconds=seconds))


@pytest.fixture
def rejected(in_review, staff):
    return reviewing.reject(in_review.pk, answer="No.", by=staff.one, reason="no proof", at=AT)


def test_an_outcome_that_was_read_is_closed(rejected):
    assert sweep() == Swept()

    closing.note_read(reread(rejected), at=LATER)

    assert sweep(days=1) == Swept(closed=1)
    found = reread(rejected)
    assert (found.state, found.outcome, found.read_at) == ("closed", "rejected", LATER)
    assert StateChange.objects.latest("pk").reason == "appeal-outcome-read"
    assert sweep(days=1) == Swept()


def test_the_first_reading_is_noted(rejected):
    closing.note_read(reread(rejected), at=AT)
    closing.note_read(reread(rejected), at=LATER)

    assert reread(rejected).read_at == AT


def test_reading_an_open_appeal_is_not_noted(in_review):
    closing.note_read(in_review, at=AT)

    assert reread(in_review).read_at is None


def test_an_outcome_that_nobody_reads_is_closed_after_seven_days(rejected):
    assert sweep(days=7, seconds=-1) == Swept()
    assert sweep(days=7) == Swept(closed=1)

    assert reread(rejected).closed_at == AT + timedelta(days=7)
    assert StateChange.objects.latest("pk").reason == "appeal-outcome-not-read"


def test_what_is_not_submitted_in_time_ends(refused):
    appeal = opened(refused)

    assert sweep(days=60) == Swept()
    assert sweep(days=60, seconds=1) == Swept(ended=1)

    found = reread(appeal)
    assert (found.state, found.outcome, found.decided_at) == ("closed", "withdrawn", None)


def test_a_question_without_an_answer_goes_back_to_the_staff(in_review, staff):
    reviewing.ask_for_more(in_review.pk, question="October too?", by=staff.one, at=AT)

    assert sweep(days=15, seconds=-1) == Swept()
    assert sweep(days=15) == Swept(resubmitted=1)

    found = reread(in_review)
    assert (found.state, found.due_at) == ("submitted", AT + timedelta(days=30))
    assert StateChange.objects.latest("pk").reason == "appeal-not-answered"
    assert WorkItem.objects.get(queue="appeal", state="waiting").deadline_at == found.due_at


def test_what_is_late_is_escalated_once(refused):
    appeal = submitted(opened(refused))

    assert sweep(days=15) == Swept()
    assert sweep(days=15, seconds=1) == Swept(escalated=1)
    assert sweep(days=16) == Swept()

    assert reread(appeal).escalated_at == AT + timedelta(days=15, seconds=1)


def test_the_customers_time_is_not_late(in_review, staff):
    reviewing.ask_for_more(in_review.pk, question="October too?", by=staff.one, at=AT)

    assert sweep(days=14, seconds=86_399).escalated == 0


@pytest.mark.parametrize("depth", range(4))
def test_an_open_appeal_ends_with_the_account(refused, staff, depth):
    appeal = opened(refused)
    for step in (submitted, lambda one: taken(one, staff.one), _asked)[:depth]:
        appeal = step(appeal)

    account_closure.end(refused.customer_id, by="retention", reason="left", at=AT)

    found = reread(appeal)
    assert (found.state, found.outcome, found.closed_at) == ("closed", "withdrawn", AT)
    assert not WorkItem.objects.filter(queue="appeal").exclude(state="done").exists()


def _asked(appeal):
    who = appeal.reviewer
    return reviewing.ask_for_more(appeal.pk, question="October too?", by=who, at=AT)


def test_a_decided_appeal_stays_decided_when_the_account_closes(rejected):
    account_closure.end(rejected.customer_id, by="retention", reason="left", at=AT)

    assert Appeal.objects.get().outcome == "rejected"
