"""A channel with fixed answers: measures the product, not a bank."""

from collections.abc import Iterator, Sequence
from datetime import date

from loans.gateways.channel import Answer, DebitRequest, Outcome, PayoutRequest, StatementLine

# One account in this many has no money.
POOR_EVERY = 5


class FixedChannel:
    """Answers at once: a refusal for one account in five, always the same ones."""

    def submit(self, requests: Sequence[DebitRequest]) -> list[Answer]:
        """Answer each request."""
        return [_answer(request) for request in requests]

    def query(self, numbers: Sequence[str]) -> list[Answer | None]:
        """Know nothing of the past."""
        return [None for _number in numbers]

    def statement(self, on: date) -> Iterator[StatementLine]:
        """State nothing."""
        return iter(())

    def pay_out(self, requests: Sequence[PayoutRequest]) -> list[Answer]:
        """Pay each request."""
        return [_paid(request) for request in requests]

    def query_payouts(self, numbers: Sequence[str]) -> list[Answer | None]:
        """Know nothing of the past."""
        return [None for _number in numbers]

    def payout_statement(self, on: date) -> Iterator[StatementLine]:
        """State nothing."""
        return iter(())


def _answer(request: DebitRequest) -> Answer:
    if is_poor(request.account):
        return Answer(request.number, Outcome.FAILED, "NOTENOUGH", 0, "", request.asked_at)
    return _paid(request)


def _paid(request: DebitRequest | PayoutRequest) -> Answer:
    return Answer(
        request.number, Outcome.SUCCEEDED, "SUCCESS", request.amount_fen, f"R{request.number}",
        request.asked_at,
    )  # fmt: skip


def is_poor(account: str) -> bool:
    """Return whether the account has no money; tokens end in hexadecimal digits."""
    return int(account[-4:], 16) % POOR_EVERY == 0
