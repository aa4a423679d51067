"""Facts after a rerun: what differs is reversed or added, what does not is left alone (GEN-9)."""

from collections import Counter
from datetime import time

import pytest
from django.db import transaction

from loans.accounting.operations import corrections
from loans.accounting.operations.batch import LoanBatch
from loans.accounting.rules.codes import BillMove, LoanMove
from loans.accounting.rules.debt import COMPONENTS
from loans.accounting.rules.outcomes import Decision
from loans.delinquency.rules.end_of_day import EndOfDay
from loans.models import (
    Charge,
    Instalment,
    Loan,
    Repayment,
    RepaymentAllocation,
    Transfer,
    UnappliedFunds,
)
from loans.reconciliation import queries as reconciliation
from tests.loans.arrivals import arrived
from tests.loans.conftest import day, moment
from tests.raw import contents

pytestmark = pytest.mark.django_db

AT, LATER = moment(day(4), time(0, 5)), moment(day(5), time(10))
FACTS = ("loans_charge", "loans_transfer", "loans_repaymentallocation", "loans_unappliedfunds")


def closes(bill, *days):
    return [EndOfDay(bill.pk, day(n), True) for n in days]


@transaction.atomic
def issued(bill):
    return LoanBatch.lock([bill.pk]).position


@transaction.atomic
def run(bill, *events):
    """Run events over a bill for the first time."""
    batch = LoanBatch.lock([bill.pk])
    batch.run(events)
    batch.write(by="test", at=AT)


@transaction.atomic
def run_again(bill, position, *events):
    """Run a bill again from its issue and correct the facts."""
    batch = LoanBatch.lock([bill.pk])
    result = batch.rerun(position, events, list(back(batch, bill)))
    since = {loan_id: loan.accrued_on for loan_id, loan in position.loans.items()}
    repayments = dict(Repayment.objects.filter(bill=bill).values_list("pk", "value_on"))
    corrections.add(batch, repayments, result, since=since, waivers={})
    batch.write(by="test", at=LATER)
    return result


def back(batch, bill):
    """The moves that lead the bill and its loans back to their issue."""
    moves = {"overdue": LoanMove.CURE, "settled": LoanMove.REOPEN}
    for loan_id, loan in batch.position.loans.items():
        if loan.state in moves:
            yield Decision(moves[loan.state], loan_id, day(0), "y")
    if batch.position.bills[bill.pk].state != "billed":
        yield Decision(BillMove.REOPEN, bill.pk, day(0), "y")


def charges(**which):
    rows = Charge.objects.filter(**which).order_by("id")
    return list(rows.values_list("kind", "to_on", "charged_fen"))


def allocations(payment, revision):
    """What a repayment settled under a revision, by component without those of nothing."""
    rows = RepaymentAllocation.objects.filter(repayment=payment.repayment_id, revision=revision)
    return [
        {name: getattr(row, name) for name in COMPONENTS if getattr(row, name)}
        for row in rows.order_by("instalment")
    ]


def differences():
    return [*reconciliation.caches(), *reconciliation.unapplied_funds(),
            *reconciliation.account_balances()]  # fmt: skip


# Nothing differs.


def test_a_rerun_that_comes_to_the_same_adds_no_fact(make_bill):
    bill = make_bill(mode="off")
    position, payment = issued(bill), arrived(bill, 20_000, n=2)
    events = [*closes(bill, 1, 2), payment, *closes(bill, 3, 4)]
    run(bill, *events)
    before = contents(FACTS)

    run_again(bill, position, *events)

    assert contents(FACTS) == before


# Charges.


