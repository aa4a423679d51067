"""What a row of a portfolio is here: a limit, a live bullet loan with its bill, past bills.

Plain arithmetic over rows: no clock, no database. A dollar of the portfolio is 0.25 yuan.
"""

from calendar import monthrange
from datetime import date, timedelta
from typing import NamedTuple

from backoffice.core.money import MICROFEN_PER_FEN, divide_half_up
from loans.accounting.rules.cap import cap_fen
from loans.billing.rules.minimum import minimum_fen
from loans.delinquency.rules.classification import outcome_at_due
from loans.migration.operations.reading import ClientRow
from loans.policy import LoanTerms

FEN_PER_DOLLAR = 25
HISTORY_MONTHS = 5
# A refused debit may be repeated on the days that follow: fees and interest are then due as well.
FUNDS_PERMILLE = 1100


class LiveLoan(NamedTuple):
    """A bullet loan with its bill: what it asks, and up to which day it was charged."""

    principal_fen: int
    interest_fen: int
    minimum_fen: int
    rate_ppm: int
    drawn_on: date
    due_on: date
    charged_through: date

    @property
    def total_fen(self) -> int:
        """Return what the bill asks."""
        return self.principal_fen + self.interest_fen

    @property
    def charged_nights(self) -> int:
        """Return the nights whose interest was charged: all of them, or none yet."""
        return (self.charged_through - self.drawn_on).days

    @property
    def charged_fen(self) -> int:
        """Return the interest that was charged."""
        return self.interest_fen if self.charged_through == self.due_on else 0


class PastBill(NamedTuple):
    """A bill of an earlier month and what was paid of it; ``number`` is that of its column.

    Number 2 fell due a month before the live bill, number 6 five months before.
    """

    number: int
    total_fen: int
    paid_fen: int


def months_before(day: date, *, months: int) -> date:
    """Return the same day of an earlier month, or the last one of a shorter month."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def limit_fen(row: ClientRow) -> int:
    """Return the limit of the line."""
    return row.limit * FEN_PER_DOLLAR


def live_loan(row: ClientRow, *, on: date, terms: LoanTerms) -> LiveLoan | None:
    """Return the loan behind the latest bill, drawn a month ago, or None without one.

    The bill is what principal and interest of those nights come to, the principal rounded half-up
    (GEN-2); a rounding of the interest beyond the cap goes to the principal (RATE-7).
    """
    total_fen = row.bills[0] * FEN_PER_DOLLAR
    if total_fen <= 0:
        return None
    drawn_on, rate_ppm = months_before(on, months=1), terms.migrated_daily_rate_ppm
    nights = (on - drawn_on).days
    growth = MICROFEN_PER_FEN + rate_ppm * nights
    principal_fen = divide_half_up(total_fen * MICROFEN_PER_FEN, growth)
    interest_fen = min(total_fen - principal_fen, cap_fen(principal_fen * nights, terms))
    least_fen = minimum_fen(total_fen, mandatory_fen=interest_fen, terms=terms)
    principal_fen = total_fen - interest_fen
    return LiveLoan(principal_fen, interest_fen, least_fen, rate_ppm, drawn_on, on, on)


def billed_on(due_on: date, terms: LoanTerms) -> date:
    """Return the day a bill is printed (REPAY-2)."""
    return due_on - timedelta(days=terms.bill_lead_days)


def past_bills(row: ClientRow) -> list[PastBill]:
    """Return the closed bills of the months before; a month without one is left out."""
    return [
        PastBill(n, row.bills[n - 1] * FEN_PER_DOLLAR, row.payments[n - 2] * FEN_PER_DOLLAR)
        for n in range(2, HISTORY_MONTHS + 2)
        if row.bills[n - 1] > 0
    ]


def classify(bill: PastBill, *, terms: LoanTerms) -> tuple[int, str]:
    """Return the minimum of a past bill and how it ended, by the rules of the live close.

    Its interest is not known: the minimum is the plain share of the total.
    """
    least_fen = minimum_fen(bill.total_fen, mandatory_fen=0, terms=terms)
    outcome = outcome_at_due(
        bill.total_fen, minimum_fen=least_fen, paid_fen=bill.paid_fen, terms=terms
    )
    return least_fen, outcome


def funds_fen(row: ClientRow) -> int:
    """Return what the sandbox bank holds for the card: enough for the bill, or nothing."""
    total_fen = max(0, row.bills[0]) * FEN_PER_DOLLAR
    return 0 if row.has_defaulted else -(-total_fen * FUNDS_PERMILLE // 1000)
