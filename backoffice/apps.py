"""The site, and the packages below every app."""

from datetime import date
from itertools import pairwise
from typing import Any

from django.apps import AppConfig, apps
from django.conf import settings
from django.db import connections
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _
from psycopg import sql

from backoffice.core.clock import day_of, wall

_RIGHTS = (
    "USAGE ON SCHEMA public",
    "USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public",
    "SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public",
)


class BackofficeConfig(AppConfig):
    """Starts the Celery app; grants the serving role its rights after a migration."""

    name = "backoffice"
    verbose_name = _("System")

    def ready(self) -> None:
        """Import the Celery app, check the keys, connect the signal handlers of migrations."""
        from backoffice import celery  # noqa: F401
        from backoffice.core import crypto, reasons
        from backoffice.platform import job_control, policy_changes
        from backoffice.platform.reasons import TEXTS

        crypto.require_keys()
        reasons.register(TEXTS)
        job_control.register()
        policy_changes.register()
        post_migrate.connect(_add_partitions, sender=self)
        post_migrate.connect(_grant_rights, sender=self)
        post_migrate.connect(_mark_sandbox, sender=self)


def _tables_of_facts() -> list[str]:
    """Return the append-only tables."""
    from backoffice.core.guards import is_append_only

    return [model._meta.db_table for model in apps.get_models() if is_append_only(model)]


def _add_partitions(using: str, **_given: Any) -> None:
    """Create the partitions of the months ahead; rows of other months go to the default one."""
    with connections[using].cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'p' AND relname = ANY(%s)",
            [_tables_of_facts()],
        )
        for (table,) in cursor.fetchall():
            for first, following in _months_ahead():
                cursor.execute("SELECT to_regclass(%s)", [f"{table}_{first:%Y%m}"])
                if cursor.fetchone() == (None,):
                    cursor.execute(
                        sql.SQL("CREATE TABLE {} PARTITION OF {} FOR VALUES FROM ({}) TO ({})")
                        .format(sql.Identifier(f"{table}_{first:%Y%m}"), sql.Identifier(table),
                                sql.Literal(first), sql.Literal(following))
                    )  # fmt: skip


def _months_ahead() -> list[tuple[date, date]]:
    """Return the first days of this month and the two years after it, each with its successor.

    Dates are computed from dates: a cast from a moment depends on the session's time zone.
    """
    today = day_of(wall())
    numbers = range(today.year * 12 + today.month - 1, today.year * 12 + today.month + 24)
    return list(pairwise(date(number // 12, number % 12 + 1, 1) for number in numbers))


def _grant_rights(using: str, **_given: Any) -> None:
    """Grant the serving role rights on rows; only INSERT and SELECT on append-only tables."""
    role = settings.DATABASES["default"]["USER"]
    if not role or role == settings.DATABASES["owner"]["USER"]:
        return
    to = sql.Identifier(str(role))
    facts = _tables_of_facts()
    with connections[using].cursor() as cursor:
        for rights in _RIGHTS:
            cursor.execute(sql.SQL("GRANT {} TO {}").format(sql.SQL(rights), to))
        for table in facts:
            cursor.execute(
                sql.SQL("REVOKE UPDATE, DELETE, TRUNCATE ON {} FROM {}").format(
                    sql.Identifier(table), to
                )
            )
        cursor.execute(
            "SELECT inhrelid::regclass::text FROM pg_inherits "
            "WHERE inhparent = ANY(%s::regclass[])", [facts]
        )  # fmt: skip
        for (partition,) in cursor.fetchall():
            cursor.execute(sql.SQL("REVOKE ALL ON {} FROM {}").format(sql.SQL(partition), to))


def _mark_sandbox(using: str, **_given: Any) -> None:
    """Mark an unused database as a sandbox if the settings require it."""
    if not settings.SANDBOX:
        return
    with connections[using].cursor() as cursor:
        cursor.execute(
            "INSERT INTO backoffice_sandboxclock (one, ahead) SELECT true, interval '0' "
            "WHERE NOT EXISTS (SELECT FROM accounts_staff) ON CONFLICT DO NOTHING"
        )
