"""The trial balance: opening, movements and closing of every account, in fen.

A balance is debits less credits: above zero it stands on the debit side. One transfer debits one
account and credits another, so that the sides are equal in whatever period.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from loans.general_ledger.rules.chart import IN_ORDER


class AccountMovement(NamedTuple):
    """Transfers of one kind from one account to another in a period: how many, how much."""

    debit: str
    credit: str
    kind: str
    transfers: int
    amount_fen: int


class BalanceLine(NamedTuple):
    """An account in a period: balance before it, debits and credits in it."""

    account: str
    opening_fen: int
    debit_fen: int
    credit_fen: int

    @property
    def closing_fen(self) -> int:
        """Return the balance after the period."""
        return self.opening_fen + self.debit_fen - self.credit_fen


class Totals(NamedTuple):
    """Both sides of a trial balance, summed over the accounts."""

    opening_debit_fen: int
    opening_credit_fen: int
    debit_fen: int
    credit_fen: int
    closing_debit_fen: int
    closing_credit_fen: int


class KindMovement(NamedTuple):
    """What transfers of one kind moved on an account in a period."""

    kind: str
    transfers: int
    debit_fen: int
    credit_fen: int


def balanced(opening: Mapping[str, int], movements: Iterable[AccountMovement]) -> list[BalanceLine]:
    """Return a line for every account, in the order of the chart.

    ``opening`` are balances by account, 0 where one is missing.
    """
    debited: Counter[str] = Counter()
    credited: Counter[str] = Counter()
    for one in movements:
        debited[one.debit] += one.amount_fen
        credited[one.credit] += one.amount_fen
    return [
        BalanceLine(one.code, opening.get(one.code, 0), debited[one.code], credited[one.code])
        for one in IN_ORDER
    ]


def totals(lines: Iterable[BalanceLine]) -> Totals:
    """Return the sums of both sides: of the openings, the movements and the closings."""
    found = list(lines)
    return Totals(
        sum(debit_side(one.opening_fen) for one in found),
        sum(credit_side(one.opening_fen) for one in found),
        sum(one.debit_fen for one in found),
        sum(one.credit_fen for one in found),
        sum(debit_side(one.closing_fen) for one in found),
        sum(credit_side(one.closing_fen) for one in found),
    )


def is_balanced(lines: Iterable[BalanceLine]) -> bool:
    """Return whether debits equal credits: before, in and after the period."""
    sums = totals(lines)
    return (
        sums.opening_debit_fen == sums.opening_credit_fen
        and sums.debit_fen == sums.credit_fen
        and sums.closing_debit_fen == sums.closing_credit_fen
    )


def debit_side(balance_fen: int) -> int:
    """Return what of a balance stands on the debit side."""
    return max(balance_fen, 0)


def credit_side(balance_fen: int) -> int:
    """Return what of a balance stands on the credit side."""
    return max(-balance_fen, 0)


def by_kind(account: str, movements: Iterable[AccountMovement]) -> list[KindMovement]:
    """Return what moved on an account, one row a kind, in the order of the movements."""
    found: dict[str, KindMovement] = {}
    for one in movements:
        if account not in (one.debit, one.credit):
            continue
        before = found.get(one.kind, KindMovement(one.kind, 0, 0, 0))
        is_debit = one.debit == account
        found[one.kind] = KindMovement(
            one.kind,
            before.transfers + one.transfers,
            before.debit_fen + (one.amount_fen if is_debit else 0),
            before.credit_fen + (0 if is_debit else one.amount_fen),
        )
    return list(found.values())
