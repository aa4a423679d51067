"""The order in which a payment settles a bill (REPAY-8)."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loans.accounting.rules.allocation import Claim, allocate
from loans.accounting.rules.debt import Debt
from tests.profiles import pure

fen = st.one_of(st.integers(0, 5), st.integers(0, 2_000_000))
owed = st.builds(Debt, fen, fen, fen, fen, fen)
days = st.integers(0, 3).map(lambda n: date(2026, 9, 1) + timedelta(days=n))
claims = st.lists(st.builds(Claim, owed, st.integers(0, 3), st.booleans(), days), max_size=5)
payments = st.one_of(fen, st.integers(0, 20_000_000))

OLD, NEW = date(2026, 9, 1), date(2026, 9, 2)


def everything(n):
    return Debt(*[n] * 5)


def turn(claim, kind):
    """Who is served first inside a class, in the rulebook's words."""
    if Debt._fields[kind] == "principal_fen":
        return (not claim.is_plan, -claim.rate_micro, claim.drawn_on)
    return (-claim.rate_micro, claim.drawn_on)


@pure
@given(payments, claims)
def test_a_payment_is_neither_lost_nor_invented(payment_fen, claims):
    parts, left_fen = allocate(payment_fen, claims)

    assert sum(map(sum, parts)) + left_fen == payment_fen
    assert all(
        0 <= part <= due
        for settled, claim in zip(parts, claims, strict=True)
        for part, due in zip(settled, claim.debt, strict=True)
    )


@pure
@given(payments, claims)
def test_money_is_left_only_when_nothing_is_owed(payment_fen, claims):
    _parts, left_fen = allocate(payment_fen, claims)

    assert left_fen == max(0, payment_fen - sum(sum(claim.debt) for claim in claims))


@pure
@given(payments, claims)
def test_no_class_is_touched_before_the_one_ahead_is_settled(payment_fen, claims):
    parts, _left_fen = allocate(payment_fen, claims)

    paid = [sum(part[kind] for part in parts) for kind in range(5)]
    unpaid = [sum(claim.debt[kind] for claim in claims) - paid[kind] for kind in range(5)]
    assert not any(unpaid[kind] and any(paid[kind + 1 :]) for kind in range(5))


@pure
@given(payments, claims)
def test_inside_a_class_nobody_is_served_before_his_turn(payment_fen, claims):
    parts, _left_fen = allocate(payment_fen, claims)

    for kind in range(5):
        for first, served in zip(claims, parts, strict=True):
            waits = served[kind] < first.debt[kind]
            after = [
                part[kind]
                for claim, part in zip(claims, parts, strict=True)
                if turn(claim, kind) > turn(first, kind)
            ]
            assert not (waits and any(after))


@pure
@given(payments, payments, claims)
def test_two_payments_settle_what_one_of_both_would(first_fen, second_fen, claims):
    at_once, left_fen = allocate(first_fen + second_fen, claims)

    first, first_left_fen = allocate(first_fen, claims)
    rest = [
        claim._replace(debt=Debt(*map(int.__sub__, claim.debt, part)))
        for claim, part in zip(claims, first, strict=True)
    ]
    second, second_left_fen = allocate(second_fen, rest)
    assert first_left_fen + second_left_fen == left_fen
    assert [
        Debt(*map(int.__add__, one, two)) for one, two in zip(first, second, strict=True)
    ] == at_once


def test_plan_rows_are_settled_before_bullets_of_a_higher_rate():
    bullet = Claim(everything(100), 750_000, False, OLD)
    plan = Claim(everything(100), 0, True, NEW)

    [of_bullet, of_plan], left_fen = allocate(4 * 200 + 150, [bullet, plan])

    assert of_bullet == everything(100)._replace(principal_fen=50)
    assert (of_plan, left_fen) == (everything(100), 0)


@pytest.mark.parametrize(
    ("first", "second"),
    [((1, OLD), (0, OLD)), ((1, NEW), (0, OLD)), ((1, OLD), (1, NEW))],
    ids=["higher rate", "higher rate though younger", "older drawdown"],
)
def test_the_higher_rate_comes_first_then_the_older_drawdown(first, second):
    claims = [Claim(everything(100), rate, False, drawn) for rate, drawn in (second, first)]

    [of_second, of_first], _left_fen = allocate(130, claims)

    assert of_first == Debt(100, 0, 0, 0, 0)
    assert of_second == Debt(30, 0, 0, 0, 0)
