"""Reviews of appeals: by who did not decide before, with words for the customer (FAQ-8)."""

import pytest

from backoffice.core.clock import day_of
from backoffice.core.models import StateChange, WorkItem
from risk.appeals import queries
from risk.appeals.operations import reviewing
from risk.appeals.rules.deadlines import Contested
from risk.decisions.operations import requests, reviews
from risk.models import Assessment, BureauReport
from tests.accounts.people import AT
from tests.raw import execute
from tests.raw import refused as refused_by
from tests.risk.appeals.conftest import (
    LATER,
    added,
    opened,
    person,
    request_by,
    reread,
    submitted,
    taken,
)
from tests.risk.people import withdraw

pytestmark = pytest.mark.django_db


@pytest.fixture
def decided_by_li(people, bureau, staff):
    """A refusal that a person decided, then reviewed by another one."""
    doubtful = people.assessed("average-1", bureau=bureau, income_fen=9_000_000)
    reviews.refuse(doubtful.pk, by=staff.one, reason="nothing evidences it", at=AT)
    return Assessment.objects.get(pk=doubtful.pk)


def test_a_person_takes_a_submitted_appeal(refused, staff):
    appeal = taken(submitted(opened(refused)), staff.one)

    found = reread(appeal)
    assert (found.state, found.reviewer_id) == ("in_review", staff.one.pk)


def test_who_decided_before_takes_no_part(decided_by_li, staff):
    appeal = submitted(opened(decided_by_li))

    with pytest.raises(reviewing.AppealDecidedBeforeError):
        taken(appeal, staff.one)

    assert (reread(appeal).state, reread(appeal).reviewer_id) == ("submitted", None)
    assert taken(appeal, staff.other).state == "in_review"


def test_nor_does_who_made_the_decision_that_was_reviewed(decided_by_li, staff):
    context = request_by(decided_by_li.customer)
    review = requests.human_review(decided_by_li.public_id, context=context)
    reviews.refuse(review.pk, by=staff.manager, reason="still nothing", at=AT)
    appeal = submitted(opened(Assessment.objects.get(pk=review.pk)))

    for who in (staff.one, staff.manager):
        with pytest.raises(reviewing.AppealDecidedBeforeError):
            taken(appeal, who)

    assert taken(appeal, staff.other).state == "in_review"


@pytest.mark.parametrize("column", ["reviewer_id", "decided_by"])
def test_the_database_knows_who_decided_before(decided_by_li, staff, column):
    appeal = taken(submitted(opened(decided_by_li)), staff.other)
    value = staff.one.pk if column == "reviewer_id" else staff.one.username

    with refused_by("appeal_reviewed_by_another", "risk_appeal"):
        execute(f"UPDATE risk_appeal SET {column} = %s WHERE id = %s", value, appeal.pk)


def test_another_person_takes_it_over(in_review, staff):
    with pytest.raises(reviewing.NotReviewerError):
        reviewing.reject(in_review.pk, answer="No.", by=staff.other, reason="no proof", at=AT)

    taken(in_review, staff.other)

    assert reread(in_review).reviewer_id == staff.other.pk
    last = StateChange.objects.filter(subject_type="risk.appeal").latest("pk")
    assert (last.transition, last.actor) == ("take", staff.other.username)


def test_only_what_waits_is_taken(refused, staff):
    appeal = opened(refused)

    with pytest.raises(reviewing.AppealNotWaitingError):
        taken(appeal, staff.one)

    assert reread(appeal).state == "draft"


def test_a_question_goes_to_the_customer(in_review, staff):
    reviewing.ask_for_more(in_review.pk, question="October too?", by=staff.one, at=LATER)

    found = reread(in_review)
    assert (found.state, found.question, found.asked_at) == ("more_info", "October too?", LATER)
    assert WorkItem.objects.get(queue="appeal").state == "done"
    added(in_review, text="Here it is.", at=LATER)
    again = submitted(in_review, at=LATER)
    assert taken(again, staff.one, at=LATER).state == "in_review"


def test_a_rejection_has_an_answer_and_changes_no_decision(in_review, refused, staff):
    answer = "The slip is of another person."
    reviewing.reject(in_review.pk, answer=answer, by=staff.one, reason="name differs", at=LATER)

    found = reread(in_review)
    assert (found.state, found.outcome, found.answer) == ("rejected", "rejected", answer)
    assert (found.decided_at, found.decided_by) == (LATER, staff.one.username)
    assert WorkItem.objects.get(queue="appeal").state == "done"
    assert Assessment.objects.get() == refused


def test_what_is_rejected_is_not_decided_again(in_review, staff):
    reviewing.reject(in_review.pk, answer="No.", by=staff.one, reason="no proof", at=AT)

    with pytest.raises(reviewing.AppealNotInReviewError):
        reviewing.ask_for_more(in_review.pk, question="More?", by=staff.one, at=AT)
    with refused_by("appeal_fixed_once", "risk_appeal"):
        execute("UPDATE risk_appeal SET decided_by = 'somebody'")


def test_a_rejection_without_an_answer_is_refused_by_the_database(in_review):
    with refused_by("appeal_rejected_with_an_answer", "risk_appeal"):
        execute(
            "UPDATE risk_appeal SET state = 'rejected', outcome = 'rejected', decided_at = now(), "
            "decided_by = 'x' WHERE id = %s", in_review.pk,
        )  # fmt: skip


def test_credit_reviews_and_managers_decide():
    rights = ("risk.review_appeal", "risk.decide_appeal", "risk.view_appeal")
    found = {
        group: [person(group).has_perm(one) for one in rights]
        for group in ("credit", "manager", "risk", "support", "auditor", "collections")
    }

    assert found == {
        "credit": [True, False, True],
        "manager": [False, True, True],
        "risk": [False, True, True],
        "support": [False, False, True],
        "auditor": [False, False, True],
        "collections": [False, False, False],
    }


def test_a_contested_report_is_fetched_again(people, bureau, staff):
    assessment = people.assessed("overdue90-1", bureau=bureau)
    appeal = taken(submitted(opened(assessment, Contested.BUREAU)), staff.one)
    before = BureauReport.objects.count()

    reviewing.ask_bureau(appeal.pk, bureau=bureau, by=staff.one, at=LATER)

    assert BureauReport.objects.count() == before + 1
    found = queries.preview(appeal, [], at=LATER, on=day_of(LATER))
    assert found.inputs.report["id"] == BureauReport.objects.latest("pk").pk


def test_without_the_consent_no_report_is_fetched(people, bureau, staff):
    assessment = people.assessed("overdue90-1", bureau=bureau)
    appeal = taken(submitted(opened(assessment, Contested.BUREAU)), staff.one)
    withdraw(assessment.customer, "bureau")

    with pytest.raises(reviewing.ReportPendingError):
        reviewing.ask_bureau(appeal.pk, bureau=bureau, by=staff.one, at=LATER)


def test_an_appeal_about_something_else_asks_no_bureau(refused, bureau, staff):
    appeal = taken(submitted(opened(refused)), staff.one)

    with pytest.raises(reviewing.NoReportContestedError):
        reviewing.ask_bureau(appeal.pk, bureau=bureau, by=staff.one, at=LATER)


def test_only_the_reviewer_asks_the_bureau(people, bureau, staff):
    assessment = people.assessed("overdue90-1", bureau=bureau)
    appeal = taken(submitted(opened(assessment, Contested.BUREAU)), staff.one)

    with pytest.raises(reviewing.NotReviewerError):
        reviewing.ask_bureau(appeal.pk, bureau=bureau, by=staff.other, at=LATER)
