"""Orders: what is asked of whom under which number, and what still leaves."""

from contextlib import suppress
from datetime import time, timedelta
from threading import Barrier, BrokenBarrierError

import pytest
from django.db import transaction
from django.utils.translation import override

from accounts.cards.operations import cards
from accounts.cards.operations.cards import ClassChange
from accounts.models import BankCard
from backoffice.core import workflow
from backoffice.core.models import JobRun
from loans.collection.operations import collection, orders
from loans.collection.operations.offers import CardDayLimitError, NoMandateError, OverpaidError
from loans.collection.operations.orders import CollectionRequest
from loans.collection.queries import card_limits, due
from loans.delinquency.operations import end_of_day
from loans.gateways.channel import Outcome
from loans.models import DebitOrder, Mandate
from tests.loans.conftest import DUE_ON, FakeChannel, day, moment
from tests.loans.delinquency.test_overdue_life import debit, live, pay, payoff_fen, reread
from tests.raw import contents

pytestmark = pytest.mark.usefixtures("committed_db")

AT = moment(day(0))
LIMIT_FEN = 1_000_000
WHOLE_FEN = 1_015_000
TABLES = ("loans_debitorder", "loans_bill", "loans_loan", "loans_transfer")


def prepare(*requests, on=DUE_ON):
    return orders.prepare(requests, by="test", on=on, at=moment(on))


def offer(bill, amount_fen=None, key="pay"):
    return CollectionRequest(bill.pk, amount_fen, "customer", key)


def end_mandate():
    mandates = list(Mandate.objects.all())
    with transaction.atomic():
        workflow.move(mandates, "terminate", by="test", reason="revoked", at=AT)
        workflow.save(mandates, "terminated_at")


def test_an_automatic_order_is_stored_before_anything_leaves(make_bill):
    bill = make_bill()

    [made] = prepare(CollectionRequest(bill.pk))

    order = DebitOrder.objects.get()
    assert (order.number, order.state, order.origin) == (f"{bill.pk}-1-1-1", "sent", "auto")
    assert (order.bill, order.customer, order.run) == (bill, bill.customer, None)
    assert (order.cycle, order.attempt, order.business_date) == (1, 1, day(0))
    assert (order.amount_fen, order.taken_fen, order.asked_at) == (WHOLE_FEN, 0, AT)
    assert (made.order, made.account, made.is_new) == (order, "acct-1", True)
    assert order.card == BankCard.objects.get()


@pytest.mark.parametrize(("n", "count"), [(-1, 0), (0, 1), (2, 1), (3, 0), (4, 1), (6, 1), (7, 0)])
def test_a_bill_is_attempted_inside_the_windows_of_its_cycle(make_bill, n, count):
    bill = make_bill()

    prepare(CollectionRequest(bill.pk), on=day(n))

    assert DebitOrder.objects.count() == count


def test_an_open_order_is_returned_and_not_made_again(make_bill):
    asks = [CollectionRequest(make_bill().pk), CollectionRequest(make_bill().pk)]
    [first] = prepare(asks[1])

    again, fresh = prepare(*asks)

    assert (again.order.pk, again.account, again.is_new) == (first.order.pk, "acct-2", False)
    assert (fresh.order.bill_id, fresh.account, fresh.is_new) == (asks[0].bill_id, "acct-1", True)
    assert DebitOrder.objects.count() == 2


def test_many_who_ask_at_once_get_one_order(make_bill, together):
    bill = make_bill()

    made = together(4, lambda _n: prepare(CollectionRequest(bill.pk)))

    assert sorted(one.is_new for [one] in made) == [False, False, False, True]
    assert {one.order.pk for [one] in made} == {DebitOrder.objects.get().pk}


def test_orders_are_never_prepared_inside_another_transaction(make_bill):
    bill = make_bill()

    with transaction.atomic(), pytest.raises(RuntimeError):
        prepare(CollectionRequest(bill.pk))

    assert DebitOrder.objects.count() == 0


@pytest.mark.parametrize("given", [{"mode": "off"}, {"with_mandate": False}])
def test_a_bill_that_may_not_be_debited_leads_to_no_order(make_bill, given):
    bill = make_bill(**given)

    assert prepare(CollectionRequest(bill.pk)) == []

    assert DebitOrder.objects.count() == 0


