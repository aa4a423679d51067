"""Where bills and loans stand: what is owed under a bill, and new segments (GEN-3, REPAY-7)."""

from loans.accounting.rules.debt import Debt
from loans.accounting.rules.position import InstalmentKey, Position, start_segment
from tests.loans.cases import bill, day, loan, part


def test_penalty_bears_on_principal_and_unpaid_penalty_alone():
    owing = part(922_518, "own", interest_fen=40, late_fee_fen=7, penalty_fen=5_010)

    assert start_segment(owing, "penalty", on=day(9)).segment_base_fen == 922_518 + 5_010
    assert start_segment(owing, "revolving", on=day(9)).segment_base_fen == 922_518


def test_a_new_segment_begins_unposted_and_keeps_what_is_owed():
    row = part(1_000, interest_fen=5, segment_posted_fen=5, bill_id=7, late_fee_base_fen=1_005)

    started = start_segment(row, "none", on=day(2))

    assert started == row._replace(accrual="none", segment_on=day(2), segment_posted_fen=0)


def test_a_bill_owes_what_stands_under_it_alone():
    first = loan(part(1_000, interest_fen=5), part(2_000, penalty_fen=7))
    second = loan(part(4_000, late_fee_fen=9))
    under = bill(InstalmentKey(7, 1), InstalmentKey(8, 0))

    owed = Position({1: under}, {7: first, 8: second}).owed(1)

    assert owed == Debt(penalty_fen=7, late_fee_fen=9, principal_fen=6_000)


def test_all_but_the_principal_of_bullets_is_mandatory():
    bullet = loan(part(1_000_000, interest_fen=12_000, penalty_fen=3))
    plan = loan(part(100_000, "none", plan_fee_fen=6_000))._replace(is_bullet=False)
    under = bill(InstalmentKey(7, 0), InstalmentKey(8, 0))

    mandatory_fen = Position({1: under}, {7: bullet, 8: plan}).mandatory_fen(1)

    assert mandatory_fen == 12_003 + 106_000


def test_a_replaced_part_leaves_the_others_where_they_are():
    before = loan(part(1), part(2), part(3))._replace(charged_fen=9, ended_on=day(1))

    after = before.with_part(1, part(5))

    assert after == before._replace(parts=(part(1), part(5), part(3)))
