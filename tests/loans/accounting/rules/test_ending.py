"""How a bill and its loans end once nothing is owed: by their state before (1.10)."""

import pytest

from loans.accounting.rules.ending import end_bill, end_loans
from loans.accounting.rules.engine import Run
from loans.accounting.rules.outcomes import Decision
from loans.accounting.rules.position import InstalmentKey, Position
from tests.loans.cases import TERMS, bill, day, loan, part


def run_of(*parts, state, of_bill="overdue"):
    owner = loan(*parts, accrued_on=day(4))._replace(state=state, overdue_on=day(4))
    position = Position({1: bill(InstalmentKey(7, 0), state=of_bill)}, {7: owner})
    return Run(position, {7: TERMS}, {})


def end(run):
    one = end_bill(run, run.position.bills[1], on=day(9), paid_fen=5)
    end_loans(run, one, on=day(9))
    return run.position.bills[1], run.position.loans[7]


@pytest.mark.parametrize(
    ("state", "ended"),
    [("active", "settled"), ("overdue", "settled"), ("charged_off", "recovered")],
)
def test_a_loan_that_owes_nothing_ends(state, ended):
    one, owner = end(run_of(part(0, "none"), state=state))

    assert (one.state, one.paid_on, one.paid_fen) == ("paid", day(9), 5)
    assert (owner.state, owner.ended_on) == (ended, day(9))


def test_each_end_is_decided_on_its_day_with_its_reason():
    settled = run_of(part(0, "none"), state="active")
    cured = run_of(part(0, "none"), part(100), state="overdue")
    end(settled)
    end(cured)

    assert settled.decisions == [
        Decision("pay", 1, day(9), "paid-in-full"), Decision("settle", 7, day(9), "repaid-in-full"),
    ]  # fmt: skip
    assert cured.decisions == [
        Decision("pay", 1, day(9), "paid-in-full"), Decision("cure", 7, day(9), "past-due-paid"),
    ]  # fmt: skip
    assert cured.position.loans[7].overdue_on is None


def test_a_loan_that_ended_before_is_not_ended_again():
    run = run_of(part(0, "none"), state="settled")
    end(run)

    assert [one.move for one in run.decisions] == ["pay"]


def test_a_bill_of_which_nothing_changes_stays_the_same():
    run = run_of(part(100), state="overdue")
    asked = run.position.bills[1]

    assert end_bill(run, asked, on=day(9)) is asked
    assert end_bill(run, asked._replace(rows=()), on=day(9)).state == "overdue"


@pytest.mark.parametrize(
    ("state", "after"), [("overdue", "active"), ("charged_off", "charged_off")]
)
def test_a_loan_with_later_rows_is_cured_unless_it_was_given_up(state, after):
    one, owner = end(run_of(part(0, "none"), part(100), state=state))

    assert (one.state, owner.state, owner.ended_on) == ("paid", after, None)


def test_a_plan_is_not_cured_while_an_earlier_row_is_overdue():
    one, owner = end(run_of(part(0, "none"), part(100, "penalty", bill_id=2), state="overdue",
                            of_bill="billed"))  # fmt: skip

    assert (one.state, owner.state, owner.overdue_on) == ("paid", "overdue", day(4))


def test_a_bill_that_still_asks_keeps_its_state():
    one, owner = end(run_of(part(100), state="overdue"))

    assert (one.state, one.paid_fen, owner.state) == ("overdue", 5, "overdue")


def test_a_bill_that_ended_before_is_not_paid_again():
    one, _owner = end(run_of(part(0, "none"), state="active", of_bill="min_paid"))

    assert (one.state, one.paid_fen) == ("min_paid", 5)
