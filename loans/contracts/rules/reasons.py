"""Why quotes change their state, and which part of the system does it (LAW-2)."""

from collections.abc import Mapping
from enum import StrEnum

from backoffice.core.translation import gettext_noop


class QuoteActor(StrEnum):
    """The part of the system that ends quotes."""

    QUOTES = "system:quotes"


class QuoteReason(StrEnum):
    """The reasons of state changes of quotes."""

    SHOWN = "quote-shown"
    CONFIRMED = "quote-confirmed"
    DRAWN = "quote-drawn"
    CONVERTED = "quote-converted"
    TIME_OVER = "quote-time-over"


TEXTS: Mapping[StrEnum, str] = {
    QuoteActor.QUOTES: gettext_noop("expiry of cost sheets"),
    QuoteReason.SHOWN: gettext_noop("the customer opened the cost sheet"),
    QuoteReason.CONFIRMED: gettext_noop("the customer confirmed the cost sheet"),
    QuoteReason.DRAWN: gettext_noop("a loan was drawn under the cost sheet"),
    QuoteReason.CONVERTED: gettext_noop("a bill was converted under the cost sheet"),
    QuoteReason.TIME_OVER: gettext_noop("the cost sheet was not used in its time"),
}
