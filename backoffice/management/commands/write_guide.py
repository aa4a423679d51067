"""``manage.py write_guide``: the opening guide and the glossary as pages of docs/."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from backoffice.guide import pages
from backoffice.management.base import SystemCommand


class Command(SystemCommand):
    """Write docs/guide.md and docs/glossary.md again; reads no database."""

    help = _("Write docs/guide.md and docs/glossary.md again from the texts and the numbers.")

    def perform(self, **options: Any) -> dict[str, Any]:
        folder = Path(settings.BASE_DIR) / "docs"
        (folder / "guide.md").write_text(pages.guide_page(), encoding="utf-8")
        (folder / "glossary.md").write_text(pages.glossary_page(), encoding="utf-8")
        return {"written": ["docs/guide.md", "docs/glossary.md"]}

    def show(self, result: dict[str, Any]) -> None:
        for name in result["written"]:
            self.stdout.write(name)
