"""What is charged under the cap: against a second reading of the rulebook, and by hand (RATE-7)."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from loans.accounting.rules import cap as rules
from loans.accounting.rules.cap import Charged, accrue, accrued_fen, cap_fen
from loans.accounting.rules.debt import Debt
from loans.accounting.rules.position import start_segment
from tests.loans.cases import DUE_ON, TERMS, day, loan, part
from tests.loans.nightly import NightlyLoan, Segment
from tests.loans.strategies import positions, terms
from tests.profiles import pure

nights = st.one_of(st.integers(1, 5), st.integers(1, 90))


@st.composite
def cases(draw, **shape):
    """Terms, a position under them, and a number of nights to live."""
    policy = draw(terms)
    return policy, draw(positions(policy, **shape)), draw(nights)


def penalty_rate(rate_ppm, policy):
    """The article's rate, or a multiple of the contract's (RATE-5, LAW-5)."""
    if policy.penalty_mode == "CONTRACT":
        return Fraction(rate_ppm * policy.penalty_factor_permille, 10**9)
    return Fraction(policy.penalty_ppm, 10**6)


def second_reading(position, policy):
    """The same loan as the slow model sees it: its segments relived from their first night."""
    ppm = Fraction(1, 1_000_000)
    model = NightlyLoan(
        principal_fen=position.principal_fen,
        rate=position.rate_ppm * ppm,
        factor=Fraction(policy.revolve_factor_permille, 1000),
        penalty=penalty_rate(position.rate_ppm, policy),
        cap_a_year=policy.cap_annual_ppm * ppm,
        year_days=policy.cap_year_days,
        segments=[Segment(row.accrual, row.segment_base_fen) for row in position.parts],
        principal_nights_fen=position.principal_nights_fen,
        charged_fen=position.charged_fen,
    )
    for row, segment in zip(position.parts, model.segments, strict=True):
        for _ in range((position.accrued_on - row.segment_on).days):
            segment.live_a_night(model.rate, model.factor, model.penalty)
        assert segment.posted_fen == row.segment_posted_fen
    return model


def by_kind(position, charges):
    """What was charged to each kind of segment, and as late fees."""
    found = Counter()
    for row, charge in zip(position.parts, charges, strict=True):
        found[row.accrual] += charge.debt.interest_fen + charge.debt.penalty_fen
        found["late_fee"] += charge.debt.late_fee_fen
        assert not charge.debt.penalty_fen or row.accrual == "penalty"
        assert not charge.debt.interest_fen or row.accrual in ("own", "revolving")
    return found


def live(model, night_count, late_fee_fen=0):
    for night in range(1, night_count + 1):
        model.live_a_night(late_fee_fen if night == night_count else 0)


@pure
@given(cases())
def test_the_closed_form_is_the_rulebook_night_by_night(case):
    policy, position, night_count = case
    model = second_reading(position, policy)

    after, charges = accrue(position, on=DUE_ON + timedelta(days=night_count), terms=policy)

    live(model, night_count)
    assert by_kind(position, charges) == Counter(model.charged)
    assert (after.charged_fen, after.waived_fen) == (model.charged_fen, model.waived_fen)
    assert after.principal_nights_fen == model.principal_nights_fen
    assert [row.segment_posted_fen for row in after.parts] == [
        segment.posted_fen for segment in model.segments
    ]


@pure
@given(cases(), st.lists(st.integers(0, 5_000), min_size=12, max_size=12))
def test_a_late_fee_is_cut_after_penalty_and_before_interest(case, fees_fen):
    policy, position, night_count = case
    fees_fen = fees_fen[: len(position.parts)]
    model = second_reading(position, policy)

    after, charges = accrue(
        position,
        on=DUE_ON + timedelta(days=night_count),
        terms=policy,
        late_fees_fen=fees_fen,
    )

    live(model, night_count, sum(fees_fen))
    assert by_kind(position, charges) == Counter(model.charged)
    assert (after.charged_fen, after.waived_fen) == (model.charged_fen, model.waived_fen)
    assert all(
        charge.debt.late_fee_fen <= fee_fen
        for charge, fee_fen in zip(charges, fees_fen, strict=True)
    )


@pure
@given(cases())
def test_the_sum_of_the_nights_is_what_is_charged(case):
    policy, position, night_count = case
    on = DUE_ON + timedelta(days=night_count)

    after, _charges = accrue(position, on=on, terms=policy)

    assert accrued_fen(position, on=on, terms=policy) == after.charged_fen - position.charged_fen
    assert accrued_fen(after, on=on, terms=policy) == 0


@pure
@given(cases(kinds=("own", "none")))
def test_the_short_way_gives_what_every_night_gives(case):
    policy, position, night_count = case
    on = DUE_ON + timedelta(days=night_count)
    ends_fen = rules._contract_ends(position, on, policy)
    assume(rules._cannot_meet_the_cap(position, night_count, ends_fen, policy))

    kept = rules._night_by_night(position, night_count, {}, 0, policy)

    assert kept.nights_fen == ends_fen
    assert kept.waived_fen == 0


@pure
@given(cases(over_cap=True), nights)
def test_stopping_on_the_way_changes_nothing(case, later):
    policy, position, night_count = case
    halfway = DUE_ON + timedelta(days=night_count)
    end = halfway + timedelta(days=later)

    stopped, first = accrue(position, on=halfway, terms=policy)
    stopped, second = accrue(stopped, on=end, terms=policy)
    straight, whole = accrue(position, on=end, terms=policy)

    assert stopped == straight
    assert by_kind(position, first) + by_kind(position, second) == by_kind(position, whole)


@pure
@given(cases(), st.integers(0, 5_000))
def test_no_more_is_charged_than_the_cap_allows(case, fee_fen):
    policy, position, night_count = case
    fees_fen = [fee_fen] * len(position.parts)

    on = DUE_ON + timedelta(days=night_count)
    after, _charges = accrue(position, on=on, terms=policy, late_fees_fen=fees_fen)

    assert after.charged_fen <= cap_fen(after.principal_nights_fen, policy)


@pure
@given(cases(kinds=("own", "revolving", "penalty"), over_cap=True), nights)
def test_a_waiver_is_final(case, later):
    policy, position, night_count = case
    waived, _charges = accrue(position, on=DUE_ON + timedelta(days=night_count), terms=policy)
    assume(waived.waived_fen)

    after, charges = accrue(waived, on=waived.accrued_on + timedelta(days=later), terms=policy)

    assert after.waived_fen >= waived.waived_fen
    posted_fen = sum(
        new.segment_posted_fen - old.segment_posted_fen
        for new, old in zip(after.parts, waived.parts, strict=True)
    )
    assert (
        sum(charge.debt.total_fen for charge in charges) + after.waived_fen - waived.waived_fen
        == posted_fen
    )


@pure
@given(cases(over_cap=True))
def test_what_is_charged_is_owed(case):
    policy, position, night_count = case

    after, charges = accrue(position, on=DUE_ON + timedelta(days=night_count), terms=policy)

    grown_fen = sum(
        new.debt.total_fen - old.debt.total_fen
        for new, old in zip(after.parts, position.parts, strict=True)
    )
    assert (
        grown_fen
        == sum(charge.debt.total_fen for charge in charges)
        == after.charged_fen - position.charged_fen
    )
    assert after.principal_fen == position.principal_fen


@pure
@given(cases(over_cap=True))
def test_a_day_that_is_charged_is_not_charged_again(case):
    policy, position, night_count = case
    on = DUE_ON + timedelta(days=night_count)
    once, _charges = accrue(position, on=on, terms=policy)

    again, charges = accrue(once, on=on, terms=policy)

    assert again == once
    assert not any(charge.debt.total_fen for charge in charges)


def test_a_late_fee_on_a_day_already_charged_keeps_within_what_is_left():
    charged, _charges = accrue(loan(part(10_000)), on=day(0), terms=TERMS)

    after, [charge] = accrue(charged, on=day(0), terms=TERMS, late_fees_fen=[50])

    assert (charged.charged_fen, cap_fen(300_000, TERMS)) == (150, 197)
    assert charge.debt == Debt(late_fee_fen=47)
    assert (after.charged_fen, after.waived_fen) == (197, 3)


def test_near_the_cap_the_late_fee_is_kept_and_the_penalty_waived():
    late = start_segment(part(1_000_000, penalty_fen=0), "penalty", on=day(4))
    near = loan(late, accrued_on=day(4))._replace(principal_nights_fen=34_000_000)
    near = near._replace(charged_fen=cap_fen(34_000_000, TERMS))

    after, [charge] = accrue(near, on=day(5), terms=TERMS, late_fees_fen=[508])

    assert charge.debt == Debt(late_fee_fen=508, penalty_fen=149)
    assert after.waived_fen == 1_000 - 149


def test_nights_are_never_taken_back():
    with pytest.raises(AssertionError, match="earlier value date"):
        accrue(loan(part(), accrued_on=day(3)), on=day(2), terms=TERMS)


def test_two_halves_of_a_fen_that_round_up_at_once_can_meet_the_cap():
    # Half a fen a night and part is 2 fen after the first one, where the cap is 1.31.
    halves = loan(*[part(1_000, segment_on=day(0))] * 2, accrued_on=day(0))

    after, charges = accrue(halves, on=day(4), terms=TERMS)

    assert [charge.debt for charge in charges] == [Debt(interest_fen=2), Debt(interest_fen=1)]
    assert (after.charged_fen, after.waived_fen) == (3, 1)


def test_a_cap_that_only_the_first_night_meets_is_met():
    # Taken over with 300 fen too many: the cap grows by 657 a night, the interest by 500.
    before = loan(part(1_000_000, segment_on=day(0)), accrued_on=day(0))
    before = before._replace(principal_nights_fen=30_000_000, charged_fen=19_726 + 300)

    after, [charge] = accrue(before, on=day(10), terms=TERMS)

    assert [cap_fen(n * 1_000_000, TERMS) for n in (30, 31)] == [19_726, 20_383]
    assert (charge.debt.interest_fen, after.waived_fen) == (5_000 - 143, 143)


@pytest.mark.parametrize(
    ("principal_nights_fen", "most_fen"),
    [(0, 0), (18_249, 11), (18_250, 12), (1_000_000, 657), (44_000_000, 28_931)],
)
def test_the_cap_is_floored_to_the_fen(principal_nights_fen, most_fen):
    assert cap_fen(principal_nights_fen, TERMS) == most_fen


def test_the_cap_is_that_of_the_contract():
    lower = replace(TERMS, cap_annual_ppm=120_000, cap_year_days=366)

    assert cap_fen(3_050_000, lower) == 1_000


@pytest.mark.parametrize(
    ("available_fen", "kept_fen"),
    [(2_250, [1_000, 750, 500]), (2_249, [999, 750, 500]), (1_250, [0, 750, 500]),
     (1_249, [0, 749, 500]), (500, [0, 0, 500]), (499, [0, 0, 499]), (0, [0, 0, 0])],
)  # fmt: skip
def test_penalty_is_cut_first_and_the_own_rate_last(available_fen, kept_fen):
    parts = [part(1_000_000, kind, segment_on=day(0)) for kind in ("penalty", "revolving", "own")]
    before = loan(*parts, accrued_on=day(0))._replace(principal_nights_fen=3_000_000_000)
    before = before._replace(charged_fen=cap_fen(3_003_000_000, TERMS) - available_fen)

    after, charges = accrue(before, on=day(1), terms=TERMS)

    penalty_fen, revolving_fen, own_fen = kept_fen
    assert [charge.debt for charge in charges] == [
        Debt(penalty_fen=penalty_fen), Debt(interest_fen=revolving_fen), Debt(interest_fen=own_fen),
    ]  # fmt: skip
    assert [charge.contract_fen for charge in charges] == [1_000, 750, 500]
    assert after.waived_fen == 2_250 - available_fen


def test_late_fees_are_cut_from_the_last_part():
    charged, _charges = accrue(loan(part(10_000), part(10_000)), on=day(0), terms=TERMS)

    after, charges = accrue(charged, on=day(0), terms=TERMS, late_fees_fen=[60, 60])

    assert cap_fen(600_000, TERMS) - charged.charged_fen == 94
    assert [charge.debt.late_fee_fen for charge in charges] == [60, 34]
    assert (after.charged_fen, after.waived_fen) == (394, 26)


def test_one_account_with_the_cap_holds_for_all_parts_of_a_loan():
    without = part(2_000_000, "none", segment_base_fen=0, segment_on=day(0))
    before = loan(part(1_000_000, "penalty", segment_on=day(0)), without, accrued_on=day(0))

    after, charges = accrue(before, on=day(1), terms=TERMS)

    assert [charge.debt for charge in charges] == [Debt(penalty_fen=1_000), Debt()]
    assert (after.principal_nights_fen, after.waived_fen) == (3_000_000, 0)


def test_nothing_to_charge_leaves_the_very_same_loan():
    before = loan(part(), accrued_on=day(3))

    after, charges = accrue(before, on=day(3), terms=TERMS, late_fees_fen=[0])

    assert after is before
    assert charges == [Charged()]


def test_what_the_nights_do_not_concern_stays_as_it_is():
    row = part(1_000_000, bill_id=7, late_fee_base_fen=1_015_000, plan_fee_fen=30)
    before = loan(row)._replace(state="overdue", overdue_on=day(4), drawn_on=day(-30))

    after, _charges = accrue(before, on=day(0), terms=TERMS)

    charged = row._replace(debt=row.debt + Debt(interest_fen=15_000), segment_posted_fen=15_000)
    assert after == before._replace(
        parts=(charged,), accrued_on=day(0), principal_nights_fen=30_000_000, charged_fen=15_000
    )


def plan(*parts, **facts):
    """A plan of rows that bear nothing, drawn 30 nights before D."""
    return loan(*parts)._replace(is_bullet=False, **facts)


def row(due: int, fee_fen: int = 6_000, principal_fen: int = 100_000):
    """A row of a plan, with its fee still to be charged, due on D+n."""
    return part(principal_fen, "none", segment_base_fen=0, due_on=day(due),
                uncharged_plan_fee_fen=fee_fen)  # fmt: skip


def plan_fees(position):
    """What is owed and what is not yet charged of each row's fee."""
    return [(one.debt.plan_fee_fen, one.uncharged_plan_fee_fen) for one in position.parts]


