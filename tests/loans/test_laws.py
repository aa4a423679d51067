"""Laws between lives: what differs in the way and not in what happened ends the same, to the fen.

Each law runs twins: two customers with equal bills, one on each way. What is compared is everything
that rows of bills, loans and instalments show, and the sums of charges and of the ledger.
"""

from collections import Counter
from datetime import time, timedelta

import pytest
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from loans.collection.operations import offers, orders, results
from loans.collection.operations.orders import CollectionRequest
from loans.contracts.rules.due_dates import months_after
from loans.delinquency.operations import end_of_day
from loans.gateways.channel import Answer, Outcome
from loans.models import Bill, Charge, Loan, Transfer, UnappliedFunds
from tests.loans.billing.loans import draw
from tests.loans.conftest import day, moment
from tests.loans.repayment.issuing import issue_next
from tests.profiles import database, months

pytestmark = pytest.mark.django_db

NOT_COMPARED = {"id", "public_id", "customer_id", "bill_id", "loan_id", "line_id", "terms_id"}
LAST_DECISION = 7  # days after D
# Nothing follows from these once a bill is paid; a bill that is run again counts its orders.
OF_OPEN_BILLS = {"refusals", "refused_on", "tries", "debit_on"}
amounts = st.one_of(
    st.sampled_from([1, 999, 1_000, 1_001, 101_500, 102_008, 1_015_000]), st.integers(1, 1_100_000)
)
starts = st.fixed_dictionaries(
    {
        "principal_fen": st.sampled_from([10_000, 33_300, 1_000_000, 29_999_900]),
        "rate_ppm": st.sampled_from([200, 350, 500]),
        "mode": st.sampled_from(["full", "minimum", "off"]),
    }
)


@pytest.fixture
def twins(make_bill):
    """Run a law on two equal bills in a transaction that is rolled back."""

    def run(start, law, but=()):
        whole = transaction.atomic()
        whole._from_testcase = True  # what is durable may stand inside
        with whole:
            pair = make_bill(**start), make_bill(**start)
            law(*pair)
            assert figures(pair[0], but=but) == figures(pair[1], but=but)
            transaction.set_rollback(True)

    return run


def figures(bill, but=()):
    """Return what is kept of the customer of a bill, without ids, moments and ``but`` those."""
    loans = Loan.objects.filter(customer=bill.customer_id)
    rows = [*Bill.objects.filter(customer=bill.customer_id).order_by("due_on")]
    for loan in loans.order_by("pk"):
        rows += [loan, *loan.instalments.order_by("number")]
    left_out = {*NOT_COMPARED, *but, *(OF_OPEN_BILLS if rows[0].state == "paid" else ())}
    found = [
        {name: value for name, value in vars(row).items() if is_figure(name, value, left_out)}
        for row in rows
    ]
    charged = Counter()
    for row in Charge.objects.filter(loan_id__in=loans.values("pk")):
        charged[row.kind, "contract"] += row.contract_fen
        charged[row.kind, "charged"] += row.charged_fen
    booked = Counter()
    for row in Transfer.objects.filter(customer_id=bill.customer_id):
        booked[row.debit_account] += row.amount_fen
        booked[row.credit_account] -= row.amount_fen
    waiting = UnappliedFunds.objects.filter(customer=bill.customer_id)
    return (
        found,
        +charged,
        {name: fen for name, fen in booked.items() if fen},
        sum(one.amount_fen for one in waiting),
    )


def is_figure(name, value, left_out):
    """Say whether a value can be compared: no id of a row and no moment."""
    return not (name in left_out or name.startswith("_") or hasattr(value, "hour"))


def close(bills, *, on, at=None):
    end_of_day.close(
        [bill.pk for bill in bills], by="system:end-of-day", on=on,
        at=at or moment(on, time(0, 5)),
    )  # fmt: skip


def offered(bill, amount_fen, *, on, key):
    """Prepare the payment of a customer; None where that much is not owed any more."""
    request = CollectionRequest(bill.pk, amount_fen, "customer", key)
    try:
        [made] = orders.prepare([request], by="customer", on=on, at=moment(on, time(8)))
    except (offers.OverpaidError, offers.PaymentUnderWayError):
        return None
    return made.order


def debited(bill, *, on):
    """Prepare the debit of a day; None where the bill is not up."""
    made = orders.prepare([CollectionRequest(bill.pk)], by="system:debit-channel", on=on,
                          at=moment(on))  # fmt: skip
    return made[0].order if made else None


def answer(order, code, *, on):
    is_taken = code == "SUCCESS"
    return Answer(
        order.number, Outcome.SUCCEEDED if is_taken else Outcome.FAILED, code,
        order.amount_fen if is_taken else 0, f"ref-{order.number}" if is_taken else "", moment(on),
    )  # fmt: skip


def record(*answers, on):
    results.record(answers, by="system:debit-channel", at=moment(on, time(12)))


