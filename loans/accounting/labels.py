"""How figures of loans are written for staff: rates, formulas, classes of debt."""

from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from backoffice.core.money import yuan
from loans.accounting.queries.statement import (
    BEFORE,
    LATE_FEE,
    Line,
)
from loans.accounting.rules.accrual import (
    OWN,
    PENALTY,
    REVOLVING,
)
from loans.collection.rules import refusal_codes
from loans.models import Loan
from loans.policy import LoanPolicy

SUCCESS = "SUCCESS"  # the state of the order says it already
KINDS: dict[str, Any] = {
    OWN: _("interest"),
    REVOLVING: _("interest at 1.5 times the rate"),
    PENALTY: _("penalty interest"),
    LATE_FEE: _("late fee"),
    BEFORE: _("charged before, as booked"),
}


def percent(ppm: int) -> str:
    """Write millionths as per cent: 500 becomes ``0.05%``."""
    whole, part = divmod(ppm, 10_000)
    return f"{whole}.{part:04}".rstrip("0").rstrip(".") + "%"


def rate(line: Line, loan: Loan, terms: LoanPolicy) -> str:
    """Return the rate of a line, a day or once."""
    if line.kind == LATE_FEE:
        return percent(terms.late_fee_ppm)
    if line.kind == PENALTY:
        return percent(terms.penalty_ppm)
    if line.kind == REVOLVING:
        factor = f"{terms.revolve_factor_permille / 1000:g}"
        return f"{percent(loan.daily_rate_ppm)} × {factor}"
    return percent(loan.daily_rate_ppm) if line.kind == OWN else ""


def formula(line: Line, loan: Loan, terms: LoanPolicy) -> SafeString | str:
    """Return the sum that gives a line's amount before the cap, as one may type it."""
    base = yuan(line.base_fen)
    if line.kind == BEFORE:
        return ""
    if line.kind == LATE_FEE:
        words = f"{base} × {percent(terms.late_fee_ppm)}"
    elif line.kind == PENALTY:
        grown = f"1.{terms.penalty_ppm:06}".rstrip("0")
        words = f"{base} × ({grown}^{line.nights} − 1)"
    else:
        words = f"{base} × {rate(line, loan, terms)} × {line.nights}"
    return format_html("<code>{}</code>", words)


def code_words(code: str) -> str:
    """Return what a refusal of the channel means, in the reader's language, with its code."""
    if code in ("", SUCCESS):
        return ""
    meaning = refusal_codes.of(code)
    return code if meaning.label == code else f"{gettext(meaning.label)} ({code})"
