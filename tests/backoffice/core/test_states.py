"""A state column reads like any other one, and moves like none."""

from datetime import UTC, datetime

import pytest
from django.db.migrations.writer import MigrationWriter

from accounts.models import Staff
from backoffice.core.models import JobPause, JobPauseState
from backoffice.core.states import StateField
from loans.models import Bill

AT = datetime(2026, 10, 1, 9, tzinfo=UTC)


def test_a_state_is_read_from_the_record():
    assert JobPause(job="09:00").state == JobPauseState.PAUSED
    assert isinstance(JobPause.state.field, StateField)


@pytest.mark.django_db
def test_a_state_that_was_deferred_is_read_from_the_database(django_assert_num_queries):
    someone = Staff.objects.create_user("someone")
    JobPause.objects.create(job="09:00", reason="why", paused_by=someone, paused_at=AT)
    pause = JobPause.objects.defer("state").get()

    with django_assert_num_queries(1):
        assert pause.state == JobPauseState.PAUSED
        assert pause.state == JobPauseState.PAUSED


def test_a_state_is_not_set_by_hand():
    bill = Bill()

    with pytest.raises(AttributeError, match="Direct state modification is not allowed"):
        bill.state = "paid"


def test_migrations_know_the_field_of_django_fsm():
    words, imports = MigrationWriter.serialize(Bill._meta.get_field("state"))

    assert words.startswith("django_fsm.FSMField(")
    assert "import django_fsm" in imports
