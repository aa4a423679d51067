"""The connections that the web process keeps."""

import time

import pytest
from django.db import connection
from psycopg_pool import ConnectionPool

from backoffice.core.pool import POOL

pytestmark = pytest.mark.django_db


@pytest.fixture
def pool():
    given = connection.get_connection_params()
    kwargs = {name: given[name] for name in ("dbname", "user", "password", "host", "port")
              if given.get(name)}  # fmt: skip
    with ConnectionPool(kwargs=kwargs, open=False, **POOL) as pool:
        pool.wait()
        yield pool


def test_a_connection_that_ended_while_idle_is_not_lent_again(pool):
    with pool.connection() as first:
        pid = first.info.backend_pid
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [pid])
    time.sleep(0.2)

    with pool.connection() as second:
        assert second.execute("SELECT 1").fetchone() == (1,)
        assert second.info.backend_pid != pid


def test_a_connection_that_lives_is_lent_again(pool):
    with pool.connection() as first:
        pid = first.info.backend_pid
    with pool.connection() as second:
        assert second.info.backend_pid == pid
