"""A batch: locked in order, run through the engine, and written as it stands, nothing else."""

from datetime import time

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django_fsm import TransitionNotAllowed

from backoffice.core import bulk
from backoffice.core.models import StateChange
from loans.accounting.operations.batch import LoanBatch
from loans.accounting.operations.facts import AllocationRow, ChargeRow
from loans.accounting.operations.ledger import Entry
from loans.accounting.rules.codes import BillMove, LoanMove
from loans.accounting.rules.debt import Debt
from loans.accounting.rules.outcomes import Allocation, Cause, ComputedCharge, Decision, Surplus
from loans.accounting.rules.position import InstalmentKey, Position
from loans.delinquency.rules.end_of_day import EndOfDay
from loans.models import (
    Bill,
    Charge,
    Instalment,
    Loan,
    RepaymentAllocation,
    Transfer,
    UnappliedFunds,
)
from loans.policy import LoanTerms
from risk.models import CreditLine
from tests.loans.arrivals import arrived
from tests.loans.conftest import day, moment
from tests.raw import contents

pytestmark = pytest.mark.django_db

AT = moment(day(4), time(0, 5))
TABLES = (
    "loans_bill", "loans_loan", "loans_instalment", "loans_charge", "loans_transfer",
    "loans_repaymentallocation", "loans_unappliedfunds", "risk_creditline",
    "backoffice_statechange",
)  # fmt: skip


def only_loan(bill):
    return Loan.objects.get(instalments__bill=bill)


def under_one(make_bill):
    """Two loans under one bill, the one with the higher id drawn down first."""
    bill = make_bill(principal_fen=1_000_000)
    later = make_bill(principal_fen=500_000, customer=bill.customer, due_on=day(5),
                      drawn_on=day(-40))  # fmt: skip
    Instalment.objects.filter(bill=later).update(bill=bill)
    young, old = Loan.objects.order_by("pk")
    return bill, young, old


@transaction.atomic
def written(bill, *events, at=AT):
    """Run events over a bill and write them; return the batch."""
    batch = LoanBatch.lock([bill.pk])
    batch.run(events)
    batch.write(by="test", at=at)
    return batch


@transaction.atomic
def read(*bills):
    return LoanBatch.lock([bill.pk for bill in bills]).position


def closes(bill, *days, has_mandate=True):
    return [EndOfDay(bill.pk, day(n), has_mandate) for n in days]


def versions(model):
    return dict(model.objects.values_list("pk", bulk.ROW_VERSION))


# Locks.


def test_bills_are_locked_before_loans_and_each_by_ascending_id(make_bill):
    bills = [make_bill() for _ in range(3)]

    with transaction.atomic(), CaptureQueriesContext(connection) as captured:
        batch = LoanBatch.lock(bill.pk for bill in reversed(bills))

    locks = [one["sql"] for one in captured if one["sql"].endswith("FOR UPDATE")]
    assert [sql.rpartition("ORDER BY ")[2] for sql in locks] == [
        '"loans_bill"."id" ASC FOR UPDATE', '"loans_loan"."id" ASC FOR UPDATE',
    ]  # fmt: skip
    assert list(batch.bills) == sorted(bill.pk for bill in bills)
    assert list(batch.loans) == sorted(batch.loans)


# Positions.


def test_a_bill_without_a_row_is_not_in_the_batch(make_bill):
    bill = make_bill()

    with transaction.atomic():
        batch = LoanBatch.lock([bill.pk, bill.pk + 1, bill.pk])

    assert list(batch.bills) == list(batch.position.bills) == [bill.pk]


def test_the_loans_of_a_bill_come_the_oldest_drawdown_first(make_bill):
    bill, young, old = under_one(make_bill)

    position = read(bill).bills[bill.pk]

    assert position.loan_ids == (old.pk, young.pk)
    assert position.rows == (InstalmentKey(young.pk, 0), InstalmentKey(old.pk, 0))


def test_the_terms_of_a_bill_are_those_of_its_oldest_loan(make_bill):
    bill, first, second = under_one(make_bill)
    Loan.objects.filter(pk=second.pk).update(drawn_on=day(-20))

    position = read(bill).bills[bill.pk]

    assert position.loan_ids == (first.pk, second.pk)
    assert position.terms_id == first.pk


