"""What staff did comes back as the same events, on the days on which it counts (GEN-9, FAQ-7)."""

from datetime import date, time

import pytest

from loans.accounting.rules.debt import Debt
from loans.delinquency.rules.acceleration import Accelerate
from loans.delinquency.rules.waiver import WaiveCharges
from loans.models import Acceleration, Waiver
from loans.repayment.queries import interventions
from loans.repayment.queries.interventions import DueDates
from tests.loans.conftest import DUE_ON, day, moment
from tests.loans.staff import waive

pytestmark = pytest.mark.django_db


def test_of_a_day_they_come_in_the_order_of_their_moments(make_bill):
    bill, other = make_bill(), make_bill()
    waive(bill, on=day(-1), interest_fen=7)
    Acceleration.objects.create(
        bill=bill, customer=bill.customer, accelerated_on=day(-1), reason="late",
        accelerated_by="ada", at=moment(day(-1), time(8)),
    )  # fmt: skip
    waive(other, on=day(-2), interest_fen=9)

    found = interventions.of([bill.pk], [])

    assert [(one.on, one.event) for one in found] == [
        (day(-1), Accelerate(bill.pk, day(-1))),
        (day(-1), WaiveCharges(
            Waiver.objects.get(bill=bill).pk, bill.pk, Debt(interest_fen=7), day(-1))),
    ]  # fmt: skip


def test_a_bill_that_was_not_extended_keeps_its_due_date(make_bill):
    bill = make_bill()

    assert interventions.due_dates([(bill.pk, DUE_ON)]) == {bill.pk: DueDates(DUE_ON)}


def test_the_new_due_date_holds_from_the_day_after_the_decision():
    dates = DueDates(DUE_ON, day(20), day(2))

    assert [dates.on(day(n)) for n in (2, 3)] == [DUE_ON, day(20)]
    assert [dates.restarted_on(day(n)) for n in (2, 3)] == [date.min, day(2)]
