"""What repaying a loan early takes today, and what a customer ordered of it (REPAY-3, REPAY-4)."""

from datetime import date

from django.db.models import QuerySet

from loans.accounting.queries.positions import position_of, terms_of
from loans.accounting.rules.position import Position
from loans.models import DebitOrder, Loan
from loans.repayment.rules.settlement import OPEN_STATES, EarlyQuote, settlement_quote


def quote_of(loan: Loan, *, on: date) -> EarlyQuote | None:
    """Return what settling a loan takes on a day, or None where the loan is not open.

    A day before the last posting shows that posting's.
    """
    if loan.state not in OPEN_STATES:
        return None
    position = position_of(loan, loan.instalments.order_by("number"))
    return settlement_quote(
        Position({}, {loan.pk: position}),
        loan.pk,
        on=max(on, position.accrued_on),
        terms={loan.pk: terms_of(loan.terms_id)},
    )


def orders_of(loan: Loan) -> QuerySet[DebitOrder]:
    """Return the settlements and prepayments that were ordered of a loan, the latest first."""
    return DebitOrder.objects.filter(loan=loan).order_by("-pk")