def test_a_mandate_that_ended_debits_nothing(make_bill):
    bill = make_bill()
    end_mandate()

    assert prepare(CollectionRequest(bill.pk)) == []

    with pytest.raises(NoMandateError):
        prepare(offer(bill))
    assert DebitOrder.objects.count() == 0


def test_a_paid_bill_leads_to_no_order(make_bill, channel):
    bill = make_bill()
    pay(bill, channel, WHOLE_FEN - 500, at=moment(day(-1)))

    assert prepare(CollectionRequest(bill.pk)) == []


def test_the_minimum_mode_asks_the_minimum(make_bill):
    bill = make_bill(mode="minimum")

    [made] = prepare(CollectionRequest(bill.pk))

    assert made.order.amount_fen == 101_500


def test_what_the_minimum_mode_asks_in_grace_includes_the_charges_since(make_bill, channel):
    bill = make_bill(mode="minimum")
    channel.will_answer("acct-1", "NOTENOUGH")
    live(bill, channel, until=0)
    end_of_day.close([bill.pk], by="system:end-of-day", on=day(1), at=moment(day(1), time(0, 5)))

    [made] = prepare(CollectionRequest(bill.pk), on=day(1))

    # The minimum of 1,015.00, a night of 5.00 and the late fee of 5.08.
    assert (made.order.number, made.order.attempt) == (f"{bill.pk}-1-2-1", 2)
    assert made.order.amount_fen == 101_500 + 500 + 508


def test_after_the_record_everything_is_asked_whatever_the_mode(make_bill, channel):
    bill = make_bill(mode="minimum")
    channel.will_answer("acct-1", "NOTENOUGH")
    live(bill, channel, until=5)

    [made] = prepare(CollectionRequest(bill.pk), on=day(6))

    assert (reread(bill).state, made.order.amount_fen) == ("overdue", 1_019_509)


def test_a_met_minimum_ends_the_attempts_of_the_due_day_alone(make_bill, channel):
    bill = make_bill()
    pay(bill, channel, 101_500, at=moment(day(0), time(8)))

    assert prepare(CollectionRequest(bill.pk)) == []
    [made] = prepare(CollectionRequest(bill.pk), on=day(1))

    assert made.order.amount_fen == payoff_fen(bill, day(1))


def test_an_order_belongs_to_the_run_that_asked_for_it(make_bill):
    run = JobRun.objects.create(business_date=day(0), job="09:00", started_at=AT, heartbeat_at=AT)

    orders.prepare([CollectionRequest(make_bill().pk)], by="test", on=day(0), at=AT, run_id=run.pk)

    assert DebitOrder.objects.get().run == run


def test_of_a_customer_debited_that_day_only_what_is_offered_is_taken(make_bill, channel):
    bill = make_bill()
    other = make_bill(customer=bill.customer, due_on=day(-1))
    debit(bill, channel, on=day(0))

    made = prepare(CollectionRequest(other.pk), offer(other, 1))

    assert [(one.order.origin, one.order.amount_fen) for one in made] == [("customer", 1)]


def test_a_missed_recovery_cycle_is_passed_over(make_bill, channel):
    bill = make_bill()
    channel.will_answer("acct-1", "NOTENOUGH")
    live(bill, channel, until=6)
    assert (reread(bill).cycle, reread(bill).refusals) == (2, 1)

    [made] = prepare(CollectionRequest(bill.pk), on=day(13))

    changed = reread(bill)
    assert made.order.number == f"{bill.pk}-3-1-1"
    assert (changed.cycle, changed.cycle_on, changed.refusals, changed.tries) == (3, day(13), 0, 0)


def test_a_recovery_window_that_passed_puts_the_debit_off(make_bill, channel):
    bill = make_bill()
    channel.will_answer("acct-1", "NOTENOUGH")
    live(bill, channel, until=4)
    assert reread(bill).debit_on == day(6)

    assert prepare(CollectionRequest(bill.pk), on=day(9)) == []

    assert (reread(bill).cycle, reread(bill).debit_on) == (2, day(13))


