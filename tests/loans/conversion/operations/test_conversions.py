"""A conversion as its customer asks for it: planned, effective on D, undone and run again."""

from datetime import time

import pytest
from django.db import transaction

from backoffice.core import workflow
from loans.billing.queries import day_limits
from loans.collection.operations import orders, results
from loans.collection.operations.orders import CollectionRequest
from loans.contracts.operations import offers, quotes
from loans.conversion.operations import conversions
from loans.conversion.operations.conversions import ConversionPlannedError
from loans.delinquency.operations import end_of_day
from loans.gateways.channel import Answer, Outcome
from loans.models import Conversion, DebitOrder, Instalment, Loan, Plan, Quote, Transfer
from loans.reconciliation import queries as reconciliation
from loans.reporting.operations import SECTIONS
from risk.models import Conduct, CreditLine
from tests.loans.collection.paying import reverse
from tests.loans.conftest import day, moment
from tests.loans.contracts.conftest import scored
from tests.loans.conversion.sheets import READ, confirmed, convert, order
from tests.loans.delinquency.test_overdue_life import debit, live, pay, reread
from tests.raw import execute

pytestmark = pytest.mark.usefixtures("committed_db")

SOON = moment(day(-5), time(10))


def batch_of(bill, n: int, *, at: time = time(0, 5)) -> None:
    """The 00:05 batch of D+n: conversions, then the close."""
    on = day(n)
    conversions.take_effect([bill.pk], by="system:end-of-day", on=on, at=moment(on, at))
    end_of_day.close([bill.pk], by="system:end-of-day", on=on, at=moment(on, at))


def rows_of(bill):
    """The rows of the plan: due date, principal, fee."""
    loan = bill.customer.loans.get()
    rows = Instalment.objects.filter(loan=loan, number__gt=1).order_by("number")
    return [(row.due_on.isoformat(), row.principal_fen, row.plan_fee_fen) for row in rows]


def asked(bill):
    bill = reread(bill)
    return bill.state, bill.total_fen, bill.minimum_fen, bill.paid_fen


def differences():
    return [
        *reconciliation.caches(), *reconciliation.orders(), *reconciliation.unapplied_funds(),
        *reconciliation.account_balances(),
    ]  # fmt: skip


THIRDS = [
    ("2026-11-01", 333_333, 5_000), ("2026-12-01", 333_333, 5_000), ("2027-01-01", 333_334, 5_000),
]  # fmt: skip


def test_before_the_due_date_nothing_of_the_bill_changes(make_bill):
    bill = make_bill()

    [planned] = convert(bill, Plan.PLAN_3, at=SOON)

    assert (planned.state, planned.effective_on, planned.offered_fen) == (
        "planned", day(0), 1_000_000,
    )  # fmt: skip
    assert asked(bill) == ("billed", 1_015_000, 101_500, 0)
    assert rows_of(bill) == []
    assert Quote.objects.get().state == "used"


def test_on_the_due_date_the_batch_makes_the_plan(make_bill):
    bill = make_bill()
    convert(bill, Plan.PLAN_3, at=SOON)

    batch_of(bill, -1)
    assert rows_of(bill) == []
    batch_of(bill, 0)
    batch_of(bill, 0, at=time(0, 9))

    assert asked(bill) == ("billed", 15_000, 15_000, 0)
    assert rows_of(bill) == THIRDS
    loan, done = Loan.objects.get(), Conversion.objects.get()
    assert (loan.plan, loan.converted_on, loan.converted_to) == ("bullet", day(0), "plan-3")
    assert (done.state, done.principal_fen, done.fee_fen) == ("effective", 1_000_000, 15_000)
    assert CreditLine.objects.get().drawn_fen == 1_000_000
    assert Transfer.objects.filter(kind="plan_fee").count() == 0
    assert differences() == []


def test_who_asks_on_the_due_date_has_the_plan_at_once(make_bill):
    bill = make_bill()

    [done] = convert(bill, Plan.PLAN_12, at=moment(day(0), time(8)))

    assert (done.state, done.principal_fen, done.fee_fen) == ("effective", 1_000_000, 60_000)
    assert [row[1] for row in rows_of(bill)] == [83_333] * 11 + [83_337]
    assert Instalment.objects.order_by("number").last().number == 13
    assert asked(bill) == ("billed", 15_000, 15_000, 0)


