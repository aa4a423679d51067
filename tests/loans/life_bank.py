"""A bank that answers the direct debits of a day by words, and takes what customers pay by hand."""

from datetime import time

from backoffice.core import clock
from tests.loans.conftest import FakeChannel

COUNTED, TAKEN, DEAD = "NOTENOUGH", "SUCCESS", "CONTRACT_NOT_EXIST"
CODES = {"ok": TAKEN, "refused": COUNTED, "tech": "BANKERROR", "lost": "LOST",
         "late": "ORDER_ACCEPTED", "nomandate": DEAD}  # fmt: skip
SELDOM = ("tech", "tech@13", "timeout", "lost", "late", "nomandate")
RECOVERED_AT = time(13)


class LifelongBank(FakeChannel):
    """Answers the bills of an account on a day by its words, the first asked by the first.

    ``late`` is answered when somebody reports it, ``lost`` and ``timeout`` at the next query,
    ``tech@13`` is a technical fault until 13:00. Money by hand is always taken.
    """

    def __init__(self):
        super().__init__()
        self.words, self.asked = {}, []
        self.by_hand = FakeChannel()
        self.by_hand.taken, self.by_hand.paid = self.taken, self.paid

    def begin(self, words):
        """Begin a day with the words of each account."""
        self.words, self.asked = words, []

    def submit(self, requests):
        return [self.debited(request) for request in requests]

    def debited(self, request):
        bill = (request.account, request.number.partition("-")[0])
        if bill not in self.asked:
            self.asked.append(bill)
        turn = [one for one in self.asked if one[0] == request.account].index(bill)
        words = self.words[request.account]
        word = words[min(turn, len(words) - 1)]
        self.will_answer(request.account, self.code_of(word, request))
        self.submitted.append(request)
        return self._answer(request, self.taken)

    def code_of(self, word, request):
        if word == "timeout":
            was_sent = any(one.number == request.number for one in self.submitted)
            return TAKEN if was_sent else "TIMEOUT"
        if word == "tech@13":
            at = request.asked_at.astimezone(clock.SHANGHAI).time()
            return TAKEN if at >= RECOVERED_AT else "BANKERROR"
        return CODES[word]
