"""Which conversions wait for a day, which took effect, and what they are in the engine."""

import pytest

from loans.accounting.rules.codes import Plan
from loans.conversion.operations import conversions as operations
from loans.conversion.queries import conversions
from loans.models import Conversion
from tests.loans.conftest import day, moment
from tests.loans.conversion.sheets import convert

pytestmark = pytest.mark.usefixtures("committed_db")


@pytest.fixture
def bill(make_bill):
    bill = make_bill()
    convert(bill, Plan.PLAN_6, at=moment(day(-5)))
    return bill


def test_a_planned_conversion_is_due_on_its_day_and_missed_after_it(bill):
    assert conversions.due(on=day(-1)) == []
    assert conversions.due(on=day(0)) == [bill.pk]
    assert conversions.missed([bill.customer_id], before=day(0)) == []
    assert conversions.missed([bill.customer_id], before=day(1)) == [bill.pk]
    assert conversions.missed([bill.customer_id + 1], before=day(1)) == []


def test_it_is_planned_until_it_took_effect(bill):
    [planned] = conversions.planned([bill.pk])
    assert conversions.planned([bill.pk], until=day(-1)) == []
    assert (conversions.effective([bill.pk]), conversions.printed([bill.pk])) == ([], {})

    operations.take_effect([bill.pk], by="test", on=day(0), at=moment(day(0)))

    assert conversions.planned([bill.pk]) == conversions.due(on=day(0)) == []
    assert conversions.effective([bill.pk]) == [planned]
    assert conversions.printed([bill.pk]) == {
        bill.pk: {"total_fen": 1_015_000, "minimum_fen": 101_500}
    }


def test_the_engine_receives_the_fee_of_the_cost_sheet(bill):
    [planned] = conversions.planned([bill.pk])

    event = conversions.event_of(planned)

    assert event[:5] == (planned.pk, bill.pk, planned.loan_id, "plan-6", day(0))
    assert event.fee_terms.plan_6_fee_ppm == 30_000
    assert Conversion.objects.get().quote.terms_id == planned.quote.terms_id
