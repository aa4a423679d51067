"""The loans side of the business day, as a table of jobs (GEN-8, REPAY-10, REPAY-11).

What customers start is followed up every minute: payments that were not sent or have no answer,
and cost sheets whose time is over (LAW-2).
"""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any

from celery import shared_task
from django.utils.translation import gettext_lazy as _

from backoffice.core import clock
from backoffice.core.policy import current
from backoffice.platform.jobs import Job, Tally
from loans import business_day
from loans.accounting.rules.reasons import LoanActor
from loans.collection.operations import payments
from loans.collection.rules import hours as hours_of_debits
from loans.contracts.operations import disbursement, quotes
from loans.contracts.rules.reasons import QuoteActor
from loans.gateways.from_settings import debit_channel
from loans.policy import LoanOperations
from loans.reconciliation import operations as reconciling
from loans.repayment.operations import refunds
from loans.settlement import operations as settlements


def start_payment(order_id: int) -> None:
    """Hand a payment to a worker; where no broker answers, the sweep finds it."""
    send_payment.delay(order_id)


@shared_task
def send_payment(order_id: int) -> None:
    """Send one payment of a customer."""
    payments.send([order_id], by=LoanActor.CHANNEL, channel=debit_channel(), at=clock.now())


@shared_task
def sweep_payments() -> None:
    """Send payments that were never sent, and ask about those without an answer."""
    payments.sweep(by=LoanActor.CHANNEL, channel=debit_channel(), at=clock.now())
    settlements.sweep(by=LoanActor.CHANNEL, channel=debit_channel(), at=clock.now())


def _with_channel(work: Callable[..., Tally]) -> Callable[..., Tally]:
    """Return the work function, given the settings' channel when it runs."""

    def run(*args: Any, **facts: Any) -> Tally:
        return work(*args, channel=debit_channel(), **facts)

    return run


@shared_task
def ask_about_payouts() -> None:
    """Ask the bank about every payout without a final answer."""
    business_day.ask_about_payouts(channel=debit_channel(), at=clock.now())


def pay_out_loan(payload: dict[str, Any], **_message: str) -> None:
    """Send a disbursement; the outbox comes back until the bank has answered."""
    disbursement.deliver(payload["id"], channel=debit_channel(), at=clock.now())


def send_early_repayment(payload: dict[str, Any], **_message: str) -> None:
    """Send an order for a loan; the outbox comes back until the bank has answered."""
    settlements.deliver(payload["id"], channel=debit_channel(), at=clock.now())


def pay_refund(payload: dict[str, Any], **_message: str) -> None:
    """Send a refund; the outbox comes back until the bank has answered."""
    refunds.deliver(payload["id"], channel=debit_channel(), at=clock.now())


def debit_jobs(on: date) -> list[Job]:
    """Return the debits of a day at the hours of its policy: the first, then the hourly ones."""
    hours = current(LoanOperations, on=on)
    again = hours_of_debits.retries(hours.debit_at, hours.debit_retry_until)
    return [
        _debits(hours.debit_at, _("direct debits"), code=business_day.FIRST_DEBITS),
        *(_debits(at, _("debit retry")) for at in again),
    ]


def _debits(at: time, title: Any, *, code: str = "") -> Job:
    """Return a job that asks about what is open and debits what is due."""
    return Job(
        name=hours_of_debits.name_of(at),
        code=code,
        at=at,
        title=title,
        plan=business_day.plan_debits,
        work=_with_channel(business_day.debit),
        optional=True,
    )


def evening_jobs(on: date) -> list[Job]:
    """Return what follows the last try of a day half an hour later: notices of second windows."""
    last = current(LoanOperations, on=on).debit_retry_until
    at = (datetime.combine(on, last) + timedelta(minutes=30)).time()
    return [
        Job(
            name=hours_of_debits.name_of(at),
            code="second-notices",
            at=at,
            title=_("notices of second debits"),
            plan=business_day.plan_second_notices,
            work=business_day.notify_again,
            optional=True,
        )
    ]


# From then on the other jobs do not wait for a check: long before the earliest debits, 07:00.
_CHECKS_FOR = timedelta(hours=2)

JOBS = (
    Job(
        name="00:05",
        at=time(0, 5),
        title=_("end-of-day close"),
        plan=business_day.plan_close,
        work=business_day.close,
    ),
    Job(
        name="00:06",
        at=time(0, 6),
        title=_("issue of bills"),
        plan=business_day.plan_issue,
        work=business_day.issue_bills,
    ),
    Job(
        name="00:15",
        at=time(0, 15),
        title=_("debit notices"),
        plan=business_day.plan_notices,
        work=business_day.notify,
    ),
    Job(
        # Before the night is posted for the whole portfolio, which has one rate a segment.
        name="00:20",
        at=time(0, 20),
        title=_("preferred rates: proof and end"),
        plan=business_day.plan_preferred_rates,
        work=business_day.decide_rates,
    ),
    Job(
        name="00:30",
        at=time(0, 30),
        title=_("nightly accrual"),
        work=business_day.accrue_night,
    ),
    Job(
        name="02:00",
        at=time(2, 0),
        title=_("reconciliation of bank and accounts"),
        work=_with_channel(reconciling.nightly),
        optional=True,
        limit=_CHECKS_FOR,
    ),
    Job(
        name="02:30",
        at=time(2, 30),
        title=_("reconciliation of loans"),
        plan=reconciling.plan_loans,
        work=reconciling.check_loans,
        optional=True,
        limit=_CHECKS_FOR,
    ),
    Job(
        # After the statements of the day before, before the first debits of the day.
        name="06:30",
        at=time(6, 30),
        title=_("refunds"),
        plan=business_day.plan_refunds,
        work=_with_channel(business_day.refund),
        optional=True,
    ),
)


@shared_task
def expire_quotes() -> None:
    """End the cost sheets that nobody used in their time (LAW-2)."""
    quotes.expire(by=QuoteActor.QUOTES, at=clock.now())
