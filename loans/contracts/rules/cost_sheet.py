"""The cost sheet of a loan: its real schedule and everything it can cost (LAW-1, LAW-2).

Pure: the same question gives the same sheet. It holds codes and numbers; the words are in
``loans/contracts/sheet_text.py``.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Any, NamedTuple

from loans.accounting.rules.accrual import contract_fen, own_rate_micro, rate_micro
from loans.accounting.rules.codes import Accrual, Plan
from loans.contracts.rules import annual_rate, plans
from loans.contracts.rules.annual_rate import Flow
from loans.contracts.rules.codes import QuotePurpose, Scenario
from loans.contracts.rules.scenarios import PERMILLE
from loans.policy import LoanTerms

SHEET_VERSION = 3
LENDER = "lender"  # who collects every item: no partner charges anything


class CostItem(StrEnum):
    """What a loan costs when it is paid as agreed; the last two are never charged (RATE-9)."""

    INTEREST = "interest"
    PLAN_FEE = "plan_fee"
    SERVICE_FEE = "service_fee"
    INSURANCE = "insurance"


class CostWay(StrEnum):
    """How an item of the cost is charged."""

    DAILY = "daily"
    INSTALMENTS = "instalments"
    NEVER = "never"


class ContingentItem(StrEnum):
    """What a loan costs besides, when it is not paid as agreed or paid early (LAW-2)."""

    LATE_FEE = "late_fee"
    PENALTY = "penalty"
    REVOLVING = "revolving"
    PREPAYMENT_FEE = "prepayment_fee"
    SCENARIO_LOST = "scenario_lost"


class Price(NamedTuple):
    """A daily rate in ppm, the factor of a scenario on it, and its proof; a plan has none."""

    rate_ppm: int
    factor_permille: int = PERMILLE
    scenario: Scenario | None = None
    proof_until_on: date = date.max


class Burden(NamedTuple):
    """What a customer earns and owes a month, in fen; ``due_fen`` by the first of each month.

    ``income_fen`` is None where nobody has verified an income.
    """

    income_fen: int | None
    due_fen: Mapping[date, int]
    share_max_permille: int


class SheetLoan(NamedTuple):
    """A running loan that a conversion makes a plan of, by its public id, and its principal."""

    id: str
    drawn_on: date
    principal_fen: int


class SheetQuestion(NamedTuple):
    """What a cost sheet is asked for.

    ``principals_fen`` has one amount a loan: a bill that is converted may stand for several, which
    are ``loans``.
    """

    purpose: QuotePurpose
    principals_fen: tuple[int, ...]
    plan: Plan
    drawn_on: date
    first_due_on: date
    price: Price
    terms: LoanTerms
    burden: Burden
    loans: tuple[SheetLoan, ...] = ()


class SheetRow(NamedTuple):
    """What is paid on a due date, in fen; ``nights`` since the drawdown."""

    instalment: int
    due_on: date
    nights: int
    principal_fen: int
    interest_fen: int
    plan_fee_fen: int

    @property
    def total_fen(self) -> int:
        """Return everything that is due on the day."""
        return self.principal_fen + self.interest_fen + self.plan_fee_fen


def schedule(question: SheetQuestion) -> tuple[SheetRow, ...]:
    """Return what falls due when, if it is paid as agreed.

    Daily interest of a bullet runs to its due date, half-up once a loan (RATE-3); the flat fee of a
    plan replaces it (REPAY-5).
    """
    found = []
    of_loans = [
        plans.rows(fen, question.plan, first_due_on=question.first_due_on, terms=question.terms)
        for fen in question.principals_fen
    ]
    for rows in zip(*of_loans, strict=True):
        number, due_on = rows[0].number, rows[0].due_on
        nights = (due_on - question.drawn_on).days
        interest_fen = sum(_interest_fen(row.principal_fen, nights, question) for row in rows)
        principal_fen, fee_fen = (
            sum(part) for part in zip(*(row[2:] for row in rows), strict=True)
        )
        found.append(SheetRow(number, due_on, nights, principal_fen, interest_fen, fee_fen))
    return tuple(found)


def sheet(question: SheetQuestion) -> dict[str, Any]:
    """Return the cost sheet as JSON of codes and numbers: fen, ppm, permille, ISO days (LAW-2).

    The yearly figures come first; the one over 360 days stands beside the larger one (GEN-7). The
    sheet of a conversion lists its loans.
    """
    rows = schedule(question)
    amount_fen = sum(question.principals_fen)
    annual = _annual(question, rows)
    return {
        "version": SHEET_VERSION,
        "purpose": question.purpose.value,
        "annual": annual,
        "amount_fen": amount_fen,
        "plan": question.plan.value,
        **({"loans": [_loan(one) for one in question.loans]} if question.loans else {}),
        "drawn_on": question.drawn_on.isoformat(),
        "rate": _rate(question),
        "schedule": [_row(row) for row in rows],
        "total_fen": sum(row.total_fen for row in rows),
        "cost_fen": sum(row.total_fen for row in rows) - amount_fen,
        "items": _items(question, rows, annual_ppm=annual["irr_ppm"]),
        "contingent": _contingent(question),
        "cap_annual_ppm": question.terms.cap_annual_ppm,
        "is_nothing_else_charged": True,
        "affordability": _affordability(question, rows),
    }


def digest(sheet: Mapping[str, Any], texts: Mapping[str, str]) -> str:
    """Return the SHA-256 of a sheet and its texts, over canonical JSON (LAW-2, OPS-6)."""
    return hashlib.sha256(canonical({"sheet": sheet, "texts": texts}).encode()).hexdigest()


def canonical(content: Any) -> str:
    """Return JSON with sorted keys and without spaces: equal content is equal text."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _interest_fen(principal_fen: int, nights: int, question: SheetQuestion) -> int:
    if question.plan != Plan.BULLET:
        return 0
    price = question.price
    return contract_fen(
        Accrual.OWN, principal_fen, price.rate_ppm, nights, question.terms,
        factor_permille=price.factor_permille,
    )  # fmt: skip


