"""The order in which a repayment settles what is owed under a bill (REPAY-8, Article §5)."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from loans.accounting.rules.debt import COMPONENTS, Debt


class Claim(NamedTuple):
    """One instalment under a bill: what is owed, and what decides its turn."""

    debt: Debt
    rate_micro: int  # current daily rate, in millionths of a ppm x permille: only compared
    is_plan: bool
    drawn_on: date


def allocate(payment_fen: int, claims: Sequence[Claim]) -> tuple[list[Debt], int]:
    """Spread a payment over the claims; return what each receives and the fen left over.

    Component by component in the order of ``Debt``; inside a component the higher current rate
    first, then the older drawdown; principal of plan rows before that of bullets.
    """
    assert payment_fen >= 0
    owed_fen = sum(claim.debt.total_fen for claim in claims)
    if payment_fen >= owed_fen:  # each receives what it is owed, whoever has the first turn
        return [claim.debt for claim in claims], payment_fen - owed_fen
    parts = [[0] * len(COMPONENTS) for _ in claims]
    left_fen = payment_fen
    by_rate = sorted(range(len(claims)), key=lambda n: (-claims[n].rate_micro, claims[n].drawn_on))
    plans_first = sorted(by_rate, key=lambda n: not claims[n].is_plan)
    for index, component in enumerate(COMPONENTS):
        for n in plans_first if component == "principal_fen" else by_rate:
            part_fen = min(left_fen, claims[n].debt[index])
            parts[n][index] = part_fen
            left_fen -= part_fen
    assert sum(map(sum, parts)) + left_fen == payment_fen
    return [Debt._make(part) for part in parts], left_fen
