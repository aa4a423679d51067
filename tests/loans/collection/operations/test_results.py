"""Answers: stored once, counted by what they say, and the money applied on its own day."""

from datetime import UTC, datetime, time, timedelta

import pytest
from django.db import transaction

from accounts.cards.operations import cards
from accounts.models import BankCard, CardHold
from loans.collection.operations import orders, results
from loans.collection.operations.orders import CollectionRequest
from loans.collection.operations.results import Recorded
from loans.gateways.channel import Answer, Outcome
from loans.models import Bill, DebitOrder, Instalment, Mandate, Repayment, UnappliedFunds
from loans.reconciliation import queries as reconciliation
from loans.reconciliation.queries import Difference
from risk.models import Conduct, CreditLine
from tests.loans.conftest import DUE_ON, day, moment
from tests.loans.delinquency.test_overdue_life import debit, live, pay, payoff_fen, reread
from tests.raw import contents

pytestmark = pytest.mark.usefixtures("committed_db")

AT = moment(day(0))
LATER = AT + timedelta(hours=1)
WHOLE_FEN = 1_015_000
TABLES = ("loans_bill", "loans_loan", "loans_instalment", "loans_debitorder", "loans_repayment",
          "loans_mandate", "loans_transfer", "risk_creditline", "risk_conduct",
          "backoffice_statechange")  # fmt: skip


def sent(bill, *, on=DUE_ON, amount_fen=None, key="pay"):
    """Prepare an order of a bill: an automatic one, or a customer's of an amount."""
    origin = "auto" if amount_fen is None else "customer"
    request = CollectionRequest(bill.pk, amount_fen, origin, "" if amount_fen is None else key)
    [made] = orders.prepare([request], by="test", on=on, at=moment(on))
    return made.order


def success(order, at=AT, amount_fen=None):
    taken_fen = order.amount_fen if amount_fen is None else amount_fen
    return Answer(order.number, Outcome.SUCCEEDED, "SUCCESS", taken_fen, "ref-7", at)


def refusal(order, code="NOTENOUGH"):
    return Answer(order.number, Outcome.FAILED, code, 0, "", AT)


def unknown(order):
    return Answer(order.number, Outcome.UNKNOWN, "TIMEOUT", 0, "", None)


def counters(bill):
    return Bill.objects.values_list("state", "refusals", "tries", "debit_on").get(pk=bill.pk)


def test_a_success_is_stored_and_its_money_applied(make_bill):
    bill = make_bill()
    order = sent(bill)

    recorded = results.record([success(order)], by="system:debit-channel", at=LATER)

    assert recorded == Recorded(succeeded=1)
    order, [repayment] = reread(order), Repayment.objects.all()
    assert (order.state, order.code, order.reference) == ("succeeded", "SUCCESS", "ref-7")
    assert (order.taken_fen, order.answered_at) == (WHOLE_FEN, LATER)
    assert (repayment.order, repayment.bill, repayment.customer) == (order, bill, bill.customer)
    assert (repayment.amount_fen, repayment.value_on, repayment.recorded_at) == (
        WHOLE_FEN, day(0), LATER,
    )  # fmt: skip
    assert (reread(bill).state, reread(bill).paid_fen) == ("paid", WHOLE_FEN)
    assert CreditLine.objects.get().drawn_fen == 0
    assert (Conduct.objects.get().outcome, Conduct.objects.get().paid_on) == ("paid", day(0))


def test_each_order_is_counted_as_it_stands(make_bill):
    one, two, three = (sent(make_bill()) for _ in range(3))
    answers = [success(one), refusal(two), unknown(three)]

    first, again = (
        results.record(answers, by="system:debit-channel", at=AT),
        results.record(answers, by="system:debit-channel", at=LATER),
    )

    assert first == again == Recorded(succeeded=1, failed=1, unknown=1)


@pytest.mark.parametrize("answer", [success, refusal, unknown])
def test_an_answer_that_comes_again_changes_nothing(make_bill, answer):
    order = sent(make_bill())
    results.record([answer(order)], by="system:debit-channel", at=AT)
    before = contents(TABLES)

    results.record([answer(order), answer(order)], by="system:debit-channel", at=LATER)

    assert contents(TABLES) == before


