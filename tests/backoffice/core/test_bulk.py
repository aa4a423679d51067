"""Many rows at once: COPY in, one UPDATE out, ids ahead of the rows."""

import json
from datetime import UTC, date, datetime

import pytest
from django.db import DataError, IntegrityError, connection, transaction
from django.db.models import F
from django.forms.models import model_to_dict

from backoffice.core import bulk
from backoffice.core.models import IdempotencyKey, JobChunk, JobRun, StateChange
from risk.models import PolicyNumbers

AT = datetime(2024, 3, 1, 9, tzinfo=UTC)
RUN_COLUMNS = (
    "business_date", "job", "planned", "planned_fen", "done", "failed", "unknown", "held_reason",
    "released_by", "started_by", "started_at", "heartbeat_at",
)  # fmt: skip

pytestmark = pytest.mark.django_db


def a_run(job, planned_fen=0):
    return (date(2024, 3, 1), job, 1, planned_fen, 0, 0, 0, "", "", "test", AT, AT)


@pytest.fixture
def runs():
    bulk.copy(JobRun, RUN_COLUMNS, [a_run("close"), a_run("debits"), a_run("reconcile")])
    return list(JobRun.objects.order_by("pk"))


def test_copied_rows_hold_their_values_exactly():
    bulk.copy(JobRun, RUN_COLUMNS, [a_run("a\tb\\n扣款", planned_fen=2**62)])

    run = JobRun.objects.get()
    assert (run.business_date, run.job, run.planned_fen) == (
        date(2024, 3, 1),
        "a\tb\\n扣款",
        2**62,
    )
    assert (run.started_at, run.finished_at) == (AT, None)


def test_bytes_are_copied_as_bytes():
    columns = ("principal", "key", "fingerprint", "created_at")

    bulk.copy(IdempotencyKey, columns, [("customer:1", "k", bytes(range(256)), AT)])

    assert bytes(IdempotencyKey.objects.get().fingerprint) == bytes(range(256))


def test_a_foreign_key_is_copied_by_the_name_of_its_field(runs):
    columns = ("run", "number", "ids", "owner", "sent_by", "tries", "error")

    bulk.copy(JobChunk, columns, [(runs[0].pk, 1, [4, 5], "", "", 0, "")])

    chunk = JobChunk.objects.get()
    assert (chunk.run_id, chunk.ids) == (runs[0].pk, [4, 5])


def test_a_generator_of_rows_may_be_copied():
    bulk.copy(JobRun, RUN_COLUMNS, (a_run(job) for job in ("close", "debits")))

    assert JobRun.objects.count() == 2


def test_copying_nothing_asks_the_database_nothing(django_assert_num_queries):
    with django_assert_num_queries(0):
        bulk.copy(JobRun, RUN_COLUMNS, [])


def test_many_records_are_written_in_one_update(runs, django_assert_num_queries):
    for number, run in enumerate(runs):
        run.planned_fen, run.held_reason, run.finished_at = number, f"because {number}", AT
    runs[1].finished_at = None

    with django_assert_num_queries(1):
        bulk.update(runs, ("planned_fen", "held_reason", "finished_at"))

    written = JobRun.objects.order_by("pk").values_list("planned_fen", "held_reason", "finished_at")
    assert list(written) == [(0, "because 0", AT), (1, "because 1", None), (2, "because 2", AT)]


TEXTS = ["", " ", "a,b", "{x}", 'say "no"', "back\\slash", "NULL", "扣款\n\t", "'"]


@pytest.mark.parametrize("text", TEXTS)
def test_any_text_is_written_as_it_is(runs, text):
    runs[0].held_reason = text

    bulk.update(runs, ("held_reason",))

    assert JobRun.objects.get(pk=runs[0].pk).held_reason == text


def test_a_text_that_is_too_long_is_refused_and_not_cut(runs):
    runs[0].held_reason = "x" * 201

    with pytest.raises(DataError), transaction.atomic():
        bulk.update(runs, ("held_reason",))

    assert JobRun.objects.get(pk=runs[0].pk).held_reason == ""


def test_loaded_records_are_those_that_a_queryset_gives(runs):
    bulk.copy(JobChunk, ("run", "number", "ids", "owner", "sent_by", "tries", "error"),
              [(run.pk, 1, [run.pk], "", "", 0, "") for run in runs])  # fmt: skip

    loaded = bulk.load(JobChunk.objects.order_by("-pk"))

    read = list(JobChunk.objects.order_by("-pk"))
    assert [model_to_dict(chunk) for chunk in loaded] == [model_to_dict(chunk) for chunk in read]
    assert [chunk.run for chunk in loaded] == runs[::-1]
    assert (loaded[0]._state.adding, loaded[0]._state.db) == (False, "default")


def test_a_new_record_has_the_defaults_of_its_model(runs):
    chunk = bulk.new(JobChunk, run_id=runs[0].pk, number=3, ids=[8])
    chunk.save()

    assert model_to_dict(JobChunk.objects.get()) == model_to_dict(
        JobChunk(pk=chunk.pk, run=runs[0], number=3, ids=[8])
    )


def test_only_the_named_fields_are_written(runs):
    runs[0].planned_fen, runs[0].held_reason = 5, "not named"

    bulk.update(runs[:1], ("planned_fen",))

    run = JobRun.objects.get(pk=runs[0].pk)
    assert (run.planned_fen, run.held_reason) == (5, "")


