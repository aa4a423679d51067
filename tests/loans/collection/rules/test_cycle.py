"""When a bill is debited and for how much (REPAY-10, REPAY-11, REPAY-18)."""

from dataclasses import fields, replace
from datetime import timedelta

import pytest
from hypothesis import given, reject
from hypothesis import strategies as st

from backoffice.core import ranges
from loans.collection.rules import cycle as rules
from loans.collection.rules.cycle import Cycle, Demand, OrderEnd, ask_fen, counted_refusals
from loans.policy import LoanTerms
from tests.loans.cases import DUE_ON, TERMS, day
from tests.profiles import pure

FIRST_CYCLE = (0, 1, 2, 4, 5, 6)  # D, D+1, D+2 and, after technical faults, D+4 to D+6
outcomes = st.lists(st.booleans(), min_size=8, max_size=8)


def attempts(cycle, is_counted, *, until):
    """The days on which a bill is asked for its money, and the cycle that is left."""
    asked, debit_on = [], cycle.first_on
    for n in range((cycle.first_on - DUE_ON).days, until + 1):
        on = day(n)
        is_up = debit_on is not None and debit_on <= on and cycle.refusals < 3
        if is_up and rules.is_attempt_day(cycle, on=on, terms=TERMS):
            asked.append(n)
            if is_counted(n):
                cycle = cycle._replace(refusals=cycle.refusals + 1)
                debit_on = rules.after_refusal(cycle, on=on, terms=TERMS)
    return asked, cycle


@pure
@given(outcomes)
def test_three_counted_refusals_on_the_days_of_the_rulebook(counted):
    asked, cycle = attempts(Cycle(1, DUE_ON, 0), lambda n: counted[n], until=7)

    expected, refusals = [], 0
    for n in FIRST_CYCLE:
        if refusals < 3:
            expected.append(n)
            refusals += counted[n]
    assert asked == expected
    assert cycle.refusals == refusals <= 3


def test_three_refusals_running_are_d_d1_and_d2():
    assert attempts(Cycle(1, DUE_ON, 0), lambda n: True, until=30)[0] == [0, 1, 2]


@pytest.mark.parametrize(
    ("refusals", "n", "following"),
    [(2, 1, 2), (3, 2, None), (3, 1, None), (2, 2, 4), (2, 3, 4), (2, 6, None), (1, 7, None)],
)
def test_after_the_last_failure_of_the_rulebook_no_day_follows(refusals, n, following):
    """Three failures end the attempts on whatever day; fewer lead to the second window."""
    found = rules.after_refusal(Cycle(1, DUE_ON, refusals), on=day(n), terms=TERMS)

    assert found == (None if following is None else day(following))


def test_technical_faults_alone_end_after_the_second_window():
    assert attempts(Cycle(1, DUE_ON, 0), lambda n: False, until=30)[0] == [*FIRST_CYCLE]


@pytest.mark.parametrize("classified", [4, 5, 7])
def test_recovery_begins_two_days_after_the_record(classified):
    cycle = rules.after_classification(Cycle(1, DUE_ON, 3), on=day(classified), terms=TERMS)

    assert cycle == Cycle(2, day(classified + 2), 0)
    first = classified + 2
    assert attempts(cycle, lambda n: True, until=40)[0] == [first, first + 1, first + 2]
    assert attempts(cycle, lambda n: False, until=40)[0] == [first, first + 1, first + 2]


def test_recovery_repeats_every_seven_days_until_ninety_days_past_due():
    cycle, firsts = rules.after_classification(Cycle(1, DUE_ON, 3), on=day(4), terms=TERMS), []
    while cycle:
        firsts.append((cycle.first_on - DUE_ON).days)
        cycle = rules.following(cycle, due_on=DUE_ON, terms=TERMS)

    assert firsts == list(range(6, 91, 7))


@pure
@given(st.integers(4, 7), st.integers(0, 200))
def test_the_running_cycle_is_the_last_that_has_begun(classified, later):
    first = rules.after_classification(Cycle(1, DUE_ON, 3), on=day(classified), terms=TERMS)
    on = first.first_on + timedelta(days=later)

    cycle = rules.running(first, on=on, due_on=DUE_ON, terms=TERMS)

    begun = [n for n in range(classified + 2, 91, 7) if day(n) <= on]
    assert (cycle.number, cycle.first_on) == (1 + len(begun), day(begun[-1]))


def test_a_cycle_that_still_runs_keeps_its_refusals():
    cycle = Cycle(2, day(6), 2)

    assert rules.running(cycle, on=day(12), due_on=DUE_ON, terms=TERMS) == cycle
    assert rules.running(cycle, on=day(13), due_on=DUE_ON, terms=TERMS) == Cycle(3, day(13), 0)


@st.composite
def valid_terms(draw):
    """Any terms that validate: each number of the collection within its declared range."""
    numbers = {
        one.name: draw(st.integers(ranges.allowed(one).least, ranges.allowed(one).most))
        for one in fields(LoanTerms)
        if one.name.startswith("recovery_") or one.name == "debit_attempts_max"
    }
    try:
        return replace(TERMS, **numbers)
    except ValueError:
        reject()