def test_a_bill_without_a_mandate_leaves_the_plans_between_its_windows(make_bill, channel):
    bill = make_bill()
    channel.will_answer("acct-1", "NOTENOUGH")
    live(bill, channel, until=4)
    end_mandate()

    assert prepare(CollectionRequest(bill.pk), on=day(9)) == []

    assert (reread(bill).cycle, reread(bill).debit_on) == (2, day(13))
    assert due.to_debit(on=day(12)).ids == []
    assert due.to_debit(on=day(13)).ids == [bill.pk]


def test_a_bill_without_a_mandate_leaves_the_plans_after_its_last_window(make_bill, channel):
    bill = make_bill()
    channel.will_answer("acct-1", "NOTENOUGH")
    live(bill, channel, until=4)
    end_mandate()

    assert prepare(CollectionRequest(bill.pk), on=day(100)) == []

    assert reread(bill).debit_on is None
    assert due.to_debit(on=day(101)).ids == []


def test_an_offer_is_an_order_under_its_own_key(make_bill):
    bill = make_bill(mode="off")

    [made] = prepare(offer(bill, 700, "mine"), on=day(-5))

    assert (made.order.number, made.order.amount_fen) == (f"{bill.pk}-c-mine", 700)
    assert (made.order.origin, made.order.business_date, made.is_new) == ("customer", day(-5), True)


def test_an_offer_without_an_amount_is_everything_unpaid(make_bill):
    bill = make_bill()

    [made] = prepare(offer(bill), on=day(-1))

    assert made.order.amount_fen == WHOLE_FEN - 500


def test_the_same_key_is_the_same_order_and_another_key_another(make_bill):
    bill, other = make_bill(), make_bill()
    [first] = prepare(offer(bill, 700, "a"))

    [again, second, third] = prepare(offer(bill, 700, "a"), offer(bill, 700, "b"), offer(other))

    assert (again.order.pk, again.is_new, again.account) == (first.order.pk, False, "acct-1")
    assert [one.order.number for one in (second, third)] == [f"{bill.pk}-c-b", f"{other.pk}-c-pay"]


@pytest.mark.parametrize("offered_fen", [-1, 0, WHOLE_FEN + 1])
def test_an_amount_that_is_not_owed_is_refused_with_its_whole_batch(make_bill, offered_fen):
    bill, other = make_bill(), make_bill()
    before = contents(TABLES)

    with pytest.raises(OverpaidError):
        prepare(CollectionRequest(other.pk), offer(bill, offered_fen))

    assert contents(TABLES) == before


def test_exactly_what_is_unpaid_may_be_offered(make_bill):
    bill = make_bill()

    [made] = prepare(offer(bill, WHOLE_FEN))

    assert made.order.amount_fen == WHOLE_FEN


def test_a_new_order_is_sent_with_its_number_account_and_amount(make_bill, channel):
    made = prepare(CollectionRequest(make_bill().pk))

    [answer] = orders.ask(made, channel=channel, at=AT)

    [order] = DebitOrder.objects.all()
    assert channel.submitted == [(order.number, "acct-1", WHOLE_FEN, AT)]
    assert (answer.number, answer.outcome, answer.amount_fen) == (
        order.number, Outcome.SUCCEEDED, WHOLE_FEN,
    )  # fmt: skip


def test_an_order_the_channel_knows_is_not_sent_again(make_bill, channel):
    made = prepare(CollectionRequest(make_bill().pk))
    sent = orders.ask(made, channel=channel, at=AT)

    again = orders.ask([one._replace(is_new=False) for one in made], channel=channel, at=AT)

    assert again == sent
    assert len(channel.submitted) == 1


@pytest.mark.parametrize(
    ("seconds", "end"),
    [(599, ("unknown", "NO_ANSWER")), (600, ("failed", "NEVER_SENT"))],
)
def test_a_number_is_given_up_ten_minutes_after_it_was_asked(make_bill, channel, seconds, end):
    bill = make_bill()
    [made] = prepare(CollectionRequest(bill.pk))
    pay(bill, FakeChannel(), 1, at=AT)

    at = AT + timedelta(seconds=seconds)
    [answer] = orders.ask([made._replace(is_new=False)], channel=channel, at=at)

    assert (answer.outcome, answer.code) == end
    assert answer.amount_fen == 0
    assert channel.submitted == []


