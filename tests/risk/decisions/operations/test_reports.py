"""Reports: the latest decision, and the moment of its first reading."""

from datetime import timedelta

import pytest

from risk.decisions.operations import reports
from risk.models import Assessment
from tests.accounts.people import AT

pytestmark = pytest.mark.django_db


def test_the_first_reading_is_noted_and_stays(people, bureau):
    done = people.assessed("overdue90-1", bureau=bureau)

    assert reports.view(done.customer_id, at=AT).viewed_at == AT
    reports.view(done.customer_id, at=AT + timedelta(hours=1))

    assert Assessment.objects.get().viewed_at == AT


def test_without_a_decision_there_is_no_report(people):
    asked = people.requested()

    assert reports.view(asked.customer_id, at=AT) is None
    assert Assessment.objects.get().viewed_at is None
