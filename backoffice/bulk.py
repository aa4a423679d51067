"""Writing many rows at the database's own speed: COPY in, one UPDATE out.

The only place that knows how. Signals, ``save`` and validation do not run: callers decide with
rules first, and constraints and triggers hold in the database as for any other writer.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from django.db import connection, models
from psycopg import sql

from backoffice.crypto import SealedField

Model = type[models.Model]


@models.Field.register_lookup
@models.ForeignKey.register_lookup
class AnyOf(models.Lookup):
    """``pk__any=ids``: one array instead of thousands of parameters, each parsed on its own."""

    lookup_name = "any"

    def get_prep_lookup(self) -> list[Any]:
        """Return the values as they are: ids and texts need no preparation."""
        return list(self.rhs)

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        """Return ``column = ANY(array)``."""
        column, parameters = self.process_lhs(compiler, connection)
        return f"{column} = ANY(%s)", (*parameters, self.rhs)


@lru_cache(maxsize=256)
def _fields(model: Model, names: tuple[str, ...]) -> tuple[Any, ...]:
    return tuple(model._meta.get_field(name) for name in names)


@lru_cache(maxsize=256)
def _copy_statement(model: Model, columns: tuple[str, ...]) -> sql.Composed:
    names = [sql.Identifier(field.column) for field in _fields(model, columns)]
    return sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(model._meta.db_table), sql.SQL(", ").join(names)
    )


def copy(model: Model, columns: tuple[str, ...], rows: Iterable[Sequence[Any]]) -> None:
    """Insert rows with COPY; each row holds the values of ``columns`` in order."""
    rows = list(rows)
    if not rows:
        return
    with connection.cursor() as cursor, cursor.copy(_copy_statement(model, columns)) as stream:
        for row in rows:
            stream.write_row(row)


def insert(records: Sequence[models.Model], columns: tuple[str, ...]) -> None:
    """Insert new records of one model, ids set beforehand, with COPY."""
    if not records:
        return
    model = type(records[0])
    names = [field.attname for field in _fields(model, columns)]
    copy(model, columns, ([getattr(record, name) for name in names] for record in records))


@lru_cache(maxsize=256)
def _update_statement(model: Model, names: tuple[str, ...]) -> str:
    fields = (model._meta.pk, *_fields(model, names))
    assert not any(isinstance(field, SealedField) for field in fields), "seal before writing"
    quote = connection.ops.quote_name
    columns = [quote(field.column) for field in fields if field]
    arrays = ", ".join(f"%s::{_type(field)}[]" for field in fields)
    sets = ", ".join(f"{column} = new.{column}" for column in columns[1:])
    table = quote(model._meta.db_table)
    return (
        # Names come from the models, quoted; values travel as parameters.
        f"UPDATE {table} SET {sets} FROM unnest({arrays}) AS new ({', '.join(columns)}) "  # nosec B608
        f"WHERE {table}.{columns[0]} = new.{columns[0]}"
    )


def _type(field: Any) -> str:
    """Return the column's type as PostgreSQL writes it."""
    if field.primary_key or field.is_relation:
        return str(field.rel_db_type(connection))
    return str(field.db_type(connection))


def update(records: Sequence[models.Model], names: tuple[str, ...]) -> None:
    """Write the named fields of the records, all of one model, in one UPDATE.

    For scalar columns: arrays, JSON and sealed values do not travel through ``unnest``.
    """
    if not records:
        return
    model = type(records[0])
    attributes = ["pk", *(field.attname for field in _fields(model, names))]
    arrays = [[getattr(record, name) for record in records] for name in attributes]
    with connection.cursor() as cursor:
        cursor.execute(_update_statement(model, names), arrays)
        assert cursor.rowcount == len(records), "a locked row vanished"


def reserve_ids(model: Model, count: int) -> list[int]:
    """Take the next ``count`` ids of a table, so that rows of several tables can be linked."""
    if not count:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)",
            [model._meta.db_table, count],
        )
        return [row[0] for row in cursor.fetchall()]