@transaction.atomic
def test_drawdowns_of_one_day_come_by_their_ids(make_bill):
    bill, young, old = under_one(make_bill)
    Loan.objects.update(drawn_on=day(-30))

    batch = LoanBatch.lock([bill.pk])

    assert batch.loan_ids_of([InstalmentKey(old.pk, 0), InstalmentKey(young.pk, 0)]) == (
        young.pk, old.pk,
    )  # fmt: skip
    assert batch.loan_ids_of([]) == ()


@transaction.atomic
def test_each_loan_runs_under_the_terms_it_was_signed_under(make_bill):
    cheap = LoanTerms(penalty_ppm=500)
    bills = [make_bill(), make_bill(policy=cheap)]

    batch = LoanBatch.lock(bill.pk for bill in bills)

    assert [batch.bill_terms(bill.pk) for bill in bills] == [LoanTerms(), cheap]
    assert [batch.terms[only_loan(bill).pk] for bill in bills] == [LoanTerms(), cheap]


@transaction.atomic
def test_a_bill_that_never_had_a_loan_has_no_terms(make_bill):
    bill = make_bill()
    Instalment.objects.update(bill=None)

    batch = LoanBatch.lock([bill.pk])

    assert (batch.position.bills[bill.pk].rows, batch.position.loans) == ((), {})
    with pytest.raises(AssertionError, match="no terms"):
        batch.bill_terms(bill.pk)


# Running without writing.


def test_nothing_is_written_before_write(make_bill):
    bill = make_bill()
    before = contents(TABLES)

    with transaction.atomic():
        batch = LoanBatch.lock([bill.pk])
        batch.run(closes(bill, 1, 2, 3, 4))

    assert batch.position.bills[bill.pk].closed_through == day(4)
    assert contents(TABLES) == before


def test_a_batch_in_which_nothing_happened_writes_nothing(make_bill):
    bill = make_bill()
    before, rows = contents(TABLES), versions(Bill) | versions(Loan)

    with transaction.atomic():
        batch = LoanBatch.lock([bill.pk])
        batch.preview(bill.pk, on=day(9))
        batch.run([])
        batch.write(by="test", at=AT)

    assert contents(TABLES) == before
    assert versions(Bill) | versions(Loan) == rows


def test_an_empty_batch_writes_nothing(make_bill):
    make_bill()
    before = contents(TABLES)

    with transaction.atomic():
        LoanBatch.lock([]).write(by="test", at=AT)

    assert contents(TABLES) == before


@transaction.atomic
def test_a_preview_charges_the_loans_of_its_bill_and_keeps_nothing(make_bill):
    bill, other = make_bill(), make_bill()
    batch = LoanBatch.lock([bill.pk, other.pk])
    before = Position(dict(batch.position.bills), dict(batch.position.loans))

    seen = batch.preview(bill.pk, on=day(0))

    assert seen.owed(bill.pk) == Debt(interest_fen=15_000, principal_fen=1_000_000)
    assert list(seen.loans) == [only_loan(bill).pk]
    assert batch.position == before


@transaction.atomic
def test_what_a_preview_computed_is_what_a_run_of_the_day_takes(make_bill):
    bill = make_bill()
    batch = LoanBatch.lock([bill.pk])
    [previewed] = batch.preview(bill.pk, on=day(0)).loans.values()

    batch.run(closes(bill, 0))

    assert list(batch.position.loans.values()) == [previewed]
    assert next(iter(batch.position.loans.values())) is previewed


@transaction.atomic
def test_the_same_preview_is_computed_once(make_bill):
    bill = make_bill()
    batch = LoanBatch.lock([bill.pk])

    first, again, other = (batch.preview(bill.pk, on=day(n)) for n in (0, 0, 1))

    [loan_id] = batch.loans
    assert again.loans[loan_id] is first.loans[loan_id]
    assert other.owed(bill.pk).interest_fen == 15_500


# A second batch over what a first one has read.


def test_a_second_batch_takes_over_what_nobody_has_changed(make_bill):
    bill = make_bill()
    with transaction.atomic():
        seen = LoanBatch.lock_bills([bill.pk])
        seen.preview(bill.pk, on=day(0))

    with transaction.atomic():
        batch = LoanBatch.lock([bill.pk], seen=seen)

    [loan] = batch.loans.values()
    assert loan is seen.loans[loan.pk]
    assert batch.bills[bill.pk] is seen.bills[bill.pk]
    assert batch.position.bills[bill.pk] is seen.position.bills[bill.pk]
    assert batch.known is seen.known