def test_the_debit_of_the_day_takes_the_interest_alone(make_bill, channel):
    bill = make_bill()
    convert(bill, Plan.PLAN_3, at=SOON)
    batch_of(bill, 0)

    debit(bill, channel, on=day(0))

    assert DebitOrder.objects.get().amount_fen == 15_000
    assert asked(bill) == ("paid", 15_000, 15_000, 15_000)
    assert Loan.objects.get().unpaid_principal_fen == 1_000_000
    assert Conduct.objects.get().outcome == "paid"
    assert differences() == []


def test_interest_that_is_not_paid_goes_through_grace_to_the_overdue_record(make_bill, channel):
    bill = make_bill()
    channel.will_answer("acct-1", "NOTENOUGH")
    convert(bill, Plan.PLAN_3, at=SOON)
    batch_of(bill, 0)

    live(bill, channel, until=6)

    assert asked(bill)[0] == "overdue"
    loan = Loan.objects.get()
    assert (loan.state, loan.unpaid_principal_fen, loan.charged_fen) == (
        "overdue",
        1_000_000,
        15_008,
    )
    assert differences() == []


def test_what_was_paid_before_is_not_converted(make_bill, channel):
    bill = make_bill()
    convert(bill, Plan.PLAN_3, at=SOON)
    pay(bill, channel, 500_000, at=moment(day(-4), time(11)))

    batch_of(bill, 0)

    # 26 nights are 13,000; 513,000 bear 4 nights: 1,026.
    assert asked(bill) == ("billed", 501_026, 501_026, 500_000)
    assert [row[1] for row in rows_of(bill)] == [171_000, 171_000, 171_000]
    assert Conversion.objects.get().fee_fen == 7_695
    assert differences() == []


def test_a_bill_that_was_paid_by_then_lets_it_lapse(make_bill, channel):
    bill = make_bill()
    convert(bill, Plan.PLAN_3, at=SOON)
    pay(bill, channel, 1_013_000, at=moment(day(-4), time(11)))

    batch_of(bill, 0)

    lapsed = Conversion.objects.get()
    assert (lapsed.state, lapsed.lapsed_because) == ("lapsed", "nothing-to-convert")
    assert asked(bill)[0] == "paid"
    assert rows_of(bill) == []


def test_a_payment_that_is_reversed_later_does_not_revive_it(make_bill, channel):
    """A bill is converted until its due date only (REPAY-6): afterwards its customer asks again."""
    bill = make_bill()
    convert(bill, Plan.PLAN_3, at=SOON)
    pay(bill, channel, 1_013_000, at=moment(day(-4), time(11)))
    batch_of(bill, 0)

    reverse(bill.repayments.get(), at=moment(day(0), time(15)))

    assert Conversion.objects.get().state == "lapsed"
    assert asked(bill) == ("billed", 1_015_000, 101_500, 0)
    assert rows_of(bill) == []
    assert differences() == []


def test_a_later_due_date_lets_it_lapse(make_bill):
    bill = make_bill()
    convert(bill, Plan.PLAN_3, at=SOON)
    execute("UPDATE loans_bill SET due_on = due_on + 5 WHERE id = %s", bill.pk)

    batch_of(bill, 0)

    lapsed = Conversion.objects.get()
    assert (lapsed.state, lapsed.lapsed_because) == ("lapsed", "due-date-moved")
    assert asked(bill) == ("billed", 1_015_000, 101_500, 0)
    [planned] = convert(reread(bill), Plan.PLAN_3, at=moment(day(1)))
    assert (planned.state, planned.effective_on) == ("planned", day(5))


def test_only_the_loans_on_the_sheet_are_converted(make_bill):
    bill = make_bill()
    first = Loan.objects.get()
    second = make_bill(customer=bill.customer, due_on=day(31)).instalments.get().loan
    execute("UPDATE loans_instalment SET bill_id = %s, due_on = %s", bill.pk, day(0))

    quote = confirmed(bill, Plan.PLAN_3, at=SOON, loan_ids=[first.public_id])
    [planned] = order(bill, quote, at=SOON + READ)

    assert (planned.loan, quote.amount_fen) == (first, 1_000_000)
    assert [one["id"] for one in quote.sheet["loans"]] == [str(first.public_id)]
    [rest] = convert(bill, Plan.PLAN_6, at=SOON)  # every other bullet of the bill
    assert rest.loan == second


