"""Deadlines of appeals: 15 days, 20 for credit reports, moved on by the customer's time (FAQ-8)."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk.appeals.rules import deadlines
from risk.appeals.rules.deadlines import Contested
from risk.policy import AppealPolicy
from tests.profiles import pure

NUMBERS = AppealPolicy()
AT = datetime(2026, 11, 24, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    ("contested", "days"),
    [(Contested.REFUSAL, 15), (Contested.LIMIT, 15), (Contested.BUREAU, 20)],
)
def test_an_appeal_is_due_after_its_days(contested, days):
    assert deadlines.due_at(AT, contested, policy=NUMBERS) == AT + timedelta(days=days)


def test_a_decision_may_be_contested_for_sixty_days():
    assert deadlines.filed_until(AT, policy=NUMBERS) == AT + timedelta(days=60)


@pure
@given(st.integers(0, 10**7), st.integers(0, 10**7))
def test_the_staff_has_as_long_as_without_the_question(before, waiting):
    due = deadlines.due_at(AT, Contested.LIMIT, policy=NUMBERS)
    asked_at = AT + timedelta(seconds=before)
    answered_at = asked_at + timedelta(seconds=waiting)

    moved = deadlines.moved_on(due, asked_at=asked_at, answered_at=answered_at)

    assert moved - answered_at == due - asked_at


def test_an_objection_to_a_credit_report_has_no_shorter_deadline():
    with pytest.raises(ValueError, match="no shorter deadline"):
        AppealPolicy(review_days=15, bureau_review_days=14)