def daily_ppb(price: Price, terms: LoanTerms) -> int:
    """Return the daily rate of a price in parts per billion, exact (RATE-10)."""
    return own_rate_micro(price.rate_ppm, price.factor_permille, terms)


def _annual(question: SheetQuestion, rows: tuple[SheetRow, ...]) -> dict[str, Any]:
    """Return the yearly rates: compound over real days, simple, and over a year of 360 days.

    The last is the headline's, and always the smallest. A plan has no daily rate to make a simple
    one of: its headline is the compound one over 360 days.
    """
    flows = [
        Flow(question.drawn_on, -sum(question.principals_fen)),
        *(Flow(row.due_on, row.total_fen) for row in rows),
    ]
    short_year = annual_rate.HEADLINE_YEAR_DAYS
    found = {"irr_ppm": annual_rate.irr_ppm(flows)}
    if question.plan != Plan.BULLET:
        headline_ppm = annual_rate.irr_ppm(flows, year_days=short_year)
        return {**found, "simple_365_ppm": None, "headline_360_ppm": headline_ppm}
    rate_ppb = daily_ppb(question.price, question.terms)
    return {
        **found,
        "simple_365_ppm": annual_rate.simple_ppm(rate_ppb),
        "headline_360_ppm": annual_rate.simple_ppm(rate_ppb, year_days=short_year),
    }


def _rate(question: SheetQuestion) -> dict[str, Any] | None:
    """Return the daily rate with what a scenario makes of it; None of a plan, which has none."""
    price = question.price
    if question.plan != Plan.BULLET:
        return None
    return {
        "daily_ppm": price.rate_ppm,
        "scenario": price.scenario and price.scenario.value,
        "factor_permille": price.factor_permille,
        "charged_ppb": daily_ppb(price, question.terms),
    }


def _loan(loan: SheetLoan) -> dict[str, Any]:
    return {**loan._asdict(), "drawn_on": loan.drawn_on.isoformat()}


def _row(row: SheetRow) -> dict[str, Any]:
    return {**row._asdict(), "due_on": row.due_on.isoformat(), "total_fen": row.total_fen}


