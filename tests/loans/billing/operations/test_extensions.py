"""A later due date: asked by the customer, decided by the staff, and what then becomes of the bill.

FAQ-7: once per 180 days, at most 30 days, before the overdue record.
"""

from datetime import time, timedelta

import pytest

from accounts.onboarding import context
from backoffice.core.crypto import Sealed
from backoffice.core.models import StateChange, WorkItem
from loans import business_day
from loans.accounting.operations.closed_days import DayNotClosedError
from loans.billing.operations import extensions
from loans.billing.operations.extensions import (
    ExtensionDaysError,
    ExtensionDecidedError,
    ExtensionOpenError,
    ExtensionPastError,
    ExtensionRequest,
    ExtensionTooSoonError,
    NotExtendableError,
)
from loans.collection.operations import results
from loans.models import Bill, DebitOrder, Extension, Instalment
from risk.models import Conduct
from tests.loans.conftest import day, moment
from tests.loans.delinquency.test_overdue_life import debit, live, pay, payoff_fen, reread
from tests.loans.repayment.operations.test_reprocess import (
    differences,
    late_success,
    unheard_of,
)
from tests.loans.staff import person

pytestmark = pytest.mark.usefixtures("committed_db")

REASON = "wages come late this month"


def request(bill, *, n, days=10, at=time(12)):
    at = moment(day(n), at)
    caller = context.begin(bill.customer, by=f"customer:{bill.customer_id}", at=at, wall_at=at)
    public_id = Bill.objects.get(pk=bill.pk).public_id
    return extensions.request(ExtensionRequest(public_id, days, Sealed(REASON)), context=caller)


def approve(extension, *, n, at=time(13)):
    return extensions.approve(
        [extension.pk], by=person("collections"), on=day(n), reason="good payer",
        at=moment(day(n), at),
    )  # fmt: skip


def extend(bill, *, n, days=10):
    approve(request(bill, n=n, days=days), n=n)


def test_a_request_waits_in_the_queue_of_the_staff(make_bill):
    bill = make_bill()

    request(bill, n=-2)

    extension = Extension.objects.get()
    assert (extension.state, extension.days, extension.due_on, extension.extended_to_on) == (
        "requested", 10, day(0), day(10),
    )  # fmt: skip
    assert extension.reason == REASON
    item = WorkItem.objects.get(queue="extension")
    assert item.deadline_at == moment(day(-1), time(12))
    assert (reread(bill).state, reread(bill).due_on) == ("billed", day(0))


def test_an_approved_extension_lets_attempts_and_grace_begin_again(make_bill, channel):
    bill = make_bill()
    channel.will_answer("acct-1", "NOTENOUGH")
    live(bill, channel, until=1)
    assert (reread(bill).state, reread(bill).refusals, reread(bill).late_fee_fen) == (
        "grace", 2, 508,
    )  # fmt: skip

    extend(bill, n=1)

    extended = reread(bill)
    assert (extended.state, extended.due_on, extended.debit_on) == ("billed", day(10), day(10))
    assert (extended.refusals, extended.tries, extended.refused_on) == (0, 2, None)
    assert (extended.total_fen, extended.minimum_fen) == (1_015_000, 101_500)
    moves = StateChange.objects.filter(subject_type="loans.bill", subject_id=bill.pk)
    assert list(moves.order_by("pk").values_list("transition", flat=True))[-2:] == [
        "extend", "issue",
    ]  # fmt: skip
    assert not WorkItem.objects.exclude(state="done").exists()


def test_nothing_is_debited_before_the_new_due_date_and_interest_goes_on(make_bill, channel):
    bill = make_bill()
    channel.will_answer("acct-1", "NOTENOUGH")
    live(bill, channel, until=1)
    extend(bill, n=1)

    live(bill, channel, first=2, until=10)

    # 40 nights at 5.00, the late fee of D+1, no second one.
    assert [order.amount_fen for order in DebitOrder.objects.order_by("pk")] == [
        1_015_000, 1_016_008, 1_020_508,
    ]  # fmt: skip
    assert DebitOrder.objects.latest("pk").number == f"{bill.pk}-1-1-3"
    assert reread(bill).state == "billed"


