"""Why a card was rejected, in words for its customer, and what can be done about it (ELIG-6).

The codes are those of the four-element check (BankCard4EVerification); two are our own. A code
that is not in the table tells no more than that the bank did not confirm the card.
"""

from typing import NamedTuple


def gettext_noop(words: str) -> str:
    """Mark words for the translators; the edges that show them translate."""
    return words


# Our own codes: the bank said nothing for a day, and the account is of class III (LAW-20).
NO_ANSWER = "NO_ANSWER"
CLASS_THREE = "CLASS_THREE"


class CardRefusal(NamedTuple):
    """The meaning of codes: ``reason`` is stable, words and remedy are for the customer."""

    reason: str
    words: str
    remedy: str


_COMPARE = gettext_noop("Compare card number and phone with what your bank has on file.")
_CALL_BANK = gettext_noop("Settle it with your bank, or bind another card.")
_ANOTHER = gettext_noop("Bind another card.")

_UNCONFIRMED = CardRefusal(
    "card-unconfirmed", gettext_noop("the bank did not confirm it."), _COMPARE
)
_MISMATCH = CardRefusal(
    "card-mismatch",
    gettext_noop("name, ID number, card and phone are not those of one account."),
    _COMPARE,
)
_OTHER_HOLDER = CardRefusal(
    "card-other-holder",
    gettext_noop("it is in another person's name."),
    gettext_noop("Bind a card in your own name."),
)
_BAD_IDENTITY = CardRefusal(
    "card-identity-unknown",
    gettext_noop("the bank does not take the name or ID number it was asked about."),
    gettext_noop("Update your identity at the bank, or ask customer support."),
)
_BAD_NUMBER = CardRefusal(
    "card-number-unknown",
    gettext_noop("the bank knows no such card."),
    gettext_noop("Compare the number with the card."),
)
_BAD_PHONE = CardRefusal(
    "card-wrong-phone",
    gettext_noop("the phone number is not the one the bank has on file."),
    gettext_noop("Send the number the bank has on file, or change it at the bank first."),
)
_OFFLINE_ONLY = CardRefusal(
    "card-not-online",
    gettext_noop("it is not open for payments without the card."),
    gettext_noop("Let your bank open it for online payments, or bind another card."),
)
_LOST = CardRefusal(
    "card-lost",
    gettext_noop("it is reported lost, confiscated or kept by a machine."),
    _CALL_BANK,
)
_UNSUPPORTED = CardRefusal(
    "card-bank-unsupported", gettext_noop("its bank does not take part in the check."), _ANOTHER
)
_DORMANT = CardRefusal(
    "card-dormant", gettext_noop("it is dormant or was never activated."), _CALL_BANK
)
_EXPIRED = CardRefusal(
    "card-expired",
    gettext_noop("it has expired."),
    gettext_noop("Bind the card that has replaced it."),
)
_FROZEN = CardRefusal("card-frozen", gettext_noop("it is frozen or restricted."), _CALL_BANK)
_PIN_LOCKED = CardRefusal(
    "card-pin-locked", gettext_noop("its PIN was entered wrongly too often."), _CALL_BANK
)
_ABNORMAL = CardRefusal("card-abnormal", gettext_noop("its account is not in order."), _CALL_BANK)
_NO_ANSWER = CardRefusal(
    "card-no-answer",
    gettext_noop("the bank has not answered within a day."),
    gettext_noop("Send the card again, or bind another one."),
)
_CLASS_THREE = CardRefusal(
    "card-class-three",
    gettext_noop("its account is of class III, which can hold no more than 2,000 yuan."),
    gettext_noop("Bind a card of a class I account; class II can only repay."),
)

REFUSALS: dict[str, CardRefusal] = {
    "-1": _MISMATCH,
    "-2": _BAD_IDENTITY,
    "-3": _BAD_IDENTITY,
    "-4": _BAD_NUMBER,
    "-5": _BAD_PHONE,
    "-6": _OTHER_HOLDER,
    "-7": _OFFLINE_ONLY,
    "-8": _LOST,
    "-9": _BAD_NUMBER,
    "-10": _UNSUPPORTED,
    "-11": _DORMANT,
    "-12": _LOST,
    "-13": _LOST,
    "-14": _EXPIRED,
    "-15": _FROZEN,
    "-16": _PIN_LOCKED,
    "-17": _UNSUPPORTED,
    "-20": _BAD_IDENTITY,
    "-21": _ABNORMAL,
    NO_ANSWER: _NO_ANSWER,
    CLASS_THREE: _CLASS_THREE,
}


def of(code: str) -> CardRefusal:
    """Return what a code means; one never heard of means that the card was not confirmed."""
    return REFUSALS.get(code, _UNCONFIRMED)


def every() -> list[CardRefusal]:
    """Return each meaning once, in the order of the table."""
    return [*dict.fromkeys(REFUSALS.values()), _UNCONFIRMED]
