"""Credit reports: what is asked of a bureau and what it may answer.

Silence is an answer too: ``UNAVAILABLE``, never an exception and never a pass. What a report says
is not judged here.
"""

from datetime import date
from enum import StrEnum
from typing import Any, NamedTuple, Protocol


class BureauVerdict(StrEnum):
    """What a bureau answered.

    ``NO_FILE``: it knows nothing of the person. ``UNAVAILABLE`` covers outage, quota and silence:
    the same may be asked again. ``MALFORMED`` is ours: the reply is no report, or another person's.
    """

    FOUND = "found"
    NO_FILE = "no_file"
    UNAVAILABLE = "unavailable"
    MALFORMED = "malformed"


class BureauSubject(NamedTuple):
    """Whose report is asked for. A real bureau receives name and number; the sandbox the openid."""

    name: str
    id_number: str
    openid: str


class BureauAnswer(NamedTuple):
    """The answer of a bureau; ``payload`` is the report as it came, unchecked."""

    verdict: BureauVerdict
    code: str
    request_id: str
    payload: Any = None


class CreditBureau(Protocol):
    """A provider of credit reports; ``attempt`` counts from 1 how often we have asked that day."""

    name: str

    def fetch(self, subject: BureauSubject, *, on: date, attempt: int) -> BureauAnswer:
        """Return the credit report of a person as of a day."""
        ...
