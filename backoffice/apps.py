"""The site, and the packages below every app."""

from typing import Any

from django.apps import AppConfig, apps
from django.conf import settings
from django.db import connections
from django.db.models.signals import post_migrate
from django.utils.translation import pgettext_lazy
from psycopg import sql

from backoffice.core import partitions
from backoffice.core.clock import day_of, wall

_RIGHTS = (
    "USAGE ON SCHEMA public",
    "USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public",
    "SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public",
)


class BackofficeConfig(AppConfig):
    """Starts the Celery app; grants the serving role its rights after a migration."""

    name = "backoffice"
    verbose_name = pgettext_lazy("menu", "System")

    def ready(self) -> None:
        """Register the jobs and codes, check the keys, connect the signal handlers."""
        from backoffice import celery  # noqa: F401
        from backoffice.core import crypto, log_records, reasons
        from backoffice.guide.examples import EXAMPLES
        from backoffice.platform import (
            approvals,
            job_control,
            jobs,
            outbox,
            policy_changes,
            policy_fields,
        )
        from backoffice.platform.reasons import TEXTS
        from backoffice.platform.tasks import JOBS, deliver_messages
        from backoffice.policy_labels import FIELDS, POLICIES
        from backoffice.web.api import examples

        log_records.install()
        crypto.require_keys()
        reasons.register(TEXTS)
        examples.register(EXAMPLES)
        job_control.register()
        policy_changes.register()
        approvals.let_read(job_control.KIND, "backoffice.view_jobpause")
        approvals.let_read(policy_changes.KIND, "backoffice.view_policyversion")
        policy_fields.register(POLICIES, FIELDS)
        for job in JOBS:
            jobs.register(job)
        outbox.register_start(deliver_messages.delay)
        post_migrate.connect(_add_partitions, sender=self)
        post_migrate.connect(_grant_rights, sender=self)
        post_migrate.connect(_mark_sandbox, sender=self)


def _tables_of_facts() -> list[str]:
    """Return the append-only tables."""
    from backoffice.core.guards import is_append_only

    return [model._meta.db_table for model in apps.get_models() if is_append_only(model)]


def _add_partitions(using: str, **_given: Any) -> None:
    """Create the partitions of the months ahead of the machine's day."""
    owner = settings.DATABASES["owner"]["USER"]
    role = settings.DATABASES["default"]["USER"]
    partitions.install(using, role="" if role == owner else str(role))
    partitions.add_months(on=day_of(wall()), using=using)


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
