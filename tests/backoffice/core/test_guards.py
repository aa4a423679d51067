"""What the database refuses to the role that serves, on every machine and every table of facts."""

from contextlib import contextmanager
from datetime import date
from itertools import product

import psycopg
import pytest
from django.contrib.auth import get_user_model
from django.db import models
from psycopg import sql

from backoffice.core import guards, workflow
from backoffice.core.guards import Guard, InitialState, declared_pairs
from backoffice.core.models import Approval, JobPause
from tests import migrated
from tests.policies import payload
from tests.raw import (
    NOT_ALLOWED,
    bare,
    become,
    execute,
    machines,
    refused,
    serving_role,
    tables_of_facts,
)

MACHINES = pytest.mark.parametrize("model", machines(), ids=lambda model: model._meta.label)
FACTS = pytest.mark.parametrize("table", tables_of_facts())
AT = "2026-10-01 09:00+08"


def states(model):
    return [value for value, _label in model._meta.get_field("state").choices]


def trigger_of(model, kind):
    [found] = [trigger for trigger in model._meta.triggers if isinstance(trigger, kind)]
    return found


def insert(session, model, state):
    """Put a row in a state into a bare table."""
    table = sql.Identifier(model._meta.db_table)
    statement = sql.SQL("INSERT INTO {} (state) VALUES (%s) RETURNING id").format(table)
    [(row_id,)] = session.execute(statement, [state]).fetchall()
    return row_id


def inserted_in(session, model, state):
    session.execute("SET LOCAL weidai.importing = 'on'")
    row_id = insert(session, model, state)
    session.execute("SET LOCAL weidai.importing = 'off'")
    return row_id


@contextmanager
def stopped(session, constraint):
    with pytest.raises(psycopg.errors.CheckViolation) as caught, session.transaction():
        yield
    assert caught.value.diag.constraint_name == constraint


def change(session, model, row_id, target):
    table = sql.Identifier(model._meta.db_table)
    statement = sql.SQL("UPDATE {} SET state = %s WHERE id = %s").format(table)
    session.execute(statement, [target, row_id])


def state_of(session, model, row_id):
    table = sql.Identifier(model._meta.db_table)
    query = sql.SQL("SELECT state FROM {} WHERE id = %s").format(table)
    return session.execute(query, [row_id]).fetchone()[0]


@MACHINES
def test_only_declared_moves_of_a_machine_are_possible(model, django_db_setup, database_name):
    declared = set(declared_pairs(model))
    with bare(model._meta.db_table, database_name) as session:
        become(session, serving_role())
        for source, target in product(states(model), repeat=2):
            row_id = inserted_in(session, model, source)
            if source == target or (source, target) in declared:
                change(session, model, row_id, target)
                assert state_of(session, model, row_id) == target
            else:
                with stopped(session, f"{model._meta.db_table}_state_machine"):
                    change(session, model, row_id, target)
                assert state_of(session, model, row_id) == source


@MACHINES
def test_no_row_starts_in_a_later_state_except_by_an_import(model, django_db_setup, database_name):
    first = trigger_of(model, InitialState).first
    with bare(model._meta.db_table, database_name) as session:
        become(session, serving_role())
        for state in states(model):
            if state in first:
                insert(session, model, state)
            else:
                with stopped(session, f"{model._meta.db_table}_initial_state"):
                    insert(session, model, state)
        [(count,)] = session.execute(
            sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(model._meta.db_table))
        ).fetchall()
        assert count == len(first)
        for state in states(model):
            inserted_in(session, model, state)


@MACHINES
def test_a_machine_starts_in_its_default_state(model):
    assert trigger_of(model, InitialState).first[0] == model._meta.get_field("state").default


@MACHINES
def test_a_state_is_one_of_those_declared(model, django_db_setup, database_name):
    checks = [
        constraint
        for constraint in model._meta.constraints
        if isinstance(constraint, models.CheckConstraint)
        and constraint.condition == models.Q(state__in=states(model))
    ]
    assert checks, f"{model._meta.label}: no CHECK holds the values of its state"


