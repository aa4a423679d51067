"""The 00:05 batch over rows: what it moves, reports, suspends and posts of a night (GEN-8)."""

from datetime import time

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from backoffice.core import workflow
from backoffice.core.models import StateChange
from loans.accounting.operations.batch import LoanBatch
from loans.delinquency.operations import end_of_day
from loans.delinquency.rules.end_of_day import EndOfDay
from loans.models import Bill, Charge, Instalment, Loan, Mandate, Transfer
from risk.conduct.operations import ConductReport
from risk.lines import operations as lines
from risk.models import Conduct, CreditLine
from tests.loans import cases
from tests.loans.arrivals import arrived
from tests.loans.conftest import day, moment
from tests.raw import contents

pytestmark = pytest.mark.django_db

TABLES = (
    "loans_bill", "loans_loan", "loans_instalment", "loans_charge", "loans_transfer",
    "risk_conduct", "risk_creditline", "backoffice_statechange",
)  # fmt: skip


def close(*bills, n):
    ids = [bill.pk for bill in bills]
    return end_of_day.close(ids, by="system:end-of-day", on=day(n), at=moment(day(n), time(0, 5)))


@transaction.atomic
def pay(bill, amount_fen, *, n):
    payment = arrived(bill, amount_fen, n=n)
    batch = LoanBatch.lock([bill.pk])
    batch.run([payment])
    batch.write(by="test", at=moment(day(n)))


def states():
    return list(Bill.objects.order_by("pk").values_list("state", flat=True))


@transaction.atomic
def end_mandate(bill, *, n):
    mandates = list(Mandate.objects.select_for_update().filter(customer=bill.customer_id))
    workflow.move(mandates, "terminate", by="x", reason="y", at=moment(day(n)))
    workflow.save(mandates, "terminated_at")


# Closing.


def test_the_bills_that_a_day_moved_are_counted(make_bill):
    bills = [make_bill(), make_bill(), make_bill(due_on=day(1))]

    assert close(*bills, n=1) == 2
    assert states() == ["grace", "grace", "billed"]


def test_a_bill_that_was_only_charged_its_late_fee_counts(make_bill):
    bill = make_bill()
    close(bill, n=1)
    Bill.objects.update(refused_on=day(1))

    assert [close(bill, n=n) for n in (2, 3)] == [1, 0]
    assert Bill.objects.get().late_fee_on == day(2)


def test_the_due_date_itself_charges_interest_and_counts_nothing(make_bill):
    bill = make_bill()

    assert close(bill, n=0) == 0
    assert Charge.objects.get().charged_fen == 15_000
    assert Bill.objects.get().closed_through == day(0)


def test_a_day_closed_again_changes_nothing(make_bill):
    bill = make_bill(mode="off")
    for n in range(1, 5):
        close(bill, n=n)
    before = contents(TABLES)

    assert [close(bill, n=n) for n in (4, 3, 1)] == [0, 0, 0]
    assert contents(TABLES) == before


def test_no_bills_are_nothing_to_close(make_bill):
    make_bill()
    before = contents(TABLES)

    assert close(n=4) == 0
    assert contents(TABLES) == before


def test_a_paid_bill_is_passed_over(make_bill):
    bill = make_bill()
    pay(bill, 1_015_000, n=0)
    tables = [table for table in TABLES if table != "risk_conduct"]
    before = contents(tuple(tables))

    assert close(bill, n=1) == 0
    assert contents(tuple(tables)) == before
    assert not Conduct.objects.exists()


def test_without_a_mandate_grace_alone_decides_and_the_late_fee_comes_at_once(make_bill):
    with_one, without = make_bill(), make_bill(with_mandate=False)

    for n in range(1, 5):
        close(with_one, without, n=n)

    assert states() == ["grace", "overdue"]
    assert list(Bill.objects.order_by("pk").values_list("late_fee_on", flat=True)) == [None, day(1)]


def test_a_mandate_that_ended_is_none(make_bill):
    bill = make_bill()
    end_mandate(bill, n=-1)

    close(bill, n=1)

    assert Bill.objects.get().late_fee_fen == 508


# Reports.


def reports():
    return list(
        Conduct.objects.order_by("pk").values_list(
            "customer_id", "source", "due_on", "total_fen", "minimum_fen", "paid_fen", "outcome"
        )
    )


def test_grace_is_not_reported_and_an_overdue_record_is_once(make_bill):
    bill = make_bill(mode="off")
    for n in (1, 2, 3):
        close(bill, n=n)
    assert reports() == []

    for n in (4, 5):
        close(bill, n=n)

    source = f"bill:{bill.pk}"
    assert reports() == [(bill.customer_id, source, day(0), 1_015_000, 101_500, 0, "overdue")]
    assert Conduct.objects.get().recorded_at == moment(day(4), time(0, 5))


def test_a_met_minimum_is_reported_with_what_was_paid(make_bill):
    bill = make_bill()
    pay(bill, 101_501, n=0)

    close(bill, n=1)

    source = f"bill:{bill.pk}"
    assert reports() == [(bill.customer_id, source, day(0), 1_015_000, 101_500, 101_501,
                          "min_paid")]  # fmt: skip


def test_a_small_balance_is_reported_when_it_is_carried(make_bill):
    bill = make_bill()
    pay(bill, 1_014_000, n=0)

    for n in range(1, 5):
        close(bill, n=n)

    assert [row[-2:] for row in reports()] == [(1_014_000, "carried")]