def test_a_second_batch_does_not_change_what_the_first_has_seen(make_bill):
    bill = make_bill()
    with transaction.atomic():
        seen = LoanBatch.lock_bills([bill.pk])
    before = Position(dict(seen.position.bills), dict(seen.position.loans))

    with transaction.atomic():
        LoanBatch.lock([bill.pk], seen=seen).change_bill(bill.pk, tries=2)

    assert seen.position == before


def test_a_second_batch_reads_a_bill_again_whose_row_alone_has_changed(make_bill):
    bill = make_bill()
    with transaction.atomic():
        seen = LoanBatch.lock_bills([bill.pk])
    Bill.objects.filter(pk=bill.pk).update(tries=2)

    with transaction.atomic():
        batch = LoanBatch.lock([bill.pk], seen=seen)

    assert batch.position == read(bill)
    assert (batch.bills[bill.pk].tries, batch.position.bills[bill.pk].tries) == (2, 2)


def test_a_second_batch_sees_which_instalments_stand_under_a_bill_now(make_bill):
    bill = make_bill()
    with transaction.atomic():
        seen = LoanBatch.lock_bills([bill.pk])
    loan = only_loan(bill)
    loan.instalments.update(bill=None)
    Loan.objects.filter(pk=loan.pk).update(charged_fen=loan.charged_fen)  # it gets a new version

    with transaction.atomic():
        batch = LoanBatch.lock([bill.pk], seen=seen, loan_ids=[loan.pk])

    assert batch.bills[bill.pk] is seen.bills[bill.pk]
    assert batch.position.bills[bill.pk].rows == ()


def test_a_second_batch_reads_again_what_somebody_has_changed(make_bill):
    bill = make_bill()
    with transaction.atomic():
        seen = LoanBatch.lock_bills([bill.pk])
    written(bill, *closes(bill, 1))

    with transaction.atomic():
        batch = LoanBatch.lock([bill.pk], seen=seen)

    assert batch.position == read(bill)
    assert batch.position.bills[bill.pk].state == "grace"
    assert batch.position.owed(bill.pk).interest_fen == 15_000


# Writing.


def test_what_a_batch_writes_is_what_the_next_one_reads(make_bill):
    bill = make_bill(mode="off")
    steps = [
        lambda: closes(bill, 0, 1),
        lambda: [arrived(bill, 20_000, n=1)],
        lambda: closes(bill, 2, 3, 4),
        lambda: closes(bill, 5),
        lambda: [arrived(bill, 5_000, n=9)],
        lambda: [arrived(bill, 1_020_000, n=9)],
    ]

    for step in steps:
        assert written(bill, *step()).position == read(bill)

    assert (Bill.objects.get().state, Loan.objects.get().state) == ("paid", "settled")


def carried(bill):
    """Leave 5.00 of a bill unpaid until grace is over."""
    written(bill, *closes(bill, 1), arrived(bill, 1_015_508, n=1))
    written(bill, *closes(bill, 2, 3, 4))
    assert Bill.objects.get().state == "carried"


@transaction.atomic
def test_what_a_carried_bill_left_stands_under_it(make_bill):
    bill = make_bill(mode="off")
    carried(bill)

    batch = LoanBatch.lock([bill.pk])

    [loan_id] = batch.loans
    assert batch.position.bills[bill.pk].rows == (InstalmentKey(loan_id, 0),)
    assert batch.bill_terms(bill.pk) == LoanTerms()


@transaction.atomic
def test_a_closed_bill_knows_the_rows_that_a_later_one_took_over(make_bill):
    bill = make_bill(mode="off")
    carried(bill)
    later = make_bill(principal_fen=100, customer=bill.customer, due_on=day(31), mode="off")
    [left] = LoanBatch.lock([bill.pk]).position.bills[bill.pk].rows
    Instalment.objects.filter(bill=bill).update(bill=later)

    batch = LoanBatch.lock([later.pk, bill.pk])

    bills = batch.position.bills
    assert (bills[bill.pk].rows, bills[bill.pk].billed_rows) == ((), (left,))
    assert batch.position.holder_of(bills[bill.pk]) == bills[later.pk]
    assert batch.position.holder_of(bills[later.pk]) == bills[later.pk]


