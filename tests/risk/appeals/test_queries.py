"""What customers may do next with an appeal."""

import pytest

from risk.appeals import queries
from risk.appeals.operations import reviewing
from tests.accounts.people import AT
from tests.risk.appeals.conftest import opened, reread, submitted

pytestmark = pytest.mark.django_db


def steps(appeal):
    return [one.step for one in queries.next_calls(reread(appeal))]


def test_what_may_be_done_follows_the_state(refused, staff):
    appeal = opened(refused)
    assert steps(appeal) == ["add-material", "submit-appeal"]

    submitted(appeal)
    assert steps(appeal) == []

    reviewing.take(appeal.pk, by=staff.one, at=AT)
    reviewing.ask_for_more(appeal.pk, question="October too?", by=staff.one, at=AT)
    assert steps(appeal) == ["add-material", "submit-appeal"]

    submitted(appeal)
    reviewing.take(appeal.pk, by=staff.one, at=AT)
    reviewing.reject(appeal.pk, answer="No.", by=staff.one, reason="no proof", at=AT)
    assert steps(appeal) == ["ask-support"]


def test_the_newest_appeal_comes_first(refused):
    appeal = opened(refused)

    assert queries.of(refused.customer_id) == [appeal]
    assert queries.new_assessment(appeal) is None
