"""SQL as somebody with psql would type it, past every line of our Python."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from django.apps import apps
from django.db import DatabaseError, connection, connections, models, transaction
from psycopg import sql

from tests import migrated

NOT_ALLOWED = "42501"  # SQLSTATE insufficient_privilege
OURS = ("accounts", "backoffice", "loans", "risk")


def our_models() -> list[type[models.Model]]:
    return [model for model in apps.get_models() if model._meta.app_label in OURS]


def machines() -> list[type[models.Model]]:
    """Every model with a state."""
    return [
        model for model in our_models() if "state" in {f.name for f in model._meta.local_fields}
    ]


def tables_of_facts() -> list[str]:
    """Every table that is only ever added to."""
    return [
        model._meta.db_table
        for model in our_models()
        if any(trigger.name == "append_only" for trigger in getattr(model._meta, "triggers", ()))
    ]


def serving_role() -> str:
    return str(connections["default"].settings_dict["USER"])


def execute(statement: str, *values: Any) -> list[tuple[Any, ...]]:
    """Run a statement as the serving role, in the test's transaction; return its rows."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall() if cursor.description else []


def contents(tables: tuple[str, ...]) -> list[list[tuple[Any, ...]]]:
    return [execute(f"SELECT t::text FROM {table} AS t ORDER BY 1") for table in tables]


@contextmanager
def refused(by: str, *tables: str) -> Iterator[None]:
    """Expect the database to refuse the block, by a constraint or an SQLSTATE, unchanged."""
    before = contents(tables)
    with pytest.raises(DatabaseError) as caught, transaction.atomic():
        yield
    cause = caught.value.__cause__
    assert isinstance(cause, psycopg.Error)
    assert by in (cause.diag.constraint_name, cause.sqlstate), cause
    assert contents(tables) == before


@contextmanager
def bare(table: str, database: str) -> Iterator[psycopg.Connection]:
    """A table with its triggers and grants alone: no CHECK, nothing that must be filled.

    What is done to it, and in it, is undone afterwards. The session starts as the owner.
    """
    name = sql.Identifier(table)
    with migrated.owner(database) as session, session.transaction(force_rollback=True):
        for (constraint,) in session.execute(
            "SELECT conname FROM pg_constraint WHERE conrelid = %s::regclass "
            "AND contype IN ('c', 'f')", [table]
        ).fetchall():  # fmt: skip
            session.execute(
                sql.SQL("ALTER TABLE {} DROP CONSTRAINT {}").format(
                    name, sql.Identifier(constraint)
                )
            )
        for column in _fillable(session, table):
            session.execute(
                sql.SQL("ALTER TABLE {} ALTER COLUMN {} DROP NOT NULL").format(
                    name, sql.Identifier(column)
                )
            )
        yield session


def _fillable(session: psycopg.Connection, table: str) -> list[str]:
    """Return the columns that must be filled and are not part of the primary key."""
    rows = session.execute(
        "SELECT attname FROM pg_attribute AS a WHERE attrelid = %s::regclass AND attnum > 0 "
        "AND attnotnull AND NOT attisdropped AND NOT EXISTS (SELECT FROM pg_index "
        "WHERE indrelid = attrelid AND indisprimary AND a.attnum = ANY(indkey))",
        [table],
    )
    return [column for (column,) in rows.fetchall()]


def become(session: psycopg.Connection, role: str) -> None:
    """Go on in this transaction as another role."""
    session.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(role)))


def lockable(table: str, database: str) -> list[int]:
    """Return the ids of the rows that another session could lock at this moment."""
    statement = sql.SQL("SELECT id FROM {} ORDER BY id FOR UPDATE SKIP LOCKED")
    with migrated.owner(database) as session:
        return [row_id for (row_id,) in session.execute(statement.format(sql.Identifier(table)))]