def test_only_the_bills_and_loans_that_changed_are_written(make_bill):
    changed, other = make_bill(), make_bill()
    before = versions(Bill), versions(Loan), versions(Instalment)

    with transaction.atomic():
        batch = LoanBatch.lock([changed.pk, other.pk])
        batch.run(closes(changed, 0))
        batch.write(by="test", at=AT)

    same = [{*old.items()} & {*new.items()} for old, new in zip(
        before, (versions(Bill), versions(Loan), versions(Instalment)), strict=True
    )]  # fmt: skip
    loan = only_loan(other)
    assert [[key for key, _version in rows] for rows in same] == [
        [other.pk], [loan.pk], [loan.instalments.get().pk],
    ]  # fmt: skip


def test_a_value_that_no_event_decides_on_is_written_alone(make_bill):
    bill = make_bill()
    loans = versions(Loan)

    with transaction.atomic():
        batch = LoanBatch.lock([bill.pk])
        assert batch.change_bill(bill.pk, tries=3) is batch.position.bills[bill.pk]
        batch.write(by="test", at=AT)

    assert Bill.objects.filter(tries=3, state="billed").exists()
    assert versions(Loan) == loans
    assert not StateChange.objects.exists()


def test_several_moves_of_a_record_are_written_one_after_the_other(make_bill):
    bill = make_bill(mode="off")

    written(bill, *closes(bill, 1, 2, 3, 4))

    moves = StateChange.objects.order_by("id").values_list(
        "subject_type", "subject_id", "transition", "source", "target", "actor", "effective_on",
    )  # fmt: skip
    loan_id = Loan.objects.get().pk
    assert set(moves) == {
        ("loans.bill", bill.pk, "enter_grace", "billed", "grace", "test", day(1)),
        ("loans.bill", bill.pk, "record_overdue", "grace", "overdue", "test", day(4)),
        ("loans.loan", loan_id, "record_overdue", "active", "overdue", "test", day(4)),
    }
    assert [row[2] for row in moves if row[0] == "loans.bill"] == ["enter_grace", "record_overdue"]
    assert set(StateChange.objects.values_list("at", flat=True)) == {AT}
    assert (Bill.objects.get().overdue_on, Loan.objects.get().overdue_on) == (day(4), day(4))


def test_each_move_keeps_its_own_reason_and_day(make_bill):
    early, late = make_bill(mode="off"), make_bill(mode="off", due_on=day(1))

    with transaction.atomic():
        batch = LoanBatch.lock([early.pk, late.pk])
        batch.run([*closes(early, 1, 2, 3, 4), *closes(late, 2)])
        batch.write(by="test", at=AT)

    moves = StateChange.objects.filter(subject_type="loans.bill").values_list(
        "subject_id", "effective_on", "reason"
    )
    assert set(moves) == {
        (early.pk, day(1), "unpaid-when-due"),
        (late.pk, day(2), "unpaid-when-due"),
        (early.pk, day(4), "grace-over"),
    }
    states = Bill.objects.order_by("pk").values_list("state", flat=True)
    assert list(states) == ["overdue", "grace"]


def test_a_move_that_the_machine_does_not_allow_writes_nothing(make_bill):
    bill = make_bill()
    before = contents(TABLES)
    not_yet = Decision(BillMove.CARRY, bill.pk, day(4), "y")

    with transaction.atomic():
        batch = LoanBatch.lock([bill.pk])
        batch.rerun(batch.position, closes(bill, 0), [not_yet])
        with pytest.raises(TransitionNotAllowed):
            batch.write(by="test", at=AT)

    assert contents(TABLES) == before


