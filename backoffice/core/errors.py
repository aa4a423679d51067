"""Refusals: each has a stable code, a message and a remedy."""

from typing import Any, ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

Text = str | Promise


class Refused(Exception):
    """A refused request; nothing was changed.

    Subclasses are defined beside the operation that raises them. They set ``code`` (stable,
    kebab-case), ``message`` (what happened) and ``remedy`` (what to do); ``{facts}`` are filled in.
    ``status`` is the HTTP status of the reply, ``public_facts`` names the facts that the reply
    returns as fields. A refusal that ``is_recorded`` is an effect itself: a repeated request
    receives it again instead of another try.
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