@transaction.atomic
def test_a_report_has_what_the_bill_asked_and_what_was_paid(make_bill):
    bill = make_bill()
    pay(bill, 700, n=0)
    batch = LoanBatch.lock([bill.pk])

    found = end_of_day.report(batch, batch.position.bills[bill.pk], "paid")

    assert found == ConductReport(bill.customer_id, f"bill:{bill.pk}", day(0), 1_015_000, 101_500,
                                  700, "paid")  # fmt: skip


# Lines.


def line_states():
    return list(CreditLine.objects.order_by("pk").values_list("state", flat=True))


def test_drawdowns_of_those_that_become_overdue_stop(make_bill):
    late, in_grace = make_bill(mode="off"), make_bill(mode="off", due_on=day(1))

    for n in range(1, 5):
        close(late, in_grace, n=n)

    assert line_states() == ["suspended", "active"]
    move = StateChange.objects.get(subject_type="risk.creditline")
    assert (move.transition, move.actor, move.reason) == (
        "suspend",
        "system:end-of-day",
        "grace-over",
    )
    assert move.at == moment(day(4), time(0, 5))


def test_a_line_that_staff_let_resume_is_not_suspended_by_the_next_close(make_bill):
    bill = make_bill(mode="off")
    for n in range(1, 5):
        close(bill, n=n)
    lines.resume([bill.customer_id], by="manager", reason="reviewed", at=moment(day(4)))

    close(bill, n=5)

    assert line_states() == ["active"]


# Days that were missed.


def days(bill, *, through, has_mandate=True):
    found = list(end_of_day.missed_days(bill, through=day(through), has_mandate=has_mandate))
    assert all(one == EndOfDay(bill.id, one.on, has_mandate) for one in found)
    return [(one.on - day(0)).days for one in found]


@pytest.mark.parametrize(
    ("closed_n", "through", "expected"),
    [(None, 3, [1, 2, 3]), (None, 0, []), (1, 3, [2, 3]), (2, 3, [3]), (3, 3, []), (4, 3, [])],
)
def test_the_days_after_the_last_close_are_missed(closed_n, through, expected):
    closed_through = None if closed_n is None else day(closed_n)

    assert days(cases.bill(closed_through=closed_through), through=through) == expected


@pytest.mark.parametrize(
    ("state", "expected"),
    [("billed", [1]), ("grace", [1]), ("overdue", []), ("paid", []), ("carried", []),
     ("min_paid", []), ("open", [])],
)  # fmt: skip
def test_only_of_a_bill_that_a_close_could_still_decide_on_days_are_missed(state, expected):
    assert days(cases.bill(state=state), through=1, has_mandate=False) == expected


def test_missed_days_decide_as_the_closes_would_have(make_bill):
    closed, missed = make_bill(mode="off"), make_bill(mode="off")
    for n in range(1, 5):
        close(closed, n=n)

    with transaction.atomic():
        batch = LoanBatch.lock([closed.pk, missed.pk])
        bill = batch.position.bills[missed.pk]
        batch.run(end_of_day.missed_days(bill, through=day(4), has_mandate=True))

    one, other = (batch.position.bills[bill.pk] for bill in (closed, missed))
    assert (one.state, one.overdue_on) == ("overdue", day(4))
    assert other[5:] == one[5:]


# Mandates.


def test_customers_with_a_live_mandate_are_found(make_bill):
    live, ended, without = make_bill(), make_bill(), make_bill(with_mandate=False)
    make_bill()
    end_mandate(ended, n=0)

    ids = [bill.customer_id for bill in (live, live, ended, without)]

    assert end_of_day.customers_with_mandate(ids) == {live.customer_id}


def test_without_customers_no_mandate_is_looked_for(db):
    with CaptureQueriesContext(connection) as asked:
        assert end_of_day.customers_with_mandate([]) == set()

    assert len(asked) == 0


# The night.


def night(n):
    return end_of_day.accrue_night(on=day(n), at=moment(day(n), time(0, 30)))


def nights():
    rows = Transfer.objects.filter(kind="night").order_by("id")
    return list(rows.values_list("business_date", "debit_account", "credit_account", "amount_fen"))


def test_a_night_is_booked_on_its_own_day_over_all_loans(make_bill):
    make_bill(), make_bill(rate_ppm=200)

    booked = night(-29)

    assert booked == 700
    assert nights() == [(day(-30), "accrued_unposted", "accrual_income", 700)]
    assert Transfer.objects.get(kind="night").at == moment(day(-29), time(0, 30))


def test_nights_that_were_missed_are_booked_with_the_next_one(make_bill):
    make_bill()

    assert [night(n) for n in (-29, -28, -25, -25)] == [500, 500, 1_500, 0]
    assert [row[0] for row in nights()] == [day(-30), day(-29), day(-26)]


def test_what_was_posted_to_loans_meanwhile_is_income_all_the_same(make_bill):
    bill = make_bill()
    night(-1)
    close(bill, n=0)

    assert night(0) == 500
    assert sum(row[3] for row in nights()) == 15_000


def test_income_goes_back_where_less_has_accrued_than_was_booked(make_bill):
    make_bill()
    night(-28)
    Instalment.objects.update(accrual="none")

    assert night(-27) == -1_000
    assert nights()[-1] == (day(-28), "accrual_income", "accrued_unposted", 1_000)


def test_nothing_is_booked_where_no_loan_accrues(make_bill):
    make_bill()
    Instalment.objects.update(accrual="none")

    assert night(5) == 0
    assert nights() == []


def test_a_night_changes_no_loan(make_bill):
    make_bill()
    tables = tuple(table for table in TABLES if table != "loans_transfer")
    before = contents(tables)

    night(3)

    assert contents(tables) == before
    assert Loan.objects.get().accrued_on == day(-30)