def test_each_charge_is_a_row_and_a_transfer(make_bill):
    bill = make_bill(mode="off")

    written(bill, *closes(bill, 1))

    instalment = Instalment.objects.get()
    charges = Charge.objects.order_by("id").values_list(
        "kind", "charged_fen", "posted_on", "loan_id", "instalment_id", "customer_id", "cause_id"
    )
    ids = instalment.loan_id, instalment.pk, bill.customer_id, bill.pk
    assert list(charges) == [
        ("own", 15_000, day(0), *ids), ("own", 500, day(1), *ids), ("late_fee", 508, day(1), *ids),
    ]  # fmt: skip
    transfers = Transfer.objects.exclude(kind="opening").order_by("id").values_list(
        "kind", "amount_fen", "business_date", "loan_id", "customer_id", "cause_id", "at"
    )  # fmt: skip
    ids = instalment.loan_id, bill.customer_id, bill.pk, AT
    assert list(transfers) == [
        ("accrual", 15_000, day(0), *ids), ("accrual", 500, day(1), *ids),
        ("late_fee", 508, day(1), *ids),
    ]  # fmt: skip


def test_a_repayment_is_allocated_and_its_surplus_waits(make_bill):
    bill = make_bill()
    payment = arrived(bill, 1_015_700)

    written(bill, payment)

    [allocation] = RepaymentAllocation.objects.all()
    assert (allocation.interest_fen, allocation.principal_fen) == (15_000, 1_000_000)
    assert allocation.instalment == Instalment.objects.get()
    waiting = UnappliedFunds.objects.get()
    assert (waiting.amount_fen, waiting.customer_id, waiting.waiting_since) == (
        700, bill.customer_id, AT,
    )  # fmt: skip
    posted = Transfer.objects.filter(debit_account="bank").values_list("credit_account",
                                                                       "amount_fen")  # fmt: skip
    assert dict(posted) == {"interest": 15_000, "loan_principal": 1_000_000, "unapplied_funds": 700}


def test_allocations_are_those_of_the_instalments_that_were_settled(make_bill):
    bill, young, old = under_one(make_bill)
    Loan.objects.update(accrued_on=day(0))

    written(bill, arrived(bill, 500_003))

    paid = RepaymentAllocation.objects.values_list("instalment__loan", "loan", "principal_fen")
    assert set(paid) == {(old.pk, old.pk, 500_000), (young.pk, young.pk, 3)}


@pytest.mark.parametrize(("paid_fen", "drawn_fen"), [(15_000, 1_000_000), (15_001, 999_999)])
def test_repaid_principal_and_nothing_else_is_given_back_to_the_line(
    make_bill, paid_fen, drawn_fen
):
    bill = make_bill()

    written(bill, arrived(bill, paid_fen))

    assert CreditLine.objects.get().drawn_fen == drawn_fen


def test_principal_of_two_loans_is_given_back_to_their_one_line(make_bill):
    bill, _young, _old = under_one(make_bill)
    Loan.objects.update(accrued_on=day(0))

    written(bill, arrived(bill, 1_499_999))

    assert CreditLine.objects.get().drawn_fen == 1


def test_what_was_written_is_not_written_a_second_time(make_bill):
    bill = make_bill(mode="off")
    payment = arrived(bill, 1_015_700)
    with transaction.atomic():
        batch = LoanBatch.lock([bill.pk])
        batch.run([payment])
        batch.write(by="test", at=AT)
        before = contents(TABLES)

        batch.write(by="test", at=AT)

    assert contents(TABLES) == before


def test_a_batch_goes_on_from_what_it_has_written(make_bill):
    bill = make_bill(mode="off")
    with transaction.atomic():
        batch = LoanBatch.lock([bill.pk])
        for n in (1, 2, 3, 4):
            batch.run(closes(bill, n))
            batch.write(by="test", at=AT)

    assert batch.position == read(bill)
    assert Charge.objects.count() == len({*Charge.objects.values_list("kind", "to_on")}) == 4


# Running again from an earlier position.


def back_to_issue(bill, *loan_moves):
    """The moves that lead a bill and its loan back to where they stood at the issue."""
    loan_id = Loan.objects.get().pk
    return [*(Decision(move, loan_id, day(0), "y") for move in loan_moves),
            Decision(BillMove.REOPEN, bill.pk, day(0), "y")]  # fmt: skip


