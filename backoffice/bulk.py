"""Writing many rows at the database's own speed: COPY in, one UPDATE out.

The only place that knows how. Signals, ``save`` and validation do not run: callers decide with
rules first, and constraints and triggers hold in the database as for any other writer.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from django.db import connection, models
from psycopg import sql


@lru_cache(maxsize=256)
def _copy_statement(model: type[models.Model], columns: tuple[str, ...]) -> sql.Composed:
    names = [model._meta.get_field(column).column for column in columns]
    return sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(model._meta.db_table), sql.SQL(", ").join(map(sql.Identifier, names))
    )


def copy(
    model: type[models.Model], columns: tuple[str, ...], rows: Iterable[Sequence[Any]]
) -> None:
    """Insert rows with COPY; each row holds the values of ``columns`` in order."""
    rows = list(rows)
    if not rows:
        return
    with connection.cursor() as cursor, cursor.copy(_copy_statement(model, columns)) as stream:
        for row in rows:
            stream.write_row(row)


@lru_cache(maxsize=256)
def _update_statement(model: type[models.Model], fields: tuple[str, ...]) -> str:
    primary = model._meta.pk
    assert primary is not None
    concrete = [primary, *(model._meta.get_field(name) for name in fields)]
    quote = connection.ops.quote_name
    columns = [quote(field.column) for field in concrete]
    arrays = ", ".join(
        f"%s::{field.rel_db_type(connection) if field.is_relation else field.db_type(connection)}[]"
        for field in concrete
    )
    sets = ", ".join(f"{column} = new.{column}" for column in columns[1:])
    table = quote(model._meta.db_table)
    return (
        f"UPDATE {table} SET {sets} FROM unnest({arrays}) AS new ({', '.join(columns)}) "
        f"WHERE {table}.{columns[0]} = new.{columns[0]}"
    )


def update(records: Sequence[models.Model], fields: tuple[str, ...]) -> None:
    """Write the named fields of the records, all of one model, in one UPDATE."""
    if not records:
        return
    model = type(records[0])
    primary = model._meta.pk
    assert primary is not None
    names = [primary.attname, *(model._meta.get_field(name).attname for name in fields)]
    arrays = [[getattr(record, name) for record in records] for name in names]
    with connection.cursor() as cursor:
        cursor.execute(_update_statement(model, fields), arrays)
        assert cursor.rowcount == len(records), "a locked row vanished"


def reserve_ids(model: type[models.Model], count: int) -> list[int]:
    """Take the next ``count`` ids of a table, so that rows of several tables can be linked."""
    if not count:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)",
            [model._meta.db_table, count],
        )
        return [row[0] for row in cursor.fetchall()]