def test_other_rows_stay_as_they_are(runs):
    runs[0].planned = 9

    bulk.update(runs[:1], ("planned",))

    assert list(JobRun.objects.order_by("pk").values_list("planned", flat=True)) == [9, 1, 1]


def test_a_relation_is_written_by_the_name_of_its_field(runs):
    chunk = JobChunk.objects.create(run=runs[0], number=1, ids=[1])
    chunk.run = runs[1]

    bulk.update([chunk], ("run",))

    assert JobChunk.objects.get().run_id == runs[1].pk


def test_a_vanished_row_is_not_passed_over(runs):
    JobRun.objects.filter(pk=runs[1].pk).delete()

    with pytest.raises(AssertionError, match="vanished"):
        bulk.update(runs, ("planned",))


def test_updating_nothing_asks_the_database_nothing(django_assert_num_queries):
    with django_assert_num_queries(0):
        bulk.update([], ("planned",))


def test_reserved_ids_are_never_given_again():
    first, second = bulk.reserve_ids(JobRun, 3), bulk.reserve_ids(JobRun, 2)

    run = JobRun.objects.create(business_date=date(2024, 3, 1), started_at=AT, heartbeat_at=AT)
    assert len({*first, *second, run.pk}) == 6


def test_no_ids_are_reserved_for_no_rows(django_assert_num_queries):
    with django_assert_num_queries(0):
        assert bulk.reserve_ids(JobRun, 0) == []


def test_a_text_that_no_line_can_hold_is_copied_as_it_is():
    for text in TEXTS:
        bulk.copy(JobRun, RUN_COLUMNS, [(*a_run(text)[:7], text, text[::-1], "test", AT, AT)])

    copied = JobRun.objects.order_by("pk").values_list("job", "held_reason", "released_by")
    assert list(copied) == [(text, text, text[::-1]) for text in TEXTS]


def test_a_column_that_no_text_is_known_for_is_named():
    with pytest.raises(TypeError, match="no text for a column of float"):
        bulk.copy(JobRun, ("planned",), [(1.5,)])


def test_annotations_are_read_with_their_records(runs):
    chunks = [JobChunk.objects.create(run=run, number=8, ids=[]) for run in runs]

    loaded = bulk.load(JobChunk.objects.annotate(half=F("number") / 2).order_by("pk"))

    assert [(chunk.pk, chunk.half) for chunk in loaded] == [(chunk.pk, 4) for chunk in chunks]


def test_a_row_has_another_version_after_an_update_and_not_after_a_lock(runs):
    def versions():
        return list(JobRun.objects.order_by("pk").values_list(bulk.ROW_VERSION, flat=True))

    before = versions()
    with transaction.atomic():
        list(JobRun.objects.select_for_update())
        locked = versions()
        runs[0].planned = 7
        bulk.update(runs[:1], ("planned",))

    assert locked == before
    assert [now != then for now, then in zip(versions(), before, strict=True)] == [
        True,
        False,
        False,
    ]


def test_facts_are_copied_as_json():
    facts = {"text": 'tab\t "quotes" \\ 扣款\n', "customer": 12}
    columns = ("subject_type", "subject_id", "transition", "source", "target", "actor", "reason",
               "facts", "effective_on", "at")  # fmt: skip
    row = ("loans.bill", 1, "pay", "billed", "paid", "ann", "stated")

    bulk.copy(StateChange, columns, [(*row, facts, AT.date(), AT), (*row, None, AT.date(), AT)])

    assert [*StateChange.objects.order_by("pk").values_list("facts", flat=True)] == [facts, None]


def test_json_is_written_as_it_is():
    facts = {"text": 'say "no"\\n', "中": [1, None, {"a": "{b}"}]}
    columns = ("app", "digest", "numbers")
    bulk.copy(PolicyNumbers, columns, [("scoring", "d", {})])
    stored = PolicyNumbers(pk=PolicyNumbers.objects.get().pk, numbers=facts)

    statement = bulk._update_statement(PolicyNumbers, ("numbers",))

    assert "jsonb[]" in statement
    with connection.cursor() as cursor:
        cursor.execute("SELECT (%s::jsonb[])[1]::text", [bulk.array([stored.numbers])])
        assert json.loads(cursor.fetchone()[0]) == facts


def test_records_of_several_models_are_stored_by_one_statement(django_assert_num_queries):
    run_id, other_id = bulk.next_ids(JobRun, JobRun)
    values = dict(zip(RUN_COLUMNS, a_run("close", planned_fen=2**62), strict=True))
    run = JobRun(id=run_id, **values)
    chunks = [JobChunk(run=run, number=number, ids=[number, 5], owner="扣款") for number in (1, 2)]

    with django_assert_num_queries(1):
        bulk.store([run], chunks)

    assert (other_id, run._state.adding) == (run_id + 1, False)
    stored = JobRun.objects.get()
    assert (stored.pk, stored.planned_fen, stored.started_at) == (run_id, 2**62, AT)
    rows = JobChunk.objects.order_by("number").values_list("run_id", "number", "ids", "owner")
    assert list(rows) == [(run_id, 1, [1, 5], "扣款"), (run_id, 2, [2, 5], "扣款")]


def test_of_records_that_are_stored_together_one_bad_one_stores_none():
    values = dict(zip(RUN_COLUMNS, a_run("close"), strict=True))
    first, second = bulk.next_ids(JobRun, JobRun)

    with pytest.raises(IntegrityError), transaction.atomic():
        bulk.store([JobRun(id=first, **values), JobRun(id=second, **values)])

    assert not JobRun.objects.exists()
