"""The history of a loan: every change and every attempt, in order, with what its money settled."""

from datetime import time

import pytest

from loans.accounting.rules.debt import Debt
from loans.models import Bill, DebitOrder, Loan
from loans.reporting.queries import history
from tests.loans.conftest import day, moment
from tests.loans.days import MOVING, live

pytestmark = pytest.mark.usefixtures("committed_db")


JOBS = ("00:05", *MOVING)


def test_attempts_and_changes_stand_in_the_order_in_which_they_came(
    make_bill, channel, monkeypatch
):
    make_bill()
    channel.will_answer("acct-1", "NOTENOUGH")
    live(channel, monkeypatch, *(day(n) for n in range(5)), only=JOBS)

    events = history(Loan.objects.get())

    shown = [
        event.change.target if event.change else (event.record.attempt, event.record.state)
        for event in events
    ]
    assert shown[-6:] == [
        (1, "failed"), "grace", (2, "failed"), (3, "failed"), "overdue", "overdue",
    ]  # fmt: skip
    assert [event.at for event in events] == sorted(event.at for event in events)


def test_money_shows_what_it_settled_of_the_loan(make_bill, channel, monkeypatch):
    make_bill()
    live(channel, monkeypatch, day(0))

    [paid] = [event for event in history(Loan.objects.get()) if event.change is None]

    assert isinstance(paid.record, DebitOrder)
    assert paid.settled == Debt(interest_fen=15_000, principal_fen=1_000_000)
    assert paid.at == moment(day(0), time(9))


def test_the_history_of_another_loan_is_its_own(make_bill, channel, monkeypatch):
    first, second = make_bill(), make_bill(due_on=day(1))
    live(channel, monkeypatch, day(0))

    own, other = (history(Loan.objects.get(instalments__bill=bill)) for bill in (first, second))

    assert [type(event.record) for event in own if event.change is None] == [DebitOrder]
    assert {type(event.record) for event in other} <= {Loan, Bill}
