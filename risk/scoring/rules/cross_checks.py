"""What is declared against what is evidenced, before a score is computed (SCORE-12).

A contradiction sends an application to manual review, and the lower value is scored. A check whose
evidence is missing is not evaluated, which is never the same as passed.
"""

from enum import StrEnum
from typing import NamedTuple

from risk.policy import ScoringPolicy


class CrossCheck(StrEnum):
    """The checks; income and address are the indicators APP-011 and APP-020, employer APP-026."""

    INCOME = "income"
    ADDRESS = "address"
    EMPLOYER = "employer"
    PHONE = "phone"


class Declaration(NamedTuple):
    """Declared and evidenced values; None and empty text are missing.

    Evidence: mean monthly inflow, the province of the network address, the employer at the bureau,
    the phone number on file with the bank. Texts are compared as they are: normalised or blinded.
    """

    income_fen: int | None = None
    inflow_fen: int | None = None
    province: str = ""
    network_province: str = ""
    employer: str = ""
    bureau_employer: str = ""
    phone: str = ""
    bank_phone: str = ""


class CrossChecked(NamedTuple):
    """Contradictions, checks that could not be made, and the income that is scored."""

    contradictions: tuple[CrossCheck, ...]
    not_evaluated: tuple[CrossCheck, ...]
    income_fen: int | None


def cross_check(declared: Declaration, *, policy: ScoringPolicy) -> CrossChecked:
    """Return what contradicts what; with a contradicted income the lower value is scored.

    An income contradicts from three times the mean monthly inflow on (APP-011).
    """
    results = {
        CrossCheck.INCOME: _income_agrees(declared.income_fen, declared.inflow_fen, policy),
        CrossCheck.ADDRESS: _agrees(declared.province, declared.network_province),
        CrossCheck.EMPLOYER: _agrees(declared.employer, declared.bureau_employer),
        CrossCheck.PHONE: _agrees(declared.phone, declared.bank_phone),
    }
    contradictions = tuple(check for check, agrees in results.items() if agrees is False)
    not_evaluated = tuple(check for check, agrees in results.items() if agrees is None)
    income_fen = declared.income_fen
    if CrossCheck.INCOME in contradictions:
        income_fen = min(
            one for one in (declared.income_fen, declared.inflow_fen) if one is not None
        )
    return CrossChecked(contradictions, not_evaluated, income_fen)


def _income_agrees(
    income_fen: int | None, inflow_fen: int | None, policy: ScoringPolicy
) -> bool | None:
    if income_fen is None or not inflow_fen:
        return None
    return income_fen * 1000 < inflow_fen * policy.income_times_max_permille


def _agrees(declared: str, evidenced: str) -> bool | None:
    return declared == evidenced if declared and evidenced else None
