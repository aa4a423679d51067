"""The migrated database: made once, whoever needs one copies it."""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import psycopg
from django.core.management import call_command
from django.db import connections
from psycopg import sql

PROJECT = Path(__file__).resolve().parent.parent
_PREFIX = "migrated_weidai_"
_DROP = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
_CREATE = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
_RENAME = sql.SQL("ALTER DATABASE {} RENAME TO {}")


def owner(database: str = "postgres") -> psycopg.Connection:
    """Return a connection as the owner of the databases, each statement on its own."""
    given = connections["owner"].settings_dict
    return psycopg.connect(
        dbname=database,
        user=given["USER"],
        password=given["PASSWORD"] or None,
        host=given["HOST"] or given["OPTIONS"].get("host"),
        port=given["PORT"] or None,
        options=given["OPTIONS"].get("options"),
        autocommit=True,
    )


def copy_to(database: str) -> None:
    """Make a database as a copy of the migrated one, in place of what had this name."""
    with owner() as connection:
        # A copy holds off whoever makes a newer template and drops this one.
        connection.execute("SELECT pg_advisory_lock(hashtext(%s))", [_PREFIX])
        template = _template(connection)
        connection.execute(_DROP.format(sql.Identifier(database)))
        connection.execute(_CREATE.format(sql.Identifier(database), sql.Identifier(template)))


def drop(database: str) -> None:
    """Remove a database, whoever is still connected to it."""
    with owner() as connection:
        connection.execute(_DROP.format(sql.Identifier(database)))


def point_at(names: Mapping[str, str]) -> None:
    """Let Django's connections lead to other databases from now on."""
    for alias, name in names.items():
        connections[alias].close()
        connections[alias].settings_dict["NAME"] = name


def names() -> dict[str, str]:
    """Return the databases that Django's connections lead to."""
    return {alias: connections[alias].settings_dict["NAME"] for alias in connections}


def _template(connection: psycopg.Connection) -> str:
    """Return the name of the migrated database, made where these migrations have none of today.

    One process makes it, the others wait; older ones are of no use.
    """
    name = _PREFIX + _state()
    found = connection.execute(
        "SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [_PREFIX]
    )
    known = [row[0] for row in found.fetchall()]
    if name in known:
        return name
    new = f"new_{name}"
    for old in [*known, new]:
        connection.execute(_DROP.format(sql.Identifier(old)))
    connection.execute(_CREATE.format(sql.Identifier(new), sql.Identifier("template1")))
    before = names()
    point_at(dict.fromkeys(before, new))
    try:
        call_command("migrate", verbosity=0, interactive=False)
    finally:
        point_at(before)
    connection.execute(_RENAME.format(sql.Identifier(new), sql.Identifier(name)))
    return name


def _state() -> str:
    """Return a digest of what the migrated database depends on; its partitions are of its day."""
    sources = [*PROJECT.glob("*/migrations/*.py"), PROJECT / "backoffice/core/guards.py"]
    parts = [str(datetime.now(UTC).date()).encode()]
    parts += [path.read_bytes() for path in sorted(sources)]
    return hashlib.sha256(b"".join(parts)).hexdigest()[:16]
