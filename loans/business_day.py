"""What each job of the business day does for loans: plan it, work through it."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from itertools import groupby, zip_longest
from operator import itemgetter

from backoffice.core import bulk, clock
from backoffice.core.policy import current
from backoffice.core.reasons import Reason
from backoffice.platform.jobs import RunPlan, Tally, is_paused
from loans.accounting.rules.codes import COLLECTED_STATES
from loans.accounting.rules.reasons import LoanActor, LoanReason
from loans.billing.operations import extensions, issue
from loans.billing.queries import unbilled
from loans.collection.operations import collection, notices, orders, results
from loans.collection.operations.orders import CollectionRequest, Prepared
from loans.collection.queries import due
from loans.collection.queries import notices as notified
from loans.contracts.operations import disbursement, preferred_rates
from loans.conversion.operations import conversions
from loans.conversion.queries import conversions as converted
from loans.delinquency.operations import end_of_day
from loans.gateways.channel import Channel
from loans.models import Bill, DebitOrder, DebitOrderState, Origin, Payout, PayoutKind, PayoutState
from loans.models.debit import ASKED_STATES, OPEN_ORDER_STATES
from loans.models.payout import OPEN_PAYOUT_STATES
from loans.payouts.queries import open_ids
from loans.payouts.rules.resending import ON_ITS_WAY
from loans.policy import LoanOperations, LoanTerms
from loans.repayment.operations import refunds

# The code of the job of the first debits; the hourly ones after it repeat its plan.
FIRST_DEBITS = "debits"
# A notice goes out two days before the first attempt (REPAY-10).
NOTICE = timedelta(days=2)
ONE_DAY = timedelta(days=1)


def plan_close(*, on: date, at: datetime) -> RunPlan:
    """Plan the 00:05 close: every unpaid bill past its due date, and those converted today.

    And those with requests for a later due date that have no effect any more.
    """
    waiting = extensions.without_effect(on=on)
    return RunPlan(sorted({*due.to_close(on=on), *converted.due(on=on), *waiting}))


def close(ids: Sequence[int], *, run_id: int, on: date, at: datetime) -> Tally:
    """Convert what is planned of a chunk of bills, then close them (GEN-8).

    A conversion whose own day was missed must come before the bill enters grace. Requests for a
    later due date end with the bills that leave grace.
    """
    conversions.take_effect(ids, by=LoanActor.END_OF_DAY, on=on, at=at)
    end_of_day.close(ids, by=LoanActor.END_OF_DAY, on=on, at=at)
    extensions.lapse(ids, by=LoanActor.END_OF_DAY, on=on, at=at)
    return Tally(done=len(ids))


def plan_issue(*, on: date, at: datetime) -> RunPlan:
    """Plan the bills of a day: the customers who may be issued one."""
    lead_days = current(LoanTerms, on=on).bill_lead_days
    return RunPlan(unbilled.to_issue(on=on, lead_days=lead_days))


def issue_bills(ids: Sequence[int], *, run_id: int, on: date, at: datetime) -> Tally:
    """Issue the bills of a chunk of customers."""
    return Tally(done=issue.issue(ids, by=LoanActor.BILLING, on=on, at=at))


def accrue_night(ids: Sequence[int], *, run_id: int, on: date, at: datetime) -> Tally:
    """Post the night before the day for the whole portfolio."""
    end_of_day.accrue_night(on=on, at=at)
    return Tally(done=1)


def plan_notices(*, on: date, at: datetime) -> RunPlan:
    """Plan the notices of debits that begin until the day after next."""
    return RunPlan(notified.to_notify(on=on, until=on + NOTICE))


def notify(ids: Sequence[int], *, run_id: int, on: date, at: datetime) -> Tally:
    """Notify a chunk of bills of their debits."""
    made = notices.notify(ids, until=on + NOTICE, by=LoanActor.CHANNEL, on=on, at=at)
    return Tally(done=made)


def plan_second_notices(*, on: date, at: datetime) -> RunPlan:
    """Plan the notices of second windows, when the last try of the first is over (REPAY-11)."""
    return RunPlan(notified.to_notify(on=on + ONE_DAY, until=on + NOTICE))


def notify_again(ids: Sequence[int], *, run_id: int, on: date, at: datetime) -> Tally:
    """Notify a chunk of bills of their second window."""
    made = notices.notify(ids, until=on + NOTICE, by=LoanActor.CHANNEL, on=on + ONE_DAY, at=at)
    return Tally(done=made)


def plan_debits(*, on: date, at: datetime) -> RunPlan:
    """Plan the debits of a job; a plan out of all proportion waits for a person.

    The hourly jobs repeat the plan of the first debits: where it is held they are, and while it is
    paused they ask for nothing. A day that has passed is not debited after the fact: the debits of
    the next day take its bills, and our outage is not the customer's refusal (REPAY-11).
    """
    if on != clock.day_of(at) or is_paused(FIRST_DEBITS):
        return RunPlan([])
    bills = due.to_debit(on=on)
    held_because = _why_held(len(bills.ids), on=on)
    return RunPlan(bills.ids, bills.amount_fen, held_because, owners=bills.customer_ids)


def _why_held(planned: int, *, on: date) -> Reason | None:
    policy = current(LoanOperations, on=on)
    if planned < policy.runaway_orders_min:
        return None
    usual = due.comparable_orders(on=on)
    if usual is None or planned * 1000 <= usual * policy.runaway_permille:
        return None
    return Reason(LoanReason.RUNAWAY, {"planned": planned, "usual": usual})


def debit(ids: Sequence[int], *, run_id: int, on: date, at: datetime, channel: Channel) -> Tally:
    """Collect a chunk of bills: ask about what is open, then ask for what is due.

    Of several bills of one customer the oldest is asked first, the next one after its failure;
    after a success, or while an answer is unknown, ``prepare`` makes no order for the others
    (REPAY-10).
    """
    if on != clock.day_of(at) or is_paused(FIRST_DEBITS):
        return Tally()
    open_orders = _open_orders(ids)
    answers = orders.ask(open_orders, channel=channel, at=at)
    if answers:
        results.record(answers, by=LoanActor.CHANNEL, at=at)
    for bill_ids in _in_turns(ids, run_id=run_id, on=on):
        collection.collect(
            [CollectionRequest(bill_id) for bill_id in bill_ids],
            by=LoanActor.CHANNEL, channel=channel, on=on, at=at, run_id=run_id,
        )  # fmt: skip
    return _tally(ids, run_id=run_id)


def _in_turns(ids: Sequence[int], *, run_id: int, on: date) -> Iterator[list[int]]:
    """Yield the bills to debit now: the oldest of each customer, then the second oldest, ...

    One order a bill and run, also when the run is repeated.
    """
    up = Bill.objects.filter(pk__any=bulk.Of(ids), state__in=COLLECTED_STATES, debit_on__lte=on)
    fresh = up.exclude(orders__run_id=run_id).order_by("customer_id", "due_on", "pk")
    of_customers = [
        [bill_id for bill_id, _customer_id in bills]
        for _customer_id, bills in groupby(bulk.rows(fresh, "pk", "customer_id"), itemgetter(1))
    ]
    for turn in zip_longest(*of_customers):
        yield [bill_id for bill_id in turn if bill_id is not None]


def plan_preferred_rates(*, on: date, at: datetime) -> RunPlan:
    """Plan the loans whose use is not proven yet: it is, or their lower rate ends (RATE-10)."""
    return RunPlan(preferred_rates.unproven(on=on))


def decide_rates(ids: Sequence[int], *, run_id: int, on: date, at: datetime) -> Tally:
    """Keep the preferred rates of a chunk of loans that payments prove, and end what is over."""
    by = LoanActor.END_OF_DAY
    proven = preferred_rates.match(ids, by=by, on=on, at=at)
    return Tally(done=proven + preferred_rates.end(ids, by=by, on=on, at=at))


def plan_refunds(*, on: date, at: datetime) -> RunPlan:
    """Plan the refund of what has waited since before the day, and look after open payouts."""
    return RunPlan(refunds.due(on=on))


def refund(ids: Sequence[int], *, run_id: int, on: date, at: datetime, channel: Channel) -> Tally:
    """Refund a chunk of unapplied funds; a repeated run asks about those that are on their way."""
    planned = refunds.plan(ids, by=LoanActor.PAYOUTS, on=on, at=at)
    refunds.send(planned, channel=channel, at=at)
    mine = Payout.objects.filter(unapplied__any=bulk.Of(ids), business_date=on)
    states = [state for (state,) in bulk.rows(mine, "state")]
    return Tally(
        done=states.count(PayoutState.SUCCEEDED),
        failed=states.count(PayoutState.FAILED),
        unknown=sum(state in OPEN_PAYOUT_STATES for state in states),
    )


def ask_about_payouts(*, channel: Channel, at: datetime) -> None:
    """Ask the bank about every payout without a final answer, whoever sent it."""
    before = at - ON_ITS_WAY
    disbursement.send(open_ids(PayoutKind.DISBURSEMENT, before=before), channel=channel, at=at)
    refunds.send(open_ids(PayoutKind.REFUND, before=before), channel=channel, at=at)


def _open_orders(bill_ids: Sequence[int]) -> list[Prepared]:
    """Return every order of the bills that was sent and not answered for good."""
    asked = DebitOrder.objects.filter(bill_id__any=bulk.Of(bill_ids), state__in=ASKED_STATES)
    found = orders.with_payer(asked.exclude(origin=Origin.TRANSFER))
    return [orders.prepared_of(one, is_new=False) for one in found.order_by("pk")]


def _tally(bill_ids: Sequence[int], *, run_id: int) -> Tally:
    """Count the run's orders for these bills as they stand, whoever sent them."""
    orders = DebitOrder.objects.filter(bill_id__any=bulk.Of(bill_ids), run_id=run_id)
    states = [state for (state,) in bulk.rows(orders, "state")]
    return Tally(
        done=states.count(DebitOrderState.SUCCEEDED),
        failed=states.count(DebitOrderState.FAILED),
        unknown=sum(state in OPEN_ORDER_STATES for state in states),
    )