@database
@given(starts, st.integers(0, 9), st.lists(amounts, min_size=2, max_size=4))
def test_parts_of_one_day_settle_what_one_payment_does(twins, start, n, parts):
    def law(once, in_parts):
        for k in range(n + 1):
            close([once, in_parts], on=day(k))
        whole = offered(once, sum(parts), on=day(n), key="whole")
        if whole is not None:
            record(answer(whole, "SUCCESS", on=day(n)), on=day(n))
            for number, fen in enumerate(parts):
                part = offered(in_parts, fen, on=day(n), key=str(number))
                record(answer(part, "SUCCESS", on=day(n)), on=day(n))
        for k in range(n + 1, n + 8):
            close([once, in_parts], on=day(k))

    twins(start, law)


@database
@given(starts, st.integers(1, 9), amounts)
def test_missed_days_caught_up_are_as_if_run_daily(twins, start, n, amount_fen):
    def law(daily, missed):
        for k in range(n + 1):
            close([daily], on=day(k))
        orders_made = [offered(bill, amount_fen, on=day(n), key="p") for bill in (daily, missed)]
        for order in orders_made if all(orders_made) else ():  # less is owed before the days
            record(answer(order, "SUCCESS", on=day(n)), on=day(n))
        for k in range(n + 1):
            close([missed], on=day(k), at=moment(day(n), time(13)))
        close([daily, missed], on=day(n + 1))

    twins({**start, "mode": "off"}, law)


@database
@given(starts, st.integers(-3, 6), st.integers(1, 8), amounts)
def test_money_received_late_counts_from_its_own_day(twins, start, n, days_late, amount_fen):
    received_on = day(n + days_late)

    def law(in_time, late):
        for k in range(n + 1):
            close([in_time, late], on=day(k))
        pair = [offered(bill, amount_fen, on=day(n), key="p") for bill in (in_time, late)]
        if pair[0] is not None:
            record(answer(pair[0], "SUCCESS", on=day(n)), on=day(n))
        for k in range(n + 1, n + days_late + 1):
            close([in_time, late], on=day(k))
        if pair[1] is not None:
            record(answer(pair[1], "SUCCESS", on=day(n)), on=received_on)
        close([in_time, late], on=received_on + timedelta(days=1))

    # A cycle that was opened meanwhile is never used again: its order numbers may be known.
    twins({**start, "mode": "off"}, law, but=("cycle", "cycle_on"))


@months
@given(starts, st.sampled_from([-3, 0, 1, 3, 5, 9, 20]), amounts)
def test_money_received_after_the_next_bill_counts_in_what_that_one_asks(
    twins, start, n, amount_fen
):
    def law(in_time, late):
        for bill in (in_time, late):
            draw(bill.customer, drawn_on=day(-20), due_on=[months_after(bill.due_on, 1)])
        for k in range(min(n, LAST_DECISION) + 1):
            close([in_time, late], on=day(k))
        pair = [offered(bill, amount_fen, on=day(n), key="p") for bill in (in_time, late)]
        if pair[0] is not None:
            record(answer(pair[0], "SUCCESS", on=day(n)), on=day(n))
        for k in range(max(n + 1, 0), LAST_DECISION + 1):
            close([in_time, late], on=day(k))
        for bill in (in_time, late):
            issue_next(bill)
        if pair[1] is not None:
            record(answer(pair[1], "SUCCESS", on=day(n)), on=day(24))
        close([in_time, late], on=day(24))

    twins({**start, "mode": "off"}, law, but=("cycle", "cycle_on"))


@database
@given(starts, st.integers(0, 2), st.lists(amounts, min_size=1, max_size=2), st.randoms())
def test_the_order_of_one_days_notifications_changes_nothing(twins, start, n, fens, random):
    def law(first, second):
        for k in range(n + 1):
            close([first, second], on=day(k))
        shuffled = None
        for bill in (first, second):
            made = [offered(bill, fen, on=day(n), key=str(k)) for k, fen in enumerate(fens)]
            answers = [answer(order, "SUCCESS", on=day(n)) for order in made if order is not None]
            debit = debited(bill, on=day(n))
            if debit is not None:
                answers.append(answer(debit, "NOTENOUGH", on=day(n)))
            shuffled = shuffled or random.sample(range(len(answers)), len(answers))
            for place in range(len(answers)) if bill is first else shuffled:
                record(answers[place], on=day(n))
        for k in range(n + 1, n + 8):
            close([first, second], on=day(k))

    twins(start, law)


@database
@given(starts, starts, st.integers(0, 9), amounts)
def test_a_customer_beside_another_is_as_alone(twins, make_bill, start, other, n, amount_fen):
    def law(beside, alone):
        neighbour = make_bill(**other)
        for k in range(n + 1):
            close([beside, neighbour], on=day(k))
            close([alone], on=day(k))
        made = [offered(one, amount_fen, on=day(n), key="p") for one in (beside, neighbour, alone)]
        taken = [answer(order, "SUCCESS", on=day(n)) if order else None for order in made]
        record(*filter(None, taken[:2]), on=day(n))
        record(*filter(None, taken[2:]), on=day(n))
        close([beside, neighbour], on=day(n + 1))
        close([alone], on=day(n + 1))

    twins(start, law)
