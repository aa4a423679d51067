"""Turning a table of facts, fresh from ``CreateModel``, into one partitioned by month."""

from collections.abc import Sequence

from django.db.migrations import RunSQL


def partition_by_month(table: str, key: str, indexes: Sequence[str]) -> RunSQL:
    """Return the operation that recreates the empty table partitioned by ``key``.

    The primary key becomes (id, key), as PostgreSQL asks; what lies outside the months that
    migrating creates goes into the default partition. ``indexes`` are created on it again.
    """
    statements = [
        f"CREATE TABLE {table}_new (LIKE {table} INCLUDING DEFAULTS INCLUDING CONSTRAINTS) "
        f"PARTITION BY RANGE ({key})",
        f"DROP TABLE {table}",
        f"ALTER TABLE {table}_new RENAME TO {table}",
        f"CREATE SEQUENCE {table}_id_seq OWNED BY {table}.id",
        f"ALTER TABLE {table} ALTER COLUMN id SET DEFAULT nextval('{table}_id_seq')",
        f"ALTER TABLE {table} ADD PRIMARY KEY (id, {key})",
        *indexes,
        f"CREATE TABLE {table}_default PARTITION OF {table} DEFAULT",
    ]
    return RunSQL(statements, reverse_sql=RunSQL.noop)