def test_the_fee_of_a_plan_row_is_charged_at_the_start_of_its_due_date():
    position = plan(row(0), row(31))

    before, charges = accrue(position, on=day(-1), terms=TERMS)
    due, due_charges = accrue(before, on=day(0), terms=TERMS)

    assert plan_fees(before) == [(0, 6_000), (0, 6_000)]
    assert charges == [Charged(), Charged()]
    # 200,000 over 30 nights x 24 % / 365 = 3,945: the cap cuts the fee for good.
    assert plan_fees(due) == [(3_945, 0), (0, 6_000)]
    assert due_charges[0] == Charged(Debt(plan_fee_fen=3_945), plan_fee_contract_fen=6_000)
    assert (due.charged_fen, due.waived_fen) == (3_945, 2_055)


def test_a_fee_is_charged_once_however_often_its_day_is_reached():
    due, _charges = accrue(plan(row(0, fee_fen=500)), on=day(3), terms=TERMS)

    again, charges = accrue(due, on=day(3), terms=TERMS)

    assert again is due
    assert charges == [Charged()]
    assert plan_fees(due) == [(500, 0)]


def test_the_fee_of_a_row_that_is_due_at_the_start_is_charged_without_a_night():
    position = plan(row(-30, fee_fen=500), accrued_on=day(-30), principal_nights_fen=10**9)

    due, _charges = accrue(position, on=day(-30), terms=TERMS)

    assert plan_fees(due) == [(500, 0)]


