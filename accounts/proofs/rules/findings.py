"""What a person finds in a proof: its verdict, and what an accepted one evidences."""

from enum import StrEnum

INCOME_MAX_FEN = 100_000_000  # a million yuan a month, as for a declared income


class ProofVerdict(StrEnum):
    """Whether a proof counts, and if not, why; the customer reads it."""

    ACCEPTED = "accepted"
    UNREADABLE = "unreadable"
    NOT_OWNER = "not-owner"  # it is about another person
    OUT_OF_DATE = "out-of-date"
    ALTERED = "altered"
    INSUFFICIENT = "insufficient"  # it does not show what it is sent for