def test_charges_that_are_not_repeated_are_taken_back_by_rows_that_name_them(make_bill):
    bill = make_bill(mode="off")
    position = issued(bill)
    run(bill, *closes(bill, 1, 2, 3, 4))
    first = {row.pk: row for row in Charge.objects.all()}

    run_again(bill, position, *closes(bill, 1))

    assert charges() == [
        ("own", day(0), 15_000), ("own", day(1), 500), ("late_fee", day(1), 508),
        ("own", day(4), 1_500), ("own", day(4), -1_500),
    ]  # fmt: skip
    taken_back = Charge.objects.get(reverses__isnull=False)
    original = first[taken_back.reverses]
    assert (original.to_on, taken_back.contract_fen) == (day(4), -original.contract_fen)
    for name in ("posted_on", "loan_id", "instalment_id", "customer_id", "kind", "segment_on",
                 "from_on", "base_fen", "rate_micro", "cause_type", "cause_id"):  # fmt: skip
        assert getattr(taken_back, name) == getattr(original, name)
    assert (original.at, taken_back.at) == (AT, LATER)


def test_charges_that_are_new_are_added_beside_those_that_stay(make_bill):
    bill = make_bill(mode="off")
    position = issued(bill)
    run(bill, *closes(bill, 1))

    run_again(bill, position, *closes(bill, 1, 2, 3, 4))

    assert charges() == [
        ("own", day(0), 15_000), ("own", day(1), 500), ("late_fee", day(1), 508),
        ("own", day(4), 1_500),
    ]  # fmt: skip
    added = Charge.objects.order_by("id").last()
    assert (added.instalment_id, added.customer_id) == (Instalment.objects.get().pk,
                                                        bill.customer_id)  # fmt: skip
    assert not Charge.objects.filter(reverses__isnull=False).exists()


def test_what_was_taken_back_once_is_not_taken_back_again(make_bill):
    bill = make_bill(mode="off")
    position = issued(bill)
    run(bill, *closes(bill, 1, 2, 3, 4))
    run_again(bill, position, *closes(bill, 1))
    before = contents(FACTS)

    run_again(bill, position, *closes(bill, 1))

    assert contents(FACTS) == before


def test_what_was_taken_back_and_comes_again_is_a_new_row(make_bill):
    bill = make_bill(mode="off")
    position = issued(bill)
    run(bill, *closes(bill, 1, 2, 3, 4))
    run_again(bill, position, *closes(bill, 1))

    run_again(bill, position, *closes(bill, 1, 2, 3, 4))

    assert charges(to_on=day(4)) == [
        ("own", day(4), 1_500), ("own", day(4), -1_500), ("own", day(4), 1_500),
    ]  # fmt: skip
    assert differences() == []


def test_charges_up_to_the_issue_stay_as_they_are(make_bill):
    bill = make_bill(mode="off")
    run(bill, *closes(bill, 0))
    position = issued(bill)
    run(bill, *closes(bill, 1))

    run_again(bill, position)

    assert charges(reverses=None) == [
        ("own", day(0), 15_000), ("own", day(1), 500), ("late_fee", day(1), 508),
    ]  # fmt: skip
    assert charges(reverses__isnull=False) == [("own", day(1), -500), ("late_fee", day(1), -508)]
    assert Transfer.objects.filter(kind="reversal").count() == 2


def test_loans_of_other_bills_are_left_alone(make_bill):
    bill, other = make_bill(mode="off"), make_bill(mode="off")
    position = issued(bill)
    for one in (bill, other):
        run(one, *closes(one, 1))
    loan_id = Loan.objects.get(instalments__bill=other).pk

    run_again(bill, position)

    assert [row[2] for row in charges(loan_id=loan_id)] == [15_000, 500, 508]
    assert not Transfer.objects.filter(loan_id=loan_id, kind="reversal").exists()


# Transfers.


def test_a_transfer_is_taken_back_by_its_difference_and_its_cause(make_bill):
    bill = make_bill(mode="off")
    position, late = issued(bill), arrived(bill, 100_000, n=1)
    run(bill, *closes(bill, 1), late)

    run_again(bill, position, arrived(bill, 50_000, n=0), *closes(bill, 1), late)

    taken_back = Transfer.objects.filter(kind="reversal", cause_id=late.repayment_id,
                                         cause_type="repayment")  # fmt: skip
    # Interest falls from 15,500 to 483 and the late fee from 508 to 483; principal takes the rest.
    values = taken_back.values_list("debit_account", "credit_account", "amount_fen", "reverses")
    assert set(values) == {
        ("interest", "bank", 15_017, "repayment"), ("late_fee", "bank", 25, "repayment"),
    }  # fmt: skip
    more = Transfer.objects.get(at=LATER, kind="repayment", cause_id=late.repayment_id)
    assert (more.credit_account, more.amount_fen) == ("loan_principal", 15_042)
    assert differences() == []


