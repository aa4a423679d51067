"""Refusals: each has a stable code, a message and a remedy."""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, ClassVar, NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

Text = str | Promise

_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?([+-]\d{2}:\d{2})?")
_FULL_WIDTH = ("。", "！", "？", "；", "：", "）")  # no space follows them


class NextCall(NamedTuple):
    """An endpoint with which a caller follows a remedy, as ``next_steps`` lists it."""

    step: str
    method: str
    endpoint: str


class RefusalCause(NamedTuple):
    """A code of a fact of a refusal (``reason``, ``blockers``), with its message and remedy."""

    code: str
    message: Text
    remedy: Text = ""


class Refused(Exception):
    """A refused request; nothing was changed.

    Subclasses are defined beside the operation that raises them. They set ``code`` (stable,
    kebab-case), ``message`` (what happened) and ``remedy`` (what to do); ``{facts}`` are filled in.
    The words are for people: endpoints stand in ``calls``, which programs read as ``next_steps``.
    ``status`` is the HTTP status of the reply, ``public_facts`` names the facts that the reply
    returns as fields. A refusal that ``is_recorded`` is an effect itself: a repeated request
    receives it again instead of another try. The first paragraph of the docstring is public and
    translated: the error catalogue shows it as the meaning of the code.
    """

    status: ClassVar[int] = 409
    public_facts: ClassVar[tuple[str, ...]] = ()
    is_recorded: ClassVar[bool] = False
    code: ClassVar[str] = "refused"
    message: ClassVar[Text] = _("The request was refused.")
    remedy: ClassVar[Text] = ""
    calls: ClassVar[tuple[NextCall, ...]] = ()

    def __init__(self, **facts: Any) -> None:
        super().__init__(facts)
        self.facts = facts

    @classmethod
    def causes(cls) -> Iterable[RefusalCause]:
        """Return the codes of the facts on which message and remedy depend."""
        return ()

    def __str__(self) -> str:
        """Return message and remedy in the active language."""
        title, remedy = self.title(), str(self.remedy).format(**self._worded())
        space = "" if not remedy or title.endswith(_FULL_WIDTH) else " "
        return f"{title}{space}{remedy}"

    def title(self) -> str:
        """Return the message in the active language."""
        return str(self.message).format(**self._worded())

    def _worded(self) -> dict[str, Any]:
        return {name: _worded(fact) for name, fact in self.facts.items()}

    def in_both_languages(self) -> str:
        """Return code, Chinese and English, for terminals and logs."""
        with override("zh-hans"):
            chinese = str(self)
        with override("en"):
            english = str(self)
        return f"[{self.code}] {chinese} / {english}"


class _Blanks(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return "…"


def without_facts(text: Text) -> str:
    """Return a message or remedy in the active language, with … in the place of each fact."""
    return str(text).format_map(_Blanks())


def by_code() -> dict[str, type[Refused]]:
    """Return every refusal of the loaded modules by its code; a base has none of its own."""
    found: dict[str, type[Refused]] = {}
    waiting: list[type[Refused]] = [Refused]
    while waiting:
        refusal = waiting.pop()
        waiting += refusal.__subclasses__()
        if "code" in vars(refusal):
            found[refusal.code] = refusal
    return found


def _worded(fact: Any) -> Any:
    """Return a fact as a sentence shows it: a moment as the next full minute of its own zone."""
    if isinstance(fact, str) and _MOMENT.fullmatch(fact):
        fact = datetime.fromisoformat(fact)
    if not isinstance(fact, datetime):
        return fact
    is_full = fact.replace(second=0, microsecond=0) == fact
    minute = fact if is_full else fact + timedelta(minutes=1)
    return f"{minute:%Y-%m-%d %H:%M}"
