"""Facts of loans are added with every value in its column."""

import pytest
from django.db import transaction
from psycopg.errors import UniqueViolation

from loans.accounting.operations import facts
from loans.accounting.operations.facts import AllocationRow, ChargeRow
from loans.accounting.rules.debt import COMPONENTS, Debt
from loans.accounting.rules.outcomes import Allocation, Cause, ComputedCharge, Surplus
from loans.models import (
    Charge,
    DebitOrder,
    Instalment,
    Loan,
    Repayment,
    RepaymentAllocation,
    UnappliedFunds,
)
from tests.loans.conftest import day, moment
from tests.loans.delinquency.test_overdue_life import pay

pytestmark = pytest.mark.usefixtures("committed_db")

AT = moment(day(1))
CHARGE = ComputedCharge(7, 2, "penalty", day(-3), day(-2), day(1), 1_000_000, 1_000_000, 3_003,
                        3_000, Cause("end_of_day", 5))  # fmt: skip


def test_every_value_of_a_charge_has_its_column():
    facts.add_charges([ChargeRow(CHARGE, 70, 9)], at=AT)

    row = Charge.objects.get()
    assert (row.posted_on, row.from_on, row.to_on, row.segment_on) == (
        day(1), day(-2), day(1), day(-3),
    )  # fmt: skip
    assert (row.loan_id, row.instalment_id, row.customer_id, row.kind) == (7, 70, 9, "penalty")
    assert (row.base_fen, row.rate_micro) == (1_000_000, 1_000_000)
    assert (row.contract_fen, row.charged_fen, row.waived_fen) == (3_003, 3_000, 3)
    assert (row.cause_type, row.cause_id, row.reverses, row.at) == ("end_of_day", 5, None, AT)


def test_a_reversal_names_the_charge_that_it_takes_back():
    facts.add_charges([ChargeRow(CHARGE, 70, 9)], at=AT)
    first = Charge.objects.get()
    back = CHARGE._replace(contract_fen=-3_003, charged_fen=-3_000)

    facts.add_charges([ChargeRow(back, 70, 9, first.pk)], at=AT)

    assert Charge.objects.get(reverses=first.pk).charged_fen == -3_000


def test_a_charge_is_taken_back_once():
    facts.add_charges([ChargeRow(CHARGE, 70, 9)], at=AT)
    back = CHARGE._replace(contract_fen=-3_003, charged_fen=-3_000)
    row = ChargeRow(back, 70, 9, Charge.objects.get().pk)

    with pytest.raises(UniqueViolation), transaction.atomic():
        facts.add_charges([row, row], at=AT)

    assert Charge.objects.count() == 1


def test_every_component_of_an_allocation_has_its_column(make_bill, channel):
    loan, instalment, repayment = repaid(make_bill(), channel)
    paid = Allocation(repayment.pk, loan.pk, 0, day(1), Debt(1, 20, 300, 4_000, 50_000), 5)

    facts.add_allocations([AllocationRow(paid, instalment.pk, revision=2)])

    row = RepaymentAllocation.objects.get(revision=2)
    assert [getattr(row, name) for name in COMPONENTS] == [1, 20, 300, 4_000, 50_000]
    assert (row.repayment, row.loan, row.instalment) == (repayment, loan, instalment)
    assert row.bill_id == 5


def test_an_allocation_that_no_rerun_made_is_the_first_revision(make_bill, channel):
    repaid(make_bill(), channel)

    assert RepaymentAllocation.objects.get().revision == 1
    assert AllocationRow(Allocation(1, 7, 0, day(1), Debt(), 5), 70).revision == 1


def test_money_that_is_not_owed_waits_from_the_moment_it_was_recorded(make_bill, channel):
    _loan, _instalment, repayment = repaid(make_bill(), channel)
    customer_id = repayment.customer_id

    facts.add_surpluses([(Surplus(repayment.pk, 1, day(0), 700), customer_id)], at=AT)

    row = UnappliedFunds.objects.get()
    assert (row.customer_id, row.repayment, row.amount_fen) == (customer_id, repayment, 700)
    assert (row.waiting_since, row.refunded_at) == (AT, None)


def test_no_facts_add_nothing():
    facts.add_charges([], at=AT)
    facts.add_allocations([])
    facts.add_surpluses([], at=AT)

    assert not Charge.objects.exists()
    assert not RepaymentAllocation.objects.exists()
    assert not UnappliedFunds.objects.exists()


def repaid(bill, channel) -> tuple[Loan, Instalment, Repayment]:
    """A loan of which 1.00 yuan was repaid."""
    pay(bill, channel, 100, at=moment(day(0)))
    assert DebitOrder.objects.get().state == "succeeded"
    return Loan.objects.get(), Instalment.objects.get(), Repayment.objects.get()
