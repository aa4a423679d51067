"""Cuts with their falls and reviews, who decided them, and what stood before and after."""

from datetime import timedelta

import pytest

from backoffice.platform import approvals
from risk.lines.operations import reviews
from risk.lines.operations.growth import apply_conduct
from risk.lines.operations.reviews import LimitReview
from risk.lines.queries import cuts
from risk.policy import AssessmentPolicy
from tests.accounts.people import AT
from tests.risk.lines.cuts import (
    TODAY,
    YESTERDAY,
    asked,
    fallen,
    latest,
    member,
    revised,
    stepped,
)
from tests.risk.lines.making import BY, granted, moment, report

pytestmark = pytest.mark.django_db
POLICY = AssessmentPolicy()


def test_the_list_names_falls_and_reviews_the_newest_first():
    fall = fallen()
    step, review = stepped(fall.line), asked(fall)

    found = cuts.listed(fall.line_id, most=10)

    assert [(one.change, one.origin, one.review) for one in found[:2]] == [
        (step, fall, review), (fall, fall, review),
    ]  # fmt: skip
    assert (found[2].origin, found[2].review) == (None, None)


def test_the_oldest_shown_is_judged_by_the_one_before():
    fall = fallen()

    [found] = cuts.listed(fall.line_id, most=1)

    assert (found.change, found.origin) == (fall, fall)


def test_the_list_reads_changes_and_reviews_once(django_assert_num_queries):
    fall = fallen()
    stepped(fall.line)

    with django_assert_num_queries(2):
        cuts.listed(fall.line_id, most=10)


@pytest.mark.parametrize(("days", "expected"), [(60, True), (60.001, False)])
def test_a_cut_is_reviewable_for_the_days_of_the_policy(days, expected):
    fall = fallen()
    [found] = cuts.listed(fall.line_id, most=1)

    assert cuts.is_reviewable(found, at=AT + timedelta(days=days), policy=POLICY) is expected


def test_what_an_assessment_decided_or_raised_is_not_reviewable():
    by_assessment = fallen(evidence="AS3")
    rise = revised(by_assessment.line, 900_000, evidence="facts:2")

    found = cuts.listed(by_assessment.line_id, most=2)

    assert [one.change for one in found] == [rise, by_assessment]
    assert [cuts.is_reviewable(one, at=AT, policy=POLICY) for one in found] == [False, False]


def test_both_persons_of_a_limit_review_decided_it():
    line, proposer, manager = granted(on=YESTERDAY.date()), member("credit"), member("manager")
    review = LimitReview(line.pk, 1_000_000, "payslip")
    [made] = reviews.propose([review], by=proposer, reason="lower pay", at=AT)
    approvals.approve([made.pk], by=manager, reason="agreed", at=AT)

    assert cuts.deciders(latest(line)) == {str(proposer), str(manager)}


def test_the_inputs_before_and_after_are_those_of_the_change():
    fall = fallen()

    before, after = cuts.inputs_around(fall)

    assert (before.inputs.income_fen, after.inputs.income_fen) == (700_000, 500_000)
    assert (before.growth, after.growth) == ("1", "1")


def test_the_growth_of_an_overdue_bill_is_after_the_fall():
    line = granted(on=TODAY - timedelta(days=40))
    report(line, TODAY - timedelta(days=1), "overdue")
    apply_conduct([line.pk], by=BY, on=TODAY, at=AT)

    before, after = cuts.inputs_around(latest(line))

    assert (before.growth, after.growth) == ("1", "19/20")
    assert before.inputs == after.inputs


def test_inputs_of_the_same_moment_differ_by_their_evidence():
    line = granted(on=TODAY)
    first, second = (
        revised(line, income_fen, at=moment(TODAY), evidence=f"facts:{income_fen}")
        for income_fen in (600_000, 500_000)
    )

    incomes = [
        tuple(one.inputs.income_fen for one in cuts.inputs_around(change))
        for change in (first, second)
    ]

    assert incomes == [(700_000, 600_000), (600_000, 500_000)]


def test_what_followed_and_what_was_before():
    fall = fallen()
    step, review = stepped(fall.line), asked(fall)

    assert cuts.steps_since(review) == [step]
    assert cuts.before(fall).new_fen == 1_400_000


def test_the_history_names_the_moves():
    review = asked(fallen())

    [entry] = cuts.history(review.customer_id)

    assert (entry.at, entry.detail) == (AT, str(review))
