"""What may happen to a customer of a cohort in a step, and what it takes to happen."""

from collections.abc import Callable
from typing import Any, NamedTuple

from hypothesis import strategies as st

from loans.models import Bill
from loans.models.debit import OPEN_ORDER_STATES
from tests.acceptance import reading
from tests.loans.life_customer import KINDS, LifeCustomer, which
from tests.loans.life_loans import DAY

LOANS_MAX = 3
LOANS = st.fixed_dictionaries(
    {
        "p": st.sampled_from([10_000, 33_300, 250_000, 1_000_000, 3_000_000]),
        "ppm": st.sampled_from([200, 350, 500]),
        "plan": st.sampled_from([0, 0, 0, 3, 6, 12]),
        "factor": st.sampled_from([1000, 1000, 900]),
    }
)
MODES = ("FULL", "FULL", "MINIMUM", "OFF")
Draw = Callable[[st.SearchStrategy[Any]], Any]


def nothing(customer: LifeCustomer, draw: Draw) -> bool:
    return True


def draws(customer: LifeCustomer, draw: Draw) -> bool:
    return bool(customer.draw(draw(LOANS)))


def proves_the_use(customer: LifeCustomer, draw: Draw) -> bool:
    unproven = [n for n, loan in enumerate(customer.life.loans) if not loan.is_proven]
    return bool(customer.prove_use(which(draw, unproven)))


def pays(customer: LifeCustomer, draw: Draw) -> bool:
    """Pay a share of what is owed, around the amounts at which something changes."""
    owed = reading.payable(customer.pk, on=customer.today)
    if not owed:
        return False
    total_fen, [*_older, bill_id] = sum(owed.values()), owed
    bill = Bill.objects.get(pk=bill_id)
    share = draw(
        st.sampled_from(["1", "5000", "minimum", "minimum", "-1001", "-1000", "-1", "-0", "-0"])
    )
    if share == "minimum":
        amount_fen = bill.minimum_fen + bill.past_due_fen + bill.late_fee_fen
    else:
        amount_fen = total_fen + int(share) if share[0] == "-" else int(share)
    if not 0 < amount_fen <= total_fen:
        return False
    return bool(customer.pay(bill, amount_fen, in_wechat=draw(st.booleans())))


def transfers_too_much(customer: LifeCustomer, draw: Draw) -> bool:
    owed = reading.payable(customer.pk, on=customer.today)
    if not owed:
        return False
    bill = Bill.objects.get(pk=[*owed][-1])
    return bool(customer.transfer(bill, sum(owed.values()) + 777, customer.today))


def money_of_an_earlier_day_is_entered(customer: LifeCustomer, draw: Draw) -> bool:
    value_on = customer.today - draw(st.sampled_from([1, 2, 3, 4, 5, 8, 13, 21, 34])) * DAY
    bills = Bill.objects.filter(customer=customer.record, billed_on__lte=value_on)
    bill = bills.order_by("due_on").last()
    if bill is None or customer.has_early_since(value_on):
        return False
    amount_fen = draw(st.sampled_from([100, 5_000, 60_000, 3_000_000]))
    return bool(customer.transfer(bill, amount_fen, value_on))


def repays_early(customer: LifeCustomer, draw: Draw) -> bool:
    owing = [n for n, loan in enumerate(customer.life.loans) if loan.principal]
    prepaid = draw(st.sampled_from([None, 10_000, 50_000]))
    return bool(customer.repay_early(which(draw, owing), prepaid))


def chooses_what_is_debited(customer: LifeCustomer, draw: Draw) -> bool:
    return bool(customer.choose(draw(st.sampled_from(MODES))))


def revokes_the_mandate(customer: LifeCustomer, draw: Draw) -> bool:
    return bool(customer.revoke())


def is_given_a_later_due_date(customer: LifeCustomer, draw: Draw) -> bool:
    return bool(customer.extend(draw(st.sampled_from([1, 5, 15]))))


def a_late_answer_arrives(customer: LifeCustomer, draw: Draw) -> bool:
    return bool(customer.answer_late(OPEN_ORDER_STATES, is_taken=draw(st.booleans())))


def a_refused_debit_was_taken(customer: LifeCustomer, draw: Draw) -> bool:
    return bool(customer.answer_late(["failed"], is_taken=True))


def money_is_taken_back(customer: LifeCustomer, draw: Draw) -> bool:
    return bool(customer.take_money_back(draw))


def charges_are_waived(customer: LifeCustomer, draw: Draw) -> bool:
    bill = which(draw, customer.asking())
    owed = [kind for kind in KINDS if bill.owed(kind)]
    if not owed:
        return False
    return bool(customer.waive(bill, which(draw, owed), draw(st.sampled_from([1, 2, 100]))))


def later_rows_are_called_due(customer: LifeCustomer, draw: Draw) -> bool:
    return bool(customer.accelerate(which(draw, customer.in_state("OVERDUE"))))


def a_loan_is_charged_off(customer: LifeCustomer, draw: Draw) -> bool:
    late = [n for n, loan in enumerate(customer.life.loans) if loan.state == "overdue"]
    return bool(customer.charge_off(which(draw, late)))


def the_line_is_frozen_or_lifted(customer: LifeCustomer, draw: Draw) -> bool:
    return bool(customer.freeze_or_lift())


class Action(NamedTuple):
    """Something that may happen, its weight, and whether it can happen to a customer now."""

    run: Callable[[LifeCustomer, Draw], bool]
    weight: int = 1
    is_possible: Callable[[LifeCustomer], Any] = lambda customer: True


ACTIONS = (
    Action(nothing, 6),
    Action(draws, 2, lambda one: len(one.loans) < LOANS_MAX),
    Action(proves_the_use, 1, lambda one: any(not loan.is_proven for loan in one.life.loans)),
    Action(pays, 4, LifeCustomer.asking),
    Action(transfers_too_much, 1, LifeCustomer.asking),
    Action(money_of_an_earlier_day_is_entered, 1, lambda one: one.life.bills),
    Action(repays_early, 1, lambda one: any(loan.principal for loan in one.life.loans)),
    Action(chooses_what_is_debited, 1),
    Action(revokes_the_mandate, 1, lambda one: one.life.has_mandate),
    Action(is_given_a_later_due_date, 1, lambda one: one.in_state("BILLED", "GRACE")),
    Action(a_late_answer_arrives, 3, LifeCustomer.is_pending),
    Action(a_refused_debit_was_taken, 1,
           lambda one: "failed" in one.known.values() and not one.is_extended()),
    Action(money_is_taken_back, 1,
           lambda one: any(name == "pay" for _on, name, _is in one.facts.happened)),
    Action(charges_are_waived, 1, LifeCustomer.asking),
    Action(later_rows_are_called_due, 1, lambda one: one.in_state("OVERDUE")),
    Action(a_loan_is_charged_off, 1,
           lambda one: any(loan.state == "overdue" for loan in one.life.loans)),
    Action(the_line_is_frozen_or_lifted, 1),
)  # fmt: skip


def possible(customer: LifeCustomer) -> list[Action]:
    """Return what may happen to a customer now, each as often as it weighs."""
    return [one for one in ACTIONS if one.is_possible(customer) for _ in range(one.weight)]
