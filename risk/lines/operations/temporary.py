"""Temporary limits: granted or refused at once, expired or revoked (LIMIT-7, LIMIT-8)."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, ClassVar

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from accounts.policy import AccountPolicy
from backoffice.core import bulk, workflow
from backoffice.core.errors import NextCall, Refused
from backoffice.core.money import yuan
from backoffice.core.policy import current
from backoffice.core.reasons import Given
from backoffice.platform import idempotency
from risk.lines.queries import conduct
from risk.lines.queries.amounts import NoLineError, open_line
from risk.lines.rules import temporary as rules
from risk.lines.rules.reasons import LineReason
from risk.lines.rules.temporary import TemporaryRequest, TemporaryVerdict
from risk.models import CreditLine, CreditLineState, TemporaryLimit, TemporaryLimitState
from risk.policy import LimitPolicy

_READ = (NextCall("read-line", "GET", "/api/v1/me/line"),)
_EVER_GRANTED = (
    TemporaryLimitState.GRANTED,
    TemporaryLimitState.EXPIRED,
    TemporaryLimitState.REVOKED,
)


class LineNotActiveError(Refused):
    """The line is suspended or frozen."""

    code = "line-not-active"
    message = _("The credit line is not active.")
    remedy = _("Pay what is past due, or ask customer support.")
    calls = _READ


class TemporaryLimitInForceError(Refused):
    """A temporary limit is in force: there is one at a time (LIMIT-8)."""

    public_facts = ("valid_to_on",)
    code = "temporary-limit-in-force"
    message = _("A temporary limit is in force until {valid_to_on}.")
    remedy = _("The next one is possible some days after its end.")


class TemporaryLimitRefusedError(Refused):
    """A condition of a temporary limit is not met; the request is stored as refused."""

    is_recorded = True


class TemporaryAmountError(TemporaryLimitRefusedError):
    """The amount is above the share of the fixed limit (LIMIT-8)."""

    public_facts: ClassVar = ("most_fen",)
    code = "temporary-limit-amount"
    message = _("A temporary limit of {amount} yuan is too high.")
    remedy = _("Request at most {most} yuan.")


class TemporaryDaysError(TemporaryLimitRefusedError):
    """The days are more than a temporary limit may be valid (LIMIT-8)."""

    public_facts: ClassVar = ("days_max",)
    code = "temporary-limit-days"
    message = _("A temporary limit of {days} days is too long.")
    remedy = _("Request at most {days_max} days.")


class TemporaryBillsError(TemporaryLimitRefusedError):
    """The last bills were not all paid in full by their due dates (LIMIT-7)."""

    public_facts: ClassVar = ("bills",)
    code = "temporary-limit-bills"
    message = _("The last {bills} bills were not all paid in full by their due dates.")
    remedy = _("Pay {bills} bills in a row in full by their due dates, then request it again.")


class TemporaryGapError(TemporaryLimitRefusedError):
    """The last temporary limit ended too recently (LIMIT-8)."""

    public_facts: ClassVar = ("available_on",)
    code = "temporary-limit-gap"
    message = _("The last temporary limit ended too recently.")
    remedy = _("Request it again from {available_on} on.")


class TemporaryCapError(TemporaryLimitRefusedError):
    """Fixed and temporary limit together are above the lender's highest limit (LIMIT-1)."""

    public_facts: ClassVar = ("most_fen",)
    code = "temporary-limit-cap"
    message = _("Fixed and temporary limit together may be at most {cap} yuan.")
    remedy = _("Request at most {most} yuan.")


class NotGrantedError(Refused):
    """The temporary limit is not in force."""

    code = "temporary-limit-not-in-force"
    message = _("This temporary limit is not in force.")
    remedy = _("Reload the page: it may have ended meanwhile.")


REFUSALS: dict[str, type[TemporaryLimitRefusedError]] = {
    TemporaryVerdict.AMOUNT: TemporaryAmountError,
    TemporaryVerdict.DAYS: TemporaryDaysError,
    TemporaryVerdict.BILLS: TemporaryBillsError,
    TemporaryVerdict.GAP: TemporaryGapError,
    TemporaryVerdict.CAP: TemporaryCapError,
}


