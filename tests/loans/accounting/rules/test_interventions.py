"""Whatever staff decide between payments and ends of days: nothing is lost, a replay equals it."""

from datetime import timedelta
from functools import reduce
from operator import add

from hypothesis import given
from hypothesis import strategies as st

from loans.accounting.rules import engine
from loans.accounting.rules.debt import NOTHING, Debt
from loans.accounting.rules.position import InstalmentKey, Position
from loans.billing.rules.extension import Extend
from loans.delinquency.rules.acceleration import Accelerate
from loans.delinquency.rules.charge_off import ChargeOffLoan
from loans.delinquency.rules.end_of_day import EndOfDay, Refusals
from loans.delinquency.rules.waiver import WaiveCharges
from loans.repayment.rules import Payment
from tests.loans.cases import DUE_ON, TERMS, bill, day, loan, part
from tests.profiles import pure

PRINCIPAL_FEN = 1_000_000
WAIVED = st.builds(
    Debt, st.integers(0, 9_000), st.integers(0, 600), st.integers(0, 16_000), st.just(0), st.just(0)
)
DECIDED = st.sampled_from(["pay", "waive", "extend", "accelerate", "charge off"])
STEPS = st.lists(st.tuples(st.integers(0, 9), DECIDED, st.integers(1, 400_000), WAIVED), max_size=8)


def start(*, is_plan):
    later = part(PRINCIPAL_FEN, "none", due_on=day(400)) if is_plan else None
    first = part(PRINCIPAL_FEN, "none" if is_plan else "own", bill_id=1, due_on=DUE_ON)
    owner = loan(first, *([later] if later else []))._replace(is_bullet=not is_plan)
    return Position({1: bill(InstalmentKey(7, 0))}, {7: owner})


def events_of(steps):
    """Every end of a day from D+1 on, and after that of each step's day what was decided."""
    found, today = [], 0
    for number, (wait, kind, fen, debt) in enumerate(steps, start=1):
        for n in range(today + 1, today + wait + 1):
            found.append(EndOfDay(1, day(n), has_mandate=False, refusals=Refusals(0, None)))
        today += wait
        on = day(today)
        found.append(
            {
                "pay": Payment(number, 1, fen, on),
                "waive": WaiveCharges(number, 1, debt, on),
                "extend": Extend(1, on, on + timedelta(days=5)),
                "accelerate": Accelerate(1, on),
                "charge off": ChargeOffLoan(7, on),
            }[kind]
        )
    return found


def total(debts):
    return reduce(add, debts, NOTHING)


@pure
@given(STEPS, st.booleans())
def test_one_event_after_the_other_gives_what_all_of_them_give(steps, is_plan):
    events, position = events_of(steps), start(is_plan=is_plan)

    replayed = engine.run(position, events, {7: TERMS})

    charges, allocations, waived, charged_off = [], [], [], []
    for event in events:
        result = engine.run(position, [event], {7: TERMS})
        position = result.position
        charges += result.charges
        allocations += result.allocations
        waived += result.waived
        charged_off += result.charged_off
    assert replayed.position == position
    assert (replayed.charges, replayed.allocations) == (charges, allocations)
    assert (replayed.waived, replayed.charged_off) == (waived, charged_off)


@pure
@given(STEPS, st.booleans())
def test_what_was_charged_is_owed_paid_or_waived(steps, is_plan):
    before = start(is_plan=is_plan)

    result = engine.run(before, events_of(steps), {7: TERMS})

    owed = total(one.debt for one in result.position.loans[7].parts)
    paid = total(one.debt for one in result.allocations)
    waived = total(one.debt for one in result.waived)
    drawn_fen = before.loans[7].principal_fen
    charged_fen = sum(one.charged_fen for one in result.charges)
    assert waived.principal_fen == 0
    assert drawn_fen == owed.principal_fen + paid.principal_fen
    assert drawn_fen + charged_fen == owed.total_fen + paid.total_fen + waived.total_fen
    assert result.position.loans[7].charged_fen == charged_fen
    one = result.position.bills[1]
    assert (one.paid_fen, one.waived_fen) == (paid.total_fen, waived.total_fen)


@pure
@given(STEPS, st.booleans())
def test_the_contra_account_holds_what_is_owed_of_a_charged_off_loan(steps, is_plan):
    result = engine.run(start(is_plan=is_plan), events_of(steps), {7: TERMS})

    account_fen = sum(one.amount_fen for one in result.charged_off)
    account_fen += sum(one.charged_fen for one in result.charges if one.is_off_books)
    account_fen -= sum(one.debt.total_fen for one in result.allocations if one.is_recovery)
    account_fen -= sum(one.debt.total_fen for one in result.waived if one.is_off_books)
    owner = result.position.loans[7]
    owed_fen = sum(one.debt.total_fen for one in owner.parts)
    assert account_fen == (owed_fen if owner.state == "charged_off" else 0)
