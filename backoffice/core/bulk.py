"""Bulk reads and writes: load without constructors, insert with COPY, update in one statement.

Signals, ``save`` and validation do not run: callers decide with rules first, and constraints and
triggers apply as for any other writer.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from functools import lru_cache
from operator import methodcaller
from typing import Any, TypeVar
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connection, models
from django.db.models.base import ModelState
from django.db.models.expressions import DatabaseDefault, RawSQL
from psycopg import sql

from backoffice.core import prepared
from backoffice.core.crypto import SealedColumn

Model = type[models.Model]
Record = TypeVar("Record", bound=models.Model)


class Of:
    """Values for ``__any``, ids or texts, that the ORM does not iterate."""

    def __init__(self, values: Iterable[Any]) -> None:
        self.array = array(list(values))


@models.Field.register_lookup
@models.ForeignKey.register_lookup
class AnyOf(models.Lookup):
    """``pk__any=Of(ids)``: one array instead of thousands of parameters."""

    lookup_name = "any"

    def get_prep_lookup(self) -> str:
        """Return the values as an array."""
        return str(self.rhs.array)

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        """Return ``column = ANY(array)``."""
        column, parameters = self.process_lhs(compiler, connection)
        return f"{column} = ANY(%s::{_type(self.lhs.output_field)}[])", (*parameters, self.rhs)


def load(records: "models.QuerySet[Record]") -> list[Record]:
    """Read whole records, in the queryset's order and with its locks and annotations.

    A model's constructor costs several times its row: records are filled as pickle would fill
    them, without construction signals.
    """
    model = records.model
    names = (*_loaded(model), *records.query.annotation_select)
    return [_made(model, zip(names, row, strict=True)) for row in rows(records, *names)]


def rows(records: "models.QuerySet[Any]", *columns: Any) -> list[tuple[Any, ...]]:
    """Read columns of records, in the queryset's order and with its locks.

    Values are returned as the driver reads them: for columns that Django does not convert.
    """
    statement, parameters = records.values_list(*columns).query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        found: list[tuple[Any, ...]] = cursor.fetchall()
        return found


# Changes with every UPDATE of the row, not with a lock.
ROW_VERSION = RawSQL("xmin::text", (), output_field=models.TextField())


@lru_cache(maxsize=64)
def _loaded(model: Model) -> tuple[str, ...]:
    fields = model._meta.concrete_fields
    assert not any(field.get_db_converters(connection) for field in fields), "not as it is stored"
    return tuple(field.attname for field in fields)


def new(model: type[Record], **values: Any) -> Record:
    """Return an unsaved record from column values; other columns take their defaults."""
    record = _made(model, _defaults(model))
    record.__dict__.update(values)
    record._state.adding = True
    return record


def _made(model: type[Record], values: Iterable[tuple[str, Any]]) -> Record:
    record = model.__new__(model)
    record.__dict__.update(values, _state=_Stored())
    return record


class _Stored(ModelState):
    """The state of a stored record, without its constructor."""

    adding, db = False, DEFAULT_DB_ALIAS


@lru_cache(maxsize=64)
def _defaults(model: Model) -> tuple[tuple[str, Any], ...]:
    return tuple((field.attname, field.get_default()) for field in model._meta.concrete_fields)


@lru_cache(maxsize=256)
def _fields(model: Model, names: tuple[str, ...]) -> tuple[Any, ...]:
    return tuple(model._meta.get_field(name) for name in names)


def store(*groups: Sequence[models.Model]) -> None:
    """Insert new records of several models in one statement, for a request's few rows.

    A record without an id receives one from the database, which is not read back: records that
    others name take theirs from ``next_ids``. Foreign keys are checked at the commit.
    """
    shape, values = [], []
    for records in groups:
        fields = _given(records[0])
        shape.append((type(records[0]), tuple(field.attname for field in fields), len(records)))
        for record in records:
            written = record.__dict__
            values += [
                field.get_db_prep_save(written[field.attname], connection) for field in fields
            ]
    prepared.rows(_store_statement(tuple(shape)), values)
    for records in groups:
        for record in records:
            record._state.adding = False


def _given(record: models.Model) -> list[Any]:
    """Return the fields of a record that have a value: not those the database fills."""
    values = record.__dict__
    return [
        field
        for field in record._meta.concrete_fields
        if not isinstance(values[field.attname], DatabaseDefault)
        and (values[field.attname] is not None or not field.primary_key)
    ]


@lru_cache(maxsize=256)
def _copy_statement(model: Model, columns: tuple[str, ...]) -> sql.Composed:
    names = [sql.Identifier(field.column) for field in _fields(model, columns)]
    return sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(model._meta.db_table), sql.SQL(", ").join(names)
    )


def copy(model: Model, columns: tuple[str, ...], rows: Iterable[Sequence[Any]]) -> None:
    """Insert rows with COPY; each row holds the values of ``columns`` in order."""
    texts = [_texts(values, _COPIED, null="\\N") for values in zip(*rows, strict=True)]
    if not texts:
        return
    with connection.cursor() as cursor, cursor.copy(_copy_statement(model, columns)) as stream:
        stream.write("\n".join([*map("\t".join, zip(*texts, strict=True)), ""]))


def insert(records: Sequence[models.Model], columns: tuple[str, ...]) -> None:
    """Insert new records of one model with COPY; ids set beforehand."""
    if not records:
        return
    model = type(records[0])
    names = [field.attname for field in _fields(model, columns)]
    copy(model, columns, ([record.__dict__[name] for name in names] for record in records))


@lru_cache(maxsize=256)
def _store_statement(shape: tuple[tuple[Model, tuple[str, ...], int], ...]) -> str:
    """Return the statement that inserts so many rows with these columns into each table."""
    inserts = [_insert_statement(model, names, count) for model, names, count in shape]
    parts = ", ".join(f"part{number} AS ({insert})" for number, insert in enumerate(inserts))
    return f"WITH {parts} SELECT 1"


def _insert_statement(model: Model, names: tuple[str, ...], count: int) -> str:
    quote = connection.ops.quote_name
    columns = ", ".join(quote(field.column) for field in _fields(model, names))
    row = f"({', '.join(['%s'] * len(names))})"
    # Names come from the models, quoted; values travel as parameters.
    return (
        f"INSERT INTO {quote(model._meta.db_table)} ({columns}) "  # nosec B608
        f"VALUES {', '.join([row] * count)}"
    )


@lru_cache(maxsize=256)
def _update_statement(model: Model, names: tuple[str, ...]) -> str:
    fields = (model._meta.pk, *_fields(model, names))
    assert not any(isinstance(field, SealedColumn) for field in fields), "seal before writing"
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
    if isinstance(field, models.CharField):
        return "text"  # a cast to varchar(n) would silently truncate
    return str(field.db_type(connection))


def update(records: Sequence[models.Model], names: tuple[str, ...]) -> None:
    """Write the named fields of the records, all of one model, in one UPDATE.

    For scalar columns: ``unnest`` cannot take arrays, JSON and sealed values.
    """
    if not records:
        return
    model = type(records[0])
    fields = (model._meta.pk, *_fields(model, names))
    columns = [[record.__dict__[field.attname] for record in records] for field in fields if field]
    arrays = [array(values) for values in columns]
    with connection.cursor() as cursor:
        cursor.execute(_update_statement(model, names), arrays)
        assert cursor.rowcount == len(records), "a locked row vanished"


def array(values: Sequence[Any]) -> str:
    """Return scalar values as the text of a PostgreSQL array, five times as fast as a list."""
    return f"{{{','.join(_texts(values, _QUOTED, null='NULL'))}}}"


def _texts(values: Sequence[Any], texts: dict[type, Callable[[Any], str]], *, null: str) -> Any:
    """Return the values of one column, of one type or None, as PostgreSQL reads them."""
    kind = next((type(value) for value in values if value is not None), int)
    text = next((text for known, text in texts.items() if issubclass(kind, known)), None)
    if text is None:
        raise TypeError(f"no text for a column of {kind.__name__}")
    if issubclass(kind, (str, date)):  # few distinct codes, days and moments
        known = {value: text(value) for value in set(values) if value is not None}
        return map((known | {None: null}).__getitem__, values)
    if None in values:
        return [null if value is None else text(value) for value in values]
    return map(text, values)


def _quoted(value: str) -> str:
    if "\\" in value or '"' in value:
        value = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{value}"'


def _escaped(value: str) -> str:
    return value if value.isprintable() and "\\" not in value else value.translate(_ESCAPES)


_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
# A moment is a date too; both are written as ISO 8601.
_ISO = methodcaller("isoformat")
_QUOTED: dict[type, Callable[[Any], str]] = {
    int: str,
    str: _quoted,
    date: _ISO,
    dict: lambda value: _quoted(json.dumps(value, ensure_ascii=False)),
}
_COPIED: dict[type, Callable[[Any], str]] = {
    int: str,
    str: _escaped,
    date: _ISO,
    UUID: str,
    bytes: lambda value: f"\\\\x{value.hex()}",
    list: array,
    dict: lambda value: _escaped(json.dumps(value, ensure_ascii=False)),
}


def reserve_ids(model: Model, count: int) -> list[int]:
    """Take the next ``count`` ids of a table, so that rows of several tables can be linked."""
    if not count:
        return []
    with connection.cursor() as cursor:
        cursor.execute(  # OFFSET keeps the lookup of the name a query of its own
            "SELECT nextval(name) FROM (SELECT pg_get_serial_sequence(%s, 'id')::regclass OFFSET 0)"
            " AS sequence (name), generate_series(1, %s)",
            [model._meta.db_table, count],
        )
        return [row[0] for row in cursor.fetchall()]


def next_ids(*tables: Model) -> list[int]:
    """Take the next id of each of several tables, in one statement."""
    names = [model._meta.db_table for model in tables]
    [ids] = prepared.rows(f"SELECT {', '.join([_NEXT_ID] * len(names))}", names)
    return list(ids)


_NEXT_ID = "nextval(pg_get_serial_sequence(%s, 'id'))"
