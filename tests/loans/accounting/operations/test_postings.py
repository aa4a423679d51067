"""Which accounts each business event moves, in which direction, for whom."""

import pytest

from loans.accounting.operations import postings
from loans.accounting.operations.ledger import Entry
from loans.accounting.rules.debt import Debt
from loans.accounting.rules.outcomes import Allocation, Cause, ComputedCharge, Surplus
from tests.loans.cases import day

OWED = Debt(penalty_fen=1, late_fee_fen=20, interest_fen=300, plan_fee_fen=4_000,
            principal_fen=50_000)  # fmt: skip


def charge(kind, **facts):
    made = ComputedCharge(7, 0, kind, day(-30), day(0), day(1), 1_000_000, 500_000, 800, 500,
                          Cause("end_of_day", 3))  # fmt: skip
    return made._replace(**facts)


@pytest.mark.parametrize(
    ("kind", "debit", "credit", "posted_as"),
    [
        ("own", "interest", "accrued_unposted", "accrual"),
        ("revolving", "interest", "accrued_unposted", "accrual"),
        ("penalty", "penalty", "accrued_unposted", "accrual"),
        ("late_fee", "late_fee", "late_fee_income", "late_fee"),
    ],
)
def test_a_charge_is_owed_from_its_day_on_as_far_as_the_cap_left_it(kind, debit, credit, posted_as):
    entry = postings.charged(charge(kind), customer_id=9)

    assert entry == Entry(day(1), debit, credit, 500, posted_as, "end_of_day", 3, 7, 9)


def test_a_repayment_settles_each_receivable_in_the_order_of_the_article():
    entries = list(postings.repaid(Allocation(41, 7, 0, day(2), OWED, 1), customer_id=9))

    assert entries == [
        Entry(day(2), "bank", account, amount_fen, "repayment", "repayment", 41, 7, 9)
        for account, amount_fen in [
            ("penalty", 1), ("late_fee", 20), ("interest", 300), ("plan_fee", 4_000),
            ("loan_principal", 50_000),
        ]
    ]  # fmt: skip


def test_a_component_that_got_nothing_moves_nothing():
    paid = Allocation(41, 7, 0, day(2), Debt(interest_fen=5), 1)

    [entry] = postings.repaid(paid, customer_id=9)

    assert (entry.credit, entry.amount_fen) == ("interest", 5)


def test_money_that_is_not_owed_is_the_customers_and_no_loans():
    entry = postings.left_over(Surplus(41, 1, day(2), 700), customer_id=9)

    assert entry == Entry(day(2), "bank", "unapplied_funds", 700, "unapplied", "repayment", 41,
                          None, 9)  # fmt: skip


@pytest.mark.parametrize(
    ("amount_fen", "debit", "credit"),
    [(500, "accrued_unposted", "accrual_income"), (0, "accrued_unposted", "accrual_income"),
     (-500, "accrual_income", "accrued_unposted")],
)  # fmt: skip
def test_a_night_is_income_and_gives_it_back_where_it_is_negative(amount_fen, debit, credit):
    entry = postings.night(amount_fen, on=day(0))

    assert entry == Entry(day(0), debit, credit, abs(amount_fen), "night", "night", None, None,
                          None)  # fmt: skip


def test_opening_balances_stand_against_one_account():
    entries = postings.migrated(OWED, on=day(-30), loan_id=7, customer_id=9)

    assert [(entry.debit, entry.amount_fen) for entry in entries] == [
        ("penalty", 1), ("late_fee", 20), ("interest", 300), ("plan_fee", 4_000),
        ("loan_principal", 50_000),
    ]  # fmt: skip
    assert {entry._replace(debit="", amount_fen=0) for entry in entries} == {
        Entry(day(-30), "", "opening_balance", 0, "opening", "migration", 7, 7, 9)
    }


def test_a_reversal_turns_the_accounts_round_and_keeps_the_cause():
    posted = Entry(day(2), "bank", "interest", 300, "repayment", "repayment", 41, 7, 9)

    back = postings.reversed_of(posted, amount_fen=120)

    assert back == Entry(day(2), "interest", "bank", 120, "reversal", "repayment", 41, 7, 9,
                         "repayment")  # fmt: skip


@pytest.mark.parametrize(
    "entries",
    [
        [postings.charged(charge("penalty"), customer_id=9)],
        list(postings.repaid(Allocation(41, 7, 0, day(2), OWED, 1), customer_id=9)),
        [postings.night(-500, on=day(0))],
    ],
    ids=["a charge", "a repayment", "a night"],
)
def test_what_is_reversed_in_full_leaves_every_balance_as_it_was(entries):
    balances: dict[str, int] = {}

    backwards = [postings.reversed_of(one, amount_fen=one.amount_fen) for one in entries]
    for entry in [*entries, *backwards]:
        balances[entry.debit] = balances.get(entry.debit, 0) + entry.amount_fen
        balances[entry.credit] = balances.get(entry.credit, 0) - entry.amount_fen

    assert set(balances.values()) == {0}