@MACHINES
def test_the_guards_stand_in_the_database_and_are_on(model, django_db_setup, database_name):
    with migrated.owner(database_name) as session:
        found = session.execute(
            "SELECT tgname, tgenabled FROM pg_trigger WHERE tgrelid = %s::regclass",
            [model._meta.db_table],
        ).fetchall()
    enabled = dict(found)
    for kind in (Guard, InitialState):
        assert enabled[trigger_of(model, kind).get_pgid(model)] in ("O", b"O")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"on_error": "failed"}, "name each source"),
        ({"target": None}, "name each source"),
        ({"source": "*"}, "name each source"),
    ],
)
def test_what_sql_cannot_hold_is_not_declared(monkeypatch, change, why):
    [one, *_others] = Approval._meta.get_field("state").get_all_transitions(Approval)
    for name, value in change.items():
        monkeypatch.setattr(one, name, value, raising=False)
    field = Approval._meta.get_field("state")
    monkeypatch.setattr(field, "get_all_transitions", lambda model: [one])

    with pytest.raises(ValueError, match=why):
        declared_pairs(Approval)


def test_a_machine_without_moves_is_an_error_not_a_wall(monkeypatch):
    field = Approval._meta.get_field("state")
    monkeypatch.setattr(field, "get_all_transitions", lambda model: [])

    with pytest.raises(ValueError, match="declares no transition"):
        declared_pairs(Approval)


def test_the_guard_asks_the_model_of_today_not_the_historical_one(monkeypatch):
    class Historical:
        _meta = Approval._meta

    condition = str(guards.Guard().get_condition(Historical).sql)

    assert "('proposed', 'approved')" in condition


def test_the_tables_of_facts_are_the_ones_money_and_history_stand_in():
    assert {
        "backoffice_statechange", "loans_transfer", "loans_repayment",
        "loans_repaymentallocation", "loans_contractterms", "risk_conduct",
    } <= set(tables_of_facts())  # fmt: skip


CHANGES = ("UPDATE {} SET id = id", "DELETE FROM {}", "TRUNCATE {} CASCADE")


@FACTS
@pytest.mark.parametrize("statement", CHANGES)
def test_the_serving_role_may_only_add_facts(statement, table, django_db_setup, database_name):
    with bare(table, database_name) as session:
        row_id = add_fact(session, table)
        become(session, serving_role())
        with pytest.raises(psycopg.errors.InsufficientPrivilege), session.transaction():
            session.execute(sql.SQL(statement).format(sql.Identifier(table)))
        assert ids(session, table) == [row_id]


@FACTS
@pytest.mark.parametrize("statement", CHANGES)
def test_not_even_the_owner_changes_facts(statement, table, django_db_setup, database_name):
    with bare(table, database_name) as session:
        row_id = add_fact(session, table)
        with pytest.raises(psycopg.errors.RaiseException, match="Cannot"), session.transaction():
            session.execute(sql.SQL(statement).format(sql.Identifier(table)))
        assert ids(session, table) == [row_id]


def add_fact(session, table):
    """Add a row of facts; partitioned tables need the day that names the partition.

    Past the triggers: some facts may be added only with the approval of two people.
    """
    session.execute("SET LOCAL session_replication_role = replica")
    keys = session.execute(
        "SELECT attname FROM pg_index JOIN pg_attribute AS a ON attrelid = indrelid "
        "WHERE indrelid = %s::regclass AND indisprimary AND a.attnum = ANY(indkey) "
        "AND attname <> 'id'", [table]
    ).fetchall()  # fmt: skip
    columns = [sql.Identifier(key) for (key,) in keys]
    statement = (
        sql.SQL("INSERT INTO {} ({}) VALUES ({}) RETURNING id").format(
            sql.Identifier(table), sql.SQL(", ").join(columns),
            sql.SQL(", ").join([sql.Literal(AT)] * len(columns)),
        )
        if columns
        else sql.SQL("INSERT INTO {} DEFAULT VALUES RETURNING id").format(sql.Identifier(table))
    )  # fmt: skip
    row_id = session.execute(statement).fetchone()[0]
    session.execute("SET LOCAL session_replication_role = origin")
    return row_id


