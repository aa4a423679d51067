"""The one way a machine moves: through ``move`` and ``save``, with a trace of each step."""

from datetime import UTC, datetime

import pytest
from django.contrib.auth import get_user_model
from django.db import DatabaseError, transaction
from django_fsm import TransitionNotAllowed

from backoffice.core import workflow
from backoffice.core.models import SlotPause, StateChange
from backoffice.core.workflow import BypassError

AT = datetime(2026, 10, 1, 1, tzinfo=UTC)


@pytest.fixture
def people(db):
    staff = get_user_model()
    return [staff.objects.create_user(username=name) for name in ("one", "other")]


@pytest.fixture
def pauses(people):
    for slot in ("09:00", "10:00", "11:00"):
        SlotPause.objects.create(slot=slot, reason="a test", paused_by=people[0], paused_at=AT)
    return SlotPause.objects.select_for_update().order_by("pk")


def request(pauses, by, reason="the bank is back"):
    workflow.move(pauses, "request_resume", by=f"staff:{by}", reason=reason, at=AT, requester=by)


def test_every_record_moves_and_leaves_a_trace(pauses, people):
    moved = list(pauses)

    request(moved, people[0])
    workflow.save(moved, "requested_by")

    assert {pause.state for pause in pauses.all()} == {"resume_requested"}
    assert {pause.requested_by_id for pause in pauses.all()} == {people[0].pk}
    changes = StateChange.objects.order_by("subject_id")
    assert list(
        changes.values_list(
            "subject_type", "subject_id", "transition", "source", "target", "actor", "reason", "at"
        )
    ) == [
        ("backoffice.slotpause", pause.pk, "request_resume", "paused", "resume_requested",
         "staff:one", "the bank is back", AT)
        for pause in moved
    ]  # fmt: skip


def test_two_moves_before_one_save_leave_two_traces(pauses, people):
    [first, *_others] = pauses
    request([first], people[0])
    workflow.move([first], "keep_paused", by="staff:other", reason="not yet", at=AT)

    workflow.save([first], "requested_by")

    assert SlotPause.objects.get(pk=first.pk).state == "paused"
    traces = StateChange.objects.order_by("pk").values_list("source", "target", "actor")
    assert list(traces) == [
        ("paused", "resume_requested", "staff:one"),
        ("resume_requested", "paused", "staff:other"),
    ]


def test_a_second_save_repeats_no_trace(pauses, people):
    moved = list(pauses)
    request(moved, people[0])

    workflow.save(moved, "requested_by")
    workflow.save(moved, "requested_by")

    assert StateChange.objects.count() == 3


def test_only_the_named_fields_are_written(pauses, people):
    [first, *_others] = pauses
    first.reason = "never meant to be saved"
    request([first], people[0])

    workflow.save([first])

    stored = SlotPause.objects.get(pk=first.pk)
    assert (stored.state, stored.reason) == ("resume_requested", "a test")
    assert stored.requested_by_id is None


def test_a_transition_called_directly_is_refused(pauses, people):
    [first, *_others] = pauses

    with pytest.raises(BypassError, match=r"SlotPause\.request_resume must go through workflow"):
        first.request_resume(at=AT, requester=people[0])

    assert (first.state, first.requested_by_id) == ("paused", None)


def test_a_direct_call_is_refused_again_after_a_move(pauses, people):
    moved = list(pauses)
    request(moved, people[0])

    with pytest.raises(BypassError):
        moved[0].keep_paused(at=AT)

    assert moved[0].state == "resume_requested"


def test_a_direct_call_is_refused_again_after_a_move_that_failed(pauses):
    [first, *_others] = pauses
    with pytest.raises(TransitionNotAllowed):
        workflow.move([first], "keep_paused", by="x", reason="x", at=AT)

    with pytest.raises(BypassError):
        first.request_resume(at=AT, requester=None)


def test_a_move_that_is_not_allowed_leaves_nothing(pauses, people):
    moved = list(pauses)
    request(moved[1:2], people[0])

    with pytest.raises(TransitionNotAllowed), transaction.atomic():
        request(moved, people[1])

    assert {pause.state for pause in pauses.all()} == {"paused"}
    assert not StateChange.objects.exists()
    assert moved[1].requested_by_id == people[0].pk
    assert moved[2].state == "paused"


def test_what_the_database_refuses_leaves_no_trace(pauses, people):
    [first, *_others] = pauses
    request([first], people[0])
    workflow.save([first], "requested_by")
    workflow.move([first], "resume", by="x", reason="x", at=AT, resumer=people[0])

    with pytest.raises(DatabaseError, match="slot_pause_four_eyes"), transaction.atomic():
        workflow.save([first], "resumed_by", "resumed_at")

    assert SlotPause.objects.get(pk=first.pk).state == "resume_requested"
    assert StateChange.objects.count() == 1


def test_a_state_cannot_be_assigned(pauses):
    [first, *_others] = pauses

    with pytest.raises(AttributeError):
        first.state = "resumed"

    assert first.state == "paused"


def test_nothing_to_move_writes_nothing(db, django_assert_num_queries):
    with django_assert_num_queries(0):
        workflow.move([], "request_resume", by="x", reason="x", at=AT, requester=None)
        workflow.save([])


def test_many_records_are_one_update_and_one_copy(pauses, people, django_assert_num_queries):
    moved = list(pauses)
    request(moved, people[0])

    with django_assert_num_queries(2):
        workflow.save(moved, "requested_by")

    assert StateChange.objects.count() == 3


def test_outside_a_transaction_nothing_moves(committed_db):
    with pytest.raises(AssertionError, match="in a transaction"):
        workflow.move([], "request_resume", by="x", reason="x", at=AT)
    with pytest.raises(AssertionError, match="one transaction"):
        workflow.save([SlotPause(pk=1)])
    with pytest.raises(AssertionError, match="one transaction"), workflow.importing():
        pass


def test_an_import_may_start_late_and_only_while_it_lasts(people):
    def resumed(slot):
        return SlotPause.objects.create(
            slot=slot, state="resumed", reason="x", paused_by=people[0], paused_at=AT,
            requested_by=people[0], resumed_by=people[1],
        )  # fmt: skip

    with workflow.importing():
        resumed("09:00")

    with pytest.raises(DatabaseError, match="no row may start as resumed"), transaction.atomic():
        resumed("10:00")
    assert SlotPause.objects.count() == 1
