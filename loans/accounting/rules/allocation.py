"""The order in which a repayment settles what is owed under a bill (REPAY-8, Article §5)."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple


class Owed(NamedTuple):
    """Amounts in fen, listed in the order in which a repayment settles them."""

    penalty_fen: int
    late_fee_fen: int
    interest_fen: int
    plan_fee_fen: int
    principal_fen: int


class Claim(NamedTuple):
    """One instalment under a bill: what is owed, and what decides its turn."""

    owed: Owed
    rate_micro: int  # current daily rate, in millionths of a ppm x permille: only compared
    is_plan: bool
    drawn_on: date


def allocate(payment_fen: int, claims: Sequence[Claim]) -> tuple[list[Owed], int]:
    """Spread a payment over the claims; return each claim's parts and the fen left over.

    Class by class in the order of ``Owed``; inside a class the higher current rate first, then
    the older drawdown; principal of plan rows before that of bullets.
    """
    assert payment_fen >= 0
    parts = [[0] * len(Owed._fields) for _ in claims]
    left_fen = payment_fen
    by_rate = sorted(range(len(claims)), key=lambda n: (-claims[n].rate_micro, claims[n].drawn_on))
    principal_last = sorted(by_rate, key=lambda n: not claims[n].is_plan)
    last = len(Owed._fields) - 1
    for kind in range(len(Owed._fields)):
        for n in principal_last if kind == last else by_rate:
            part_fen = min(left_fen, claims[n].owed[kind])
            parts[n][kind] = part_fen
            left_fen -= part_fen
    assert sum(map(sum, parts)) + left_fen == payment_fen
    return [Owed(*part) for part in parts], left_fen