@pytest.mark.parametrize("night_count", [1, 12, 31, 40])
def test_days_at_once_charge_what_each_day_by_itself_charges(night_count):
    overdue = start_segment(row(-30, fee_fen=0)._replace(segment_on=day(0)), "penalty", on=day(0))
    position = plan(overdue, row(9), row(31, fee_fen=9_000), accrued_on=day(0), charged_fen=4_000,
                    principal_nights_fen=300_000 * 30)  # fmt: skip

    at_once, _charges = accrue(position, on=day(night_count), terms=TERMS)
    for n in range(1, night_count + 1):
        position, _charges = accrue(position, on=day(n), terms=TERMS)

    assert at_once == position


def test_penalty_is_cut_before_the_fee_of_a_row_that_falls_due_the_same_night():
    late = start_segment(row(-30, fee_fen=0), "penalty", on=day(0))
    # Room for 197 more after the night: 300,000 x 24 % / 365 = 197.26.
    position = plan(late, row(1, fee_fen=150, principal_fen=200_000), accrued_on=day(0))

    after, [penalty, fee] = accrue(position, on=day(1), terms=TERMS)

    assert fee.debt.plan_fee_fen == 150
    assert penalty.debt.penalty_fen == 47  # of 100
    assert (after.charged_fen, after.waived_fen) == (197, 53)


