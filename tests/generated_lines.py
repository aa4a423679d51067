"""Credit lines with the inputs of their limits, generated with a seed and written by COPY."""

import json
import random
from collections.abc import Iterator
from datetime import date, time
from fractions import Fraction
from typing import Any, NamedTuple
from uuid import UUID

from django.db import transaction

from accounts.models import Customer, CustomerState
from backoffice.core import bulk, clock, workflow
from risk.lines.rules import grant, walk
from risk.lines.rules.grant import Asset, AssetKind, Capacity
from risk.models import CreditLine, CreditLineState, ModelInputs
from risk.policy import LimitPolicy

ON = date(2026, 10, 1)
AT = clock.moment_of(ON, time())
CAP_FEN = 30_000_000
POLICY = LimitPolicy()
_CUSTOMER = ("id", "public_id", "state", "registered_at")
_LINE = ("id", "customer", "state", "limit_fen", "temporary_fen", "buffer_permille", "held_fen",
         "reserved_fen", "drawn_fen", "opened_on", "model_part", "growth", "target_fen",
         "is_below_minimum")  # fmt: skip
_INPUTS = ("customer", "line", "effective_on", "at", "income_fen", "occupation_permille", "assets",
           "consumption_permille", "has_low_income_override", "agreed_part", "evidence",
           "changed_by")  # fmt: skip
_KINDS = tuple(AssetKind)
_STEPS = (Fraction(21, 20), Fraction(19, 20), Fraction(1))


class GeneratedLine(NamedTuple):
    """A line: its limit in fen, growth, latest inputs and what a person agreed, if anything."""

    limit_fen: int
    growth: Fraction
    capacity: Capacity | None
    agreed: Fraction | None
    has_earlier_inputs: bool
    state: str


def generated(count: int, *, seed: int) -> Iterator[GeneratedLine]:
    """Yield lines that meet every branch of the rules of a limit."""
    dice = random.Random(seed)
    for _line in range(count):
        growth = Fraction(1)
        for _step in range(dice.randint(0, 5)):
            growth *= dice.choice(_STEPS)
        capacity = _capacity(dice)
        part = grant.model_part(capacity, policy=POLICY)
        rests_fen = int(min(part * growth, Fraction(CAP_FEN))) // 10_000 * 10_000
        limit_fen = max(50_000, rests_fen + dice.choice((0, 0, 0, -90_000, 70_000, 4_000_000)))
        kind = dice.random()
        agreed = Fraction(limit_fen) / growth if kind < 0.05 else None
        state = dice.choices(
            (CreditLineState.ACTIVE, CreditLineState.SUSPENDED, CreditLineState.FROZEN,
             CreditLineState.CLOSED),
            (94, 3, 2, 1),
        )[0]  # fmt: skip
        yield GeneratedLine(
            limit_fen, growth, None if kind > 0.97 else capacity, agreed, dice.random() < 0.3, state
        )


def store(count: int, *, seed: int, first_id: int = 1) -> None:
    """Write generated lines, each of a customer of its own with the same id."""
    numbered = list(enumerate(generated(count, seed=seed), first_id))
    customers = [(n, UUID(int=n), CustomerState.REGISTERED, AT) for n, _line in numbered]
    with transaction.atomic(), workflow.importing():
        bulk.copy(Customer, _CUSTOMER, customers)
        bulk.copy(CreditLine, _LINE, [_line(n, one) for n, one in numbered])
        bulk.copy(ModelInputs, _INPUTS, [row for n, one in numbered for row in _inputs(n, one)])


def _capacity(dice: random.Random) -> Capacity:
    income_fen = dice.choice(
        (dice.randint(0, 60_000), dice.randint(100_000, 500_000), 500_000, 500_001,
         dice.randint(500_001, 3_000_000), dice.randint(3_000_000, 20_000_000))
    )  # fmt: skip
    assets = [
        Asset(dice.choice(_KINDS), f'proof:"{dice.randint(1, 3)}"')
        for _asset in range(dice.choice((0, 0, 0, 1, 2, 4)))
    ]
    return Capacity(
        income_fen, dice.choice((800, 900, 1000, 1200, 1350, 1500)), assets or (),
        dice.choice((900, 1000, 1100)), dice.random() < 0.1,
    )  # fmt: skip


def _line(n: int, one: GeneratedLine) -> tuple[Any, ...]:
    part = one.agreed
    if one.capacity is not None:
        part = grant.part_in_force(one.capacity, one.agreed, policy=POLICY)
    if part is None:
        of_model: tuple[Any, ...] = ("", str(one.growth), None, False)
    else:
        to = walk.line_target(one.limit_fen, part, one.growth, cap_fen=CAP_FEN, policy=POLICY)
        of_model = (str(part), str(one.growth), to.resting_fen, to.is_below_minimum)
    return (n, n, one.state, one.limit_fen, 0, 150, 0, 0, 0, ON, *of_model)


def _inputs(n: int, one: GeneratedLine) -> Iterator[tuple[Any, ...]]:
    """Yield the stored inputs of a line; an earlier row, which no longer counts, first."""
    if one.capacity is None:
        return
    income_fen, occupation, assets, spent, is_lifted = one.capacity
    stored = json.dumps([{"kind": str(kind), "number": number} for kind, number in assets])
    if one.has_earlier_inputs:
        yield (n, n, ON, AT, income_fen + 77_700, 1000, "[]", 1000, False, "", "before", "system:x")
    yield (n, n, ON, AT, income_fen, occupation, stored, spent, is_lifted,
           str(one.agreed) if one.agreed is not None else "", "", "system:x")  # fmt: skip
