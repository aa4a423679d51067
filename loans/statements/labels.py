"""The words of a monthly statement, for its page, its file and the endpoint's choices."""

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from backoffice.core.money import yuan
from backoffice.core.states import choices
from loans.models import Loan
from loans.statements.rules import LineKind, StatedChange

LINE_KINDS = choices(
    LineKind,
    {
        LineKind.TAKEN_OVER: _("taken over from the earlier lender"),
        LineKind.DRAWN: _("loan paid out"),
        LineKind.INTEREST: _("interest"),
        LineKind.PENALTY: _("penalty interest"),
        LineKind.LATE_FEE: _("late fee"),
        LineKind.PLAN_FEE: _("plan fee"),
        LineKind.PREPAYMENT_FEE: _("prepayment fee, paid at once"),
        LineKind.REPAYMENT: _("repayment"),
        LineKind.WAIVER: _("waiver"),
        LineKind.SURPLUS: _("paid beyond what was owed"),
        LineKind.REFUND: _("refund"),
    },
)
_WORDS = dict(LINE_KINDS)
NOTE = _(
    "What was posted up to the last day of the month. Interest of the nights since then is charged "
    "with the next bill, payment or settlement."
)
FEES = _("Service fee 0.00 yuan, insurance 0.00 yuan: this product never charges them.")


def line_words(line: StatedChange) -> str:
    """Return what a line is, in the active language."""
    words = str(_WORDS[line.kind])
    return gettext("correction: {what}").format(what=words) if line.is_correction else words


def loan_words(loan: Loan) -> str:
    """Return how a customer knows a loan: its day and its amount."""
    return gettext("loan of {day}, {amount} yuan").format(
        day=loan.drawn_on.isoformat(), amount=yuan(loan.principal_fen)
    )