def test_a_fee_that_is_paid_early_is_charged_under_the_cap_of_the_nights_so_far():
    early, _charges = accrue(plan(row(0, 500), row(31, 500)), on=day(-20), terms=TERMS)

    paid, charges = rules.charge_plan_fees(early, [0], terms=TERMS)
    both, _charges = rules.charge_plan_fees(paid, [0, 1], terms=TERMS)

    assert plan_fees(paid) == [(500, 0), (0, 500)]
    assert charges[0] == Charged(Debt(plan_fee_fen=500), plan_fee_contract_fen=500)
    # 200,000 x 10 nights x 24 % / 365 = 1,315: room for both.
    assert plan_fees(both) == [(500, 0), (500, 0)]
    assert rules.charge_plan_fees(both, [0, 1], terms=TERMS)[0] is both


def test_what_the_cap_leaves_of_fees_goes_to_the_earlier_row():
    early, _charges = accrue(plan(row(0), row(31)), on=day(-20), terms=TERMS)

    paid, _charges = rules.charge_plan_fees(early, [0, 1], terms=TERMS)

    assert plan_fees(paid) == [(1_315, 0), (0, 0)]
    assert (paid.charged_fen, paid.waived_fen) == (1_315, 10_685)


def test_the_nights_of_a_plan_are_summed_without_its_fees():
    late = start_segment(row(-30, fee_fen=0), "penalty", on=day(0))
    position = plan(late, row(5, 500), accrued_on=day(0), principal_nights_fen=200_000 * 30)

    after, charges = accrue(position, on=day(10), terms=TERMS)

    assert plan_fees(after) == [(0, 0), (500, 0)]
    nights_fen = charges[0].debt.penalty_fen
    assert nights_fen > 0
    assert accrued_fen(position, on=day(10), terms=TERMS) == nights_fen


