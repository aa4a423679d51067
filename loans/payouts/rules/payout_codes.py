"""What each code of the channel means for money that is paid out.

Two questions decide what follows: does the code state for certain that nothing was paid and
nothing will be under this number, and who can remove the cause. A code that is not in the table is
never final: the money may be gone, so the channel is asked again by the number (REPAY-2, REPAY-8).
"""

from enum import StrEnum
from typing import NamedTuple

from backoffice.core.translation import gettext_noop

# Our own code for a payout that never reached the channel and is not wanted any more.
NEVER_SENT = "NEVER_SENT"


# More than is left of the payment, or too long ago: the money must go another way.
NOT_REFUNDABLE = "NOT_REFUNDABLE"


class Fault(StrEnum):
    """Where the cause of a refusal lies: who has to act before the next payout."""

    CARD = "card"  # the customer's account cannot receive: another card is needed
    LENDER = "lender"  # our own account or its limits
    TECHNICAL = "technical"  # passes by itself


class PayoutRefusal(NamedTuple):
    """The meaning of one code; ``final``: no money under this number, now or later."""

    code: str
    label: str
    fault: Fault = Fault.TECHNICAL
    final: bool = True


REFUSALS: dict[str, PayoutRefusal] = {
    refusal.code: refusal
    for refusal in (
        PayoutRefusal("USER_NOT_EXIST", gettext_noop("Account closed"), Fault.CARD),
        PayoutRefusal("ACCOUNTERROR", gettext_noop("Account abnormal or frozen"), Fault.CARD),
        PayoutRefusal("NAME_MISMATCH", gettext_noop("Account holder differs"), Fault.CARD),
        PayoutRefusal("RULELIMIT", gettext_noop("Limit or risk rule of the bank"), Fault.CARD),
        PayoutRefusal(
            NOT_REFUNDABLE, gettext_noop("Payment in WeChat cannot be refunded"), Fault.CARD
        ),
        PayoutRefusal(
            "PAYER_NOTENOUGH", gettext_noop("Balance of the payout account too low"), Fault.LENDER
        ),
        PayoutRefusal("PAYER_LIMIT", gettext_noop("Day limit of payouts reached"), Fault.LENDER),
        PayoutRefusal("BANKERROR", gettext_noop("Bank under maintenance")),
        PayoutRefusal("SYSTEMERROR", gettext_noop("System error at the channel")),
        PayoutRefusal("FREQUENCY_LIMITED", gettext_noop("Too many requests")),
        PayoutRefusal(NEVER_SENT, gettext_noop("Never sent, out of date")),
        PayoutRefusal("ORDER_ACCEPTED", gettext_noop("Accepted, result to come"), final=False),
        PayoutRefusal("ORDERPAID", gettext_noop("Already paid"), final=False),
        PayoutRefusal("ORDER_CONFLICT", gettext_noop("Number used for another order"), final=False),
        PayoutRefusal("TIMEOUT", gettext_noop("No reply in time"), final=False),
        PayoutRefusal("UNREACHABLE", gettext_noop("Channel not reachable"), final=False),
        PayoutRefusal("CHANNEL_ERROR", gettext_noop("Fault at the channel"), final=False),
        PayoutRefusal("UNAUTHORISED", gettext_noop("Signature not accepted"), final=False),
        PayoutRefusal("REJECTED", gettext_noop("Request not understood"), final=False),
        PayoutRefusal("NO_ANSWER", gettext_noop("Order missing from the reply"), final=False),
        PayoutRefusal("INVALID_REPLY", gettext_noop("Reply not to be trusted"), final=False),
    )
}


def of(code: str) -> PayoutRefusal:
    """Return the meaning of a code; one that is not known is not final and its own label."""
    return REFUSALS.get(code) or PayoutRefusal(code, label=code, final=False)


def is_final(code: str) -> bool:
    """Return whether a refusal with this code settles the payout: no money, now or later."""
    return of(code).final


def passes_by_itself(code: str) -> bool:
    """Return whether the same payout may succeed later without anybody's doing."""
    return of(code).fault is Fault.TECHNICAL
