"""Months are made ahead, rows without a month are moved to theirs, and a shortage is reported."""

from datetime import date, time

import pytest
from django.db import DatabaseError, connection

from backoffice.core import clock, partitions
from backoffice.core.models import StateChange
from backoffice.core.partitions import Partitions
from backoffice.platform import jobs

TABLES = ["backoffice_statechange", "loans_charge", "loans_transfer", "risk_partnerevent"]


def execute(query, values=()):
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return cursor.fetchall() if cursor.description else []


def change(on):
    """Write a state change of a business day."""
    return StateChange.objects.create(
        subject_type="loans.bill", subject_id=1, transition="pay", source="billed", target="paid",
        effective_on=on, at=clock.moment_of(on, time(9)), actor="test",
    )  # fmt: skip


def month_of(row):
    return execute(
        "SELECT tableoid::regclass::text FROM backoffice_statechange WHERE id = %s", [row.pk]
    )


def test_every_partitioned_table_has_two_years_ahead(db):
    found = partitions.state(on=clock.day_of(clock.wall()))

    assert found == [Partitions(table, 24, 0) for table in TABLES]


def test_a_later_day_adds_what_is_missing_and_repeating_adds_nothing(db):
    on = date(2030, 1, 31)

    assert partitions.add_months(on=on) > 0
    assert partitions.add_months(on=on) == 0
    assert [one.months_left for one in partitions.state(on=on)] == [24] * len(TABLES)


def test_a_row_without_a_month_is_moved_to_it(db):
    row = change(date(2031, 2, 28))
    before = change(date(2019, 12, 31))
    assert month_of(row) == month_of(before) == [("backoffice_statechange_default",)]

    partitions.add_months(on=date(2026, 11, 1))

    assert month_of(row) == [("backoffice_statechange_203102",)]
    assert month_of(before) == [("backoffice_statechange_201912",)]
    assert StateChange.objects.get(pk=row.pk).effective_on == date(2031, 2, 28)
    assert partitions.state(on=date(2019, 12, 1))[0].rows_beyond == 0


def test_new_partitions_are_append_only_like_the_old(db):
    change(date(2031, 2, 28))
    partitions.add_months(on=date(2026, 11, 1))

    triggers = "SELECT tgname FROM pg_trigger WHERE tgrelid = %s::regclass ORDER BY 1"
    of_new = execute(triggers, ["backoffice_statechange_203102"])
    assert any(name.startswith("pgtrigger_append_only") for (name,) in of_new)
    assert of_new == execute(triggers, ["backoffice_statechange_default"])
    with pytest.raises(DatabaseError, match="permission denied"):
        execute("UPDATE backoffice_statechange SET actor = 'x'")


@pytest.mark.parametrize("zone", ["America/Los_Angeles", "Pacific/Kiritimati"])
def test_months_are_the_same_in_a_session_of_any_zone(db, zone):
    execute(f"SET LOCAL TIME ZONE '{zone}'")
    row = change(date(2031, 3, 1))

    partitions.add_months(on=date(2033, 1, 1))

    assert month_of(row) == [("backoffice_statechange_203103",)]
    assert execute(
        "SELECT pg_get_expr(relpartbound, oid) FROM pg_class WHERE relname = %s",
        ["loans_transfer_203501"],
    ) == [("FOR VALUES FROM ('2035-01-01') TO ('2035-02-01')",)]


def test_a_shortage_and_rows_without_a_month_are_warned_of(db):
    change(date(2019, 12, 31))
    assert partitions.warnings(on=clock.day_of(clock.wall())) == []
    change(date(2039, 12, 31))

    words = partitions.warnings(on=date(2039, 12, 31))

    assert words == [
        "backoffice_statechange: partitions for 0 months are left: run manage.py migrate",
        "backoffice_statechange: 1 rows lie beyond the last month: run manage.py migrate",
        "loans_charge: partitions for 0 months are left: run manage.py migrate",
        "loans_transfer: partitions for 0 months are left: run manage.py migrate",
        "risk_partnerevent: partitions for 0 months are left: run manage.py migrate",
    ]


def test_three_months_are_enough_and_two_are_not(db):
    [(newest,)] = execute(
        "SELECT max(right(relname, 6)) FROM pg_class WHERE relname ~ '^loans_transfer_\\d{6}$'"
    )
    last = int(newest[:4]) * 12 + int(newest[4:]) - 1

    def left(months):
        return partitions.warnings(on=date((last - months) // 12, (last - months) % 12 + 1, 28))

    assert left(3) == []
    assert len(left(2)) == len(TABLES)


def test_the_serving_role_makes_months_and_owns_none(db):
    [(role,)] = execute("SELECT current_user")
    [(owner,)] = execute("SELECT tableowner FROM pg_tables WHERE tablename = 'loans_transfer'")
    if role == owner:
        pytest.skip("one role serves and owns here")
    partitions.add_months(on=date(2030, 1, 1))

    owners = execute(
        "SELECT DISTINCT tableowner FROM pg_tables WHERE tablename ~ '^loans_transfer'"
    )
    assert owners == [(owner,)]
    assert execute("SELECT has_table_privilege('loans_transfer_203001', 'SELECT')") == [(False,)]
    assert execute("SELECT has_table_privilege('loans_transfer_default', 'SELECT')") == [(False,)]


def test_too_many_months_at_once_are_refused(db):
    with pytest.raises(DatabaseError, match="at most 1000 days"):
        execute("SELECT backoffice_add_months('2026-01-01', '2036-01-01')")


def test_the_job_of_the_day_makes_the_months_of_the_product_s_time(db):
    job = jobs.job_named("03:30", on=date(2031, 5, 5))

    tally = job.work([], run_id=1, on=date(2031, 5, 5), at=clock.now())

    assert tally.done > 0
    assert partitions.state(on=date(2031, 5, 5))[0].months_left == 24