def test_a_rerun_moves_back_first_and_adds_no_facts_of_its_own(make_bill):
    bill = make_bill(mode="off")
    issued = read(bill)
    written(bill, *closes(bill, 1, 2, 3, 4))
    facts = contents(TABLES[3:7])

    with transaction.atomic():
        batch = LoanBatch.lock([bill.pk])
        result = batch.rerun(issued, closes(bill, 1), back_to_issue(bill, LoanMove.CURE))
        batch.write(by="test", at=AT)

    assert [one.move for one in result.decisions] == [BillMove.ENTER_GRACE]
    assert batch.position == result.position == read(bill)
    assert (Bill.objects.get().state, Bill.objects.get().overdue_on) == ("grace", None)
    assert (Loan.objects.get().state, Loan.objects.get().overdue_on) == ("active", None)
    assert contents(TABLES[3:7]) == facts


def test_a_rerun_that_ends_in_the_same_overdue_record_keeps_its_day(make_bill):
    bill = make_bill(mode="off")
    issued = read(bill)
    before = written(bill, *closes(bill, 1, 2, 3, 4)).position

    with transaction.atomic():
        batch = LoanBatch.lock([bill.pk])
        batch.rerun(issued, closes(bill, 1, 2, 3, 4), back_to_issue(bill, LoanMove.CURE))
        batch.write(by="test", at=AT)

    assert read(bill) == before
    assert (Bill.objects.get().overdue_on, Loan.objects.get().overdue_on) == (day(4), day(4))


def test_a_rerun_that_ends_in_the_same_payment_keeps_its_day(make_bill):
    bill = make_bill()
    issued, payment = read(bill), arrived(bill, 1_015_000)
    before = written(bill, payment).position

    with transaction.atomic():
        batch = LoanBatch.lock([bill.pk])
        batch.rerun(issued, [payment], back_to_issue(bill, LoanMove.REOPEN))
        batch.write(by="test", at=AT)

    assert read(bill) == before
    assert (Bill.objects.get().paid_on, Loan.objects.get().ended_on) == (day(0), day(0))


def test_a_rerun_without_the_payment_leaves_an_overdue_loan(make_bill):
    bill = make_bill(mode="off")
    issued = read(bill)
    written(bill, arrived(bill, 1_015_000))

    with transaction.atomic():
        batch = LoanBatch.lock([bill.pk])
        batch.rerun(issued, closes(bill, 1, 2, 3, 4), back_to_issue(bill, LoanMove.REOPEN))
        batch.write(by="test", at=AT)

    assert batch.position == read(bill)
    moves = StateChange.objects.filter(subject_type="loans.loan").order_by("id")
    assert list(moves.values_list("source", "target")) == [
        ("active", "settled"), ("settled", "active"), ("active", "overdue"),
    ]  # fmt: skip


def test_principal_that_a_rerun_takes_back_is_drawn_again(make_bill):
    bill = make_bill()
    issued = read(bill)
    written(bill, arrived(bill, 101_500))
    assert CreditLine.objects.get().drawn_fen == 913_500

    with transaction.atomic():
        batch = LoanBatch.lock([bill.pk])
        batch.rerun(issued, [], [])
        batch.write(by="test", at=AT)

    assert CreditLine.objects.get().drawn_fen == 1_000_000


def test_corrections_are_written_with_the_facts(make_bill):
    bill = make_bill()
    payment = arrived(bill, 700)
    row = Instalment.objects.get()
    ids = {"loan_id": row.loan_id, "customer_id": bill.customer_id}
    charge = ComputedCharge(row.loan_id, 0, "own", day(-30), day(-30), day(0), 1_000_000, 500_000,
                            15_000, 15_000, Cause("end_of_day", bill.pk))  # fmt: skip
    entry = Entry(day(0), "bank", "unapplied_funds", 700, "unapplied", "repayment",
                  payment.repayment_id, **ids)  # fmt: skip
    paid = Allocation(
        payment.repayment_id, row.loan_id, 0, day(0), Debt(principal_fen=5), row.bill_id
    )

    with transaction.atomic():
        batch = LoanBatch.lock([bill.pk])
        batch.correct(
            charges=[ChargeRow(charge, row.pk, bill.customer_id)],
            entries=[entry],
            allocations=[AllocationRow(paid, row.pk, 2)],
            surpluses=[Surplus(payment.repayment_id, bill.pk, day(0), 700)],
        )
        batch.write(by="test", at=AT)

    assert Charge.objects.get().charged_fen == 15_000
    assert Transfer.objects.get(kind="unapplied").amount_fen == 700
    assert RepaymentAllocation.objects.get().revision == 2
    assert UnappliedFunds.objects.get().customer_id == bill.customer_id
