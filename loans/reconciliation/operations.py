"""Reconciliation: every check over the portfolio, and the bank's record of each day.

At night the bank and the accounts are one job, the loans another: in chunks of some customers with
all they have, so that a check is bounded and the debits need not wait for it.

The bank's statement is its last word: what it took for an order that we hold for refused or
unknown is recorded before anything is compared.
"""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from itertools import chain

from django.db import connection, transaction

from backoffice.core import bulk
from backoffice.platform.jobs import RunPlan, Tally
from loans.accounting.operations import checkpoints
from loans.accounting.rules.reasons import LoanActor
from loans.collection.operations import results
from loans.contracts.operations import disbursement
from loans.gateways.channel import Answer, Channel, ChannelError, Outcome, StatementLine
from loans.models import DebitOrder, DebitOrderState, Payout
from loans.models.payout import UNPAID_PAYOUT_STATES
from loans.reconciliation import queries as reconciliation
from loans.reconciliation.queries import Difference
from loans.repayment.operations import refunds

logger = logging.getLogger(__name__)

BATCH = 5_000
# What the bank's statement may still turn into a success.
_NOT_TAKEN = (DebitOrderState.SENT, DebitOrderState.UNKNOWN, DebitOrderState.FAILED)


def reconcile(
    *, days: Sequence[date], on: date, channel: Channel, is_full: bool = False
) -> list[Difference]:
    """Return every difference: caches, accruals, accounts, and the bank on these days.

    Of the totals of the ledger those are compared with their transfers whose turn it is, or all.

    The portfolio is looked at as it stands at one moment, each day of the bank as the orders stand
    after its statement was read: answers that come meanwhile are no differences.
    """
    with _one_moment():
        differences = list(
            chain(
                reconciliation.caches(),
                reconciliation.limits(),
                reconciliation.unapplied_funds(),
                reconciliation.account_balances(),
                reconciliation.orders(),
                reconciliation.payouts(),
                reconciliation.accruals(on=on),
                reconciliation.unbilled(on=on),
                reconciliation.totals(on=None if is_full else on),
            )
        )
    return differences + [difference for day in days for difference in _bank(day, channel)]


def _bank(day: date, channel: Channel) -> list[Difference]:
    """Return the differences of a day at the bank.

    A bank that cannot be read is one too: nothing was proven about that day.
    """
    try:
        stated = {line.number: line.amount_fen for line in channel.statement(day)}
        paid_out = {line.number: line.amount_fen for line in channel.payout_statement(day)}
    except ChannelError as error:
        return [Difference("bank statement", f"{day}: {error}", 0, 0)]
    with _one_moment():
        return [*reconciliation.bank(stated, on=day), *reconciliation.paid_out(paid_out, on=day)]


@contextmanager
def _one_moment() -> Iterator[None]:
    """Let everything that is read in the block be of one moment."""
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def nightly(ids: Sequence[int], *, run_id: int, on: date, at: datetime, channel: Channel) -> Tally:
    """Take the bank's statement of the day before; reconcile that day and the accounts.

    The accounts are totals of the ledger and what came since: a thirtieth of the totals is compared
    with the transfers, and those of the day are added up.
    Each difference counts as a failure and is logged.
    """
    day_before = on - timedelta(days=1)
    try:
        take_statement(day_before, by=LoanActor.RECONCILIATION, at=at, channel=channel)
        take_payout_statement(day_before, by=LoanActor.RECONCILIATION, at=at, channel=channel)
    except ChannelError:
        logger.warning("the statement of %s could not be read", day_before)
    with _one_moment():
        differences = list(
            chain(
                reconciliation.account_balances(),
                reconciliation.posted_accruals(on=on),
                reconciliation.totals(on=on),
            )
        )
    checkpoints.advance(by=LoanActor.RECONCILIATION, on=on, at=at)
    differences += _bank(day_before, channel)
    return Tally(done=int(not differences), failed=_logged(differences))


def plan_loans(*, on: date, at: datetime) -> RunPlan:
    """Plan the loans of a night, those of one customer together; ended ones have their turns."""
    loan_ids, customer_ids = reconciliation.to_check(on=on)
    return RunPlan(loan_ids, owners=customer_ids)


def check_loans(ids: Sequence[int], *, run_id: int, on: date, at: datetime) -> Tally:
    """Reconcile the customers of some loans, as they stand at one moment.

    Each difference counts as a failure and is logged.
    """
    with _one_moment():
        of = reconciliation.scope_of(ids)
        differences = list(
            chain(
                reconciliation.caches(of),
                reconciliation.limits(of),
                reconciliation.unapplied_funds(of),
                reconciliation.orders(of),
                reconciliation.payouts(of),
                reconciliation.loan_accruals(of, on=on),
                reconciliation.unbilled(of, on=on),
            )
        )
    return Tally(done=len(ids), failed=_logged(differences))


def _logged(differences: Sequence[Difference]) -> int:
    for difference in differences:
        logger.error("reconciliation: %s", difference)
    return len(differences)


def take_statement(day: date, *, by: str, at: datetime, channel: Channel) -> int:
    """Record what the bank took that day for orders we hold for refused or unknown (GEN-9).

    Returns:
        How many orders its statement turned into successes.

    Raises:
        ChannelError: the statement could not be read to its end; nothing was recorded.
    """
    lines = {line.number: line for line in channel.statement(day)}
    behind = DebitOrder.objects.filter(number__any=bulk.Of(lines.keys()), state__in=_NOT_TAKEN)
    numbers = list(behind.order_by("pk").values_list("number", flat=True))
    for start in range(0, len(numbers), BATCH):
        answers = [_success(lines[number]) for number in numbers[start : start + BATCH]]
        results.record(answers, by=by, at=at)
    return len(numbers)


def take_payout_statement(day: date, *, by: str, at: datetime, channel: Channel) -> int:
    """Record what the bank paid out that day of what we hold for refused or unknown (GEN-9).

    Returns:
        How many payouts its statement turned into successes.

    Raises:
        ChannelError: the statement could not be read to its end; nothing was recorded.
    """
    lines = {line.number: line for line in channel.payout_statement(day)}
    behind = Payout.objects.filter(
        number__any=bulk.Of(lines.keys()), state__in=UNPAID_PAYOUT_STATES
    )
    numbers = list(behind.order_by("pk").values_list("number", flat=True))
    for start in range(0, len(numbers), BATCH):
        answers = [_success(lines[number]) for number in numbers[start : start + BATCH]]
        # Each takes the numbers of its own kind.
        disbursement.record(answers, by=by, at=at)
        refunds.record(answers, by=by, at=at)
    return len(numbers)


def _success(line: StatementLine) -> Answer:
    return Answer(
        line.number, Outcome.SUCCEEDED, "SUCCESS", line.amount_fen, line.reference, line.at
    )
