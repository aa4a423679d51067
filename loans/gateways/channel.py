"""The payment channel: what is asked of it and what it may answer.

Debits, payments inside WeChat, payouts and refunds are asked for by numbers that we choose. The
channel moves the money of a number at most once, so a number may be sent again, and asked about,
any number of times. Silence is an answer too: ``UNKNOWN``, never an exception for the other
requests of the batch.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple, Protocol


class Outcome(StrEnum):
    """What became of an order; ``UNKNOWN`` covers silence and an order still being worked on."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    UNKNOWN = "unknown"


class ChannelFault(StrEnum):
    """Codes of our own for a channel that did not say what became of an order."""

    TIMEOUT = "TIMEOUT"
    UNREACHABLE = "UNREACHABLE"
    CHANNEL_ERROR = "CHANNEL_ERROR"
    UNAUTHORISED = "UNAUTHORISED"
    REJECTED = "REJECTED"
    NO_ANSWER = "NO_ANSWER"
    INVALID_REPLY = "INVALID_REPLY"


class ChannelError(Exception):
    """The channel could not be read as a whole; ``code`` is the fault."""

    def __init__(self, code: ChannelFault, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail


class DebitRequest(NamedTuple):
    """One order: ``account`` is the channel's opaque token of the card, never its number."""

    number: str
    account: str
    amount_fen: int
    asked_at: datetime


class PrepayRequest(NamedTuple):
    """One payment that the WeChat user ``openid`` may confirm until ``expires_at`` (JSAPI)."""

    number: str
    openid: str
    amount_fen: int
    asked_at: datetime
    expires_at: datetime


class SheetParameters(NamedTuple):
    """What the mini program hands to ``wx.requestPayment``: its parameters, signed by the channel.

    ``package`` names the prepay id. The signature covers application, time, nonce and package.
    """

    app_id: str
    timestamp: str
    nonce: str
    package: str
    sign_type: str
    signature: str


class RefundRequest(NamedTuple):
    """One refund of a part of a payment inside WeChat, to whatever the customer paid it with."""

    number: str
    order_number: str
    amount_fen: int
    asked_at: datetime


class PayoutRequest(NamedTuple):
    """One payout to a card; ``account`` is the channel's opaque token of it, never its number."""

    number: str
    account: str
    amount_fen: int
    asked_at: datetime


class Answer(NamedTuple):
    """What the channel said of one order.

    ``amount_fen`` is what was taken or paid out: 0 unless the order succeeded. ``at`` is the moment
    of success or refusal as the channel states it. ``sheet`` opens the payment sheet of WeChat, as
    long as the customer has not confirmed.
    """

    number: str
    outcome: Outcome
    code: str
    amount_fen: int
    reference: str
    at: datetime | None
    sheet: SheetParameters | None = None


class StatementLine(NamedTuple):
    """One successful debit or payout in the channel's own file of a day."""

    number: str
    reference: str
    amount_fen: int
    at: datetime


class Channel(Protocol):
    """A provider of direct debits, payments inside WeChat, and payouts."""

    def submit(self, requests: Sequence[DebitRequest]) -> list[Answer]:
        """Ask for the money; return one answer per request, in the same order.

        Numbers are distinct and amounts above zero. Never raises for a fault of transport. A
        success always carries exactly the amount asked for; anything else is ``UNKNOWN``.
        """
        ...

    def prepay(self, requests: Sequence[PrepayRequest]) -> list[Answer]:
        """Prepare payments that customers confirm in WeChat; one answer per request, in order.

        No money moves: the answer is ``UNKNOWN`` with ``NOTPAY`` and the parameters of the payment
        sheet, or a refusal. The same number again has the same answer. Never raises for a fault of
        transport. What became of the payment is what ``query`` and ``statement`` return of it.
        """
        ...

    def close_payments(self, numbers: Sequence[str], *, at: datetime) -> list[Answer | None]:
        """Close payments that were not confirmed; None means that the channel never saw the number.

        A payment that was confirmed before is answered as it is: a success counts. A closed one
        has failed, and nothing can be paid under its number any more.
        """
        ...

    def query(self, numbers: Sequence[str]) -> list[Answer | None]:
        """Ask what became of orders; None means that the channel never saw the number.

        A fault of transport is an ``UNKNOWN`` answer, never None. The channel is not told the
        amount here: a success states what was taken, and that is booked whatever was asked, for
        money taken may not be refused. ``reconcile`` shows an order of which the two differ.
        """
        ...

    def statement(self, on: date) -> Iterator[StatementLine]:
        """Yield every successful debit and payment whose ``at`` falls on that day in Asia/Shanghai.

        Raises:
            ChannelError: the statement could not be read to its end; what was yielded is partial.
        """
        ...

    def pay_out(self, requests: Sequence[PayoutRequest]) -> list[Answer]:
        """Pay money to cards; return one answer per request, in the same order.

        As ``submit``: numbers are distinct, amounts above zero, nothing is raised for a fault of
        transport, and a success always carries exactly the amount asked for. A refusal whose code
        is not known to be final is ``UNKNOWN``: the money may be gone.
        """
        ...

    def refund(self, requests: Sequence[RefundRequest]) -> list[Answer]:
        """Return money of payments inside WeChat; one answer per request, as ``pay_out``.

        Refunds are payouts: ``query_payouts`` and ``payout_statement`` know them by their numbers.
        """
        ...

    def query_payouts(self, numbers: Sequence[str]) -> list[Answer | None]:
        """Ask what became of payouts; None means that the channel never saw the number."""
        ...

    def payout_statement(self, on: date) -> Iterator[StatementLine]:
        """Yield every successful payout whose ``at`` falls on that day in Asia/Shanghai.

        Raises:
            ChannelError: the statement could not be read to its end; what was yielded is partial.
        """
        ...


def unanswered(number: str, code: ChannelFault) -> Answer:
    """Return the answer for an order of which the channel said nothing that can be trusted."""
    return Answer(number, Outcome.UNKNOWN, code, amount_fen=0, reference="", at=None)
