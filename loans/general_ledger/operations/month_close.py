"""Closing a month of the ledger: one person proposes, another approves.

A closed month takes no more transfers: what belongs to it and comes later enters the first open
month under the day it belongs to. There is no way to open a month again. The first close closes
everything before its month too; each later one follows the month before.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta

from django.db import OperationalError, connection, transaction
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from psycopg.errors import LockNotAvailable

from backoffice.core import clock
from backoffice.core.errors import Refused
from backoffice.core.models import Approval
from backoffice.core.money import yuan
from backoffice.core.staff import StaffMember
from backoffice.platform import approvals, jobs
from backoffice.platform.approvals import Proposal
from loans.accounting.queries import closed_months
from loans.gateways.channel import Channel
from loans.general_ledger.queries import trial_balance as balances
from loans.general_ledger.rules.periods import LedgerPeriod, month_code, month_of, next_month
from loans.general_ledger.rules.trial_balance import BalanceLine, is_balanced
from loans.models import ClosedBalance, ClosedMonth
from loans.models.ledger import MONTH_CLOSE_KIND
from loans.reconciliation.operations import reconcile
from loans.reconciliation.queries import Difference, days_with_orders

# How long a close waits for whoever is adding transfers; those who come later wait as long.
LOCK_TIMEOUT = timedelta(seconds=5)
# The jobs that post the last night of a month and take its bank statement run before, a day later.
LAST_NIGHT_UNTIL = time(3)
NAMED_MAX = 5  # differences that a refusal names


class MonthClosedError(Refused):
    """The month is closed already."""

    code = "month-closed"
    message = _("{month} is closed already.")
    remedy = _("The first open month is {open_month}.")


class MonthNotEndedError(Refused):
    """The month has not ended."""

    code = "month-not-ended"
    message = _("{month} has not ended.")
    remedy = _("Close it from {day} on, when the jobs of its last day have finished.")


class MonthOrderError(Refused):
    """A month before this one is open."""

    code = "month-out-of-order"
    message = _("{month} cannot be closed while {open_month} is open.")
    remedy = _("Close {open_month} first.")


class MonthEmptyError(Refused):
    """Nothing was posted up to the end of the first month that is to be closed."""

    code = "month-empty"
    message = _("The ledger has no transfer up to the end of {month}.")
    remedy = _("Begin with a month in which something was posted.")


class MonthJobsError(Refused):
    """Jobs of the month have not finished."""

    code = "month-jobs-unfinished"
    message = _("Jobs of {month} have not finished: {jobs}.")
    remedy = _("Start or resume them on the page of the run, then propose the close again.")


class MonthDifferencesError(Refused):
    """Reconciliation shows differences."""

    code = "month-differences"
    message = _("Reconciliation shows {count} differences: {differences}.")
    remedy = _("Correct them until manage.py reconcile lists none, then propose the close again.")


class MonthChangedError(Refused):
    """The ledger of the month is no longer what was proposed."""

    code = "month-changed"
    message = _("Transfers were posted to {month} or before it since the close was proposed.")
    remedy = _("Reject the request and propose the close again with the present balances.")


class LedgerBusyError(Refused):
    """Others are adding transfers."""

    code = "ledger-busy"
    message = _("Other work has been adding transfers for {seconds} seconds.")
    remedy = _("Approve again when the debits of the day are through; nothing was changed.")


def propose(
    months: Sequence[date], *, by: StaffMember, reason: str, at: datetime, channel: Channel
) -> list[Approval]:
    """Propose to close months, each by its first day, to be decided by a second person.

    The portfolio, the accounts and each day of the month at the bank are reconciled first.

    Raises:
        MonthClosedError: a month is closed already.
        MonthNotEndedError: a month is the running one, or later.
        MonthOrderError: the month before is open.
        MonthEmptyError: it would be the first, and nothing was posted up to its end.
        MonthJobsError: jobs of a month have not finished.
        MonthDifferencesError: reconciliation shows differences.
        approvals.AlreadyProposedError: the same close is proposed already.
        approvals.NotPermittedError: the person may not propose to close months.
    """
    for month in months:
        _require_next(month, at=at)
        _require_jobs(month, at=at)
        days = [day for day in days_with_orders() if day.replace(day=1) == month]
        found = reconcile(days=days, on=clock.day_of(at), channel=channel, is_full=True)
        _require_no_difference(found)
    return propose_reconciled(months, by=by, reason=reason, at=at)


@transaction.atomic
def propose_reconciled(
    months: Sequence[date], *, by: StaffMember, reason: str, at: datetime
) -> list[Approval]:
    """Propose to close months that the caller has reconciled.

    Raises:
        MonthClosedError: a month is closed already.
        MonthNotEndedError: a month is the running one, or later.
        MonthOrderError: the month before is open.
        MonthEmptyError: it would be the first, and nothing was posted up to its end.
        approvals.AlreadyProposedError: the same close is proposed already.
        approvals.NotPermittedError: the person may not propose to close months.
    """
    for month in months:
        _require_next(month, at=at)
    proposals = [
        Proposal(MONTH_CLOSE_KIND, payload=_payload(month, balances.trial_balance(month_of(month))))
        for month in months
    ]
    return approvals.propose(proposals, by=by, reason=reason, at=at)


def apply(
    approved: Sequence[Approval],
    *,
    by: str,
    reason: str,  # noqa: ARG001 - the closed month keeps the reason of the proposal
    at: datetime,
) -> None:
    """Close the months as they were proposed; called by ``approvals.approve``.

    Raises:
        MonthClosedError: a month is closed already.
        MonthNotEndedError: a month has not ended.
        MonthOrderError: the month before is open.
        MonthEmptyError: it would be the first, and nothing was posted up to its end.
        MonthChangedError: something was posted since the proposal.
        LedgerBusyError: others are adding transfers for too long.
    """
    for one in approved:
        month = first_day_of(one)
        _require_next(month, at=at)
        with _locked():
            closed = ClosedMonth.objects.create(
                month=month, approval=one, transfers=one.payload["transfers"],
                moved_fen=one.payload["moved_fen"], reason=one.reason, closed_by=by, at=at,
            )  # fmt: skip
        # Nobody can post to the month any more: these are its last balances.
        lines = balances.trial_balance(month_of(month))
        assert is_balanced(lines), "each transfer balances by itself"
        if _payload(month, lines) != one.payload:
            raise MonthChangedError(month=month_code(month))
        ClosedBalance.objects.bulk_create(_stored(closed, line) for line in lines)


def register() -> None:
    """Register the kind of request, once, when the site is ready."""
    approvals.register(
        MONTH_CLOSE_KIND,
        title=_("close of a month of the ledger"),
        apply=apply,
        permission="loans.decide_monthclose",
        propose_permission="loans.propose_monthclose",
        summary=_summary,
    )
    approvals.let_read(MONTH_CLOSE_KIND, "loans.view_closedmonth")


def first_day_of(approval: Approval) -> date:
    """Return the month that a request is about, by its first day."""
    return date.fromisoformat(f"{approval.payload['month']}-01")


def _require_next(month: date, *, at: datetime) -> None:
    """Refuse a month that is not the next one to close, or that has not ended."""
    open_month = closed_months.opened_on()
    code = month_code(month)
    if open_month is not None and month < open_month:
        raise MonthClosedError(month=code, open_month=month_code(open_month))
    if clock.day_of(at) < next_month(month):
        raise MonthNotEndedError(month=code, day=next_month(month).isoformat())
    if open_month is not None and month > open_month:
        raise MonthOrderError(month=code, open_month=month_code(open_month))
    if open_month is None and not balances.movements(
        LedgerPeriod(date.min, month_of(month).last_on)
    ):
        raise MonthEmptyError(month=code)


def _require_jobs(month: date, *, at: datetime) -> None:
    """Refuse a month while a job of it, or one that posts its last night, has not finished."""
    last_on, paused = month_of(month).last_on, jobs.pauses()
    unfinished = [
        f"{day} {job.name}"
        for day, job in jobs.due(now=at.astimezone(clock.SHANGHAI))
        if (day <= last_on or (day == next_month(month) and job.at < LAST_NIGHT_UNTIL))
        and not (job.optional and job.code in paused)
    ]
    if unfinished:
        raise MonthJobsError(month=month_code(month), jobs=", ".join(unfinished[:NAMED_MAX]))


def _require_no_difference(differences: Sequence[Difference]) -> None:
    if differences:
        named = "; ".join(
            f"{one.check}, {one.subject}: {yuan(one.expected_fen)} ≠ {yuan(one.found_fen)}"
            for one in differences[:NAMED_MAX]
        )
        raise MonthDifferencesError(count=len(differences), differences=named)


@contextmanager
def _locked() -> Iterator[None]:
    """Turn a lock that was not given in time into a refusal: the trigger of the close takes it."""
    milliseconds = LOCK_TIMEOUT // timedelta(milliseconds=1)
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, true)", [str(milliseconds)])
        yield
    except OperationalError as error:
        if isinstance(error.__cause__, LockNotAvailable):
            raise LedgerBusyError(seconds=milliseconds // 1000) from error
        raise


def _payload(month: date, lines: Sequence[BalanceLine]) -> dict[str, object]:
    """Return what is proposed: the month, its transfers, and the balances at its end, in fen."""
    moved = balances.movements(month_of(month))
    return {
        "month": month_code(month),
        "transfers": sum(one.transfers for one in moved),
        "moved_fen": sum(one.amount_fen for one in moved),
        "closing_fen": {one.account: one.closing_fen for one in lines},
    }


def _stored(closed: ClosedMonth, line: BalanceLine) -> ClosedBalance:
    return ClosedBalance(closed_month=closed, **line._asdict(), closing_fen=line.closing_fen)


def _summary(approval: Approval) -> str:
    """Return what becomes of the month, in one sentence."""
    words = gettext(
        "{month} is closed with {transfers} transfers, debits = credits = {amount} yuan. It takes "
        "no more postings: later ones enter the next open month. It cannot be opened again."
    )
    facts = approval.payload
    return words.format(
        month=facts["month"], transfers=facts["transfers"], amount=yuan(facts["moved_fen"])
    )
