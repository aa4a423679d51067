"""A bank that answers each customer as a worked life says, one answer per day of debits."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time

from backoffice.core import clock
from loans.gateways.channel import Answer, DebitRequest, Outcome
from tests.loans.conftest import FakeChannel

CODES = {
    "ok": "SUCCESS",
    "refused": "NOTENOUGH",
    "tech": "BANKERROR",
    "nomandate": "CONTRACT_NOT_EXIST",
}


@dataclass
class Script:
    """One answer per day on which debits were asked, then the default for ever."""

    answers: Sequence[str]
    default: str
    days: list[date] = field(default_factory=list)

    def answer(self, at: datetime) -> str:
        """Return the word for a moment: ``tech@13:ok`` is technical until 13:00, then ok."""
        day = clock.day_of(at)
        if day not in self.days:
            self.days.append(day)
        number = self.days.index(day)
        word = self.answers[number] if number < len(self.answers) else self.default
        before, is_timed, rest = word.partition("@")
        if not is_timed:
            return before
        hour, _, after = rest.partition(":")
        return before if at.astimezone(clock.SHANGHAI).time() < time(int(hour)) else after


class LifeBank(FakeChannel):
    """Answers the accounts of many lives at once and keeps what was asked of each."""

    def __init__(self) -> None:
        super().__init__()
        self.scripts: dict[str, Script] = {}
        # What customers order by themselves: the scripts are answers to direct debits alone.
        self.by_hand = FakeChannel()
        self.by_hand.taken, self.by_hand.paid = self.taken, self.paid

    def submit(self, requests: Sequence[DebitRequest]) -> list[Answer]:
        return [self.debited(request) for request in requests]

    def take(self, number: str, amount_fen: int, *, at: datetime) -> Answer:
        """Take the money of an order by hand at a moment; the answer is received when it is."""
        return self.taken.setdefault(
            number, Answer(number, Outcome.SUCCEEDED, "SUCCESS", amount_fen, f"ref-{number}", at)
        )

    def debited(self, request: DebitRequest) -> Answer:
        """Answer an order as the script of its account has it, the same number the same way."""
        known = self.taken.get(request.number)
        if known is None:
            code = CODES[self.scripts[request.account].answer(request.asked_at)]
            is_taken = code == "SUCCESS"
            known = self.taken[request.number] = Answer(
                request.number,
                Outcome.SUCCEEDED if is_taken else Outcome.FAILED,
                code,
                request.amount_fen if is_taken else 0,
                f"ref-{request.number}" if is_taken else "",
                request.asked_at,
            )
        return known