@pytest.mark.parametrize("answer", [refusal, unknown])
def test_a_success_is_final(make_bill, answer):
    order = sent(make_bill())
    results.record([success(order)], by="system:debit-channel", at=AT)
    before = contents(TABLES)

    recorded = results.record([answer(order)], by="system:debit-channel", at=LATER)

    assert recorded == Recorded(succeeded=1)
    assert contents(TABLES) == before


@pytest.mark.parametrize("answer", [refusal, unknown])
def test_an_order_without_success_may_still_have_taken_money(make_bill, answer):
    bill = make_bill()
    order = sent(bill)
    results.record([answer(order)], by="system:debit-channel", at=AT)

    results.record([success(order)], by="system:debit-channel", at=LATER)

    assert (reread(order).state, reread(order).code) == ("succeeded", "SUCCESS")
    assert reread(bill).state == "paid"


def test_a_refusal_is_not_forgotten_for_silence(make_bill):
    order = sent(make_bill())
    results.record([refusal(order)], by="system:debit-channel", at=AT)
    before = contents(TABLES)

    assert results.record([unknown(order)], by="system:debit-channel", at=LATER) == Recorded(
        failed=1
    )

    assert contents(TABLES) == before


def test_an_unknown_order_may_end_as_refused(make_bill):
    bill = make_bill()
    order = sent(bill)
    results.record([unknown(order)], by="system:debit-channel", at=AT)
    assert (reread(order).state, reread(order).answered_at) == ("unknown", None)

    results.record([refusal(order)], by="system:debit-channel", at=LATER)

    assert (reread(order).state, reread(order).answered_at) == ("failed", LATER)
    assert counters(bill) == ("billed", 1, 0, day(1))


def test_an_answer_to_no_order_of_ours_changes_nothing(make_bill):
    order = sent(make_bill())
    before = contents(TABLES)

    assert (
        results.record([success(order)._replace(number="other")], by="system:debit-channel", at=AT)
        == Recorded()
    )
    assert results.record([], by="system:debit-channel", at=AT) == Recorded()

    assert contents(TABLES) == before


def test_many_who_report_a_success_at_once_store_one_repayment(make_bill, together):
    bill = make_bill()
    order = sent(bill)

    recorded = together(
        4, lambda _n: results.record([success(order)], by="system:debit-channel", at=AT)
    )

    assert recorded == [Recorded(succeeded=1)] * 4
    assert Repayment.objects.count() == 1
    assert reread(bill).paid_fen == WHOLE_FEN


def test_nothing_is_recorded_inside_another_transaction(make_bill):
    order = sent(make_bill())

    with transaction.atomic(), pytest.raises(RuntimeError):
        results.record([success(order)], by="system:debit-channel", at=AT)

    assert reread(order).state == "sent"


@pytest.mark.parametrize(
    ("code", "refusals", "tries", "debit_on", "refused_on"),
    [
        ("NOTENOUGH", 1, 0, day(1), day(0)),
        ("USER_NOT_EXIST", 1, 0, day(1), day(0)),
        ("BANKERROR", 0, 1, day(0), None),
        ("NEVER_SENT", 0, 1, day(0), None),
        ("CONTRACT_NOT_EXIST", 0, 1, day(0), None),
    ],
)
def test_only_what_the_customer_answers_for_is_counted(
    make_bill, code, refusals, tries, debit_on, refused_on
):
    bill = make_bill()

    results.record([refusal(sent(bill), code)], by="system:debit-channel", at=AT)

    assert counters(bill) == ("billed", refusals, tries, debit_on)
    assert reread(bill).refused_on == refused_on


def test_the_third_refusal_ends_the_cycle_and_the_first_is_remembered(make_bill):
    bill = make_bill()

    for n in range(3):
        results.record(
            [refusal(sent(bill, on=day(n)))], by="system:debit-channel", at=moment(day(n))
        )

    assert counters(bill) == ("billed", 3, 0, None)
    assert reread(bill).refused_on == day(0)


def test_after_the_third_refusal_of_a_recovery_cycle_the_next_cycle_follows(make_bill, channel):
    bill = make_bill()
    channel.will_answer("acct-1", "NOTENOUGH")
    live(bill, channel, until=7)
    assert counters(bill) == ("overdue", 2, 0, day(8))

    results.record([refusal(sent(bill, on=day(8)))], by="system:debit-channel", at=moment(day(8)))

    assert counters(bill) == ("overdue", 3, 0, day(13))


