"""Lines of the log: time, level, name, message and traceback, without the values of a customer.

A traceback names files and lines and shows no local variables. The message of an exception may
quote a value that somebody entered or a row of the database, so only harmless parts are kept.
"""

import logging
import re
import traceback
from copy import copy
from types import TracebackType

from django.core.exceptions import PermissionDenied
from django.db import Error as DjangoDatabaseError
from psycopg import Error as DatabaseError

MESSAGE_MAX = 200
# Text in quotes, four digits or more, and everything that is not ASCII.
_VALUE = re.compile(r"(?P<quote>['\"]).*?(?P=quote)|\d{4,}|[^\x00-\x7f]+")
_IDENTIFIER = re.compile(r"['\"][A-Za-z_][A-Za-z_.]*['\"]")

ExceptionInfo = (
    tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
)


class LogLines(logging.Formatter):
    """Formats records; exceptions keep their type and lines, and only harmless parts of a message.

    Every exception of a chain is formatted, the cause first.
    """

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        """Return the lines of a record, with its exception formatted here and nowhere before.

        A page that a person may not open is no fault of the program: one line without traceback.
        """
        own = copy(record)
        own.exc_text = None
        if own.exc_info and isinstance(own.exc_info[1], PermissionDenied):
            own.exc_info = None
        return super().format(own)

    def formatException(self, ei: ExceptionInfo) -> str:  # noqa: N802
        """Return the tracebacks of an exception and its causes."""
        parts: list[str] = []
        error = ei[1]
        known: set[int] = set()
        while error is not None and id(error) not in known:
            known.add(id(error))
            frames = "".join(traceback.format_tb(error.__traceback__))
            parts.append(f"Traceback (most recent call last):\n{frames}{harmless(error)}")
            error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        return "\n\n".join(reversed(parts))


def harmless(error: BaseException) -> str:
    """Return the type of an exception, with its message as far as it cannot hold a value."""
    name = type(error).__qualname__
    if isinstance(error, DjangoDatabaseError | DatabaseError):
        cause = error if isinstance(error, DatabaseError) else error.__cause__
        if not isinstance(cause, DatabaseError):
            return name
        return " ".join(filter(None, [f"{name}:", cause.sqlstate, cause.diag.constraint_name]))
    [line, *_rest] = str(error).splitlines() or [""]
    return f"{name}: {_VALUE.sub(_kept, line[:MESSAGE_MAX])}"


def _kept(found: re.Match[str]) -> str:
    """Keep what names a part of the program; hide any other value."""
    return found[0] if _IDENTIFIER.fullmatch(found[0]) else "…"