def ids(session, table):
    rows = session.execute(sql.SQL("SELECT id FROM {}").format(sql.Identifier(table))).fetchall()
    return [row_id for (row_id,) in rows]


@pytest.mark.django_db
@FACTS
def test_a_partition_is_closed_to_the_serving_role(table):
    partitions = execute(
        "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = %s::regclass", table
    )
    for (partition,) in partitions:
        for right in ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE"):
            [(allowed,)] = execute("SELECT has_table_privilege(%s, %s)", partition, right)
            assert not allowed, f"{right} on {partition}"


@pytest.mark.django_db
def test_the_serving_role_owns_nothing():
    owned = execute(
        "SELECT relname FROM pg_class WHERE relowner = current_user::regrole "
        "AND relpersistence <> 't' UNION ALL "
        "SELECT proname FROM pg_proc WHERE proowner = current_user::regrole UNION ALL "
        "SELECT nspname FROM pg_namespace WHERE nspowner = current_user::regrole "
        "AND nspname NOT LIKE 'pg_%%' UNION ALL "
        "SELECT datname FROM pg_database WHERE datdba = current_user::regrole"
    )
    [rights] = execute(
        "SELECT rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls "
        "FROM pg_roles WHERE rolname = current_user"
    )

    assert owned == []
    assert not any(rights)
    assert execute("SELECT roleid FROM pg_auth_members WHERE member = current_user::regrole") == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE mine (id int)",
        "CREATE SCHEMA mine",
        "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "ALTER TABLE loans_loan DISABLE TRIGGER ALL",
        "ALTER TABLE loans_loan DROP CONSTRAINT loan_signs",
        "DROP TABLE loans_transfer",
        "SET session_replication_role = replica",
    ],
)
def test_the_serving_role_cannot_change_the_rules(statement):
    with refused(NOT_ALLOWED):
        execute(statement)


@pytest.fixture
def people(db):
    staff = get_user_model()
    return [staff.objects.create_user(username=name) for name in ("maker", "checker")]


def propose(maker, kind="policy-change", **other):
    return Approval.objects.create(
        kind=kind, reason="a test", proposed_by=maker, proposed_at=AT,
        expires_at="2026-11-01 09:00+08", **other,
    )  # fmt: skip


DECIDE = (
    "UPDATE backoffice_approval SET state = %s, decided_by_id = %s, decided_at = proposed_at "
    "WHERE id = %s"
)


@pytest.mark.parametrize("decision", ["approved", "rejected"])
def test_nobody_decides_on_their_own_policy(people, decision):
    maker, checker = people
    request = propose(maker)

    with refused("approval_as_proposed", "backoffice_approval"):
        execute(DECIDE, decision, maker.pk, request.pk)
    execute(DECIDE, decision, checker.pk, request.pk)


def test_the_check_refuses_the_same_person_without_the_trigger(people):
    columns = (
        "kind, payload, reason, note, state, proposed_by_id, proposed_at, decided_by_id, "
        "decided_at, expires_at"
    )
    values = "'x', '{}', 'r', 'n', 'approved', 1, now(), 1, now(), now() + interval '1 day'"

    with refused("approval_four_eyes", "backoffice_approval"), workflow.importing():
        execute(f"INSERT INTO backoffice_approval ({columns}) VALUES ({values})")


def test_only_its_maker_may_withdraw_a_policy(people):
    request = propose(people[0])

    with refused("approval_withdrawn_by_its_proposer", "backoffice_approval"):
        execute(DECIDE, "withdrawn", people[1].pk, request.pk)
    execute(DECIDE, "withdrawn", people[0].pk, request.pk)


