"""Requests as the statements that they sent: recorded once, then sent again without the product.

What is recorded are statements with their values, how each was sent, and where transactions ended.
"""

import pickle
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

import psycopg
from django.db import connection
from django.db.backends.postgresql.base import Cursor

from backoffice.core import prepared

COMMIT = "COMMIT"


class Statement(NamedTuple):
    """A statement with its values; ``rows`` is the text of a COPY."""

    text: str
    values: Sequence[Any] | None = None
    is_prepared: bool = False
    is_in_transaction: bool = False
    rows: str | None = None


class Recorded(NamedTuple):
    """What a request sent to the database, and what it was answered with."""

    statements: list[Statement]
    status: int
    reply: bytes


@contextmanager
def recording() -> Iterator[list[Statement]]:
    """Record the statements of a block."""
    statements: list[Statement] = []
    copy, commit = Cursor.copy, connection.commit

    def executed(execute: Any, text: str, values: Any, many: bool, context: Any) -> Any:
        is_prepared = type(context["cursor"].cursor) is psycopg.Cursor
        inside = connection.in_atomic_block
        statements.append(Statement(text, values, is_prepared, inside))
        return execute(text, values, many, context)

    @contextmanager
    def copied(self: Cursor, statement: Any) -> Iterator[Any]:
        with copy(self, statement) as stream:
            yield _Stream(stream, statement.as_string(self), statements)

    def committed() -> None:
        statements.append(Statement(COMMIT))
        commit()

    with (
        connection.execute_wrapper(executed),
        patch.object(Cursor, "copy", copied),
        patch.object(connection, "commit", committed),
    ):
        yield statements


class _Stream:
    """A COPY whose text is recorded."""

    def __init__(self, stream: Any, statement: str, statements: list[Statement]) -> None:
        self.stream, self.statement, self.statements = stream, statement, statements

    def write(self, rows: str) -> None:
        self.statements.append(Statement(self.statement, is_in_transaction=True, rows=rows))
        self.stream.write(rows)


def store(requests: Mapping[str, Recorded], path: Path) -> None:
    """Write recorded requests to a file."""
    path.write_bytes(pickle.dumps(dict(requests)))


def load(path: Path) -> dict[str, Recorded]:
    """Read what ``store`` has written, of this very benchmark."""
    found: dict[str, Recorded] = pickle.loads(path.read_bytes())
    return found


def send(statements: Sequence[Statement]) -> None:
    """Send statements with their values again, each as it was sent; read what they return."""
    try:
        _send(statements)
    finally:
        if not connection.get_autocommit():  # one has failed
            connection.rollback()
            connection.set_autocommit(True)


def _send(statements: Sequence[Statement]) -> None:
    for each in statements:
        if each.text == COMMIT:
            connection.commit()
            connection.set_autocommit(True)
            continue
        if each.is_in_transaction and connection.get_autocommit():
            connection.set_autocommit(False)
        if each.is_prepared:
            prepared.rows(each.text, each.values or ())
            continue
        with connection.cursor() as cursor:
            if each.rows is not None:
                with cursor.copy(each.text) as stream:
                    stream.write(each.rows)
                continue
            cursor.execute(each.text, each.values)
            if cursor.description is not None:
                cursor.fetchall()