def twins(make_bill):
    """Two customers with the same bill who convert it on the same day."""
    pair = make_bill(), make_bill()
    for bill in pair:
        convert(bill, Plan.PLAN_3, at=SOON)
    return pair


def stands(bill):
    """Where the loan of a bill stands, its places in the tables left out."""
    loan = bill.customer.loans.get()
    parts = Instalment.objects.filter(loan=loan).order_by("number")
    names = ("number", "due_on", "principal_fen", "plan_fee_fen", "unpaid_principal_fen",
             "unpaid_interest_fen", "unpaid_late_fee_fen", "unpaid_plan_fee_fen", "accrual",
             "uncharged_plan_fee_fen")  # fmt: skip
    owed = [tuple(getattr(part, name) for name in names) for part in parts]
    of_loan = ("state", "charged_fen", "principal_nights_fen", "accrued_on", "converted_to")
    return asked(bill), [getattr(loan, name) for name in of_loan], owed


def unheard(bill, channel, amount_fen, *, at):
    """A payment by hand of which the channel gives no answer."""
    channel.will_answer(bill.customer.cards.get().account, "TIMEOUT")
    request = CollectionRequest(bill.pk, amount_fen, origin="customer", key="late")
    [made] = orders.prepare([request], by="test", on=at.date(), at=at)
    results.record(orders.ask([made], channel=channel, at=at), by="system:debit-channel", at=at)
    return made.order


@pytest.mark.parametrize("amount_fen", [500_000, 1_012_000])
def test_money_from_before_that_is_reported_later_gives_the_same_plan(
    make_bill, channel, amount_fen
):
    late, in_time = twins(make_bill)
    paid_at = moment(day(-4), time(11))
    pay(in_time, channel, amount_fen, at=paid_at)
    unknown = unheard(late, channel, amount_fen, at=paid_at)
    for bill in (late, in_time):
        batch_of(bill, 0)
    assert rows_of(late) == THIRDS

    answer = Answer(unknown.number, Outcome.SUCCEEDED, "SUCCESS", amount_fen, "late", paid_at)
    results.record([answer], by="system:debit-channel", at=moment(day(0), time(12)))

    assert stands(late) == stands(in_time)
    assert rows_of(late) != THIRDS
    assert differences() == []


def test_money_that_had_paid_the_bill_undoes_the_plan(make_bill, channel):
    bill = make_bill()
    convert(bill, Plan.PLAN_3, at=SOON)
    paid_at = moment(day(-4), time(11))
    unknown = unheard(bill, channel, 1_013_000, at=paid_at)
    batch_of(bill, 0)

    answer = Answer(unknown.number, Outcome.SUCCEEDED, "SUCCESS", 1_013_000, "late", paid_at)
    results.record([answer], by="system:debit-channel", at=moment(day(1), time(12)))

    loan = Loan.objects.get()
    assert (loan.state, loan.converted_on, loan.charged_fen) == ("settled", None, 13_000)
    assert asked(bill) == ("paid", 1_015_000, 101_500, 1_013_000)
    assert [row[1:] for row in rows_of(bill)] == [(0, 0)] * 3
    assert Conversion.objects.get().principal_fen == 0
    assert differences() == []


def test_a_reversed_payment_is_in_the_plan_again(make_bill, channel):
    bill = make_bill()
    convert(bill, Plan.PLAN_3, at=SOON)
    pay(bill, channel, 500_000, at=moment(day(-4), time(11)))
    batch_of(bill, 0)
    debit(bill, channel, on=day(0))

    reverse(bill.repayments.earliest("pk"), at=moment(day(0), time(15)))

    assert rows_of(bill) == THIRDS
    assert differences() == []


def test_a_day_that_was_missed_is_converted_before_money_of_a_later_one(make_bill, channel):
    bill = make_bill()
    convert(bill, Plan.PLAN_3, at=SOON)

    pay(bill, channel, 15_008, at=moment(day(1), time(12)))

    assert rows_of(bill) == THIRDS
    assert asked(bill)[:2] == ("paid", 15_000)
    assert differences() == []