@pytest.mark.parametrize("decision", ["approved", "rejected", "withdrawn"])
def test_a_decision_has_a_person(people, decision):
    request = propose(people[0])

    with refused("approval_decided_by_someone", "backoffice_approval"):
        execute(DECIDE, decision, None, request.pk)


def test_an_undecided_policy_has_no_decider(people):
    request = propose(people[0])

    with refused("approval_decided_by_someone", "backoffice_approval"):
        execute(DECIDE, "proposed", people[1].pk, request.pk)


@pytest.mark.parametrize("state", ["proposed", "rejected", "withdrawn"])
def test_a_policy_version_needs_an_approved_request_with_its_content(people, state):
    maker, checker = people
    asked = payload("loans", {"grace_days": 2}, date(2026, 10, 2))
    request = propose(maker, payload=asked)
    if state != "proposed":
        execute(DECIDE, state, (maker if state == "withdrawn" else checker).pk, request.pk)

    with refused("policy_version_as_approved", "backoffice_policyversion"):
        execute(STORE, '{"grace_days": 2}', request.pk)


def test_a_policy_version_is_stored_as_it_was_approved(people):
    maker, checker = people
    request = propose(maker, payload=payload("loans", {"grace_days": 2}, date(2026, 10, 2)))
    execute(DECIDE, "approved", checker.pk, request.pk)

    with refused("policy_version_as_approved", "backoffice_policyversion"):
        execute(STORE, '{"grace_days": 3}', request.pk)
    execute(STORE, '{"grace_days": 2}', request.pk)


STORE = (
    "INSERT INTO backoffice_policyversion (app, overrides, effective_on, approval_id) "
    "VALUES ('loans', %s, '2026-10-02', %s)"
)


def pause(person):
    return JobPause.objects.create(job="09:00", reason="a test", paused_by=person, paused_at=AT)


RESUME = (
    "UPDATE backoffice_jobpause SET state = 'resumed', approval_id = %s, resumed_at = paused_at "
    "WHERE id = %s"
)


def test_a_paused_job_takes_two_people_to_resume(people):
    one, other = people
    stop = pause(one)
    request = propose(one, "job-resumption", subject_id=stop.pk)

    with refused("approval_as_proposed", "backoffice_approval"):
        execute(DECIDE, "approved", one.pk, request.pk)
    with refused("job_pause_as_approved", "backoffice_jobpause"):
        execute(RESUME, request.pk, stop.pk)
    with refused("job_pause_resumed_by_approval", "backoffice_jobpause"):
        execute(RESUME, None, stop.pk)
    execute(DECIDE, "approved", other.pk, request.pk)
    execute(RESUME, request.pk, stop.pk)


def test_a_pause_cannot_be_lifted_by_the_request_of_another(people):
    one, other = people
    stop = pause(one)
    request = propose(one, "job-resumption", subject_id=stop.pk + 1)
    execute(DECIDE, "approved", other.pk, request.pk)

    with refused("job_pause_as_approved", "backoffice_jobpause"):
        execute(RESUME, request.pk, stop.pk)


def test_a_job_is_paused_once_at_a_time(people):
    pause(people[0])

    with refused("job_pause_one_at_a_time", "backoffice_jobpause"):
        pause(people[1])


def test_a_partition_holds_the_days_of_its_month_in_any_time_zone(db):
    execute("SET LOCAL TIME ZONE 'America/Los_Angeles'")

    bounds = execute(
        "SELECT right(relname, 6), pg_get_expr(relpartbound, oid) FROM pg_class "
        "WHERE relispartition AND relkind = 'r' AND relname !~ 'default$'"
    )

    assert {kind for month, bound in bounds for kind in [bound]} == {
        f"FOR VALUES FROM ('{first(month, 0)}') TO ('{first(month, 1)}')" for month, _ in bounds
    }


def first(month, later):
    """Return the first day of a month written as 202611, or of the one after it."""
    year, number = divmod(int(month[:4]) * 12 + int(month[4:]) - 1 + later, 12)
    return f"{year}-{number + 1:02}-01"
