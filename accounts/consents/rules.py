"""What customers are asked to consent to, one purpose at a time (GEN-14, LAW-18, SCORE-9)."""

from collections.abc import Collection
from hashlib import sha256
from typing import NamedTuple


def gettext_noop(words: str) -> str:
    """Mark words for the translators; the edges that show them translate."""
    return words


class ConsentPurpose(NamedTuple):
    """One purpose: the words shown, what taking it back does, whether an assessment needs it.

    Another text is another version: what was given before was given to other words.
    """

    code: str
    title: str
    version: str
    text: str
    withdrawal_effect: str
    is_required: bool = False


_STOPS = gettext_noop(
    "Scoring and new drawdowns stop. What is owed stays owed and is debited on its due days."
    " Repaying earlier is possible at any time."
)
_RENORMALISES = gettext_noop(
    "This part drops out of the score and the others weigh more; the score may rise or fall."
)

BIOMETRICS = "biometrics"

PURPOSES: dict[str, ConsentPurpose] = {
    purpose.code: purpose
    for purpose in (
        ConsentPurpose(
            "agreement",
            gettext_noop("User service agreement"),
            "2026-11",
            gettext_noop(
                "I have read the user service agreement and the privacy policy and agree to them."
                " My name, ID number, phone number and bank cards are used to open the product, to"
                " fulfil the contract and to meet the duties of the law."
            ),
            _STOPS,
            is_required=True,
        ),
        ConsentPurpose(
            BIOMETRICS,
            gettext_noop("Use of my face to verify my identity"),
            "2026-11",
            gettext_noop(
                "My face is compared with the picture of the public security authorities and"
                " checked to be alive. It is sensitive personal information: this consent is"
                " separate. The recording is deleted after 30 days, only the result is kept."
            ),
            gettext_noop(
                "Recordings still kept are deleted. Proving who you are needs a new consent; a"
                " person can be asked to do it instead."
            ),
        ),
        ConsentPurpose(
            "bureau",
            gettext_noop("Credit report"),
            "2026-11",
            gettext_noop(
                "My credit report of the last 24 months is requested and used to decide on my"
                " application and to manage the credit line afterwards, and my loans are reported."
            ),
            _STOPS,
            is_required=True,
        ),
        ConsentPurpose(
            "payment",
            gettext_noop("Payment behaviour"),
            "2026-11",
            gettext_noop(
                "Number, amounts and times of my payments of the last 24 months are used for my"
                " score."
            ),
            _STOPS,
            is_required=True,
        ),
        ConsentPurpose(
            "social",
            gettext_noop("Social relations"),
            "2026-11",
            gettext_noop(
                "How many of my contacts use financial products is used for my score. No messages"
                " are read and no contacts are told."
            ),
            _RENORMALISES,
        ),
        ConsentPurpose(
            "wealth",
            gettext_noop("Savings and investments"),
            "2026-11",
            gettext_noop(
                "How long and how steadily I hold low-risk products is used for my score."
            ),
            _RENORMALISES,
        ),
        ConsentPurpose(
            "consumption",
            gettext_noop("Spending"),
            "2026-11",
            gettext_noop(
                "The kinds of shops in which I spend are used for my score; single purchases are"
                " not shown to staff."
            ),
            _RENORMALISES,
        ),
    )
}


def digest(text: str) -> str:
    """Return the SHA-256 of the words that were shown, in the language they were shown in."""
    return sha256(text.encode()).hexdigest()


def missing(given: Collection[str]) -> list[str]:
    """Return the purposes an assessment needs that are not among those given, in their order."""
    return [code for code, one in PURPOSES.items() if one.is_required and code not in given]
