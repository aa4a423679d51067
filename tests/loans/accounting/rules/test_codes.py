"""The codes of rules and tables: their texts stay, and they fit the machines of the models."""

import pytest

from loans.accounting.rules.codes import (
    CLOSED_STATES,
    COLLECTED_STATES,
    Accrual,
    BillMove,
    BillState,
    ChargeKind,
    DebitMode,
    LoanMove,
    LoanState,
    Plan,
)
from loans.models import Bill, Loan

STORED = [
    (Plan, "bullet plan-3 plan-6 plan-12"),
    (LoanState, "created disbursing active overdue settled charged_off recovered cancelled"),
    (BillState, "open billed paid min_paid grace carried converted extended overdue"),
    (DebitMode, "full minimum off"),
    (Accrual, "none own revolving penalty"),
    (ChargeKind, "own revolving penalty late_fee plan_fee prepayment migrated"),
]


def sources(model, move):
    """The states that a declared transition leaves."""
    return set(getattr(model, move)._django_fsm.transitions)


@pytest.mark.parametrize(("codes", "stored"), STORED, ids=[row[0].__name__ for row in STORED])
def test_a_stored_code_stays_what_it_is(codes, stored):
    assert [code.value for code in codes] == stored.split()


def test_every_state_of_a_bill_is_collected_or_closed_or_neither():
    assert set(COLLECTED_STATES) == {"billed", "grace", "overdue"}
    assert set(CLOSED_STATES) == {"paid", "min_paid", "carried"}


def test_what_is_collected_is_what_can_be_paid():
    assert sources(Bill, BillMove.PAY) == {*COLLECTED_STATES, "carried"}


def test_whatever_ended_or_is_late_can_be_run_again_from_its_issue():
    assert sources(Bill, BillMove.REOPEN) == {*CLOSED_STATES, "grace", "overdue"}


@pytest.mark.parametrize(("model", "moves"), [(Bill, BillMove), (Loan, LoanMove)])
def test_every_move_is_a_transition_of_its_machine(model, moves):
    declared = {transition.name for transition in model(state="x").get_all_state_transitions()}

    assert {move.value for move in moves} <= declared


def test_each_accrual_that_bears_something_is_charged_under_its_own_code():
    bearing = {code.value for code in Accrual} - {"none"}

    assert bearing == {code.value for code in ChargeKind} - {
        "late_fee", "plan_fee", "prepayment", "migrated",
    }  # fmt: skip
