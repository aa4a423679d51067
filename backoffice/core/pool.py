"""The connections to the database that the web process keeps."""

import select
from typing import Any

import psycopg


def refuse_ended(connection: psycopg.Connection[Any]) -> None:
    """Refuse a connection that the database has ended while it was idle; the pool takes another.

    The database says so on the socket, and nothing else is waiting there. A statement would cost
    each request a round trip.

    Raises:
        OperationalError: there is something to read.
    """
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    if poll.poll(0):
        connection.close()  # else the pool would keep it
        raise psycopg.OperationalError("the connection has ended")


# A connection costs more than most requests. Workers have none between two tasks.
POOL = {"min_size": 1, "max_size": 16, "timeout": 5, "check": refuse_ended}
