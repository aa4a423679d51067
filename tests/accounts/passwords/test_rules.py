"""What a transaction password must be, and for how long it holds (SEC-4)."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.passwords.rules import Weakness, expires_at, grant_max_fen, weaknesses
from tests.profiles import pure

SET_AT = datetime(2026, 11, 24, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "lacking"),
    [
        ("Abcdefg1", []),
        ("Abcdef1", [Weakness.TOO_SHORT]),
        ("abcdefg1", [Weakness.NO_UPPER]),
        ("ABCDEFG1", [Weakness.NO_LOWER]),
        ("Abcdefgh", [Weakness.NO_DIGIT]),
        ("Äöüßéñç１", [Weakness.NO_UPPER, Weakness.NO_LOWER, Weakness.NO_DIGIT]),
        ("Abc 密码 1!", []),
        ("Abcdefg1\n", [Weakness.NOT_PRINTABLE]),
        ("Aa1" + "x" * 125, []),
        ("Aa1" + "x" * 126, [Weakness.TOO_LONG]),
        ("", [Weakness.TOO_SHORT, Weakness.NO_UPPER, Weakness.NO_LOWER, Weakness.NO_DIGIT]),
    ],
)
def test_a_password_hears_everything_it_lacks(text, lacking):
    assert weaknesses(text, 8) == lacking


@pure
@given(st.text(max_size=140))
def test_a_good_password_has_all_kinds(text):
    if not weaknesses(text, 8):
        assert 8 <= len(text) <= 128
        assert all(any(a <= c <= z for c in text) for a, z in ["AZ", "az", "09"])


def test_a_password_holds_ninety_days_to_the_moment():
    assert expires_at(SET_AT, 90) == datetime(2027, 2, 22, 9, tzinfo=UTC)


def test_no_movement_needs_more_than_the_highest_limit_and_its_charges():
    assert grant_max_fen(30_000_000, is_drawdown=True) == 30_000_000
    assert grant_max_fen(30_000_000, is_drawdown=False) == 60_000_000
