"""Databases of the benchmarks: a portfolio is created once and copied for every run."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql

from tests import migrated

PREFIX = "bench"


def renamed(url: str, database: str) -> str:
    """Return a database URL with another database's name."""
    base, question, query = url.partition("?")
    return f"{base.rpartition('/')[0]}/{database}{question}{query}"


def names_for(database: str) -> dict[str, str]:
    """Return the environment of a process that works on another database."""
    names = ("DATABASE_URL", "DATABASE_OWNER_URL")
    return {name: renamed(os.environ[name], database) for name in names} | {"SANDBOX": "1"}


def opened(database: str) -> psycopg.Connection:
    """Return a connection as the owner of the databases, each statement on its own."""
    return migrated.owner(database)


@contextmanager
def owner(database: str = "postgres") -> Iterator[psycopg.Connection]:
    """Lend a connection as the owner."""
    connection = opened(database)
    try:
        yield connection
    finally:
        connection.close()


def create(database: str, *, template: str = "template0") -> None:
    """Make a database, empty or as a copy of another one."""
    statement = "CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY"
    with owner() as connection:
        connection.execute(
            sql.SQL(statement).format(sql.Identifier(database), sql.Identifier(template))
        )


@contextmanager
def migrated_one(database: str) -> Iterator[None]:
    """Make a migrated database, and let Django's connections lead to it for a block."""
    migrated.copy_to(database)
    before = migrated.names()
    migrated.point_at(dict.fromkeys(before, database))
    try:
        yield
    finally:
        migrated.point_at(before)


def drop(database: str) -> None:
    """Remove a database, whoever is still connected to it."""
    migrated.drop(database)


@contextmanager
def copied(template: str) -> Iterator[str]:
    """Lend a copy of a portfolio for one run."""
    database = f"{template}_run"
    drop(database)
    create(database, template=template)
    try:
        yield database
    finally:
        drop(database)