@transaction.atomic(durable=True)
@idempotency.replies
def request(
    customer: Customer, *, amount_fen: int, days: int, by: str, on: date, at: datetime
) -> TemporaryLimit:
    """Store a request for a temporary limit of the customer's line and decide it at once.

    A request whose conditions are not met is stored as refused; ``refusal_of`` says why.

    Raises:
        NoLineError: the customer has no open line.
        LineNotActiveError: the line is suspended or frozen.
        TemporaryLimitInForceError: there is one already.
    """
    line = open_line(customer.pk, is_locked=True)
    if line is None:
        raise NoLineError
    if line.state != CreditLineState.ACTIVE:
        raise LineNotActiveError
    in_force = line.temporary_limits.filter(state=TemporaryLimitState.GRANTED).first()
    if in_force is not None:
        raise TemporaryLimitInForceError(valid_to_on=str(in_force.valid_to_on))

    made = TemporaryLimit.objects.create(
        customer=customer, line=line, amount_fen=amount_fen, days=days, requested_at=at
    )
    answer = rules.decide(
        _facts(line, made, on=on),
        cap_fen=current(AccountPolicy, on=on).limit_max_fen,
        policy=current(LimitPolicy, on=on),
    )
    if answer.valid_to is None:
        reason: Given = LineReason.TEMPORARY_REFUSED
        workflow.move([made], "refuse", by=by, reason=reason, at=at, verdict=str(answer.verdict))
        workflow.save([made], "refusal")
        return made
    reason = LineReason.TEMPORARY_GRANTED
    workflow.move([made], "grant", by=by, reason=reason, at=at, on=on, valid_to_on=answer.valid_to)
    workflow.save([made], "granted_on", "valid_to_on")
    line.temporary_fen = answer.amount_fen
    bulk.update([line], ("temporary_fen",))
    return made


def refusal_of(made: TemporaryLimit, *, on: date) -> TemporaryLimitRefusedError:
    """Return the refusal of a request that was refused on a day, with what it names."""
    policy = current(LimitPolicy, on=on)
    cap_fen = current(AccountPolicy, on=on).limit_max_fen
    most_fen = made.line.limit_fen * policy.temporary_max_permille // 1000
    if made.refusal == TemporaryVerdict.CAP:
        most_fen = max(0, cap_fen - made.line.limit_fen)
    last = _last_valid_to(made.line_id)
    available_on = rules.earliest_on(last, policy=policy).isoformat() if last else ""
    return REFUSALS[made.refusal](
        amount=yuan(made.amount_fen), most=yuan(most_fen), most_fen=most_fen, days=made.days,
        days_max=policy.temporary_days_max, bills=policy.temporary_bills, cap=yuan(cap_fen),
        available_on=available_on,
    )  # fmt: skip


@transaction.atomic
def expire(line_ids: Sequence[int], *, by: str, on: date, at: datetime) -> int:
    """Expire the temporary limits of lines whose last day is before a day; return how many.

    Loans that were drawn keep their schedules (LIMIT-8).
    """
    ended = TemporaryLimit.objects.filter(valid_to_on__lt=on)
    reason = LineReason.TEMPORARY_EXPIRED
    return _end(line_ids, ended, "expire", by=by, reason=reason, on=on, at=at)


@transaction.atomic
def revoke(temporary_id: int, *, by: str, reason: Given, on: date, at: datetime) -> None:
    """End a temporary limit before its last day, by a member of the staff.

    Raises:
        NotGrantedError: it is not in force.
    """
    which = TemporaryLimit.objects.filter(pk=temporary_id)
    line_ids = [*which.values_list("line_id", flat=True)]
    if not _end(line_ids, which, "revoke", by=by, reason=reason, on=on, at=at):
        raise NotGrantedError


def _end(
    line_ids: Sequence[int],
    which: Any,
    transition: str,
    *,
    by: str,
    reason: Given,
    on: date,
    at: datetime,
) -> int:
    """Lock the lines, then end the temporary limits of a selection that are in force on them."""
    found = CreditLine.objects.filter(pk__any=bulk.Of(line_ids))
    lines = {line.pk: line for line in found.select_for_update().order_by("pk")}
    in_force = which.filter(line_id__in=lines, state=TemporaryLimitState.GRANTED)
    limits = list(in_force.select_for_update().order_by("pk"))
    workflow.move(limits, transition, by=by, reason=reason, at=at, effective_on=on)
    workflow.save(limits, "ended_at")
    ended = [lines[one.line_id] for one in limits]
    for line in ended:
        line.temporary_fen = 0
    bulk.update(ended, ("temporary_fen",))
    return len(limits)


def _facts(line: CreditLine, made: TemporaryLimit, *, on: date) -> TemporaryRequest:
    return TemporaryRequest(
        fixed_fen=line.limit_fen,
        amount_fen=made.amount_fen,
        days=made.days,
        in_full=conduct.paid_in_full(line.customer_id),
        on=on,
        last_valid_to=_last_valid_to(line.pk),
    )


def _last_valid_to(line_id: int) -> date | None:
    """Return the last day of the latest temporary limit; a revoked one counts to its last day."""
    granted = TemporaryLimit.objects.filter(line_id=line_id, state__in=_EVER_GRANTED)
    last = granted.order_by("-valid_to_on").first()
    return None if last is None else last.valid_to_on
