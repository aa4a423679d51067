"""A bill that is due later: asked again, with everything that was paid and charged (FAQ-7)."""

from datetime import date

import pytest

from loans.accounting.rules import engine
from loans.accounting.rules.position import InstalmentKey, Position
from loans.billing.rules.extension import Extend, days_max
from tests.loans.cases import DUE_ON, TERMS, bill, day, loan, part


@pytest.mark.parametrize(
    ("due_on", "most"),
    [(date(2026, 10, 1), 30), (date(2026, 9, 1), 29), (date(2027, 2, 1), 27),
     (date(2026, 12, 28), 30)],
)  # fmt: skip
def test_the_new_due_date_stays_before_that_of_the_next_bill(due_on, most):
    assert days_max(due_on, policy_days_max=30) == most


def extend(**facts):
    position = Position({1: bill(InstalmentKey(7, 0), **facts)}, {7: loan(part())})
    return engine.run(position, [Extend(1, day(2), day(20), tries=2)], {7: TERMS})


def test_a_bill_in_grace_is_asked_again_with_its_attempts_and_its_money():
    result = extend(
        state="grace", refusals=2, refused_on=DUE_ON, tries=1, paid_fen=500, late_fee_fen=508,
        late_fee_on=day(1), closed_through=day(2),
    )  # fmt: skip

    one = result.position.bills[1]
    assert (one.state, one.due_on, one.cycle_on, one.debit_on) == (
        "billed", day(20), day(20), day(20),
    )  # fmt: skip
    assert (one.cycle, one.refusals, one.tries, one.refused_on) == (1, 0, 2, None)
    assert (one.total_fen, one.minimum_fen, one.paid_fen) == (1_015_000, 101_500, 500)
    assert (one.late_fee_fen, one.late_fee_on) == (508, day(1))
    assert [(one.move.value, one.on) for one in result.decisions] == [
        ("extend", day(2)), ("issue", day(2)),
    ]  # fmt: skip


def test_nothing_is_charged_by_it():
    result = extend(state="billed")

    assert (result.charges, result.position.loans) == ([], {7: loan(part())})


@pytest.mark.parametrize("state", ["paid", "min_paid", "carried", "overdue", "converted"])
def test_a_bill_that_is_not_asked_stays_as_it_is(state):
    result = extend(state=state)

    assert (result.position.bills[1].due_on, result.decisions) == (DUE_ON, [])
