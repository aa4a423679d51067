"""A loan of a worked life: a confirmed cost sheet, the customer's grant, and the bank's payout."""

from datetime import date, datetime, timedelta
from typing import Any

from accounts.models import BankCard, Customer
from backoffice.core import clock
from backoffice.core.policy import current
from loans.contracts.operations import disbursement, offers, quotes
from loans.contracts.operations import drawdown as drawdowns
from loans.contracts.operations.drawdown import Drawdown
from loans.contracts.operations.offers import DrawdownRequest
from loans.contracts.rules.purposes import LoanPurpose
from loans.contracts.rules.scenarios import PERMILLE, factor_permille
from loans.gateways.channel import Channel
from loans.models import Payout, Plan, Scenario
from loans.policy import QuotePolicy
from tests.accounts.people import request_of
from tests.loans.contracts.conftest import scored
from tests.loans.early import grant

# A score of each grade by its daily rate (RATE-1); a plan bears no daily rate, and asks for 750.
SCORES = {200: 800, 250: 750, 300: 700, 350: 650, 400: 600, 450: 550, 500: 500}
READ = timedelta(seconds=30)


def draw(customer_id: int, drawn: dict[str, Any], *, channel: Channel, at: datetime) -> int:
    """Return the id of a loan drawn and paid out now."""
    customer = Customer.objects.get(pk=customer_id)
    plan = Plan(f"plan-{drawn['plan']}" if "plan" in drawn else "bullet")
    scenario = _scenario(drawn.get("factor", PERMILLE), on=clock.day_of(at))
    scored(customer, SCORES[drawn["ppm"]] if plan == Plan.BULLET else 760)
    first = request_of(customer, at=at, wall_at=clock.wall())
    quote = offers.offer(DrawdownRequest(drawn["p"], plan, scenario), context=first)
    quotes.show(quote.public_id, context=first)
    later = request_of(customer, at=at + READ, wall_at=clock.wall())
    quotes.confirm(quote.public_id, seconds_read=30, context=later)
    card = BankCard.objects.get(customer=customer)
    permit = grant(quote, drawn["p"], purpose="drawdown")
    purpose = LoanPurpose(scenario or LoanPurpose.DAILY)
    request = Drawdown(quote.public_id, card.public_id, permit.public_id, purpose)
    loan = drawdowns.draw(request, context=later)
    payout = Payout.objects.get(loan=loan)
    disbursement.send([payout.pk], channel=channel, at=at + READ)
    return loan.pk


def _scenario(permille: int, *, on: date) -> Scenario | None:
    """Return the scenario whose factor a loan has, None for one at the full rate (RATE-10)."""
    if permille == PERMILLE:
        return None
    policy = current(QuotePolicy, on=on)
    factors = {factor_permille(one, policy): one for one in Scenario}
    return factors[permille]