def _items(
    question: SheetQuestion, rows: tuple[SheetRow, ...], *, annual_ppm: int
) -> list[dict[str, Any]]:
    """Return each item of the cost with its amount and its size a year, also those that are 0.

    A loan bears interest or a plan fee, never both: the one it bears is the whole yearly cost.
    ``standard_ppb`` is a rate a day of interest, a share of the whole principal of a plan fee.
    """
    is_bullet = question.plan == Plan.BULLET
    interest_ppb = daily_ppb(question.price, question.terms) if is_bullet else 0
    fee_ppb = plans.fee_ppm(question.plan, question.terms) * PERMILLE
    items = (
        (CostItem.INTEREST, CostWay.DAILY, interest_ppb, sum(row.interest_fen for row in rows)),
        (CostItem.PLAN_FEE, CostWay.INSTALMENTS, fee_ppb, sum(row.plan_fee_fen for row in rows)),
        (CostItem.SERVICE_FEE, CostWay.NEVER, 0, 0),
        (CostItem.INSURANCE, CostWay.NEVER, 0, 0),
    )
    return [
        {
            "item": item.value,
            "way": (way if standard_ppb else CostWay.NEVER).value,
            "standard_ppb": standard_ppb,
            "collector": LENDER,
            "amount_fen": amount_fen,
            "annual_ppm": annual_ppm if amount_fen else 0,
        }
        for item, way, standard_ppb, amount_fen in items
    ]


def _contingent(question: SheetQuestion) -> list[dict[str, Any]]:
    terms, price, is_bullet = question.terms, question.price, question.plan == Plan.BULLET
    penalty_ppb = rate_micro(
        Accrual.PENALTY, price.rate_ppm, terms, factor_permille=price.factor_permille
    )
    found: list[dict[str, Any]] = [
        {"item": ContingentItem.LATE_FEE.value, "ppm": terms.late_fee_ppm},
        {"item": ContingentItem.PENALTY.value, "ppb": penalty_ppb},
    ]
    if is_bullet:  # the rows of a plan are mandatory: none of them revolves (REPAY-7)
        found.append(
            {
                "item": ContingentItem.REVOLVING.value,
                "factor_permille": terms.revolve_factor_permille,
            }
        )
    found.append(
        {
            "item": ContingentItem.PREPAYMENT_FEE.value,
            "ppm": terms.prepayment_fee_ppm,
            "least_fen": terms.prepayment_fee_min_fen,
            "is_in_part_too": is_bullet,  # a plan is repaid early as a whole (REPAY-4)
        }
    )
    if question.price.scenario is not None:
        found.append(
            {
                "item": ContingentItem.SCENARIO_LOST.value,
                "ppm": question.price.rate_ppm,
                "proof_until": question.price.proof_until_on.isoformat(),
            }
        )
    return found


def _affordability(question: SheetQuestion, rows: tuple[SheetRow, ...]) -> dict[str, Any]:
    """Return the month with the most to pay, and whether it takes more than half of the income.

    What was due before the first of these months counts in it: it is asked for first.
    """
    burden = question.burden
    months = [row.due_on.replace(day=1) for row in rows]
    new = dict(zip(months, (row.total_fen for row in rows), strict=True))
    existing = dict.fromkeys(months, 0)
    for month_on, due_fen in burden.due_fen.items():
        on = max(month_on, months[0])
        if on in existing:
            existing[on] += due_fen
    heaviest_on = max(months, key=lambda on: (new[on] + existing[on], -on.toordinal()))
    due_fen = new[heaviest_on] + existing[heaviest_on]
    income_fen = burden.income_fen
    return {
        "month": f"{heaviest_on:%Y-%m}",
        "new_fen": new[heaviest_on],
        "existing_fen": existing[heaviest_on],
        "due_fen": due_fen,
        "income_fen": income_fen,
        "share_max_permille": burden.share_max_permille,
        "is_high": income_fen is not None
        and due_fen * PERMILLE > income_fen * burden.share_max_permille,
    }