def test_a_refused_offer_of_the_customer_is_no_attempt(make_bill):
    bill = make_bill()

    results.record([refusal(sent(bill, amount_fen=700))], by="system:debit-channel", at=AT)

    assert counters(bill) == ("billed", 0, 0, day(0))
    assert reread(bill).refused_on is None


def test_a_refusal_of_an_earlier_cycle_counts_for_nothing(make_bill, channel):
    bill = make_bill()
    channel.will_answer("acct-1", "NOTENOUGH", "NOTENOUGH", "ORDER_ACCEPTED")
    live(bill, channel, until=7)
    before = counters(bill)
    assert (before[0], reread(bill).cycle) == ("overdue", 2)

    results.record(
        [refusal(DebitOrder.objects.get(state="unknown"))],
        by="system:debit-channel",
        at=moment(day(8)),
    )

    assert counters(bill) == before


def test_a_missing_contract_ends_the_mandate_of_that_customer_alone(make_bill):
    bill, other = make_bill(), make_bill()

    results.record(
        [refusal(sent(bill, amount_fen=700), "CONTRACTERROR")], by="system:debit-channel", at=LATER
    )

    ended, live_one = (Mandate.objects.get(customer=one.customer_id) for one in (bill, other))
    assert (ended.state, ended.terminated_at) == ("terminated", LATER)
    assert (live_one.state, live_one.terminated_at) == ("signed", None)


def test_a_part_taken_by_a_debit_resets_the_counter(make_bill):
    bill = make_bill()
    results.record([refusal(sent(bill))], by="system:debit-channel", at=AT)
    order = sent(bill, on=day(1))

    results.record(
        [success(order, moment(day(1)), amount_fen=50_000)],
        by="system:debit-channel",
        at=moment(day(1)),
    )

    assert reread(bill).refusals == 0
    assert reread(bill).tries == 2


def test_a_part_paid_by_hand_does_not_reset_the_counter(make_bill):
    bill = make_bill()
    results.record([refusal(sent(bill))], by="system:debit-channel", at=AT)

    results.record([success(sent(bill, amount_fen=50_000))], by="system:debit-channel", at=LATER)

    assert counters(bill) == ("billed", 1, 0, day(1))
    assert reread(bill).paid_fen == 50_000


@pytest.mark.parametrize(
    ("at", "value_on"),
    [
        (datetime(2026, 9, 30, 15, 59, 59, 999_999, tzinfo=UTC), day(-1)),
        (datetime(2026, 9, 30, 16, tzinfo=UTC), day(0)),
        (moment(day(1), time(0, 0)), day(0)),  # a day to come closes nothing
        (None, day(0)),
    ],
)
def test_money_counts_on_the_day_of_the_channel_in_shanghai(make_bill, at, value_on):
    order = sent(make_bill(), on=day(-1), amount_fen=100)

    results.record([success(order)._replace(at=at)], by="system:debit-channel", at=AT)

    assert Repayment.objects.get().value_on == value_on


def test_payments_of_one_bill_are_applied_by_their_days_whatever_their_order(make_bill):
    bill, twin = make_bill(), make_bill()
    answers = []
    for one in (bill, twin):
        first, second = (sent(one, on=day(-6), amount_fen=100_000, key=key) for key in "ab")
        answers.append([success(first, moment(day(-2))), success(second, moment(day(-5)))])

    results.record(answers[0], by="system:debit-channel", at=moment(day(-1)))
    for answer in reversed(answers[1]):
        results.record([answer], by="system:debit-channel", at=moment(day(-1)))

    rows = Instalment.objects.order_by("pk").values_list(
        "unpaid_principal_fen", "unpaid_interest_fen", "segment_on", "segment_base_fen"
    )
    assert rows[0] == rows[1]
    assert rows[0][2] == day(-2)


