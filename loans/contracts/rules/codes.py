"""Codes of quotes that the rules decide on and the tables store; models add the labels (LAW-2)."""

from enum import StrEnum


class QuotePurpose(StrEnum):
    """What a cost sheet is confirmed for (LAW-2)."""

    DRAWDOWN = "drawdown"
    CONVERSION = "conversion"


class QuoteState(StrEnum):
    """The state of a quote."""

    OFFERED = "offered"
    SHOWN = "shown"
    CONFIRMED = "confirmed"
    USED = "used"
    EXPIRED = "expired"


class Scenario(StrEnum):
    """What the money is for, where that lowers the rate (RATE-10)."""

    EDUCATION = "education"
    MEDICAL = "medical"
