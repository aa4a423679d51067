"""Whether a temporary limit is granted, and until when it is valid (LIMIT-7, LIMIT-8)."""

from collections.abc import Sequence
from datetime import date, timedelta
from enum import StrEnum
from typing import NamedTuple

from risk.policy import LimitPolicy


class TemporaryVerdict(StrEnum):
    """The answer to a request for a temporary limit; the first reason against it."""

    OK = "ok"
    AMOUNT = "amount"
    DAYS = "days"
    BILLS = "bills"
    GAP = "gap"
    CAP = "cap"


class TemporaryRequest(NamedTuple):
    """A request on a day, with the facts of the line.

    ``in_full`` are the bills of the line, the oldest first: whether each was paid in full by its
    due date. A month without a bill is none of them. ``last_valid_to`` is the end of the last
    temporary limit, if there was one.
    """

    fixed_fen: int
    amount_fen: int
    days: int
    in_full: Sequence[bool]
    on: date
    last_valid_to: date | None = None


class TemporaryGrant(NamedTuple):
    """The temporary limit in fen and its last day, which counts to 23:59:59; 0 and None if none."""

    amount_fen: int
    valid_to: date | None
    verdict: TemporaryVerdict


def decide(request: TemporaryRequest, *, cap_fen: int, policy: LimitPolicy) -> TemporaryGrant:
    """Return the answer to a request.

    The amount is at most 20 % of the fixed limit; together they are at most the lender's cap
    (LIMIT-1). One temporary limit at a time: the next one begins 30 days after the end of the last.
    """
    verdict = _verdict(request, cap_fen=cap_fen, policy=policy)
    if verdict != TemporaryVerdict.OK:
        return TemporaryGrant(0, None, verdict)
    return TemporaryGrant(request.amount_fen, request.on + timedelta(request.days), verdict)


def _verdict(request: TemporaryRequest, *, cap_fen: int, policy: LimitPolicy) -> TemporaryVerdict:
    most_fen = request.fixed_fen * policy.temporary_max_permille // 1000
    if not 0 < request.amount_fen <= most_fen:
        return TemporaryVerdict.AMOUNT
    if not 0 < request.days <= policy.temporary_days_max:
        return TemporaryVerdict.DAYS
    latest = request.in_full[-policy.temporary_bills :]
    if len(latest) < policy.temporary_bills or not all(latest):
        return TemporaryVerdict.BILLS
    if request.last_valid_to is not None and request.on < earliest_on(
        request.last_valid_to, policy=policy
    ):
        return TemporaryVerdict.GAP
    if request.fixed_fen + request.amount_fen > cap_fen:
        return TemporaryVerdict.CAP
    return TemporaryVerdict.OK


def earliest_on(last_valid_to: date, *, policy: LimitPolicy) -> date:
    """Return the first day on which the next temporary limit may be granted (LIMIT-8)."""
    return last_valid_to + timedelta(policy.temporary_gap_days)
