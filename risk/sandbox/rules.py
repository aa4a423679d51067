"""The personas of a sandbox: what partners and the bureau say of somebody who does not exist.

Everything follows from the openid and the calendar: the same day has the same events whenever it
is asked for, so that later runs only add the days since. Amounts and times are drawn from hashes.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from enum import StrEnum
from hashlib import sha256
from typing import Any, NamedTuple

SHANGHAI = timezone(timedelta(hours=8))  # GEN-4: no daylight saving since 1991
DENSE_DAYS = 190  # the windows of scoring, and some days more
MONTH_DAYS = 30
LIVING = ("groceries", "convenience", "dining", "transport", "telecom", "health")
OTHER = ("clothing", "electronics", "entertainment", "travel")


class Persona(StrEnum):
    """Kinds of people whom a sandbox can play."""

    STRONG = "strong"
    AVERAGE = "average"
    THIN = "thin"
    STUDENT = "student"
    FREELANCER = "freelancer"
    OVERINDEBTED = "overindebted"
    OVERDUE90 = "overdue90"
    WITHDRAWN = "withdrawn"
    NIGHTGAMBLER = "nightgambler"


@dataclass(frozen=True, slots=True)
class Traits:
    """How a persona behaves; the defaults are those of an average person."""

    tenure_months: int = 24
    payments_a_week: int = 28
    amount_fen: int = 4_500  # the middle of a payment
    night_permille: int = 30
    failed_permille: int = 8
    refund_permille: int = 15
    living_permille: int = 620
    merchants: int = 24
    utilities_a_month: int = 2
    large_a_month: int = 0
    is_gambling: bool = False
    inflow_fen: int = 900_000  # a month
    inflow_swing_permille: int = 20
    repays_fen: int = 0  # to other lenders, a month
    product_friends: int = 12
    real_name_friends: int = 15
    other_friends: int = 40
    second_degree_friends: int = 8
    overdue_friends: int = 0
    balance_fen: int = 1_200_000
    stable_days: int = 220
    moves_a_month: int = 2
    income_fen: int | None = 900_000
    document: str = "payroll"
    has_employer: bool = True
    codes: str | None = "N" * 19 + "1" + "N" * 4  # the oldest month first; None: no file
    accounts: int = 2
    limit_fen: int = 2_000_000
    inquiries: int = 1


TRAITS: dict[Persona, Traits] = {
    Persona.STRONG: Traits(
        payments_a_week=63, amount_fen=4_200, night_permille=10, failed_permille=2,
        refund_permille=5, living_permille=760, merchants=60, utilities_a_month=3,
        inflow_fen=2_000_000, inflow_swing_permille=5, product_friends=36, real_name_friends=30,
        balance_fen=6_000_000, stable_days=500, moves_a_month=1, income_fen=2_000_000,
        codes="N" * 24, accounts=2, limit_fen=3_000_000, inquiries=0,
    ),
    Persona.AVERAGE: Traits(),
    Persona.THIN: Traits(
        tenure_months=7, payments_a_week=4, merchants=5, utilities_a_month=0, product_friends=0,
        real_name_friends=3, other_friends=10, second_degree_friends=0, balance_fen=0,
        stable_days=0, moves_a_month=0, inflow_fen=450_000, income_fen=450_000, codes=None,
        inquiries=0,
    ),
    Persona.STUDENT: Traits(
        payments_a_week=30, amount_fen=1_800, living_permille=560, utilities_a_month=0,
        inflow_fen=180_000, product_friends=3, real_name_friends=25, balance_fen=60_000,
        stable_days=60, income_fen=None, has_employer=False, codes="*" * 24, accounts=1,
        limit_fen=100_000, inquiries=0,
    ),
    Persona.FREELANCER: Traits(
        payments_a_week=35, inflow_fen=1_200_000, inflow_swing_permille=650,
        income_fen=1_000_000, document="bank_statement", has_employer=False, codes="N" * 24,
    ),
    Persona.OVERINDEBTED: Traits(
        repays_fen=650_000, failed_permille=60, balance_fen=20_000, stable_days=15,
        moves_a_month=7, overdue_friends=2, codes="N" * 17 + "1N1N121", accounts=9,
        limit_fen=4_000_000, inquiries=9,
    ),
    Persona.OVERDUE90: Traits(codes="N" * 16 + "1234NNNN", accounts=2),
    # The social source is what keeps this score down: without it the score rises (SCORE-9).
    Persona.WITHDRAWN: Traits(
        product_friends=2, real_name_friends=4, other_friends=20, overdue_friends=9,
        codes="N" * 24,
    ),
    Persona.NIGHTGAMBLER: Traits(
        payments_a_week=60, night_permille=640, failed_permille=110, refund_permille=60,
        living_permille=180, merchants=9, utilities_a_month=0, large_a_month=5, is_gambling=True,
        inflow_swing_permille=450, balance_fen=5_000, stable_days=4, moves_a_month=12,
        overdue_friends=3, codes="N" * 22 + "12", inquiries=5,
    ),
}  # fmt: skip

_NAME = re.compile(rf"({'|'.join(Persona)})-[0-9]{{1,9}}")


def persona_of(openid: str) -> Persona:
    """Return the persona of an openid such as ``strong-1``; any other one is average."""
    found = _NAME.fullmatch(openid)
    return Persona(found[1]) if found else Persona.AVERAGE


def is_persona(openid: str) -> bool:
    """Return whether an openid names a persona: only then the sandbox partner reports of it."""
    return _NAME.fullmatch(openid) is not None


class _Draw(NamedTuple):
    """Numbers drawn for one purpose: the same for the same words."""

    openid: str

    def below(self, most: int, *words: object) -> int:
        text = " ".join(map(str, (self.openid, *words)))
        return int.from_bytes(sha256(text.encode()).digest()[:8]) % most

    def hits(self, permille: int, *words: object) -> bool:
        return self.below(1000, *words) < permille


def events(openid: str, *, on: date) -> dict[str, list[dict[str, Any]]]:
    """Return the events of a persona through the day before ``on``, by the source of each.

    As a partner sends them, in the form of docs/events.md. Days before the last half year have one
    payment a week: enough for the tenure.
    """
    traits, draw = TRAITS[persona_of(openid)], _Draw(openid)
    first_on = on - timedelta(days=traits.tenure_months * 365 // 12 + 5)
    dense_on = on - timedelta(days=DENSE_DAYS)
    payments: list[dict[str, Any]] = []
    moves: list[dict[str, Any]] = []
    for ordinal in range(first_on.toordinal(), on.toordinal()):
        day = date.fromordinal(ordinal)
        if day >= dense_on:
            payments += _payments(traits, draw, day)
            moves += _moves(traits, draw, day)
        elif day.weekday() == 0:
            payments.append(_payment(traits, draw, day, 0))
    # The month before the present one has begun: what is reported monthly was reported in it.
    month_on = (on.replace(day=1) - timedelta(days=1)).replace(day=1)
    return {
        "payment": payments,
        "social": list(_friends(traits, draw, month_on)),
        "wealth": [*_holding(traits, draw, month_on), *moves],
        "agreement": list(_evidence(traits, draw, month_on)),
    }


def _event(
    draw: _Draw, kind: str, day: date, key: object, at: time, **fields: Any
) -> dict[str, Any]:
    return {
        "id": f"{draw.openid}-{kind}-{day:%Y%m%d}-{key}",
        "kind": kind,
        "openid": draw.openid,
        "occurred_at": datetime.combine(day, at, tzinfo=SHANGHAI).isoformat(),
        **fields,
    }


def _payments(traits: Traits, draw: _Draw, day: date) -> Iterator[dict[str, Any]]:
    count = traits.payments_a_week // 7 + (draw.below(7, day, "more") < traits.payments_a_week % 7)
    for number in range(count):
        payment = _payment(traits, draw, day, number)
        yield payment
        if draw.hits(traits.refund_permille, day, number, "refund") and (
            payment["result"] == "succeeded"
        ):
            yield _event(
                draw, "payment", day, f"{number}r", time(23, 59), direction="in",
                result="refunded", amount_fen=payment["amount_fen"], category=payment["category"],
                counterparty=payment["counterparty"],
            )  # fmt: skip
    yield from _monthly(traits, draw, day)


def _payment(traits: Traits, draw: _Draw, day: date, number: int) -> dict[str, Any]:
    is_night = draw.hits(traits.night_permille, day, number, "night")
    hour = (23, 0, 1, 2, 3)[draw.below(5, day, number, "hour")] if is_night else (
        7 + draw.below(15, day, number, "hour")
    )  # fmt: skip
    if draw.hits(traits.living_permille, day, number, "living"):
        category = LIVING[draw.below(len(LIVING), day, number, "category")]
    elif traits.is_gambling:
        category = ("lottery", "games")[draw.below(2, day, number, "category")]
    else:
        category = OTHER[draw.below(len(OTHER), day, number, "category")]
    return _event(
        draw, "payment", day, number, time(hour, draw.below(60, day, number, "minute")),
        direction="out",
        result=("succeeded", "failed")[draw.hits(traits.failed_permille, day, number, "failed")],
        amount_fen=traits.amount_fen // 2 + draw.below(traits.amount_fen, day, number, "amount"),
        category=category,
        counterparty=f"merchant-{draw.below(traits.merchants, day, number, 'merchant')}",
    )  # fmt: skip


def _monthly(traits: Traits, draw: _Draw, day: date) -> Iterator[dict[str, Any]]:
    """Yield what happens once in a month: salary, bills, repayments to others, large payments."""
    month = f"{day:%Y%m}"
    swing = traits.inflow_fen * traits.inflow_swing_permille // 1000
    inflow_fen = traits.inflow_fen - swing + draw.below(2 * swing + 1, month, "in")
    amounts = [
        (10, "in", "salary", inflow_fen, "s"),
        (12, "out", "loan_repayment", traits.repays_fen, "l"),
        *((15 + n, "out", "utilities", 12_000 + 100 * n, f"u{n}")
          for n in range(traits.utilities_a_month)),
        *((5 + 4 * n, "out", "transfer", 520_000 + 1_000 * n, f"g{n}")
          for n in range(traits.large_a_month)),
    ]  # fmt: skip
    for at_day, direction, category, amount_fen, key in amounts:
        if day.day == at_day and amount_fen:
            yield _event(
                draw, "payment", day, key, time(9, 30), direction=direction, result="succeeded",
                amount_fen=amount_fen, category=category, counterparty=f"{category}-{key}",
            )  # fmt: skip


def _moves(traits: Traits, draw: _Draw, day: date) -> Iterator[dict[str, Any]]:
    if draw.below(MONTH_DAYS, day, "move") < traits.moves_a_month:
        move = ("subscribe", "redeem")[draw.below(2, day, "which")]
        yield _event(
            draw, "product_move", day, 0, time(10, 0), product="money-market", move=move,
            amount_fen=10_000 + draw.below(90_000, day, "moved"),
        )  # fmt: skip


def _friends(traits: Traits, draw: _Draw, day: date) -> Iterator[dict[str, Any]]:
    counts = {
        "product_user": traits.product_friends, "real_name": traits.real_name_friends,
        "other": traits.other_friends, "second_degree": traits.second_degree_friends,
        "overdue": traits.overdue_friends,
    }  # fmt: skip
    for relation, count in counts.items():
        for number in range(count):
            yield _event(
                draw, "social_link", day, f"{relation}-{number}", time(9, 0),
                friend=f"{draw.openid} {relation} {number}", relation=relation,
            )  # fmt: skip


def _holding(traits: Traits, draw: _Draw, day: date) -> Iterator[dict[str, Any]]:
    if traits.balance_fen:
        yield _event(
            draw, "holding", day, 0, time(9, 0), product="money-market", risk="R1",
            balance_fen=traits.balance_fen,
            stable_since=(day - timedelta(days=traits.stable_days)).isoformat(),
        )  # fmt: skip


def _evidence(traits: Traits, draw: _Draw, day: date) -> Iterator[dict[str, Any]]:
    yield _event(draw, "wechat_since", day, 0, time(9, 0), since="2015-01-01")
    if traits.has_employer:
        yield _event(draw, "employer", day, 0, time(9, 0), employer="示例科技有限公司",
                     since="2022-03-01")  # fmt: skip
    if traits.income_fen is not None:
        yield _event(draw, "income", day, 0, time(9, 0), monthly_income_fen=traits.income_fen,
                     document=traits.document, period_months=12)  # fmt: skip


def bureau_payload(
    persona: Persona, *, on: date, name: str, id_number: str
) -> dict[str, Any] | None:
    """Return the credit report of a persona as of a day; None where the bureau has no file."""
    traits = TRAITS[persona]
    if traits.codes is None:
        return None
    return {
        "report_id": f"SANDBOX-{persona.value}-{on:%Y%m%d}",
        "reported_on": on.isoformat(),
        "identity": {"name": name, "id_number": id_number},
        "accounts": [_account(traits, number, on) for number in range(traits.accounts)],
        "inquiries": [
            {"on": (on - timedelta(days=2 * number + 1)).isoformat(), "reason": "loan_approval"}
            for number in range(traits.inquiries)
        ],
    }


def _account(traits: Traits, number: int, on: date) -> dict[str, Any]:
    """Return an account: the first one has the codes of the persona, the others are on time."""
    assert traits.codes is not None
    last = on.year * 12 + on.month - 2
    names = [f"{n // 12}-{n % 12 + 1:02}" for n in range(last - len(traits.codes) + 1, last + 1)]
    codes = traits.codes if number == 0 else "N" * len(traits.codes)
    return {
        "account": f"A{number + 1}",
        "opened_on": "2021-06-01",
        "limit_fen": traits.limit_fen // traits.accounts,
        "balance_fen": traits.limit_fen // traits.accounts // 3,
        "months": [
            {
                "month": month,
                "code": code,
                "overdue_fen": 300_000 if code in "1234567" else 0,
                "repaid_on": None,
            }
            for month, code in zip(names, codes, strict=True)
        ],
    }