@pytest.mark.parametrize("state", ["planned", "effective"])
def test_a_loan_is_converted_once(make_bill, state):
    bill = make_bill()
    at = SOON if state == "planned" else moment(day(0), time(8))
    first = confirmed(bill, Plan.PLAN_3, at=at)
    again = confirmed(bill, Plan.PLAN_6, at=at)
    order(bill, first, at=at + READ)

    with pytest.raises(ConversionPlannedError):
        order(bill, again, at=at + READ)
    with pytest.raises(quotes.QuoteUsedError):
        order(bill, first, at=at + READ)

    assert Conversion.objects.get().state == state
    assert Quote.objects.get(pk=again.pk).state == "confirmed"


def test_the_score_counts_at_the_moment_of_the_request(make_bill):
    bill = make_bill()
    quote = confirmed(bill, Plan.PLAN_12, at=SOON, score=750)
    scored(bill.customer, 749)

    with pytest.raises(offers.PlanNotOpenError):
        order(bill, quote, at=SOON + READ)

    assert not Conversion.objects.exists()
    assert Quote.objects.get(pk=quote.pk).state == "confirmed"


def test_a_score_that_falls_later_changes_nothing(make_bill):
    bill = make_bill()
    convert(bill, Plan.PLAN_12, at=SOON)
    scored(bill.customer, 480)

    batch_of(bill, 0)

    assert Conversion.objects.get().state == "effective"


def test_after_the_due_date_nothing_is_converted(make_bill):
    """The cost sheet of the due date ends with it."""
    bill = make_bill()
    quote = confirmed(bill, Plan.PLAN_3, at=moment(day(0), time(23, 59)))

    with pytest.raises(quotes.QuoteExpiredError):
        order(bill, quote, at=moment(day(1), time(0)))

    assert asked(bill) == ("billed", 1_015_000, 101_500, 0)
    assert not Conversion.objects.exists()


def test_the_sheet_of_another_plan_or_bill_is_refused(make_bill):
    bill, other = make_bill(), make_bill()
    quote = confirmed(bill, Plan.PLAN_3, at=SOON)

    with pytest.raises(quotes.QuoteOtherError):
        order(bill, quote, at=SOON + READ, plan=Plan.PLAN_6)
    with pytest.raises(quotes.QuoteUnknownError):
        order(other, quote, at=SOON + READ)

    assert not Conversion.objects.exists()


def test_on_the_due_date_a_debit_without_an_answer_is_waited_for(make_bill, channel):
    bill = make_bill()
    channel.will_answer("acct-1", "TIMEOUT")
    debit(bill, channel, on=day(0))
    quote = confirmed(bill, Plan.PLAN_3, at=moment(day(0), time(9, 30)))

    with pytest.raises(offers.DebitPendingError):
        order(bill, quote, at=moment(day(0), time(9, 31)))

    assert not Conversion.objects.exists()
    assert asked(bill) == ("billed", 1_015_000, 101_500, 0)


def test_the_customers_copy_has_what_was_confirmed(make_bill):
    bill = make_bill()
    convert(bill, Plan.PLAN_3, at=SOON)
    section = next(one for one in SECTIONS if one.name == "conversions")

    [row] = section.rows(bill.customer_id, 10)

    copied = dict(zip(section.columns, row, strict=True))
    assert (copied["state"], copied["plan"], copied["offered_fen"]) == (
        "planned", "plan-3", 1_000_000,
    )  # fmt: skip
    assert list(section.rows(bill.customer_id + 1, 10)) == []


def test_what_is_going_to_be_converted_warns_of_no_day_limit(make_bill):
    bill = make_bill()
    convert(bill, Plan.PLAN_3, at=SOON)
    with transaction.atomic(), workflow.importing():
        bill.customer.cards.update(account_class="II", state="repay_only", is_default=False)

    assert day_limits.warnings([reread(bill)], on=day(0)) == {}

    Conversion.objects.update(offered_fen=10_000)  # the rest alone is above the limit
    assert day_limits.warnings([reread(bill)], on=day(0))[bill.pk].asked_fen == 1_005_000
