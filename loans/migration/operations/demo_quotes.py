"""Cost sheets of the demo: one in each state that comes before a loan, for the staff to read.

The customer is one of ``demo_customers``, with a score that opens every plan. Everything goes the
way of every customer.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from accounts.onboarding.context import RequestContext
from backoffice.core.clock import day_of
from loans.contracts.operations import offers, quotes
from loans.contracts.operations.offers import DrawdownRequest
from loans.models import Plan, Quote, Scenario

READER = "strong-9"
SECONDS_READ = 14
_AMOUNT_FEN = 300_000


def show_quotes(made: Mapping[str, RequestContext]) -> list[Quote]:
    """Ask for three sheets, open two of them, and confirm one; return them.

    A sheet ends with its day: in the last seconds of a day none is confirmed.
    """
    context = made[READER]
    asked = (
        DrawdownRequest(_AMOUNT_FEN, Plan.BULLET, Scenario.MEDICAL),
        DrawdownRequest(_AMOUNT_FEN, Plan.PLAN_3),
        DrawdownRequest(_AMOUNT_FEN, Plan.PLAN_12),
    )
    offered = [offers.offer(one, context=context) for one in asked]
    for quote in offered[1:]:
        quotes.show(quote.public_id, context=context)
    later = replace(context, at=context.at + timedelta(seconds=SECONDS_READ))
    if day_of(later.at) == day_of(context.at):
        quotes.confirm(offered[-1].public_id, seconds_read=SECONDS_READ, context=later)
    return list(Quote.objects.filter(customer=context.customer.pk).order_by("pk"))
