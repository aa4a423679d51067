"""Migrate as the owner of the tables, with a short lock timeout."""

from typing import Any

from django.core.management.base import CommandParser
from django.core.management.commands import migrate
from django.db import connections

LOCK_TIMEOUT = "10s"


class Command(migrate.Command):
    """Django's migrate on the ``owner`` connection; the serving role owns no table."""

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.set_defaults(database="owner")

    def handle(self, *args: Any, **options: Any) -> None:
        with connections[options["database"]].cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, false)", [LOCK_TIMEOUT])
        super().handle(*args, **options)
