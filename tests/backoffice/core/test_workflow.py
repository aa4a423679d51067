"""The one way a machine moves: through ``move`` and ``save``, with a trace of each step."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth import get_user_model
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django_fsm import TransitionNotAllowed

from accounts.models import Customer
from backoffice.core import workflow
from backoffice.core.models import Approval, StateChange
from backoffice.core.workflow import BypassError
from risk.models import CreditLine

AT = datetime(2026, 10, 1, 1, tzinfo=UTC)


@pytest.fixture
def people(db):
    staff = get_user_model()
    return [staff.objects.create_user(username=name) for name in ("one", "other")]


def propose(maker, **other):
    return Approval.objects.create(
        kind="a-test", reason="a test", proposed_by=maker, proposed_at=AT,
        expires_at=AT + timedelta(days=1), **other,
    )  # fmt: skip


@pytest.fixture
def requests(people):
    for number in range(3):
        propose(people[0], payload={"number": number})
    return Approval.objects.select_for_update().order_by("pk")


@pytest.fixture
def line(db):
    """A machine that goes to and fro, locked."""
    customer = Customer.objects.create(registered_at=AT)
    CreditLine.objects.create(
        customer=customer, limit_fen=100, buffer_permille=0, opened_on=AT.date()
    )
    return CreditLine.objects.select_for_update().get()


FIELDS = ("decided_by", "decided_at", "note")


def reject(requests, by, reason="the bank is back"):
    workflow.move(
        requests, "reject", by=f"staff:{by}", reason=reason, at=AT, decider=by, note="no"
    )  # fmt: skip


def test_every_record_moves_and_leaves_a_trace(requests, people):
    moved = list(requests)

    reject(moved, people[1])
    workflow.save(moved, *FIELDS)

    assert {one.state for one in requests.all()} == {"rejected"}
    assert {one.decided_by_id for one in requests.all()} == {people[1].pk}
    changes = StateChange.objects.order_by("subject_id").values_list(
        "subject_type", "subject_id", "transition", "source", "target", "actor", "facts__text", "at"
    )
    assert list(changes) == [
        ("backoffice.approval", one.pk, "reject", "proposed", "rejected",
         "staff:other", "the bank is back", AT)
        for one in moved
    ]  # fmt: skip


def test_two_moves_before_one_save_leave_two_traces(line):
    workflow.move([line], "suspend", by="staff:one", reason="overdue", at=AT)
    workflow.move([line], "resume", by="staff:other", reason="paid", at=AT)

    workflow.save([line])

    assert CreditLine.objects.get().state == "active"
    traces = StateChange.objects.order_by("pk").values_list("source", "target", "actor")
    assert list(traces) == [
        ("active", "suspended", "staff:one"),
        ("suspended", "active", "staff:other"),
    ]


def test_a_second_save_repeats_no_trace(requests, people):
    moved = list(requests)
    reject(moved, people[1])

    workflow.save(moved, *FIELDS)
    workflow.save(moved, *FIELDS)

    assert StateChange.objects.count() == 3


def test_only_the_named_fields_are_written(line):
    line.limit_fen = 7  # never meant to be saved
    workflow.move([line], "suspend", by="x", reason="x", at=AT)

    workflow.save([line])

    stored = CreditLine.objects.get()
    assert (stored.state, stored.limit_fen) == ("suspended", 100)


def test_a_transition_called_directly_is_refused(requests, people):
    [first, *_others] = requests

    with pytest.raises(BypassError, match=r"Approval\.reject must go through workflow"):
        first.reject(at=AT, decider=people[1], note="no")

    assert (first.state, first.decided_by_id) == ("proposed", None)


def test_a_direct_call_is_refused_again_after_a_move(requests, people):
    moved = list(requests)
    reject(moved[:1], people[1])

    with pytest.raises(BypassError):
        moved[1].approve(at=AT, decider=people[1], note="no")

    assert moved[1].state == "proposed"


def test_a_direct_call_is_refused_again_after_a_move_that_failed(line):
    with pytest.raises(TransitionNotAllowed):
        workflow.move([line], "resume", by="x", reason="x", at=AT)

    with pytest.raises(BypassError):
        line.suspend(at=AT)


def test_a_move_that_is_not_allowed_leaves_nothing(requests, people):
    moved = list(requests)
    reject(moved[1:2], people[1])

    with pytest.raises(TransitionNotAllowed), transaction.atomic():
        reject(moved, people[1])

    assert {one.state for one in requests.all()} == {"proposed"}
    assert not StateChange.objects.exists()
    assert moved[1].decided_by_id == people[1].pk
    assert moved[2].state == "proposed"


def test_what_the_database_refuses_leaves_no_trace(requests, people):
    [first, *_others] = requests
    reject([first], people[0])

    with pytest.raises(DatabaseError, match="decided by another person"), transaction.atomic():
        workflow.save([first], *FIELDS)

    assert Approval.objects.get(pk=first.pk).state == "proposed"
    assert not StateChange.objects.exists()


def test_a_state_cannot_be_assigned(requests):
    [first, *_others] = requests

    with pytest.raises(AttributeError):
        first.state = "approved"

    assert first.state == "proposed"


def test_nothing_to_move_writes_nothing(db, django_assert_num_queries):
    with django_assert_num_queries(0):
        workflow.move([], "reject", by="x", reason="x", at=AT, decider=None, note="")
        workflow.save([])


def test_many_records_are_one_update_and_one_copy(requests, people, django_assert_num_queries):
    moved = list(requests)
    reject(moved, people[1])

    with django_assert_num_queries(2):
        workflow.save(moved, *FIELDS)

    assert StateChange.objects.count() == 3


def test_outside_a_transaction_nothing_moves(committed_db):
    with pytest.raises(AssertionError, match="in a transaction"):
        workflow.move([], "reject", by="x", reason="x", at=AT)
    with pytest.raises(AssertionError, match="one transaction"):
        workflow.save([Approval(pk=1)])
    with pytest.raises(AssertionError, match="one transaction"), workflow.importing():
        pass


def test_an_import_may_start_late_and_only_while_it_lasts(people):
    def approved():
        return propose(people[0], state="approved", decided_by=people[1], decided_at=AT)

    with workflow.importing():
        approved()

    with pytest.raises(DatabaseError, match="no row may start as approved"), transaction.atomic():
        approved()
    assert Approval.objects.count() == 1


def test_the_changes_of_several_commands_are_written_in_one_copy(line):
    with CaptureQueriesContext(connection) as captured, workflow.in_one_copy():
        workflow.move([line], "suspend", by="staff:one", reason="overdue", at=AT)
        workflow.save([line])
        workflow.move([line], "resume", by="staff:other", reason="paid", at=AT)
        workflow.save([line])
        assert not StateChange.objects.exists()

    copies = [one for one in captured if "COPY" in str(one["sql"])]
    assert len(copies) == 1
    traces = StateChange.objects.order_by("pk").values_list("source", "target", "actor")
    assert list(traces) == [
        ("active", "suspended", "staff:one"),
        ("suspended", "active", "staff:other"),
    ]


def test_what_fails_before_its_copy_leaves_no_trace_and_the_next_command_its_own(line):
    with pytest.raises(TransitionNotAllowed), transaction.atomic():
        suspend_twice(line)

    locked = CreditLine.objects.select_for_update().get()
    workflow.move([locked], "suspend", by="staff:other", reason="overdue", at=AT)
    workflow.save([locked])

    assert [one.actor for one in StateChange.objects.all()] == ["staff:other"]


@workflow.in_one_copy()
def suspend_twice(line):
    for _again in range(2):
        workflow.move([line], "suspend", by="staff:one", reason="overdue", at=AT)
        workflow.save([line])
