"""Where bills and loans stand: what is owed under a bill, and new segments (GEN-3, REPAY-7)."""

from loans.accounting.rules.debt import Debt
from loans.accounting.rules.position import (
    InstalmentKey,
    InstalmentPosition,
    Position,
    blank,
    restart_segment,
    start_segment,
)
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


def test_a_factor_holds_for_segments_that_begin_before_the_full_rate():
    owing = loan()._replace(factor_permille=900, full_rate_on=day(8))

    assert owing.factor_of(part(segment_on=day(7))) == 900
    assert owing.factor_of(part(segment_on=day(8))) == 1000


def test_a_loan_owes_the_sum_of_its_parts():
    several = loan(part(1), part(20), part(300))

    assert (several.principal_fen, loan(part(7)).principal_fen) == (321, 7)
    assert several.owes
    assert loan(part(0), part(0, penalty_fen=1)).owes
    assert not loan(part(0), part(0)).owes


def test_a_bill_without_rows_owes_nothing():
    under = Position({1: bill()}, {})

    assert (under.owed(1), under.mandatory_fen(1)) == (Debt(), 0)


def test_what_a_later_bill_took_over_is_held_there():
    row, other = InstalmentKey(7, 0), InstalmentKey(8, 0)
    left = bill(billed_rows=(row,))
    unrelated, holder = bill(other, id=2), bill(other, row, id=3)
    bills = {1: left, 2: unrelated, 3: holder}

    assert Position(bills, {}).holder_of(left) is holder
    assert Position(bills, {}).holder_of(unrelated) is unrelated
    assert Position({1: left, 2: unrelated}, {}).holder_of(left) is left


def test_a_blank_row_keeps_its_day_and_nothing_else():
    row = part(1_000, interest_fen=5, bill_id=7, segment_posted_fen=5, due_on=day(3))
    row = row._replace(uncharged_plan_fee_fen=9, late_fee_base_fen=8)

    assert blank(row) == InstalmentPosition(Debt(), "none", day(-30), 0, due_on=day(3))


def test_a_restarted_segment_bears_only_where_something_is_owed_that_can():
    on = day(5)

    def restarted(row):
        return restart_segment(row, on=on)[1:5]

    assert restarted(part(40, "own", interest_fen=9)) == ("own", on, 40, 0)
    assert restarted(part(0, "own", penalty_fen=9)) == ("none", on, 0, 0)
    assert restarted(part(0, "penalty", penalty_fen=9)) == ("penalty", on, 9, 0)
    assert restarted(part(0, "penalty", interest_fen=9)) == ("none", on, 0, 0)