@pytest.mark.parametrize(("before_fen", "waived_fen"), [(5_301, 0), (5_302, 1)])
def test_a_rate_above_the_cap_meets_it_in_the_last_night_to_the_fen(before_fen, waived_fen):
    # Ten nights behind it, thirty at 700 ppm: 21,000 under a cap of 26,301.
    start = loan(part(1_000_000), rate_ppm=700, accrued_on=day(-30))
    start = start._replace(principal_nights_fen=10_000_000, charged_fen=before_fen)

    after, [charged] = accrue(start, on=day(0), terms=TERMS)

    assert (charged.debt.interest_fen, charged.contract_fen) == (21_000 - waived_fen, 21_000)
    assert (after.waived_fen, after.charged_fen - before_fen) == (waived_fen, 21_000 - waived_fen)


def test_late_fees_are_one_a_part():
    with pytest.raises(ValueError, match="longer"):
        accrue(loan(part(), accrued_on=day(0)), on=day(1), terms=TERMS, late_fees_fen=[1, 2])


def test_every_night_by_itself_bears_the_factor_of_a_preferred_rate():
    lowered = loan(part(1_000_000, "revolving"), rate_ppm=400, accrued_on=day(-30))
    lowered = lowered._replace(factor_permille=900, full_rate_on=day(8))

    _after, [charged] = accrue(lowered, on=day(-20), terms=TERMS)

    # Ten nights at 0.04 % x 0.9 x 1.5; a revolving segment always goes night by night.
    assert (charged.debt.interest_fen, charged.contract_fen) == (5_400, 5_400)
