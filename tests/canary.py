"""Canary values that must not leak, and the listener that searches the logs for them.

The person that most tests of opening use, and the password they set, are canaries: whatever is
logged while any test runs is searched for them, tracebacks included.
"""

import logging

from tests.accounts.people import person

WHO = person()
PASSWORD = "Canary-2026-sings"
VALUES = (WHO.id_number, WHO.card_number, WHO.phone, PASSWORD)


def found_in(text: str | bytes) -> list[str]:
    """Return the canaries in a text, as they are or as the bytes of a dump."""
    if isinstance(text, bytes):
        text = text.decode("utf-8", "replace")
    return [value for value in VALUES if value in text or value.encode().hex() in text]


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
