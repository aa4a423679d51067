"""A customer asks for a review of a cut, a person confirms it, or two persons raise the limit."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from backoffice.core.models import Approval, StateChange, WorkItem
from backoffice.platform import approvals
from risk.lines.operations import cut_reviews, reviews
from risk.lines.operations.cut_reviews import (
    CutByAssessmentError,
    CutDecidedBeforeError,
    CutLimitNotHigherError,
    CutProposalOpenError,
    CutReviewDoneError,
    CutReviewedError,
    CutReviewOpenError,
    CutTooOldError,
    NoCutError,
)
from risk.lines.operations.reviews import LimitReview
from risk.lines.queries.amounts import NoLineError
from risk.models import CreditLine, CutReview, LimitChange
from tests.accounts.people import AT, request_of
from tests.policies import put_in_force
from tests.raw import execute
from tests.risk.lines.cuts import asked, fallen, member, reread, revised, stepped
from tests.risk.lines.making import customer

pytestmark = pytest.mark.django_db
LATER = AT + timedelta(hours=1)


@pytest.fixture
def review():
    return asked(fallen())


def confirm(review, who=None):
    who = who or member("credit")
    return cut_reviews.confirm(
        review.pk, answer="The bill was overdue.", by=who, reason="the bill was seen", at=LATER
    )


def propose(review, limit_fen=1_600_000, who=None):
    one = LimitReview(review.change.line_id, limit_fen, "payslip", review.pk)
    who = who or member("credit")
    [made] = reviews.propose([one], by=who, reason="the payslip shows it", at=LATER)
    return made


def approve(made, who=None):
    approvals.approve([made.pk], by=who or member("manager"), reason="agreed", at=LATER)


def nothing_happened(review):
    line = CreditLine.objects.get(pk=review.change.line_id)
    return (reread(review).state, line.target_fen) == ("requested", review.change.target_fen)


def test_a_request_waits_with_the_deadline_of_the_policy():
    put_in_force("assessments", {"human_review_hours": 48}, on=AT.date())
    fall = fallen()

    review = asked(fall)

    item = WorkItem.objects.get(queue="cut-review")
    assert (review.change, review.state) == (fall, "requested")
    assert review.due_at == item.deadline_at == AT + timedelta(hours=48)
    assert StateChange.objects.get(transition="request").reason == "cut-review-requested"


def test_a_step_asks_for_its_fall_and_each_fall_once():
    fall = fallen()
    step = stepped(fall.line)
    review = asked(step, at=AT + timedelta(days=1))
    assert review.change == fall

    for change in (fall, step):
        with pytest.raises(CutReviewedError):
            asked(change, at=AT + timedelta(days=1))

    assert CutReview.objects.count() == 1


def test_one_review_is_open_at_a_time(review):
    second = revised(review.change.line, 400_000, evidence="facts:2")

    with pytest.raises(CutReviewOpenError) as caught:
        asked(second)
    assert caught.value.facts["change"] == str(review.change.public_id)

    confirm(review)
    assert asked(second).change == second


def test_what_is_no_cut_or_decided_by_an_assessment_has_no_review():
    by_assessment = fallen(evidence="AS7")
    rise = revised(by_assessment.line, 900_000, evidence="facts:2")

    with pytest.raises(NoCutError):
        asked(rise)
    with pytest.raises(CutByAssessmentError):
        asked(by_assessment)

    assert not (CutReview.objects.exists() or WorkItem.objects.exists())


@pytest.mark.parametrize("days", [30, 90])
def test_a_cut_may_be_reviewed_until_the_days_have_passed(days):
    put_in_force("assessments", {"cut_review_days": days}, on=AT.date())
    fall = fallen()

    with pytest.raises(CutTooOldError):
        asked(fall, at=AT + timedelta(days=days, seconds=1))
    assert not CutReview.objects.exists()

    assert asked(fall, at=AT + timedelta(days=days))


def test_another_customers_change_is_unknown(review):
    other = fallen()
    context = request_of(review.customer, at=AT)

    with pytest.raises(LimitChange.DoesNotExist):
        cut_reviews.request(other.public_id, context=context)
    with pytest.raises(NoLineError):
        cut_reviews.request(other.public_id, context=request_of(customer(), at=AT))

    assert CutReview.objects.count() == 1


def test_a_confirmed_cut_stands_with_an_answer(review):
    confirm(review)

    found = reread(review)
    assert (found.state, found.answer, found.decided_at) == (
        "confirmed", "The bill was overdue.", LATER,
    )  # fmt: skip
    assert WorkItem.objects.get(queue="cut-review").state == "done"
    assert CreditLine.objects.get().target_fen == 1_000_000
    with pytest.raises(CutReviewDoneError):
        confirm(review)


def test_an_approved_limit_upholds_the_review(review):
    proposer, manager = member("credit"), member("manager")
    made = propose(review, who=proposer)
    assert nothing_happened(review)

    approve(made, manager)

    found = reread(review)
    assert (found.state, found.decided_by, found.answer) == ("upheld", str(manager), None)
    assert CreditLine.objects.get().target_fen == 1_600_000
    assert WorkItem.objects.get(queue="cut-review").state == "done"
    move = StateChange.objects.get(transition="uphold")
    assert (move.reason, move.facts) == ("limit-reviewed", {"text": "the payslip shows it"})


def test_a_rejected_proposal_leaves_the_review_open(review):
    made = propose(review)
    with pytest.raises(CutProposalOpenError):
        confirm(review)

    approvals.reject([made.pk], by=member("manager"), reason="not enough", at=LATER)

    assert nothing_happened(review)
    assert confirm(review).state == "confirmed"


@pytest.mark.parametrize("limit_fen", [1_000_000 - 10_000, 900_000])
def test_a_limit_that_is_not_higher_is_not_proposed(review, limit_fen):
    with pytest.raises(CutLimitNotHigherError):
        propose(review, limit_fen)

    assert not Approval.objects.exists()


def test_a_target_that_rose_meanwhile_is_not_lowered(review):
    made = propose(review, 1_100_000)
    revised(review.change.line, 900_000, evidence="facts:2")

    with pytest.raises(CutLimitNotHigherError):
        approve(made)

    assert (reread(review).state, CreditLine.objects.get().target_fen) == ("requested", 1_800_000)


def test_a_review_that_was_decided_meanwhile_is_not_proposed(review):
    confirm(review)

    with pytest.raises(CutReviewDoneError):
        propose(review)


def test_nobody_reviews_their_own_change():
    who = member("credit")
    review = asked(fallen(by=str(who)))

    with pytest.raises(CutDecidedBeforeError):
        confirm(review, who)
    with pytest.raises(CutDecidedBeforeError):
        propose(review, who=who)

    assert nothing_happened(review)


def by_limit_review():
    """Return the review of a cut that two persons decided, and both of them."""
    line = fallen(900_000).line  # to 18,000.00
    proposer, manager = member("credit"), member("manager")
    one = LimitReview(line.pk, 500_000, "payslip")
    [made] = reviews.propose([one], by=proposer, reason="lower pay", at=AT)
    approvals.approve([made.pk], by=manager, reason="agreed", at=AT)
    change = LimitChange.objects.latest("pk")
    return asked(change), proposer, manager


def test_neither_person_of_a_limit_review_takes_part():
    review, proposer, manager = by_limit_review()

    with pytest.raises(CutDecidedBeforeError):
        propose(review, who=proposer)
    made = propose(review)
    with pytest.raises(CutDecidedBeforeError):
        approve(made, manager)
    assert nothing_happened(review)

    approve(made)
    assert reread(review).state == "upheld"


def decided_in_the_database(review, who, state="upheld"):
    with transaction.atomic():
        execute(
            "UPDATE risk_cutreview SET state = %s, decided_at = %s, decided_by = %s WHERE id = %s",
            state, LATER, str(who), review.pk,
        )  # fmt: skip


def test_the_database_refuses_who_decided_the_change():
    review, *both = by_limit_review()

    for who in both:
        with pytest.raises(IntegrityError, match="decided the change"):
            decided_in_the_database(review, who)

    assert reread(review).state == "requested"


def test_the_database_refuses_another_way(review):
    confirm(review)

    with pytest.raises(IntegrityError, match="no transition"):
        execute("UPDATE risk_cutreview SET state = 'upheld' WHERE id = %s", review.pk)


def test_the_database_keeps_who_decided(review):
    confirm(review)

    with pytest.raises(IntegrityError, match="never changed"):
        decided_in_the_database(review, member("credit"), state="confirmed")
    assert reread(review).decided_at == LATER


def test_a_confirmation_needs_an_answer(review):
    with pytest.raises(IntegrityError, match="cut_review_confirmed_with_an_answer"):
        decided_in_the_database(review, member("credit"), state="confirmed")


def test_ending_what_is_not_open_changes_nothing(review):
    confirm(review)

    cut_reviews.end([review.customer_id], by="retention", at=LATER)

    assert reread(review).state == "confirmed"
