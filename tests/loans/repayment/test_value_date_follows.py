"""A value date follows the debt into the bills that took over what was left (GEN-9)."""

from datetime import date, time

import pytest

from loans.accounting.rules.debt import COMPONENTS
from loans.collection.operations import results
from loans.delinquency.operations import end_of_day
from loans.models import (
    Bill,
    BillSnapshot,
    Instalment,
    Loan,
    RepaymentAllocation,
    Transfer,
    UnappliedFunds,
)
from risk.models import Conduct, CreditLine
from tests.loans.conftest import FakeChannel, day, moment
from tests.loans.delinquency.test_overdue_life import pay, payoff_fen, reread
from tests.loans.repayment.issuing import issue_next
from tests.loans.repayment.operations.test_reprocess import differences, late_success, unheard_of

pytestmark = pytest.mark.usefixtures("committed_db")

TENTH, NEXT_BILL, RECEIVED, PAYOFF = day(9), day(21), day(24), day(25)


def close(bill, *days):
    for n in days:
        end_of_day.close(
            [bill.pk], by="system:end-of-day", on=day(n), at=moment(day(n), time(0, 5))
        )


@pytest.fixture
def bill(make_bill, channel):
    """10,000.00 at 500 ppm from 2026-09-01, mode OFF: 1,015.00 are paid on D 2026-10-01."""
    made = make_bill(mode="off")
    pay(made, channel, 101_500, at=moment(day(0), time(10)))
    close(made, 1)
    assert (reread(made).state, Instalment.objects.get().unpaid_principal_fen) == (
        "min_paid", 913_500,
    )  # fmt: skip
    return made


@pytest.fixture
def lost(bill, channel):
    """1,000.00 that the customer offered on 10-10 and of which no answer came."""
    return unheard_of(bill, channel, 100_000, at=moment(TENTH, time(8)), key="lost")


def receive(order, *, succeeded_on, on=RECEIVED):
    results.record(
        [late_success(order, succeeded_at=moment(succeeded_on))],
        by="system:debit-channel",
        at=moment(on, time(12)),
    )


def test_the_worked_example(bill, lost):
    later = issue_next(bill)
    assert (later.due_on, later.billed_on) == (date(2026, 11, 1), date(2026, 10, 22))
    assert payoff_fen(later, PAYOFF) == 930_628

    receive(lost, succeeded_on=TENTH)

    part = Instalment.objects.get()
    assert (part.bill_id, part.unpaid_principal_fen) == (later.pk, 819_666)
    assert payoff_fen(later, PAYOFF) == 829_502
    assert differences() == []


def test_the_later_bill_asks_what_was_really_owed(bill, lost):
    """On 11-01: 8,196.66 and 22 nights at 750 ppm, 135.24; without the money 9,135.00 and 31."""
    later = issue_next(bill)
    assert (later.total_fen, later.minimum_fen) == (913_500 + 21_239, 93_474)

    receive(lost, succeeded_on=TENTH)

    later = reread(later)
    assert (later.total_fen, later.minimum_fen) == (819_666 + 13_524, 83_319)
    assert (later.state, later.paid_fen) == ("billed", 0)
    assert reread(bill).state == "min_paid"
    assert reread(bill).paid_fen == 201_500


def test_knowing_it_at_once_leads_to_the_same(bill, lost, make_bill, channel):
    """The same life, the money known on its day: equal balances, charges and bills."""
    later = issue_next(bill)
    receive(lost, succeeded_on=TENTH)
    timely = make_bill(mode="off")
    pay(timely, channel, 101_500, at=moment(day(0), time(10)), key="first")
    close(timely, 1)
    pay(timely, channel, 100_000, at=moment(TENTH, time(8)), key="second")
    timely_later = issue_next(timely)

    for one, other in ((bill, timely), (later, timely_later)):
        assert facts(reread(one)) == facts(reread(other))
    assert parts(bill) == parts(timely)
    assert standing_charges(bill) == standing_charges(timely)
    assert payoff_fen(later, PAYOFF) == payoff_fen(timely_later, PAYOFF)


def facts(bill):
    return (bill.state, bill.total_fen, bill.minimum_fen, bill.paid_fen, bill.last_paid_on,
            bill.shortfall_fen, bill.closed_through)  # fmt: skip


def parts(bill):
    columns = ("accrual", "segment_on", "segment_base_fen", "segment_posted_fen",
               "late_fee_base_fen", "unpaid_principal_fen", "unpaid_interest_fen")  # fmt: skip
    return list(Instalment.objects.filter(customer=bill.customer).values_list(*columns))


def standing_charges(bill):
    """Return what the ledger holds of a customer's loans by account, day and amount."""
    sums: dict[object, int] = {}
    for row in Transfer.objects.filter(customer_id=bill.customer_id).exclude(kind="opening"):
        sign, kind = (-1, row.reverses) if row.kind == "reversal" else (1, row.kind)
        account = row.credit_account if row.kind == "reversal" else row.debit_account
        key = (row.business_date, kind, account)
        sums[key] = sums.get(key, 0) + sign * row.amount_fen
    return {key: fen for key, fen in sums.items() if fen}


def test_money_of_a_day_after_the_issue_counts_on_the_later_bill(bill, lost):
    later = issue_next(bill)

    receive(lost, succeeded_on=NEXT_BILL)

    later = reread(later)
    assert (later.paid_fen, reread(bill).paid_fen) == (100_000, 101_500)
    assert later.total_fen == 913_500 + 21_239
    assert [row.bill_id for row in RepaymentAllocation.objects.order_by("pk")] == [
        bill.pk, later.pk,
    ]  # fmt: skip
    assert differences() == []


