"""How figures of loans are written for staff: rates, formulas, classes of debt."""

from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from backoffice.core.money import percent_of_ppb, yuan
from backoffice.web.wording import percent
from loans.accounting.queries.statement import ChargeLine, plan_fee_formula
from loans.accounting.rules.codes import ChargeKind
from loans.collection.rules import refusal_codes
from loans.models import Loan
from loans.models.charge import CHARGE_KINDS
from loans.policy import LoanTerms

SUCCESS = "SUCCESS"  # the state of the order says it already
KINDS: dict[str, Any] = dict(CHARGE_KINDS)


def rate(line: ChargeLine, loan: Loan, terms: LoanTerms) -> str:
    """Return the rate of a line, a day or once."""
    if line.kind == ChargeKind.LATE_FEE:
        return percent(terms.late_fee_ppm)
    if line.kind == ChargeKind.PREPAYMENT:
        return percent(terms.prepayment_fee_ppm)
    if line.kind == ChargeKind.PENALTY:
        return percent_of_ppb(line.rate_micro)
    if line.kind == ChargeKind.REVOLVING:
        factor = f"{terms.revolve_factor_permille / 1000:g}"
        return f"{percent(loan.daily_rate_ppm)} × {factor}"
    if line.kind != ChargeKind.OWN:
        return ""
    return percent(line.rate_micro // 1000 or loan.daily_rate_ppm)  # a factor may lower it


def formula(line: ChargeLine, loan: Loan, terms: LoanTerms) -> SafeString | str:
    """Return the sum that gives a line's amount before the cap, as one may type it."""
    base = yuan(line.base_fen)
    if line.kind == ChargeKind.MIGRATED:
        return ""
    if line.kind == ChargeKind.PLAN_FEE:
        return plan_fee_formula(line)
    if line.kind == ChargeKind.LATE_FEE:
        words = f"{base} × {percent(terms.late_fee_ppm)}"
    elif line.kind == ChargeKind.PREPAYMENT:
        share, least = percent(terms.prepayment_fee_ppm), yuan(terms.prepayment_fee_min_fen)
        words = f"max({least}, {base} × {share})"
    elif line.kind == ChargeKind.PENALTY:
        grown = f"1.{line.rate_micro:09}".rstrip("0")
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
