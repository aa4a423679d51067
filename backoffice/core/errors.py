"""What the product refuses: every refusal has a stable code, a plain message and a remedy."""

from typing import Any, ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

Text = str | Promise


class Refused(Exception):
    """A request the product declines; nothing was changed.

    Subclasses stand beside the operation that raises them and set ``code`` (stable, kebab-case),
    ``message`` (what happened) and ``remedy`` (what to do), with ``{facts}`` filled in by name.
    ``status`` is the HTTP status an endpoint answers with, ``public_facts`` names the facts that
    its reply states in fields of their own. A refusal that ``is_recorded`` is itself an effect: a
    repeated request gets it again instead of another try.
    """

    status: ClassVar[int] = 409
    public_facts: ClassVar[tuple[str, ...]] = ()
    is_recorded: ClassVar[bool] = False
    code: ClassVar[str] = "refused"
    message: ClassVar[Text] = _("The request was refused.")
    remedy: ClassVar[Text] = ""

    def __init__(self, **facts: Any) -> None:
        super().__init__(facts)
        self.facts = facts

    def __str__(self) -> str:
        """Return message and remedy in the active language."""
        sentences = (str(self.message).format(**self.facts), str(self.remedy).format(**self.facts))
        return " ".join(sentence for sentence in sentences if sentence)

    def in_both_languages(self) -> str:
        """Return code, Chinese and English, for terminals and logs."""
        with override("zh-hans"):
            chinese = str(self)
        with override("en"):
            english = str(self)
        return f"[{self.code}] {chinese} / {english}"