def test_after_a_correction_the_facts_are_those_of_the_last_run(make_bill):
    bill = make_bill(mode="off")
    position, late = issued(bill), arrived(bill, 300_000, n=9)
    run(bill, *closes(bill, 1, 2, 3, 4), late)
    early = arrived(bill, 200_000, n=3)

    result = run_again(bill, position, *closes(bill, 1, 2, 3), early, *closes(bill, 4), late)

    reversed_ids = Charge.objects.filter(reverses__isnull=False).values("reverses")
    standing = Charge.objects.filter(reverses=None).exclude(pk__in=reversed_ids)
    assert Counter(standing.values_list("kind", "from_on", "to_on", "charged_fen")) == Counter(
        (one.kind, one.from_on, one.to_on, one.charged_fen) for one in result.charges
    )
    assert differences() == []


# Allocations.


def test_an_allocation_that_changed_gets_its_next_revision(make_bill):
    bill = make_bill(mode="off")
    position, late = issued(bill), arrived(bill, 100_000, n=1)
    run(bill, *closes(bill, 1), late)
    early = arrived(bill, 50_000, n=0)

    run_again(bill, position, early, *closes(bill, 1), late)

    assert allocations(early, 1) == [{"interest_fen": 15_000, "principal_fen": 35_000}]
    assert allocations(late, 1) == [
        {"late_fee_fen": 508, "interest_fen": 15_500, "principal_fen": 83_992}
    ]
    assert allocations(late, 2) == [
        {"late_fee_fen": 483, "interest_fen": 483, "principal_fen": 99_034}
    ]
    assert not allocations(late, 3)


def test_a_repayment_that_settles_nothing_any_more_gets_a_row_of_nothing(make_bill):
    bill = make_bill(mode="off")
    position, late = issued(bill), arrived(bill, 700, n=1)
    run(bill, *closes(bill, 1), late)

    run_again(bill, position, arrived(bill, 1_015_000, n=0), late)

    assert allocations(late, 2) == [{}]
    row = RepaymentAllocation.objects.get(repayment=late.repayment_id, revision=2)
    assert (row.instalment, row.loan) == (Instalment.objects.get(), Loan.objects.get())
    assert UnappliedFunds.objects.get().repayment_id == late.repayment_id
    assert differences() == []


def test_revisions_count_on_from_the_last_one_that_holds(make_bill):
    bill = make_bill(mode="off")
    position, late = issued(bill), arrived(bill, 100_000, n=1)
    run(bill, *closes(bill, 1), late)
    early = arrived(bill, 50_000, n=0)
    run_again(bill, position, early, *closes(bill, 1), late)

    run_again(bill, position, *closes(bill, 1), late)

    assert allocations(late, 3) == allocations(late, 1)
    assert allocations(early, 2) == [{}]
    assert not allocations(early, 3)


# Surpluses.


@pytest.mark.parametrize(
    ("early_fen", "waits_fen"), [(515_000, 700), (514_300, 0), (514_301, 1), (1_015_000, 500_700)]
)
def test_what_waits_of_a_repayment_is_what_the_last_run_left_over(make_bill, early_fen, waits_fen):
    bill = make_bill(mode="off")
    position, late = issued(bill), arrived(bill, 500_700, n=0)
    run(bill, arrived(bill, 515_000, n=0), late)
    [first] = UnappliedFunds.objects.all()
    assert first.amount_fen == 700

    early = arrived(bill, early_fen, n=0)
    run_again(bill, position, early, late)

    waiting = UnappliedFunds.objects.filter(repayment=late.repayment_id)
    assert list(waiting.values_list("amount_fen", flat=True)) == [waits_fen] * bool(waits_fen)
