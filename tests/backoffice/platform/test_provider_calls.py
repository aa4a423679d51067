"""Calls of providers are committed before they leave, asked outside transactions, answered once."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, ProgrammingError, transaction

from accounts.models import Customer, ProviderCall
from backoffice.platform import provider_calls
from backoffice.platform.provider_calls import ON_ITS_WAY, Call, CallAnswer, CallTable

AT = datetime(2026, 10, 1, 1, tzinfo=UTC)
LATER = AT + timedelta(minutes=1)
CALLS = CallTable(ProviderCall)


@pytest.fixture
def customer(db):
    return Customer.objects.create(registered_at=AT)


@pytest.fixture
def call(customer):
    def make(number="identity-1-1", **other):
        made = Call(number, "sandbox", "identity", "accounts.customer", customer.pk, customer.pk,
                    1, {"name": "张*"})  # fmt: skip
        return made._replace(**other)

    return make


def answer(number="identity-1-1", verdict="match"):
    return CallAnswer(number, verdict, "0", "r-1", 12)


def prepare(*calls, at=AT):
    return provider_calls.prepare(calls, store=CALLS, at=at)


def record(*answers, at=LATER):
    with transaction.atomic():
        return provider_calls.record(answers, store=CALLS, at=at)


def stored():
    columns = ("number", "verdict", "code", "request_id", "latency_ms", "asked_at", "answered_at")
    return list(ProviderCall.objects.order_by("pk").values_list(*columns))


def test_a_prepared_call_stands_without_an_answer(call, customer):
    assert prepare(call()) == ["identity-1-1"]

    assert stored() == [("identity-1-1", "", "", "", None, AT, None)]
    made = ProviderCall.objects.get()
    assert (made.provider, made.action, made.attempt) == ("sandbox", "identity", 1)
    assert (made.subject_type, made.subject_id, made.customer) == (
        "accounts.customer", customer.pk, customer,
    )  # fmt: skip
    assert made.masked == {"name": "张*"}


def test_a_number_is_prepared_once(call):
    prepare(call())

    assert prepare(call(), call("identity-1-2", attempt=2), at=LATER) == ["identity-1-2"]

    assert [row[:1] + row[5:6] for row in stored()] == [
        ("identity-1-1", AT), ("identity-1-2", LATER),
    ]  # fmt: skip


def test_an_answer_is_recorded_with_its_moment(call):
    prepare(call())

    assert record(answer()) == ["identity-1-1"]

    assert stored() == [("identity-1-1", "match", "0", "r-1", 12, AT, LATER)]


def test_a_repeated_answer_changes_nothing(call):
    prepare(call())
    record(answer())

    assert record(answer(verdict="mismatch"), at=LATER + timedelta(days=1)) == []

    assert stored() == [("identity-1-1", "match", "0", "r-1", 12, AT, LATER)]


def test_an_answer_to_no_call_of_ours_is_not_stored(call):
    prepare(call())

    assert record(answer("identity-9-9")) == []

    assert stored()[0][1] == ""


def test_nothing_prepared_and_nothing_recorded_asks_the_database_nothing(
    db, django_assert_num_queries
):
    assert (CALLS.insert([], at=AT), CALLS.answer([], at=AT)) == ([], [])

    with django_assert_num_queries(0):
        CALLS.insert([], at=AT)


def test_many_calls_are_one_statement_each_way(call, django_assert_num_queries):
    calls = [call(f"identity-{number}-1") for number in range(1_000)]

    with django_assert_num_queries(1):
        assert len(CALLS.insert(calls, at=AT)) == 1_000
    with django_assert_num_queries(1):
        assert len(CALLS.answer([answer(one.number) for one in calls], at=LATER)) == 1_000


def test_what_was_asked_and_answered_is_never_changed(call):
    prepare(call())
    with pytest.raises(IntegrityError, match="asked as prepared"), transaction.atomic():
        ProviderCall.objects.update(masked={})
    record(answer())
    with pytest.raises(IntegrityError, match="answered once"), transaction.atomic():
        ProviderCall.objects.update(verdict="mismatch")
    with pytest.raises(ProgrammingError, match="Cannot delete"), transaction.atomic():
        ProviderCall.objects.all().delete()

    assert stored() == [("identity-1-1", "match", "0", "r-1", 12, AT, LATER)]


def test_calls_without_an_answer_are_due_after_a_while(call):
    prepare(call())
    prepare(call("identity-2-1"))
    prepare(call("identity-3-1"), at=LATER)
    record(answer("identity-2-1"))

    def due(at):
        return provider_calls.retry_due(store=CALLS, at=at)

    assert due(AT + ON_ITS_WAY) == []
    assert due(AT + ON_ITS_WAY + timedelta(seconds=1)) == ["identity-1-1"]


def test_an_answer_comes_with_the_time_it_took(db):
    asked = provider_calls.ask(lambda: "match", unknown="unknown")

    assert asked.answer == "match"
    assert asked.latency_ms >= 0


@pytest.mark.parametrize("fault", [TimeoutError(), ConnectionResetError(), OSError()], ids=repr)
def test_a_transport_fault_is_an_unknown_answer(db, fault):
    def question():
        raise fault

    assert provider_calls.ask(question, unknown="unknown").answer == "unknown"


def test_a_fault_of_ours_is_no_answer(db):
    def question():
        raise ValueError("a bug")

    with pytest.raises(ValueError, match="a bug"):
        provider_calls.ask(question, unknown="unknown")


def test_nobody_is_asked_inside_a_transaction(db):
    asked = []

    with pytest.raises(AssertionError, match="inside a transaction"), transaction.atomic():
        provider_calls.ask(lambda: asked.append(1), unknown=None)

    assert asked == []


def test_a_call_is_not_prepared_inside_a_transaction(call):
    with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
        prepare(call())

    assert stored() == []


def test_an_answer_is_not_recorded_outside_a_transaction(committed_db):
    with pytest.raises(AssertionError, match="one transaction"):
        provider_calls.record([answer()], store=CALLS, at=AT)
