"""Checks of identity, face and card: what is asked of the provider and what it may answer.

Silence is an answer too: ``UNAVAILABLE``, never an exception and never a pass (ELIG-3). What a
provider says is not judged here: where the lines of a face score lie is a rule of ours (SEC-3).
"""

from enum import StrEnum
from typing import NamedTuple, Protocol

from accounts.cards.rules.card_numbers import AccountClass


class Verdict(StrEnum):
    """What a check said.

    ``NO_RECORD`` is that the authorities hold nothing to compare with, which contradicts nobody
    (IDN-003). ``INVALID`` is input that the provider calls malformed. ``UNAVAILABLE`` covers
    outage, quota, silence and whatever is not documented: the same may be asked again.
    """

    MATCH = "match"
    MISMATCH = "mismatch"
    NO_RECORD = "no_record"
    INVALID = "invalid"
    UNAVAILABLE = "unavailable"


class CheckFault(StrEnum):
    """Codes of our own, beside those of a provider.

    ``UNAUTHORISED``: the provider does not accept our keys, for the operator to fix.
    ``FACE_OTHER_PERSON``: the check of a face was begun for another name or number.
    ``FACE_NOT_DONE``: nobody has looked into the camera yet.
    """

    TIMEOUT = "TIMEOUT"
    UNREACHABLE = "UNREACHABLE"
    INVALID_REPLY = "INVALID_REPLY"
    UNAUTHORISED = "UNAUTHORISED"
    FACE_OTHER_PERSON = "FACE_OTHER_PERSON"
    FACE_NOT_DONE = "FACE_NOT_DONE"


class IdentityAnswer(NamedTuple):
    """Whether name and ID number belong together."""

    verdict: Verdict
    code: str
    request_id: str


class FaceAnswer(NamedTuple):
    """What was seen: ``MATCH`` means that the provider has finished, not that it is good enough.

    Where the lines of the score lie is our rule (ELIG-2, SEC-3). A face that is not alive has no
    score; ``tags`` are the provider's reasons for it, as its two-digit codes.
    """

    verdict: Verdict
    code: str
    request_id: str
    is_live: bool = False
    similarity_permille: int | None = None
    tags: tuple[str, ...] = ()


class CardAnswer(NamedTuple):
    """Whether name, ID number, card number and phone are those of one account (ELIG-6)."""

    verdict: Verdict
    code: str
    request_id: str
    account_class: AccountClass = AccountClass.UNKNOWN


class FaceStart(NamedTuple):
    """The token with which the mini program opens the camera."""

    verdict: Verdict
    code: str
    request_id: str
    face_token: str = ""


class IdentityChecks(Protocol):
    """A provider of checks; ``attempt`` counts from 1 how often we have asked about the matter.

    ``code`` is the provider's own result or error code where it gave one, else a ``CheckFault``. It
    has at most 40 letters and, like ``request_id``, never repeats anything that was asked.
    """

    name: str

    def begin_face(self, *, name: str, id_number: str) -> FaceStart:
        """Begin a face check of a person; its token is good for that person alone."""
        ...

    def check_identity(self, *, name: str, id_number: str, attempt: int) -> IdentityAnswer:
        """Ask whether name and ID number belong together."""
        ...

    def check_face(self, *, name: str, id_number: str, face_token: str, attempt: int) -> FaceAnswer:
        """Ask what became of a face check; one begun for another person is a mismatch."""
        ...

    def check_card(
        self, *, name: str, id_number: str, card_number: str, phone: str, attempt: int
    ) -> CardAnswer:
        """Ask whether the four elements are those of one account."""
        ...
