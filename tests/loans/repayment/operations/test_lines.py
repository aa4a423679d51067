"""When a suspended line reopens by itself after arrears (REPAY-19)."""

from datetime import time

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from backoffice.core.models import StateChange, WorkItem
from loans.collection.operations import results
from loans.collection.queries import due
from loans.delinquency.operations import end_of_day
from loans.models import Bill, DebitOrder
from loans.repayment.operations import lines as lines_of_repaid
from risk.lines import operations as lines
from risk.lines.operations import states
from risk.models import CreditLine
from tests.loans.conftest import day, moment
from tests.loans.delinquency.test_overdue_life import debit, pay, payoff_fen, reread
from tests.loans.delinquency.test_queries import move, record_overdue, suspend
from tests.loans.repayment.operations.test_reprocess import late_success
from tests.policies import put_in_force

pytestmark = pytest.mark.usefixtures("committed_db")


def days_pass(first: int, last: int) -> None:
    for n in range(first, last + 1):
        end_of_day.close(
            due.to_close(on=day(n)),
            by="system:end-of-day",
            on=day(n),
            at=moment(day(n), time(0, 5)),
        )


def pay_off(bill: Bill, channel, *, on: int) -> None:
    pay(bill, channel, payoff_fen(bill, day(on)), at=moment(day(on)), key=str(on))
    assert reread(bill).state == "paid"


def line_state() -> str:
    return CreditLine.objects.get().state


@pytest.mark.parametrize(("paid_on", "state"), [(30, "active"), (31, "suspended")])
def test_up_to_thirty_days_past_due(make_bill, channel, paid_on, state):
    bill = make_bill(mode="off")
    days_pass(1, 4)
    assert line_state() == "suspended"

    pay_off(bill, channel, on=paid_on)

    assert line_state() == state


def queued():
    found = WorkItem.objects.filter(queue="line-resumption").order_by("pk")
    return list(found.values_list("subject_type", "subject_id", "state"))


@pytest.mark.parametrize(("paid_on", "items"), [(30, 0), (31, 1)])
def test_after_a_longer_arrears_a_person_decides(make_bill, channel, paid_on, items):
    bill = make_bill(mode="off")
    days_pass(1, 4)

    pay_off(bill, channel, on=paid_on)

    line = CreditLine.objects.get()
    assert queued() == [("risk.creditline", line.pk, "waiting")] * items


def test_the_review_ends_when_a_person_resumes_the_line(make_bill, channel):
    bill = make_bill(mode="off")
    days_pass(1, 4)
    pay_off(bill, channel, on=31)

    states.resume_line(
        CreditLine.objects.get().pk, by="manager", reason="looked at", at=moment(day(32))
    )

    assert [state for _type, _id, state in queued()] == ["done"]
    assert line_state() == "active"


def test_while_another_bill_is_overdue_nobody_is_asked(make_bill, channel):
    long = make_bill(mode="off")
    make_bill(mode="off", customer=long.customer, due_on=day(31))
    days_pass(1, 40)

    pay_off(long, channel, on=40)

    assert queued() == []


def test_a_short_arrears_does_not_make_a_long_one_good(make_bill, channel):
    long = make_bill(mode="off")
    short = make_bill(mode="off", customer=long.customer, due_on=day(31))
    days_pass(1, 40)
    pay_off(long, channel, on=40)

    pay_off(short, channel, on=41)

    assert (reread(short).overdue_on, line_state()) == (day(35), "suspended")


def test_a_long_arrears_of_an_earlier_time_is_forgiven(make_bill, channel):
    long = make_bill(mode="off")
    short = make_bill(mode="off", customer=long.customer, due_on=day(60))
    days_pass(1, 40)
    pay_off(long, channel, on=40)
    lines.resume([long.customer_id], by="manager", reason="looked at", at=moment(day(50)))
    days_pass(61, 65)
    assert line_state() == "suspended"

    pay_off(short, channel, on=70)

    assert line_state() == "active"


def test_while_another_bill_is_overdue_it_stays_suspended(make_bill, channel):
    paid = make_bill(mode="off")
    make_bill(mode="off", customer=paid.customer, due_on=day(1))
    days_pass(1, 5)

    pay_off(paid, channel, on=6)

    assert line_state() == "suspended"


def test_a_record_taken_back_does_not_make_a_long_arrears_good(make_bill, channel):
    long = make_bill(mode="off")
    short = make_bill(customer=long.customer, due_on=day(31))
    channel.will_answer("acct-1", "TIMEOUT")
    debit(short, channel, on=day(31))  # it pays this bill, money by hand would pay the older one
    lost = DebitOrder.objects.get()
    days_pass(1, 40)
    pay_off(long, channel, on=40)

    results.record(
        [late_success(lost, succeeded_at=moment(day(31)))],
        by="system:debit-channel",
        at=moment(day(41)),
    )

    assert (reread(short).state, reread(short).overdue_on) == ("paid", None)
    assert line_state() == "suspended"


def suspended(make_bill, *, paid_on, **facts):
    """A customer whose bill was overdue, and paid on a day that nobody has looked at yet."""
    bill = make_bill(**facts)
    record_overdue(bill)
    suspend(bill, n=4)
    move(bill, "pay", n=paid_on)
    return bill


def resume(*bills, n=40):
    lines_of_repaid.resume([bill.customer_id for bill in bills], by="channel", reason="all is paid",
                           on=day(n), at=moment(day(n)))  # fmt: skip


def line_states() -> list[str]:
    return list(CreditLine.objects.order_by("pk").values_list("state", flat=True))


def test_each_customer_is_judged_by_arrears_of_their_own(make_bill):
    bills = [suspended(make_bill, paid_on=paid_on) for paid_on in (31, 30)]
    going_on = make_bill()
    record_overdue(going_on)
    suspend(going_on, n=4)

    resume(*bills, going_on)

    assert line_states() == ["suspended", "active", "suspended"]


def test_a_line_suspended_without_arrears_since_resumes(make_bill):
    bill = make_bill()
    suspend(bill, n=4)

    resume(bill)

    assert line_states() == ["active"]


def test_who_let_a_line_resume_and_why_is_recorded(make_bill):
    bill = suspended(make_bill, paid_on=9)

    resume(bill, n=12)

    change = StateChange.objects.get(subject_type="risk.creditline", transition="resume")
    assert (change.actor, change.facts, change.at) == (
        "channel",
        {"text": "all is paid"},
        moment(day(12)),
    )


def test_lines_of_customers_that_nobody_named_stay_as_they_are(make_bill):
    named, other = (suspended(make_bill, paid_on=9) for _ in range(2))

    resume(named)

    assert line_states() == ["active", "suspended"]
    assert CreditLine.objects.get(state="suspended").customer_id == other.customer_id


def test_the_days_are_those_of_the_policy_of_the_day(make_bill):
    bill = suspended(make_bill, paid_on=30)
    put_in_force("loan_operations", {"cured_alone_days_max": 29}, on=day(40))

    resume(bill, n=40)
    assert line_states() == ["suspended"]

    resume(bill, n=39)
    assert line_states() == ["active"]


def test_without_customers_nothing_is_looked_up():
    with CaptureQueriesContext(connection) as asked:
        resume()

    assert len(asked) == 0