def test_nothing_to_ask_asks_nobody(committed_db):
    assert orders.ask([], channel=None, at=AT) == []


def test_no_channel_is_asked_inside_a_transaction(make_bill, channel):
    made = prepare(CollectionRequest(make_bill().pk))

    with transaction.atomic(), pytest.raises(AssertionError):
        orders.ask(made, channel=channel, at=AT)

    assert channel.submitted == []


@pytest.fixture
def bill(make_bill):
    """A bill of 20,300 yuan whose card has come down to class II."""
    made = make_bill(principal_fen=2_000_000)
    change = ClassChange(BankCard.objects.get().pk, "II")
    cards.reclassify([change], by="bank", reason="classed again", at=moment(day(-5)))
    return made


def test_the_limit_itself_can_be_paid_and_nothing_more(bill, channel):
    pay(bill, channel, LIMIT_FEN - 1, at=moment(day(-3)))
    pay(bill, channel, 1, at=moment(day(-3), time(10)), key="second")

    with pytest.raises(CardDayLimitError):
        pay(bill, channel, 1, at=moment(day(-3), time(11)), key="third")

    assert reread(bill).paid_fen == LIMIT_FEN
    assert DebitOrder.objects.count() == 2


def test_the_refusal_says_what_is_left(bill, channel):
    pay(bill, channel, 400_000, at=moment(day(-3)))

    with pytest.raises(CardDayLimitError) as refused:
        pay(bill, channel, 600_001, at=moment(day(-3), time(10)), key="second")

    assert refused.value.facts["left_fen"] == 600_000
    assert refused.value.facts["limit_fen"] == LIMIT_FEN
    with override("en"):
        words = str(refused.value)
    assert "class II pays at most 10,000.00 yuan a day; 6,000.00 are left" in words
    assert reread(bill).paid_fen == 400_000


def test_the_next_day_gives_as_much_again(bill, channel):
    pay(bill, channel, LIMIT_FEN, at=moment(day(-3)))

    pay(bill, channel, LIMIT_FEN, at=moment(day(-2)), key="second")

    assert reread(bill).paid_fen == 2 * LIMIT_FEN


def test_what_the_bank_refused_does_not_count(bill, channel):
    channel.will_answer("acct-1", "NOTENOUGH")
    asks = [CollectionRequest(bill.pk, LIMIT_FEN, "customer", "first")]
    collection.collect(asks, by="test", channel=channel, on=day(-3), at=moment(day(-3)))
    assert DebitOrder.objects.get().state == "failed"

    pay(bill, channel, LIMIT_FEN, at=moment(day(-3), time(10)), key="second")

    assert reread(bill).paid_fen == LIMIT_FEN


def test_a_payment_asked_for_again_is_not_counted_twice(bill):
    ask = CollectionRequest(bill.pk, LIMIT_FEN, "customer", "request")
    [first] = orders.prepare([ask], by="test", on=day(-3), at=moment(day(-3)))

    [again] = orders.prepare([ask], by="test", on=day(-3), at=moment(day(-3)))

    assert again.order.pk == first.order.pk


def test_a_class_one_account_has_no_limit(make_bill, channel):
    bill = make_bill(principal_fen=2_000_000)

    pay(bill, channel, 2_000_000, at=moment(day(-3)))

    assert reread(bill).paid_fen == 2_000_000


def test_two_payments_at_once_share_what_the_day_gives(bill, make_bill, together, monkeypatch):
    second = make_bill(customer=bill.customer, due_on=day(30))
    both_have_read, read = Barrier(2), card_limits.of_day

    def read_and_wait(*args, **facts):
        found = read(*args, **facts)
        with suppress(BrokenBarrierError):  # the other one waits for the lock
            both_have_read.wait(1)
        return found

    monkeypatch.setattr(card_limits, "of_day", read_and_wait)

    def offer(n):
        request = CollectionRequest([bill.pk, second.pk][n], 600_000, "customer", key=str(n))
        try:
            return len(orders.prepare([request], by="test", on=day(-3), at=moment(day(-3))))
        except CardDayLimitError as refused:
            return refused.facts["left_fen"]

    assert sorted(together(2, offer)) == [1, 400_000]
    assert DebitOrder.objects.count() == 1
