"""Migrate as the owner of the tables, with a short lock timeout."""

from typing import Any

from django.core.management.base import CommandParser
from django.core.management.commands import migrate
from django.db import connections
from django.db.models import Model
from django.db.models.signals import class_prepared
from django_fsm import FSMFieldMixin

LOCK_TIMEOUT = "10s"
# Models of a migration's state are made in this module by Django.
_HISTORICAL = "__fake__"


class Command(migrate.Command):
    """Django's migrate on the ``owner`` connection; the serving role owns no table."""

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.set_defaults(database="owner")

    def handle(self, *args: Any, **options: Any) -> None:
        with connections[options["database"]].cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, false)", [LOCK_TIMEOUT])
        class_prepared.connect(_release)
        super().handle(*args, **options)


def _release(sender: type[Model], **_facts: Any) -> None:
    """Disconnect the state fields of a historical model, which has no transitions to collect.

    Migrations make such models thousands of times. While connected, the state fields of all of them
    examine each further one: most of the time that all migrations together take.
    """
    if sender.__module__ != _HISTORICAL:
        return
    for field in sender._meta.local_fields:
        if isinstance(field, FSMFieldMixin):
            class_prepared.disconnect(field._collect_transitions)  # noqa: SLF001
