"""Canary values that must not leak, and the listener that searches the logs for them.

The person that most tests of opening use, and the password they set, are canaries: whatever is
logged while any test runs is searched for them, tracebacks included.
"""

import json
import logging

from tests.accounts.people import person
from tests.spellings import spellings_of

WHO = person()
PASSWORD = "Canary-2026-sings"
NUMBERS = (WHO.id_number, WHO.card_number, WHO.phone)
VALUES = (*NUMBERS, PASSWORD)
SPELLINGS = [spelled for number in NUMBERS for spelled in spellings_of(number)]


def found_in(text: str | bytes) -> list[str]:
    """Return the canaries in a text, in any spelling or as the bytes of a dump."""
    if isinstance(text, bytes):
        text = text.decode("utf-8", "replace")
    found = [value for value in VALUES if value in text or value.encode().hex() in text]
    return found + [spelled for spelled in SPELLINGS if spelled in text or _json(spelled) in text]


def _json(spelled: str) -> str:
    """Return a spelling as a JSON column and a JSON reply write it."""
    return json.dumps(spelled)[1:-1]


class Listener(logging.Handler):
    """Formats every record as a log file would hold it, and keeps those with a canary."""

    def __init__(self) -> None:
        super().__init__(level=logging.DEBUG)
        self.setFormatter(logging.Formatter("%(name)s %(levelname)s %(message)s %(args)s"))
        self.leaks: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Search a record."""
        try:
            line = self.format(record)
        except Exception as error:  # a record that cannot be formatted says nothing either
            line = str(error)
        if found_in(line):
            self.leaks.append(line[:500])
