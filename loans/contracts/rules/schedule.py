"""How the schedule of a loan follows the day on which the bank paid it out (REPAY-2, RATE-10)."""

from collections.abc import Sequence
from datetime import date, timedelta

from loans.accounting.rules.accrual import contract_fen
from loans.accounting.rules.codes import Accrual
from loans.contracts.rules.due_dates import months_after
from loans.policy import LoanTerms


def full_rate_from(proof_until_on: date) -> date:
    """Return the first night at the full rate of a loan whose use was not proven (RATE-10)."""
    return proof_until_on + timedelta(days=1)


def due_dates_after(
    agreed: Sequence[date], drawn_on: date, proof_until_on: date | None, terms: LoanTerms
) -> list[date]:
    """Return when the instalments of a loan fall due that the bank paid out on a day (REPAY-2).

    These are the dates that the customer confirmed: a bank that pays a day late makes the first
    period shorter and its interest lower, never higher than shown. Only when the first bill would
    be issued before the money came, or before the days are over in which a preferred rate must be
    proven, do all dates move by the fewest whole months that avoid it. The repayment day stays.
    """
    earliest_on = full_rate_from(proof_until_on or drawn_on)
    lead = timedelta(days=terms.bill_lead_days)
    months = 0
    while months_after(agreed[0], months) - lead < earliest_on:
        months += 1
    return [months_after(due_on, months) for due_on in agreed]


def interest_until(
    principal_fen: int, rate_ppm: int, factor_permille: int, nights: int, terms: LoanTerms
) -> int:
    """Return the interest of a bullet for its nights to the due date, half-up (RATE-3, RATE-10)."""
    return contract_fen(
        Accrual.OWN, principal_fen, rate_ppm, nights, terms, factor_permille=factor_permille
    )
