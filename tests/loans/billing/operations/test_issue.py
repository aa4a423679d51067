"""Which bills a day issues, what they ask, and what they leave alone (REPAY-2, 7, 9, 16)."""

from datetime import date, time

import pytest
from django.db import IntegrityError

from backoffice.core.models import StateChange
from loans.billing.operations import issue as issuing
from loans.delinquency.operations import end_of_day
from loans.models import AutoDebit, Bill, BillSnapshot, Charge, Instalment, Loan
from tests.loans.billing.loans import draw
from tests.loans.conftest import DUE_ON, day, moment
from tests.loans.delinquency.test_overdue_life import pay, reread
from tests.loans.repayment.operations.test_reprocess import differences

pytestmark = pytest.mark.usefixtures("committed_db")

NEXT_DUE, NEXT_BILL = date(2026, 11, 1), date(2026, 10, 22)


def issue(*customers, on=NEXT_BILL):
    ids = sorted(customer.pk for customer in customers)
    return issuing.issue(ids, by="system:billing", on=on, at=moment(on, time(0, 6)))


def close(bill, *days):
    for n in days:
        end_of_day.close(
            [bill.pk], by="system:end-of-day", on=day(n), at=moment(day(n), time(0, 5))
        )


def latest(customer):
    return Bill.objects.filter(customer=customer).order_by("due_on").last()


@pytest.fixture
def paid(make_bill, channel):
    """A customer whose bill of 10-01 is paid, and who repays on the first of the month."""
    bill = make_bill(mode="off")
    pay(bill, channel, 1_015_000, at=moment(day(0), time(8)))
    return bill.customer


def test_an_instalment_is_billed_ten_days_before_it_falls_due(paid):
    """2,000.00 at 500 ppm from 10-05 to 11-01: 27 nights bear 27.00."""
    loan = draw(paid, drawn_on=day(4), due_on=[NEXT_DUE])

    assert issue(paid, on=date(2026, 10, 21)) == 0
    assert issue(paid) == 1

    bill = latest(paid)
    assert (bill.state, bill.due_on, bill.billed_on) == ("billed", NEXT_DUE, NEXT_BILL)
    assert (bill.total_fen, bill.minimum_fen, bill.past_due_fen) == (202_700, 20_270, 0)
    assert (bill.mode, bill.debit_on, bill.cycle_on) == ("full", NEXT_DUE, NEXT_DUE)
    assert loan.instalments.get().bill == bill
    assert differences() == []


def test_the_bill_starts_with_a_snapshot_and_a_move_and_no_charge(paid):
    loan = draw(paid, drawn_on=day(4), due_on=[NEXT_DUE])
    charges = Charge.objects.count()

    issue(paid)

    bill = latest(paid)
    snapshot = BillSnapshot.objects.get(bill=bill)
    assert (snapshot.loan, snapshot.accrued_on, snapshot.revision) == (loan, day(4), 1)
    move = StateChange.objects.get(subject_type="loans.bill", subject_id=bill.pk)
    assert (move.transition, move.reason, move.effective_on) == ("issue", "bill-date", NEXT_BILL)
    assert Charge.objects.count() == charges


def test_issuing_a_day_again_changes_nothing(paid):
    draw(paid, drawn_on=day(4), due_on=[NEXT_DUE])
    issue(paid)
    before = Bill.objects.values().get(pk=latest(paid).pk)

    assert issue(paid) == 0

    assert Bill.objects.values().get(pk=latest(paid).pk) == before
    assert Bill.objects.count() == 2


def test_there_is_one_bill_for_all_loans_of_a_person(paid, make_bill):
    draw(paid, drawn_on=day(4), due_on=[NEXT_DUE])
    draw(paid, drawn_on=day(5), due_on=[NEXT_DUE, date(2026, 12, 1), date(2027, 1, 1)],
         principal_fen=300_000, fee_fen=1_500)  # fmt: skip
    other = make_bill(mode="off").customer

    assert issue(paid, other) == 1

    bill = latest(paid)
    assert bill.total_fen == 202_700 + 101_500
    assert bill.minimum_fen == 2_700 + 101_500  # the plan row and the interest are mandatory
    rows = Instalment.objects.filter(bill=bill).order_by("loan", "number")
    assert [row.number for row in rows] == [1, 1]
    assert Bill.objects.filter(customer=other).count() == 1


def test_what_met_its_minimum_is_asked_a_month_later_with_nothing_new(make_bill, channel):
    """EX-35, EX-36 in other numbers: 9,135.00 at 750 ppm for 31 nights bear 212.39."""
    bill = make_bill(mode="off")
    pay(bill, channel, 101_500, at=moment(day(0), time(10)))
    close(bill, 1)

    assert issue(bill.customer, on=date(2026, 10, 21)) == 0
    assert issue(bill.customer) == 1

    later = latest(bill.customer)
    assert (later.due_on, later.total_fen, later.minimum_fen) == (NEXT_DUE, 934_739, 93_474)
    assert Instalment.objects.get().bill == later
    assert reread(bill).state == "min_paid"
    assert differences() == []