def test_unpaid_at_the_new_due_date_it_has_grace_and_three_attempts(make_bill, channel):
    bill = make_bill()
    channel.will_answer("acct-1", "NOTENOUGH")
    live(bill, channel, until=1)
    extend(bill, n=1)

    live(bill, channel, first=2, until=13)
    assert (reread(bill).state, reread(bill).refusals) == ("grace", 3)
    live(bill, channel, first=14, until=14)

    late = reread(bill)
    assert (late.state, late.overdue_on) == ("overdue", day(14))
    assert (late.late_fee_fen, late.late_fee_on) == (508, day(1))
    # 44 nights of interest, the one late fee
    assert payoff_fen(bill, day(14)) == 1_000_000 + 22_000 + 508
    assert differences() == []


def test_the_minimum_as_printed_is_met_at_the_new_due_date(make_bill, channel):
    bill = make_bill(mode="off")
    pay(bill, channel, 86_500, at=moment(day(-1)))
    extend(bill, n=-1)

    # 15,000 - 500 of interest were paid with it; the rest asks interest to the new due date.
    pay(bill, channel, 15_000, at=moment(day(10)), key="second")
    live(bill, channel, first=11, until=11)

    assert reread(bill).state == "min_paid"
    assert Conduct.objects.get().outcome == "min_paid"
    assert differences() == []


def test_a_refusal_of_before_counts_no_more(make_bill, channel):
    bill = make_bill()
    channel.will_answer("acct-1", "ORDER_ACCEPTED")
    debit(bill, channel, on=day(0))
    order = DebitOrder.objects.get()
    extend(bill, n=0)

    results.record(
        [late_success(order, succeeded_at=moment(day(0)))._replace(
            outcome="failed", code="NOTENOUGH", amount_fen=0, reference="")],
        by="system:debit-channel", at=moment(day(1)),
    )  # fmt: skip

    assert reread(order).state == "failed"
    assert (reread(bill).refusals, reread(bill).debit_on) == (0, day(10))


def test_money_of_before_the_extension_is_replayed_around_it(make_bill, channel):
    bill = make_bill()
    found = unheard_of(bill, channel, 300_000, at=moment(day(0), time(8)), key="lost")
    channel.will_answer("acct-1", "NOTENOUGH")
    live(bill, channel, until=2)
    extend(bill, n=2)
    live(bill, channel, first=3, until=5)

    results.record(
        [late_success(found, succeeded_at=moment(day(0), time(8)))],
        by="system:debit-channel", at=moment(day(5), time(12)),
    )  # fmt: skip

    extended = reread(bill)
    # 101,500 are the minimum: on D+1 it was met, and there was nothing to extend.
    assert (extended.state, extended.due_on, extended.paid_fen) == ("min_paid", day(0), 300_000)
    assert differences() == []


def test_a_replay_gives_what_happened_live(make_bill, channel):
    bill = make_bill(mode="off")
    found = unheard_of(bill, channel, 1_000, at=moment(day(1), time(8)), key="lost")
    live(bill, channel, until=2)
    extend(bill, n=2)
    live(bill, channel, first=3, until=16)
    before = reread(bill)
    assert (before.state, before.overdue_on) == ("overdue", day(14))

    results.record(
        [late_success(found, succeeded_at=moment(day(1), time(8)))],
        by="system:debit-channel", at=moment(day(16), time(12)),
    )  # fmt: skip

    after = reread(bill)
    assert (after.state, after.due_on, after.overdue_on, after.late_fee_fen) == (
        "overdue", day(10), day(14), 508,
    )  # fmt: skip
    assert Instalment.objects.get().segment_on == day(14)
    assert differences() == []


@pytest.mark.parametrize("days", [0, 31])
def test_more_than_thirty_days_are_refused(make_bill, days):
    with pytest.raises(ExtensionDaysError):
        request(make_bill(), n=0, days=days)

    assert not Extension.objects.exists()


def test_an_overdue_bill_is_not_extended(make_bill, channel):
    bill = make_bill(mode="off")
    live(bill, channel, until=4)
    assert reread(bill).state == "overdue"

    with pytest.raises(NotExtendableError):
        request(bill, n=4)

    assert not Extension.objects.exists()


