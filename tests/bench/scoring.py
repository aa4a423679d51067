"""Bulk scoring: the 24,000 clients of the portfolio decided on by two processes, no database.

Real are the six monthly repayment statuses, as codes of the credit report, the six payments, as the
money that came in, and the age. Everything else a decision needs is generated with a seed.
"""

import csv
import gzip
import json
import multiprocessing
import random
import time
from collections import Counter
from datetime import date
from typing import Any, NamedTuple

from loans.migration.operations.demo import PORTFOLIO
from risk.bureau.rules import BureauReading
from risk.decisions.rules.decision import DecisionInputs, decide, result_of
from risk.facts.rules import (
    ConsumptionFeatures,
    DeclaredFeatures,
    EvidenceFeatures,
    Features,
    PaymentFeatures,
    SocialFeatures,
    WealthFeatures,
)
from risk.policy import LimitPolicy, ScoringPolicy
from tests.bench.debit_day import Figure

PROCESSES = 2
SEED = 20261124
ON = date(2026, 11, 24)
CAP_FEN = 30_000_000
FEN_PER_DOLLAR = 25  # a dollar of the file as 0.25 yuan
REAL = ("PAY_0 to PAY_6", "PAY_AMT1 to PAY_AMT6", "AGE")
GENERATED = ("payment counts", "social", "wealth", "consumption", "occupation", "income evidence")
SCORING, LIMITS = ScoringPolicy(), LimitPolicy()
_STATUSES = ("PAY_6", "PAY_5", "PAY_4", "PAY_3", "PAY_2", "PAY_0")  # the oldest first
_OCCUPATIONS = ("civil_servant", "public_institution", "employee", "self_employed", "freelancer")


class Scoring(NamedTuple):
    """Decisions a second by the clock and by CPU of the processes, and what was decided."""

    clients: int
    processes: int
    a_second: Figure
    a_cpu_second: Figure
    verdicts: dict[str, int]
    real: tuple[str, ...]
    generated: tuple[str, ...]


def clients() -> list[DecisionInputs]:
    """Return the inputs of a decision on each client of the file."""
    dice = random.Random(SEED)
    with gzip.open(PORTFOLIO, "rt") as file:
        return [_inputs(n, row, dice) for n, row in enumerate(csv.DictReader(file), 1)]


def measure(*, rounds: int) -> Scoring:
    """Decide on all clients in each round, half of them in each process."""
    everybody = clients()
    halves = [everybody[n::PROCESSES] for n in range(PROCESSES)]
    by_clock, by_cpu, verdicts = [], [], Counter[str]()
    with multiprocessing.get_context("fork").Pool(PROCESSES, _hold, (halves,)) as processes:
        for _round in range(rounds):
            before = time.perf_counter()
            done = processes.map(_decide, range(PROCESSES), chunksize=1)
            by_clock.append(len(everybody) / (time.perf_counter() - before))
            used = [cpu for cpu, _verdicts in done]
            by_cpu.append(len(everybody) / (sum(used) / PROCESSES))
            verdicts = sum((one for _cpu, one in done), Counter[str]())
    return Scoring(
        len(everybody), PROCESSES, Figure.of(by_clock), Figure.of(by_cpu), dict(verdicts),
        REAL, GENERATED,
    )  # fmt: skip


_held: list[Any] = []


def _hold(halves: list[list[DecisionInputs]]) -> None:
    _held[:] = halves


def _decide(number: int) -> tuple[float, Counter[str]]:
    """Decide on half of the clients, with the result as it is stored."""
    before, verdicts = time.process_time(), Counter[str]()
    for one in _held[number]:
        result = result_of(decide(one, scoring=SCORING, limits=LIMITS), scoring=SCORING)
        json.dumps(result)
        verdicts[result["verdict"]] += 1
    return time.process_time() - before, verdicts


def code(status: int) -> str:
    """Return the monthly code of a status of the file: months late up to 7, else normal."""
    return "N" if status < 1 else str(min(status, 7))


def _inputs(n: int, row: dict[str, str], dice: random.Random) -> DecisionInputs:
    paid_fen = [int(float(row[f"PAY_AMT{month}"])) * FEN_PER_DOLLAR for month in range(6, 0, -1)]
    count, spent_fen = dice.randint(30, 700), dice.randint(100_000, 4_000_000)
    income_fen = dice.randint(250_000, 2_500_000)
    since = date(ON.year - dice.randint(0, max(0, int(row["AGE"]) - 20)), 1, 1)
    features = Features(
        customer_id=n,
        on=ON,
        sources=("agreement", "bureau", "payment", "social", "wealth", "consumption"),
        payment=PaymentFeatures(
            count, spent_fen, dice.randint(0, 4), count // dice.randint(5, 60),
            dice.randint(10, 90), dice.randint(3, 40), dice.randint(0, 15), dice.randint(0, 20),
            dice.randint(0, 15), tuple(paid_fen), sum(paid_fen), dice.randint(3, 24),
        ),
        social=SocialFeatures(
            dice.randint(0, 30), dice.randint(0, 30), dice.randint(0, 100), dice.randint(0, 9),
            dice.randint(0, 3),
        ),
        wealth=WealthFeatures(
            dice.randint(0, 700), dice.randint(0, 3_000_000), dice.randint(0, 12)
        ),
        consumption=ConsumptionFeatures(spent_fen * dice.randint(10, 95) // 100, spent_fen),
        evidence=EvidenceFeatures(income_fen, "payroll", "ab", since, date(2026, 11, 1)),
        declared=DeclaredFeatures(income_fen, dice.choice(_OCCUPATIONS), since, "ab"),
    )  # fmt: skip
    codes = "".join(code(int(float(row[name]))) for name in _STATUSES)
    reading = BureauReading(ON, codes, "1", False, 1, 0, 0, 0, 0)
    return DecisionInputs(features, reading, {"id": n, "digest": "0" * 64}, "", CAP_FEN)
