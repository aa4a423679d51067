"""Statements that the database parses and plans once a connection instead of at each request.

Django merges parameters into the text of a statement, so each one is new to the server. These are
sent apart from it, and psycopg prepares what a connection runs again. Only connections that are
kept prepare (``backoffice.wsgi``); on others a statement runs as any other.
"""

from collections.abc import Sequence
from typing import Any

import psycopg
from django.db import connection


def rows(statement: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """Run a statement that returns rows; return them all."""
    connection.ensure_connection()
    # The cursor of psycopg that sends parameters apart, in Django's wrapper, which counts queries
    # and raises Django's errors.
    cursor: Any = psycopg.Cursor(connection.connection)
    make = connection.make_debug_cursor if connection.queries_logged else connection.make_cursor
    with make(cursor) as wrapped:
        wrapped.execute(statement, parameters)
        found: list[tuple[Any, ...]] = wrapped.fetchall()
    return found