def test_another_customers_bill_is_not_there(make_bill):
    mine, other = make_bill(), make_bill()
    at = moment(day(0))
    caller = context.begin(mine.customer, by="customer:1", at=at, wall_at=at)
    public_id = Bill.objects.get(pk=other.pk).public_id

    with pytest.raises(Bill.DoesNotExist):
        extensions.request(ExtensionRequest(public_id, 3, Sealed(REASON)), context=caller)


def test_one_request_at_a_time(make_bill):
    bill = make_bill()
    request(bill, n=0)

    with pytest.raises(ExtensionOpenError):
        request(bill, n=0)

    assert Extension.objects.count() == 1


@pytest.mark.parametrize(("after", "is_open"), [(179, False), (180, True)])
def test_once_per_hundred_and_eighty_days(make_bill, after, is_open):
    first = make_bill()
    extend(first, n=0)
    later = make_bill(customer=first.customer, due_on=day(0) + timedelta(days=after))

    if is_open:
        request(later, n=after)
    else:
        with pytest.raises(ExtensionTooSoonError, match="2027-03-30"):
            request(later, n=after)


def test_what_became_overdue_meanwhile_is_not_extended(make_bill, channel):
    bill = make_bill(mode="off")
    live(bill, channel, until=3)
    extension = request(bill, n=3)
    live(bill, channel, first=4, until=4)

    with pytest.raises(NotExtendableError):
        approve(extension, n=4)

    assert (reread(extension).state, reread(bill).due_on) == ("requested", day(0))


def test_a_new_due_date_that_has_passed_is_not_approved(make_bill, channel):
    bill = make_bill(mode="off")
    extension = request(bill, n=0, days=2)
    live(bill, channel, until=2)

    with pytest.raises(ExtensionPastError):
        approve(extension, n=2)

    assert reread(bill).state == "grace"


def test_the_close_of_the_day_comes_first(make_bill, channel):
    bill = make_bill(mode="off")
    live(bill, channel, until=2)
    extension = request(bill, n=2)

    with pytest.raises(DayNotClosedError):
        approve(extension, n=3, at=time(0, 2))

    assert reread(bill).state == "grace"


def test_a_declined_request_leaves_the_bill_and_says_why(make_bill):
    bill = make_bill()
    extension = request(bill, n=0)

    extensions.decline(
        [extension.pk], answer="please pay the minimum", by=person("collections"), on=day(0),
        reason="extended before", at=moment(day(0), time(13)),
    )  # fmt: skip

    declined = reread(extension)
    assert (declined.state, declined.answer) == ("declined", "please pay the minimum")
    assert (reread(bill).state, reread(bill).due_on) == ("billed", day(0))
    with pytest.raises(ExtensionDecidedError):
        approve(extension, n=0)


def end_of_day_of(n):
    on, at = day(n), moment(day(n), time(0, 5))
    plan = business_day.plan_close(on=on, at=at)
    business_day.close(list(plan.ids), run_id=0, on=on, at=at)


def test_a_request_ends_by_itself_when_its_bill_is_paid(make_bill, channel):
    bill = make_bill()
    extension = request(bill, n=-2)
    pay(bill, channel, 1_014_500, at=moment(day(-1), time(8)))

    end_of_day_of(0)

    extension.refresh_from_db()
    assert (extension.state, extension.decided_on, extension.decided_by) == (
        "declined", day(0), None,
    )  # fmt: skip
    assert WorkItem.objects.get(queue="extension").state == "done"
    [*_asked, change] = StateChange.objects.filter(subject_type="loans.extension").order_by("pk")
    assert (change.actor, change.reason) == ("system:end-of-day", "extension-lapsed")


def test_a_request_that_can_be_carried_out_goes_on_waiting(make_bill, channel):
    extension = request(make_bill(), n=-2, days=10)

    end_of_day_of(1)

    extension.refresh_from_db()
    assert (extension.state, WorkItem.objects.get(queue="extension").state) == (
        "requested", "waiting",
    )  # fmt: skip


def test_a_request_ends_on_the_date_that_was_asked_for(make_bill, channel):
    extension = request(make_bill(), n=-2, days=1)

    end_of_day_of(1)

    extension.refresh_from_db()
    assert extension.state == "declined"
