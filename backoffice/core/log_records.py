"""Log records without personal numbers: the last net under code that logs no values."""

import logging
import traceback
from typing import Any

from backoffice.core import personal_numbers


class MaskedRecord(logging.LogRecord):
    """A record whose message and traceback are masked before any handler formats them."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if isinstance(self.exc_info, tuple) and self.exc_info[1] is not None:
            text = "".join(traceback.format_exception(self.exc_info[1]))
            # Formatters take a text that is there instead of formatting the exception again.
            self.exc_text = personal_numbers.mask(text.rstrip("\n"))

    def getMessage(self) -> str:  # noqa: N802 (the name is the library's)
        """Return the message with its arguments, masked."""
        return personal_numbers.mask(super().getMessage())


def install() -> None:
    """Let every logger of the process make masked records."""
    logging.setLogRecordFactory(MaskedRecord)