@pure
@given(valid_terms(), st.integers(0, 4_000))
def test_every_cycle_of_valid_terms_begins_after_the_one_before(terms, later):
    first = rules.after_classification(Cycle(1, DUE_ON, 3), on=day(4), terms=terms)
    after = rules.following(first, due_on=DUE_ON, terms=terms)
    assert after is None or after.first_on > first.first_on  # else ``running`` never ends

    cycle = rules.running(first, on=day(later), due_on=DUE_ON, terms=terms)

    assert cycle.number <= 2 + 90


fen = st.one_of(st.integers(0, 2_000), st.integers(0, 5_000_000))


@st.composite
def demands(draw, **fixed):
    """A bill as it can stand at 9:00."""
    unpaid_fen, paid_fen = draw(fen), draw(fen)
    facts = {
        "mode": draw(st.sampled_from(["full", "minimum", "off"])),
        "is_overdue": draw(st.booleans()),
        "is_due_day": draw(st.booleans()),
        "minimum_fen": draw(st.integers(0, unpaid_fen + paid_fen)),
        "paid_fen": paid_fen,
        "shortfall_fen": draw(st.one_of(st.none(), st.integers(0, max(0, unpaid_fen)))),
        "unpaid_fen": unpaid_fen,
        "mandatory_unpaid_fen": draw(st.integers(0, unpaid_fen)),
        "charged_since_due_fen": draw(st.integers(0, unpaid_fen)),
    }
    return Demand(**(facts | fixed))


@pure
@given(demands())
def test_never_more_is_asked_than_is_unpaid(demand):
    assert 0 <= ask_fen(demand, TERMS) <= demand.unpaid_fen


@pure
@given(demands(mode="off"))
def test_nothing_is_asked_of_one_who_switched_it_off(demand):
    assert ask_fen(demand, TERMS) == 0


@pure
@given(demands(is_overdue=True), st.sampled_from(["full", "minimum"]))
def test_everything_unpaid_is_asked_after_the_record(demand, mode):
    assert ask_fen(demand._replace(mode=mode), TERMS) == demand.unpaid_fen


@pure
@given(demands(is_overdue=False))
def test_a_small_rest_is_not_debited(demand):
    small = demand._replace(shortfall_fen=TERMS.tolerance_fen)

    assert ask_fen(small, TERMS) == 0


@pure
@given(demands(mode="full", is_overdue=False, is_due_day=False, shortfall_fen=None))
def test_the_full_mode_asks_everything_in_grace(demand):
    assert ask_fen(demand, TERMS) == demand.unpaid_fen


@pure
@given(demands(mode="minimum", is_overdue=False, shortfall_fen=None))
def test_the_minimum_mode_asks_what_makes_the_minimum_met(demand):
    asked_fen = ask_fen(demand, TERMS)

    is_met = demand.is_due_day and demand.paid_fen >= demand.minimum_fen
    if not (is_met and not demand.mandatory_unpaid_fen):
        wanted_fen = demand.minimum_fen + demand.charged_since_due_fen - demand.paid_fen
        assert asked_fen >= min(demand.unpaid_fen, wanted_fen)
        assert asked_fen >= demand.mandatory_unpaid_fen
        assert asked_fen in (demand.unpaid_fen, wanted_fen, demand.mandatory_unpaid_fen)


@pytest.mark.parametrize("mode", ["full", "minimum"])
def test_on_the_due_day_a_met_minimum_ends_the_cycle(mode):
    met = Demand(mode, False, True, 101_500, 101_500, 913_500, 913_500, 0, 0)

    assert ask_fen(met, TERMS) == 0
    assert ask_fen(met._replace(mandatory_unpaid_fen=1), TERMS) > 0
    assert ask_fen(met._replace(paid_fen=101_499, shortfall_fen=913_501), TERMS) > 0


def test_on_the_due_day_the_minimum_mode_asks_exactly_the_rest_of_it():
    part_paid = Demand("minimum", False, True, 101_500, 40_000, 975_000, 975_000, 0, 0)

    assert ask_fen(part_paid, TERMS) == 61_500


def test_a_success_resets_the_counter_from_the_next_day_on():
    refused = [OrderEnd(day(0), 1), OrderEnd(day(1), 2), OrderEnd(day(2), 4), OrderEnd(day(4), 5)]
    succeeded = [OrderEnd(day(2), 3)]

    counted = [counted_refusals(refused, succeeded, before=day(n)) for n in range(6)]

    assert counted == [0, 1, 2, 1, 1, 2]


def test_without_a_success_every_refusal_before_the_day_counts():
    refused = [OrderEnd(day(n), n) for n in range(3)]

    assert [counted_refusals(refused, [], before=day(n)) for n in range(5)] == [0, 1, 2, 3, 3]


@pytest.mark.parametrize(("n", "is_past"), [(0, False), (2, False), (3, True), (40, True)])
def test_the_window_of_a_recovery_cycle_has_three_days(n, is_past):
    cycle = Cycle(2, day(6), 0)

    assert rules.is_past(cycle, on=day(6 + n), terms=TERMS) is is_past


def test_what_was_charged_since_the_due_date_raises_the_minimum_that_is_met():
    """A late day of the batch: 5.00 were charged on the due day already."""
    charged = Demand("minimum", False, True, 101_500, 101_900, 913_600, 913_600, 0, 500)

    assert ask_fen(charged, TERMS) == 100
    assert ask_fen(charged._replace(paid_fen=102_000), TERMS) == 0
    assert ask_fen(charged._replace(mode="full"), TERMS) == 913_600
