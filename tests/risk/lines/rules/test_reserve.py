"""The hold of a large purchase (LIMIT-6, GEN-10)."""

from datetime import UTC, datetime

import pytest

from risk.lines.rules import reserve
from risk.policy import LimitPolicy

POLICY = LimitPolicy()


@pytest.mark.parametrize(
    ("purchase_fen", "available_fen", "hold_fen"),
    [
        (500_000, 9_000_000, 0),
        (500_001, 9_000_000, 400_000),  # 400,000.8 rounded down
        (600_000, 480_000, 480_000),
        (600_000, 479_999, 479_999),
        (600_000, 0, 0),
        (600_000, -5, 0),
    ],
)
def test_a_large_purchase_holds_80_percent_of_itself(purchase_fen, available_fen, hold_fen):
    found = reserve.hold_fen(purchase_fen, available_fen=available_fen, policy=POLICY)

    assert found == hold_fen


def test_a_hold_ends_after_72_hours():
    purchased_at = datetime(2026, 11, 1, 10, 30, tzinfo=UTC)

    assert reserve.held_until(purchased_at, policy=POLICY) == datetime(
        2026, 11, 4, 10, 30, tzinfo=UTC
    )
