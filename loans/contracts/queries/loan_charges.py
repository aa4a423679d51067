"""The statement of charges of one loan, each line with its formula (RATE-9)."""

from datetime import date
from typing import NamedTuple

from django.db.models import F, Max

from backoffice.core.money import percent_of_ppb, yuan
from loans.accounting.queries.positions import terms_of
from loans.accounting.queries.statement import ChargeLine, lines_of_loan, plan_fee_formula
from loans.accounting.rules.codes import ChargeKind
from loans.models import Loan, WaiverAllocation
from loans.policy import LoanTerms


class LoanChargeLine(NamedTuple):
    """One line of the statement, in fen."""

    instalment: int
    kind: str
    from_on: date | None
    to_on: date | None
    nights: int
    base_fen: int
    rate_ppm_permille: int
    formula: str
    contract_fen: int
    charged_fen: int
    waived_fen: int


class LoanWaiver(NamedTuple):
    """What two people waived of an instalment on a day, in fen: charged, and not owed any more."""

    instalment: int
    waived_on: date
    penalty_fen: int
    late_fee_fen: int
    interest_fen: int
    plan_fee_fen: int
    total_fen: int


def lines_of(loan: Loan, *, on: date) -> list[LoanChargeLine]:
    """Return every charge of a loan up to a day, nights that are not posted yet included."""
    lines = lines_of_loan(loan, on=on)
    for line in lines:
        line.row.loan = loan
    terms = terms_of(loan.terms_id)
    return [_line(line, terms) for line in lines]


def waivers_of(loan: Loan) -> list[LoanWaiver]:
    """Return what was waived of a loan, in order: the highest revision of each waiver holds."""
    found = WaiverAllocation.objects.filter(loan=loan).select_related("waiver", "instalment__loan")
    latest = found.annotate(last=Max("waiver__allocations__revision")).filter(revision=F("last"))
    return [
        LoanWaiver(
            one.instalment.shown_number, one.waiver.waived_on, one.penalty_fen, one.late_fee_fen,
            one.interest_fen, one.plan_fee_fen, one.total_fen,
        )
        for one in latest.order_by("waiver", "instalment__number")
    ]  # fmt: skip


def _line(line: ChargeLine, terms: LoanTerms) -> LoanChargeLine:
    return LoanChargeLine(
        line.row.shown_number, line.kind, line.from_on, line.to_on, line.nights, line.base_fen,
        line.rate_micro, _formula(line, terms), line.contract_fen, line.charged_fen,
        line.waived_fen,
    )  # fmt: skip


def _formula(line: ChargeLine, terms: LoanTerms) -> str:
    """Return the sum that gives the amount before the cap; empty of what has none.

    The fee of a row of a plan is its share of the flat fee: words name it (REPAY-5).
    """
    base = yuan(line.base_fen)
    rate = percent_of_ppb(line.rate_micro)
    if line.kind == ChargeKind.MIGRATED:
        return ""
    if line.kind == ChargeKind.PLAN_FEE:
        return plan_fee_formula(line)
    if line.kind == ChargeKind.PREPAYMENT:
        return f"max({yuan(terms.prepayment_fee_min_fen)}, {base} × {rate})"
    if line.kind == ChargeKind.PENALTY:
        return f"{base} × ((1 + {rate})^{line.nights} − 1)"
    return f"{base} × {rate}" + (f" × {line.nights}" if line.nights else "")
