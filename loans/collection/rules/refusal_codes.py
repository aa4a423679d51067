"""What each code of the direct-debit channel means for the bill it was asked for.

Three questions decide what follows: does the code count against the customer (REPAY-11), does it
end the mandate, and does it say for certain that no money was taken. A code that is not in the
table counts against nobody.
"""

from typing import NamedTuple

from backoffice.core.translation import gettext_noop

# Our own word for an order that never reached the channel and is not wanted any more.
NEVER_SENT = "NEVER_SENT"
# The customer has not confirmed the payment in WeChat, or WeChat is still collecting it.
NOT_PAID = "NOTPAY"
USER_PAYING = "USERPAYING"
AWAITS_CUSTOMER = frozenset({NOT_PAID, USER_PAYING})
# Not confirmed, and closed at the channel: nothing can be paid under the number.
CLOSED = "CLOSED"
# Our own word for a payment that its customer cancelled before it was sent.
WITHDRAWN = "WITHDRAWN"
# A limit of the account, by class or by its bank (FAQ-4).
RULE_LIMIT = "RULELIMIT"


class DebitRefusal(NamedTuple):
    """The meaning of one code (rulebook, Providers).

    ``counted``: one of the three failures in a row of REPAY-11. ``ends_mandate``: the customer's
    consent to debits is gone, so there was no attempt. ``final``: no money was taken and none will
    be under this order number; otherwise the channel must be asked about the number first.
    """

    code: str
    label: str
    counted: bool = False
    ends_mandate: bool = False
    final: bool = True


REFUSALS: dict[str, DebitRefusal] = {
    refusal.code: refusal
    for refusal in (
        DebitRefusal("NOTENOUGH", gettext_noop("Balance too low"), counted=True),
        DebitRefusal(RULE_LIMIT, gettext_noop("Limit or risk rule of the bank"), counted=True),
        DebitRefusal("ACCOUNTERROR", gettext_noop("Account abnormal or frozen"), counted=True),
        DebitRefusal(
            "USER_ACCOUNT_ABNORMAL", gettext_noop("Payer abnormal or frozen"), counted=True
        ),
        DebitRefusal("USER_NOT_EXIST", gettext_noop("Account closed"), counted=True),
        DebitRefusal("CONTRACT_NOT_EXIST", gettext_noop("No mandate"), ends_mandate=True),
        DebitRefusal("CONTRACTERROR", gettext_noop("Mandate not valid"), ends_mandate=True),
        DebitRefusal("BANKERROR", gettext_noop("Bank under maintenance")),
        DebitRefusal("SYSTEMERROR", gettext_noop("System error at the channel")),
        DebitRefusal("FREQUENCY_LIMITED", gettext_noop("Too many requests")),
        DebitRefusal("PAYERROR", gettext_noop("Payment failed in WeChat")),
        DebitRefusal(CLOSED, gettext_noop("Not confirmed, closed")),
        DebitRefusal(WITHDRAWN, gettext_noop("Cancelled by the customer")),
        DebitRefusal(NEVER_SENT, gettext_noop("Never sent, out of date")),
        DebitRefusal(NOT_PAID, gettext_noop("Waiting for the customer"), final=False),
        DebitRefusal(USER_PAYING, gettext_noop("Being paid by the customer"), final=False),
        DebitRefusal("ORDER_ACCEPTED", gettext_noop("Accepted, result to come"), final=False),
        DebitRefusal("ORDERPAID", gettext_noop("Already paid"), final=False),
        DebitRefusal("TRADE_ERROR", gettext_noop("Trade error, to be queried"), final=False),
        DebitRefusal("ORDER_CONFLICT", gettext_noop("Number used for another order"), final=False),
        DebitRefusal("TIMEOUT", gettext_noop("No reply in time"), final=False),
        DebitRefusal("UNREACHABLE", gettext_noop("Channel not reachable"), final=False),
        DebitRefusal("CHANNEL_ERROR", gettext_noop("Fault at the channel"), final=False),
        DebitRefusal("UNAUTHORISED", gettext_noop("Signature not accepted"), final=False),
        DebitRefusal("REJECTED", gettext_noop("Request not understood"), final=False),
        DebitRefusal("NO_ANSWER", gettext_noop("Order missing from the reply"), final=False),
        DebitRefusal("INVALID_REPLY", gettext_noop("Reply not to be trusted"), final=False),
    )
}


def of(code: str) -> DebitRefusal:
    """Return the meaning of a code; one never heard of is final, uncounted, and its own label."""
    return REFUSALS.get(code) or DebitRefusal(code, label=code)


def is_counted(code: str) -> bool:
    """Return whether the code is one of the three failures that make a bill overdue (REPAY-11)."""
    return of(code).counted


def ends_mandate(code: str) -> bool:
    """Return whether the code says that the mandate is gone (REPAY-12)."""
    return of(code).ends_mandate


def awaits_customer(code: str) -> bool:
    """Return whether the channel waits for a customer who has not confirmed the payment yet."""
    return code in AWAITS_CUSTOMER


def is_final(code: str) -> bool:
    """Return whether a refusal with this code settles the order: no money, now or later."""
    return of(code).final
