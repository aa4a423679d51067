"""Statements that a kept connection prepares."""

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from backoffice.core import prepared

pytestmark = pytest.mark.django_db
STATEMENT = "SELECT 1 + %s, %s::text"


@pytest.fixture
def keeps():
    """A connection of the web process: it prepares what it runs again."""
    connection.ensure_connection()
    connection.connection.prepare_threshold = 1
    yield
    connection.connection.prepare_threshold = None


def prepared_statements():
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement FROM pg_prepared_statements")
        return [statement for (statement,) in cursor.fetchall()]


def test_it_returns_the_rows():
    assert prepared.rows(STATEMENT, [2, "a'b"]) == [(3, "a'b")]
    assert prepared.rows("SELECT 1 WHERE false") == []


def test_a_kept_connection_prepares_what_it_runs_again(keeps):
    for number in (1, 2, 3):
        assert prepared.rows(STATEMENT, [number, "x"]) == [(1 + number, "x")]

    assert "SELECT 1 + $1, $2::text" in prepared_statements()


def test_other_connections_prepare_nothing():
    for number in (1, 2, 3):
        prepared.rows(STATEMENT, [number, "x"])

    assert prepared_statements() == []


def test_a_statement_is_counted_as_any_other():
    with CaptureQueriesContext(connection) as captured:
        prepared.rows(STATEMENT, [1, "x"])

    assert len(captured) == 1


def test_an_error_is_one_of_django():
    with pytest.raises(IntegrityError), transaction.atomic():
        prepared.rows("INSERT INTO accounts_device (model) VALUES (%s) RETURNING id", ["x"])
