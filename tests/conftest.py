"""The database of the tests: migrated by the owner, used through the serving role."""

import logging
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from threading import Barrier

import psycopg
import pytest
from django.core.management import call_command
from django.db import connection, connections
from django.test import Client
from psycopg import sql

from tests import described, migrated
from tests.canary import Listener

KEPT_TABLES = ("django_migrations", "django_content_type", "auth_permission", "auth_group",
               "auth_group_permissions", "backoffice_sandboxclock", "accounts_bankbin")  # fmt: skip


# What takes minutes mostly waits: begun first, no process is left alone with it at the end.
LONGEST = ("test_whole_life.py", "test_customer_journey.py", "test_killed_workers.py",
           "test_real_services.py")  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest tests; the others keep their order."""
    items.sort(key=lambda item: item.path.name not in LONGEST)


@pytest.fixture(scope="session")
def database_name(request: pytest.FixtureRequest) -> str:
    """The name of this process's test database."""
    worker = getattr(request.config, "workerinput", {"workerid": "main"})["workerid"]
    return f"test_weidai_{worker}_{os.getpid()}"


@pytest.fixture(scope="session")
def django_db_setup(database_name: str, django_db_blocker) -> Iterator[None]:
    """Create the test database as a copy of the migrated one; both roles are pointed at it."""
    with django_db_blocker.unblock():
        migrated.copy_to(database_name)
        migrated.point_at(dict.fromkeys(connections, database_name))
        # Nothing is left to migrate: this brings groups and permissions up to date.
        call_command("migrate", verbosity=0, interactive=False)
    yield
    _emptier(database_name)[0].close()
    migrated.point_at(dict.fromkeys(connections, database_name))
    migrated.drop(database_name)


@pytest.fixture(autouse=True, scope="session")
def canaries() -> Iterator[Listener]:
    """Listens to every logger while the tests run."""
    listener = Listener()
    logging.getLogger().addHandler(listener)
    yield listener
    logging.getLogger().removeHandler(listener)


@pytest.fixture(autouse=True)
def silent_canaries(canaries: Listener) -> Iterator[None]:
    """No test lets a value that must be found nowhere into a log."""
    yield
    leaks, canaries.leaks = canaries.leaks, []
    assert leaks == []


@pytest.fixture(autouse=True, scope="session")
def replies_as_described() -> Iterator[None]:
    """Compare every reply that a test receives from an endpoint with the description."""
    send = Client.request

    def request(self, **environ):
        answer = send(self, **environ)
        address = environ["PATH_INFO"]
        if address.startswith(described.ENDPOINTS):
            described.check(environ["REQUEST_METHOD"], address, answer)
        return answer

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Client, "request", request)
        yield


@pytest.fixture
def committed_db(django_db_setup, django_db_blocker, database_name: str) -> Iterator[None]:
    """A database with real commits; every row but the migrations' own is gone afterwards."""
    with committing(django_db_blocker, database_name):
        yield


@contextmanager
def committing(blocker, database: str) -> Iterator[None]:
    """Let what follows commit to the database, and empty it afterwards."""
    with blocker.unblock():
        yield
        for alias in connections:
            connections[alias].close()
    empty_tables(database)


def empty_tables(database: str) -> None:
    """Empty every table but those that migrations fill, past the triggers, as the superuser.

    Only those with rows: to truncate all of them with their partitions takes longer than most
    tests. To plan that question takes as long: connection and plan are kept.
    """
    connection, has_rows = _emptier(database)
    for (name,) in connection.execute(has_rows, prepare=True).fetchall():
        connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(name)))
    connection.execute("UPDATE backoffice_sandboxclock SET ahead = '0'")


@cache
def _emptier(database: str) -> tuple[psycopg.Connection, sql.Composed]:
    """Return a connection that no trigger stops, and the question which tables have rows."""
    connection = migrated.owner(database)
    connection.execute("SET session_replication_role = replica")
    connection.execute("SET plan_cache_mode = force_generic_plan")
    tables = connection.execute(
        "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition "
        "AND relnamespace = 'public'::regnamespace AND relname <> ALL(%s)",
        [list(KEPT_TABLES)],
    ).fetchall()
    has_rows = sql.SQL(" UNION ALL ").join(
        sql.SQL("SELECT {} WHERE EXISTS (SELECT FROM {})").format(
            sql.Literal(name), sql.Identifier(name)
        )
        for (name,) in tables
    )
    return connection, has_rows


@pytest.fixture
def together(committed_db):
    """Run a function in many threads at the same moment; return what each returned."""

    def run(count, work):
        barrier = Barrier(count)

        def one(number):
            try:
                barrier.wait()
                return work(number)
            finally:
                connection.close()

        with ThreadPoolExecutor(count) as pool:
            return list(pool.map(one, range(count)))

    return run
