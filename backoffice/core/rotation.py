"""Key rotation: reseal every sealed column with the current key while the system runs.

Rows whose values begin with another key version are taken in chunks by primary key, one
transaction for each. A chunk locks its rows by ascending id before it reads them, as every
operation does: a concurrent write waits for the chunk, or the chunk for the write. Progress needs
no record, because the first byte of a value is its key version: a killed rotation continues where
it stopped.

Append-only tables are only counted. Their rows never change, so their keys must stay listed.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from django.apps import apps
from django.db import connection, models, transaction
from psycopg import sql

from backoffice.core import crypto
from backoffice.core.crypto import BrokenSealError, SealedColumn
from backoffice.core.guards import is_append_only

CHUNK_ROWS = 1000
# A chunk of files is smaller: its content is held in memory three times.
CHUNK_BYTES = 8_000_000


class SealedTable(NamedTuple):
    """A table with sealed columns."""

    name: str
    key: str
    key_type: str
    columns: tuple[str, ...]
    is_append_only: bool


class Count(NamedTuple):
    """The number of values of a column under a key version."""

    table: str
    column: str
    version: int
    values: int


class Broken(NamedTuple):
    """The location and key version of a value that does not open, without its content."""

    table: str
    column: str
    id: str
    version: int


class Chunk(NamedTuple):
    """The result of one transaction: resealed rows and values, and values that do not open."""

    rows: int
    values: int
    broken: list[Broken]


def tables() -> list[SealedTable]:
    """Return every table with sealed columns, of every installed model, by name."""
    found = [
        _table(model, tuple(columns))
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed and (columns := _sealed(model))
    ]
    return sorted(found)


def _sealed(model: type[models.Model]) -> list[str]:
    # A child of a concrete model lists only its own columns.
    fields = model._meta.local_concrete_fields
    return [str(field.column) for field in fields if isinstance(field, SealedColumn)]


def _table(model: type[models.Model], columns: tuple[str, ...]) -> SealedTable:
    key = model._meta.pk
    assert key is not None and key.column is not None
    return SealedTable(
        name=model._meta.db_table,
        key=key.column,
        key_type=str(key.rel_db_type(connection)),
        columns=columns,
        is_append_only=is_append_only(model),
    )


def count() -> list[Count]:
    """Count the values of each sealed column by key version, at this moment."""
    return [
        Count(table.name, column, version, values)
        for table in tables()
        for column in table.columns
        for version, values in _versions(table, column)
    ]


def _versions(table: SealedTable, column: str) -> list[tuple[int, int]]:
    statement = sql.SQL(
        "SELECT get_byte(substring({column} FROM 1 FOR 1), 0), count(*) FROM {table} "
        "WHERE {column} IS NOT NULL GROUP BY 1 ORDER BY 1"
    )
    named = statement.format(column=sql.Identifier(column), table=sql.Identifier(table.name))
    return [(version, values) for version, values in _rows(named)]


def rotate(table: SealedTable, *, chunk_rows: int = CHUNK_ROWS) -> Iterator[Chunk]:
    """Reseal the values of a table, chunk by chunk; each is committed when it is yielded."""
    assert not table.is_append_only
    last = None
    while ids := _next_ids(table, last, chunk_rows):
        yield _rotate(table, ids)
        last = ids[-1]


def _next_ids(table: SealedTable, last: Any, chunk_rows: int) -> list[Any]:
    """Return the next ids of rows with another key version, for one chunk."""
    lengths = [
        sql.SQL("coalesce(octet_length({}), 0)").format(sql.Identifier(column))
        for column in table.columns
    ]
    after = sql.SQL("" if last is None else "{} > %s AND").format(sql.Identifier(table.key))
    statement = sql.SQL(
        "SELECT {key}, {bytes} FROM {table} WHERE {after} {stale} ORDER BY {key} LIMIT %s"
    ).format(
        key=sql.Identifier(table.key),
        bytes=sql.SQL(" + ").join(lengths),
        table=sql.Identifier(table.name),
        after=after,
        stale=_stale(table),
    )
    return _within(_rows(statement, *([] if last is None else [last]), chunk_rows))


def _within(sized: Sequence[tuple[Any, ...]]) -> list[Any]:
    """Return the first ids whose contents fit into a chunk, at least one."""
    ids: list[Any] = []
    total = 0
    for key, size in sized:
        total += size
        if ids and total > CHUNK_BYTES:
            break
        ids.append(key)
    return ids


def _stale(table: SealedTable) -> sql.Composed:
    """Return the condition that a value of a row is sealed with another key than the current."""
    current = sql.Literal(bytes((crypto.keys().current,)))
    another = [
        sql.SQL("substring({} FROM 1 FOR 1) <> {}").format(sql.Identifier(column), current)
        for column in table.columns
    ]
    return sql.SQL("({})").format(sql.SQL(" OR ").join(another))


@transaction.atomic(durable=True)
def _rotate(table: SealedTable, ids: list[Any]) -> Chunk:
    """Reseal the stale values of some rows; all columns of a row in one UPDATE."""
    # Rows that another rotation has resealed since are no longer stale and are skipped.
    statement = sql.SQL(
        "SELECT {key}, {columns} FROM {table} WHERE {key} = ANY(%s) AND {stale} "
        "ORDER BY {key} FOR NO KEY UPDATE"
    ).format(
        key=sql.Identifier(table.key),
        columns=sql.SQL(", ").join(map(sql.Identifier, table.columns)),
        table=sql.Identifier(table.name),
        stale=_stale(table),
    )
    broken: list[Broken] = []
    sealed = [_resealed(table, row, broken) for row in _rows(statement, ids)]
    changed = [row for row in sealed if any(row[1:])]
    if changed:
        _write(table, changed)
    return Chunk(len(changed), sum(len([*filter(None, row[1:])]) for row in changed), broken)


def _resealed(table: SealedTable, row: tuple[Any, ...], broken: list[Broken]) -> list[Any]:
    """Return a row's key and its new values, None for an unchanged one; collect broken ones."""
    key, *blobs = row
    resealed: list[Any] = [key]
    for column, blob in zip(table.columns, blobs, strict=True):
        resealed.append(None)
        if blob is not None and blob[0] != crypto.keys().current:
            try:
                resealed[-1] = crypto.reseal(bytes(blob), f"{table.name}.{column}".encode())
            except BrokenSealError:
                broken.append(Broken(table.name, column, str(key), blob[0]))
    return resealed


def _write(table: SealedTable, rows: list[list[Any]]) -> None:
    names = [*map(sql.Identifier, table.columns)]
    statement = sql.SQL(
        "UPDATE {table} AS stored SET {sets} FROM unnest(%s::{key_type}[], {arrays}) "
        "AS new ({key}, {columns}) WHERE stored.{key} = new.{key}"
    ).format(
        table=sql.Identifier(table.name),
        sets=sql.SQL(", ").join(
            sql.SQL("{0} = coalesce(new.{0}, stored.{0})").format(name) for name in names
        ),
        key_type=sql.SQL(table.key_type),
        arrays=sql.SQL(", ").join([sql.SQL("%s::bytea[]")] * len(names)),
        key=sql.Identifier(table.key),
        columns=sql.SQL(", ").join(names),
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [list(values) for values in zip(*rows, strict=True)])
        assert cursor.rowcount == len(rows), "a locked row vanished"


def _rows(statement: sql.Composed, *parameters: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        found: list[tuple[Any, ...]] = cursor.fetchall()
        return found