def test_money_of_the_day_received_on_the_day_counts_on_the_later_bill(bill, lost):
    later = issue_next(bill)

    receive(lost, succeeded_on=RECEIVED, on=RECEIVED)

    assert reread(later).paid_fen == 100_000
    assert payoff_fen(later, RECEIVED) == 913_500 + 16_443 - 100_000
    assert differences() == []


def test_what_is_more_than_the_rest_waits_and_the_later_bill_asks_nothing(bill, channel):
    lost = unheard_of(bill, channel, 919_666, at=moment(TENTH, time(8)), key="all")
    later = issue_next(bill)

    receive(lost, succeeded_on=TENTH)

    assert reread(later).state == "paid"
    assert Loan.objects.get().state == "settled"
    assert CreditLine.objects.get().drawn_fen == 0
    assert UnappliedFunds.objects.count() == 0
    assert differences() == []


def test_an_overdue_record_of_the_later_bill_is_taken_back(bill, channel):
    """With the money on its day the later bill asks 6.77, which is carried and never overdue."""
    lost = unheard_of(bill, channel, 919_000, at=moment(TENTH, time(8)), key="much")
    later = issue_next(bill)
    close(later, 32, 33, 34, 35)
    states = (reread(later).state, Loan.objects.get().state, CreditLine.objects.get().state)
    assert states == ("overdue", "overdue", "suspended")

    receive(lost, succeeded_on=TENTH, on=day(36))

    assert (reread(later).total_fen, reread(later).overdue_on) == (677, None)
    states = (reread(later).state, Loan.objects.get().state, CreditLine.objects.get().state)
    assert states == ("carried", "active", "active")
    assert Conduct.objects.order_by("pk").last().outcome == "carried"
    assert differences() == []


def test_three_bills_in_a_row_are_run_again(bill, lost):
    second = issue_next(bill)
    pay_on_minimum(second)
    third = issue_next(second)

    receive(lost, succeeded_on=TENTH, on=day(55))

    assert reread(second).total_fen == 819_666 + 13_524
    assert Instalment.objects.get().bill_id == third.pk
    assert reread(third).total_fen < third.total_fen
    assert differences() == []


def pay_on_minimum(bill):
    pay(bill, FakeChannel(), bill.minimum_fen + 30_000, at=moment(bill.due_on), key=f"m-{bill.pk}")
    end_of_day.close([bill.pk], by="system:end-of-day", on=day(32), at=moment(day(32), time(0, 5)))
    assert reread(bill).state == "min_paid"


def test_a_second_late_payment_starts_from_where_the_first_led(bill, lost, channel):
    other = unheard_of(bill, channel, 50_000, at=moment(day(12), time(8)), key="other")
    later = issue_next(bill)
    receive(lost, succeeded_on=TENTH)
    first = BillSnapshot.objects.filter(bill=later).order_by("revision").last()

    receive(other, succeeded_on=day(12), on=day(26))

    last = BillSnapshot.objects.filter(bill=later).order_by("revision").last()
    assert (first.revision, last.revision) == (2, 3)
    # Three nights of 8,196.66 at 750 ppm are 18.44: 481.56 go to principal.
    assert Instalment.objects.get().unpaid_principal_fen == 819_666 - 48_156
    assert differences() == []


def test_a_late_payment_of_the_later_bill_leaves_the_closed_one_alone(bill, channel):
    later = issue_next(bill)
    lost = unheard_of(later, channel, 20_000, at=moment(day(23), time(8)), key="late")
    close(later, 32)
    before = facts(reread(bill))

    receive(lost, succeeded_on=day(23), on=day(33))

    assert facts(reread(bill)) == before
    assert (reread(later).paid_fen, reread(later).state) == (20_000, "grace")
    assert BillSnapshot.objects.filter(bill=later).count() == 1
    assert differences() == []


def test_an_answer_that_comes_twice_changes_nothing_more(bill, lost):
    later = issue_next(bill)
    receive(lost, succeeded_on=TENTH)
    before = (facts(reread(later)), Transfer.objects.count(), Conduct.objects.count())

    receive(lost, succeeded_on=TENTH)

    assert (facts(reread(later)), Transfer.objects.count(), Conduct.objects.count()) == before
    assert Bill.objects.count() == 2


@pytest.mark.parametrize("second_on", [day(12), day(23), day(26)])
def test_late_money_of_two_bills_in_one_batch_is_applied_once(bill, lost, channel, second_on):
    """Both answers come at once, the one for the later bill late too or of the same day."""
    later = issue_next(bill)
    second = unheard_of(later, channel, 20_000, at=moment(day(23), time(8)), key="second")

    results.record(
        [
            late_success(lost, succeeded_at=moment(TENTH)),
            late_success(second, succeeded_at=moment(second_on)),
        ],
        by="system:debit-channel",
        at=moment(day(26), time(12)),
    )

    assert differences() == []
    [repaid] = RepaymentAllocation.objects.filter(repayment__order=second, revision=1)
    assert sum(getattr(repaid, name) for name in COMPONENTS) == 20_000
    assert not RepaymentAllocation.objects.filter(repayment__order__in=[lost, second], revision=2)
    assert not UnappliedFunds.objects.exists()
