"""``manage.py check_translations``: is every string translated into Chinese?"""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser


class Command(BaseCommand):
    """Lists missing, untranslated, fuzzy, unused and uncompiled strings; fails if there are any."""

    help = "Compare the Chinese catalogue with the code; --write updates it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="for machines")
        parser.add_argument(
            "--write", action="store_true", help="add and drop strings, then compile the catalogue"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            from backoffice.management import catalogue
        except ModuleNotFoundError as error:
            raise CommandError(
                f"{error.name} 未安装 / is not installed: pip install -r requirements-dev.txt"
            ) from error
        if options["write"]:
            catalogue.update()
        report = catalogue.examine()
        lines = list(report.lines())
        if options["json"]:
            self.stdout.write(json.dumps(vars(report), ensure_ascii=False))
        elif lines:
            self.stdout.write("\n".join(lines))
        if lines:
            raise CommandError(
                f"翻译不完整 / {len(lines)} faults in locale/zh_Hans: "
                "manage.py check_translations --write, then translate what is empty"
            )
        if not options["json"]:
            self.stdout.write("翻译完整 / every string is translated")