def test_a_day_that_was_not_closed_is_closed_before_its_later_payment(make_bill):
    bill = make_bill(mode="off")
    order = sent(bill, on=day(1), amount_fen=WHOLE_FEN + 500)

    results.record([success(order, moment(day(1)))], by="system:debit-channel", at=moment(day(1)))

    # The payment settles the late fee of 5.08 too, so as much of the principal stays unpaid.
    assert (reread(bill).state, reread(bill).late_fee_fen) == ("grace", 508)
    assert payoff_fen(bill, day(1)) == 508


def test_an_overdue_bill_that_is_paid_lets_the_line_resume_and_is_not_reported_twice(
    make_bill, channel
):
    bill = make_bill()
    channel.will_answer("acct-1", "NOTENOUGH")
    live(bill, channel, until=4)
    assert CreditLine.objects.get().state == "suspended"

    pay(bill, channel, payoff_fen(bill, day(5)), at=moment(day(5)))

    assert (reread(bill).state, CreditLine.objects.get().state) == ("paid", "active")
    assert [one.outcome for one in Conduct.objects.all()] == ["overdue"]


def test_a_mandate_that_ends_lets_its_card_go(make_bill, channel):
    bill = make_bill()
    card = BankCard.objects.get()
    cards.hold(card.pk, holder="auto-debit", by="test", at=moment(day(-5)))
    cards.hold(card.pk, holder="loan:1", by="test", at=moment(day(-5)))
    channel.will_answer("acct-1", "CONTRACT_NOT_EXIST")

    debit(bill, channel, on=day(0))

    assert Mandate.objects.get().state == "terminated"
    assert list(CardHold.objects.values_list("holder", flat=True)) == ["loan:1"]


def test_a_refusal_after_the_rest_was_carried_counts_for_nothing(make_bill, channel):
    bill = make_bill(principal_fen=900)
    channel.will_answer("acct-1", "NOTENOUGH", "NOTENOUGH", "ORDER_ACCEPTED")
    live(bill, channel, until=4)
    assert counters(bill) == ("carried", 2, 0, None)
    order = DebitOrder.objects.get(state="unknown")

    recorded = results.record([refusal(order)], by="system:debit-channel", at=moment(day(5)))

    assert recorded.failed == 1
    assert counters(bill) == ("carried", 2, 0, None)


def test_a_refusal_after_the_customer_paid_counts_for_nothing(make_bill, channel):
    bill = make_bill()
    channel.will_answer("acct-1", "ORDER_ACCEPTED")
    live(bill, channel, until=1)
    pay(bill, channel, payoff_fen(bill, day(1)), at=moment(day(1)))
    before = counters(bill)
    assert before[0] == "paid"

    results.record(
        [refusal(DebitOrder.objects.get(state="unknown"))],
        by="system:debit-channel",
        at=moment(day(2)),
    )

    assert counters(bill) == before
    assert reread(bill).refused_on is None


def asked_about(bill, channel, *, taken_fen: int) -> DebitOrder:
    """Debit a bill without an answer, then ask about it: the bank took another amount."""
    channel.will_answer("acct-1", "TIMEOUT")
    debit(bill, channel, on=day(0))
    order = DebitOrder.objects.get()
    channel.taken[order.number] = Answer(
        order.number, Outcome.SUCCEEDED, "SUCCESS", taken_fen, "ref-other", moment(day(0))
    )
    results.record(channel.query([order.number]), by="system:debit-channel", at=moment(day(0)))
    return DebitOrder.objects.get()


def test_less_than_was_asked_is_booked_and_shown(make_bill, channel):
    bill = make_bill()

    order = asked_about(bill, channel, taken_fen=50_000)

    assert (order.state, order.taken_fen) == ("succeeded", 50_000)
    assert (reread(bill).state, reread(bill).paid_fen) == ("billed", 50_000)
    shown = Difference("asked = taken", f"order {order.number}", 1_015_000, 50_000)
    assert list(reconciliation.orders()) == [shown]


def test_more_than_was_asked_waits_and_is_shown(make_bill, channel):
    bill = make_bill()

    order = asked_about(bill, channel, taken_fen=1_015_700)

    assert reread(bill).state == "paid"
    assert UnappliedFunds.objects.get().amount_fen == 700
    shown = Difference("asked = taken", f"order {order.number}", 1_015_000, 1_015_700)
    assert list(reconciliation.orders()) == [shown]
    assert list(reconciliation.unapplied_funds()) == []
