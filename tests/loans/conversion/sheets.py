"""Customers who convert bills: cost sheets that are read, confirmed and used (REPAY-6)."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from backoffice.core import clock
from loans.contracts.operations import quotes
from loans.conversion.operations import conversions, sheets
from loans.conversion.operations.conversions import ConversionOrder
from loans.conversion.operations.sheets import ConversionRequest
from loans.models import Bill, Conversion, Plan, Quote
from tests.accounts.people import request_of
from tests.loans.contracts.conftest import scored

READ = timedelta(seconds=30)
OPENS_ALL = 760  # 12 instalments need 750 (REPAY-6)


def confirmed(
    bill: Bill, plan: Plan, *, at: datetime, loan_ids: Sequence[UUID] = (), score: int = OPENS_ALL
) -> Quote:
    """Return the confirmed cost sheet of a conversion; it was confirmed 30 seconds later."""
    scored(bill.customer, score)
    context = request_of(bill.customer, at=at, wall_at=clock.wall())
    asked = ConversionRequest(bill.public_id, plan, tuple(loan_ids))
    quote = sheets.offer(asked, context=context)
    quotes.show(quote.public_id, context=context)
    later = request_of(bill.customer, at=at + READ, wall_at=clock.wall())
    return quotes.confirm(quote.public_id, seconds_read=30, context=later)


def order(bill: Bill, quote: Quote, *, at: datetime, plan: Plan | None = None) -> list[Conversion]:
    """Ask for the conversion under a cost sheet."""
    asked = ConversionOrder(bill.public_id, quote.public_id, plan or Plan(quote.plan))
    context = request_of(bill.customer, at=at, wall_at=clock.wall())
    return conversions.request(asked, context=context)


def convert(
    bill: Bill, plan: Plan, *, at: datetime, loan_ids: Sequence[UUID] = ()
) -> list[Conversion]:
    """Read, confirm and use the cost sheet of a conversion."""
    quote = confirmed(bill, plan, at=at, loan_ids=loan_ids)
    return order(bill, quote, at=at + READ)