def test_a_carried_rest_is_asked_at_its_own_rate(make_bill, channel):
    """9.00 carried on 10-05 bear 31 nights of 0.45 fen."""
    bill = make_bill(mode="off")
    pay(bill, channel, 1_014_100, at=moment(day(0), time(10)))
    close(bill, 1, 2, 3, 4)
    assert reread(bill).state == "carried"

    issue(bill.customer)

    later = latest(bill.customer)
    assert (later.total_fen, later.minimum_fen) == (914, 914)
    assert differences() == []


def test_a_rest_goes_into_the_bill_of_a_new_loan(make_bill, channel):
    bill = make_bill(mode="off")
    pay(bill, channel, 101_500, at=moment(day(0), time(10)))
    close(bill, 1)
    draw(bill.customer, drawn_on=day(4), due_on=[NEXT_DUE])

    assert issue(bill.customer) == 1

    assert latest(bill.customer).total_fen == 934_739 + 202_700


def test_an_overdue_bill_is_printed_as_past_due_and_stays_its_own(make_bill):
    """On 10-22 the overdue 10,000.00 have 17 penalty nights: 171.36; the cap leaves 329.16."""
    bill = make_bill(mode="off")
    close(bill, *range(1, 5))
    draw(bill.customer, drawn_on=day(-20), due_on=[NEXT_DUE])

    issue(bill.customer)

    later = latest(bill.customer)
    cap_fen = 1_000_000 * 51 * 24 // 36_500
    assert cap_fen == 33_534
    assert later.past_due_fen == 1_000_000 + cap_fen
    assert later.total_fen == 200_000 + 5_100  # 51 nights at 1.00 yuan
    assert later.printed_minimum_fen == later.past_due_fen + later.minimum_fen
    assert reread(bill).state == "overdue"
    assert reread(bill).instalments.get().bill == bill


def test_an_overdue_bill_alone_leads_to_no_bill(make_bill):
    bill = make_bill(mode="off")
    close(bill, *range(1, 5))

    assert issue(bill.customer) == 0


def test_a_rest_is_not_billed_before_its_customers_bill_date(make_bill, channel):
    bill = make_bill(mode="off")
    pay(bill, channel, 101_500, at=moment(day(0), time(10)))
    close(bill, 1)

    assert [issue(bill.customer, on=day(n)) for n in range(1, 21)] == [0] * 20


def test_a_missed_bill_date_is_caught_up_later(paid):
    draw(paid, drawn_on=day(4), due_on=[NEXT_DUE])

    assert issue(paid, on=date(2026, 10, 25)) == 1

    bill = latest(paid)
    assert (bill.due_on, bill.billed_on) == (NEXT_DUE, date(2026, 10, 25))


@pytest.mark.parametrize(
    ("mode", "debit_on"), [("full", NEXT_DUE), ("minimum", NEXT_DUE), ("off", None)]
)
def test_a_bill_has_the_mode_that_its_customer_chose(paid, mode, debit_on):
    AutoDebit.objects.create(customer=paid, mode=mode, changed_at=moment(DUE_ON))
    draw(paid, drawn_on=day(4), due_on=[NEXT_DUE])

    issue(paid)

    assert (latest(paid).mode, latest(paid).debit_on) == (mode, debit_on)


def test_only_running_loans_are_billed(paid):
    loan = draw(paid, drawn_on=day(4), due_on=[NEXT_DUE])
    Loan.objects.filter(pk=loan.pk).update(unpaid_principal_fen=200_000)
    Instalment.objects.filter(loan=loan).update(unpaid_principal_fen=0)

    assert issue(paid) == 0


def test_a_customer_has_no_two_bills_of_one_due_date(make_bill):
    bill = make_bill(mode="off")

    with pytest.raises(IntegrityError):
        Bill.objects.create(
            customer=bill.customer, due_on=bill.due_on, billed_on=bill.billed_on, total_fen=1,
            minimum_fen=1, cycle_on=bill.due_on,
        )  # fmt: skip


def test_a_due_date_that_has_a_bill_already_gets_no_second_one(make_bill, channel):
    """A bill was put off to the day on which the next one falls due."""
    bill = make_bill(mode="off", due_on=NEXT_DUE)
    draw(bill.customer, drawn_on=day(4), due_on=[NEXT_DUE])

    assert issue(bill.customer) == 0
    assert Instalment.objects.filter(bill=None).count() == 1


def test_nobody_to_bill_is_no_bill():
    assert issue() == 0
