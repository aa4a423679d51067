"""Holds of large purchases: placed once for a payment, released once (LIMIT-6)."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import NamedTuple

from django.db import transaction
from django.db.models import QuerySet

from backoffice.core import bulk
from backoffice.core.policy import current
from risk.lines.rules import LineAmounts, available_fen
from risk.lines.rules import reserve as rules
from risk.models import CreditLine, CreditLineState, HoldRelease, ReserveHold
from risk.policy import LimitPolicy

EXPIRED_MAX = 500
_HOLD = ("customer", "line", "source", "purchase_fen", "amount_fen", "purchased_at", "until_at",
         "release", "placed_by", "released_by")  # fmt: skip


class Purchase(NamedTuple):
    """A payment of a customer in fen; ``source`` identifies it."""

    customer_id: int
    source: str
    amount_fen: int
    at: datetime


@transaction.atomic
def hold_for_purchase(purchases: Sequence[Purchase], *, by: str, on: date) -> int:
    """Hold 80 % of each large payment on the open line, at most what is still available.

    A payment is held for once, however often it is reported; one that is not large, or of a
    customer without a line, holds nothing. Returns how many holds were placed.
    """
    policy = current(LimitPolicy, on=on)
    large = [one for one in purchases if one.amount_fen > policy.reserve_over_fen]
    lines = {line.customer_id: line for line in _lines_of({one.customer_id for one in large})}
    known = _known(large)
    rows = []
    for one in large:
        line = lines.get(one.customer_id)
        if line is None or (one.customer_id, one.source) in known:
            continue
        known.add((one.customer_id, one.source))
        left_fen = available_fen(LineAmounts(*(getattr(line, n) for n in LineAmounts._fields)))
        held_fen = rules.hold_fen(one.amount_fen, available_fen=left_fen, policy=policy)
        line.held_fen += held_fen
        until_at = rules.held_until(one.at, policy=policy)
        rows.append((line.customer_id, line.pk, one.source, one.amount_fen, held_fen, one.at,
                     until_at, "", by, ""))  # fmt: skip
    bulk.copy(ReserveHold, _HOLD, rows)
    bulk.update([*lines.values()], ("held_fen",))
    return len(rows)


@transaction.atomic
def release_holds(sources: Collection[str], *, by: str, at: datetime) -> int:
    """Release the holds of payments whose special review passed; return how many."""
    holds = ReserveHold.objects.filter(source__any=bulk.Of(sources), released_at=None)
    line_ids = sorted({*holds.values_list("line_id", flat=True)})
    return _release(line_ids, holds, HoldRelease.REVIEW, by=by, at=at)


@transaction.atomic
def release_due(line_ids: Sequence[int], *, by: str, at: datetime) -> int:
    """Release the holds of lines whose 72 hours are over; return how many."""
    due = ReserveHold.objects.filter(
        line_id__any=bulk.Of(line_ids), released_at=None, until_at__lte=at
    )
    return _release(sorted(line_ids), due, HoldRelease.TIME, by=by, at=at)


def release_expired(*, by: str, at: datetime) -> int:
    """Release holds of any line whose 72 hours are over, at most 500 a call; return how many."""
    due = ReserveHold.objects.filter(released_at=None, until_at__lte=at).order_by("until_at")
    line_ids = sorted({*due.values_list("line_id", flat=True)[:EXPIRED_MAX]})
    return release_due(line_ids, by=by, at=at)


def _release(
    line_ids: Sequence[int],
    which: QuerySet[ReserveHold],
    release: HoldRelease,
    *,
    by: str,
    at: datetime,
) -> int:
    """Lock the lines, then release their holds of a selection and take them off the lines."""
    found = CreditLine.objects.filter(pk__any=bulk.Of(line_ids))
    lines = {line.pk: line for line in found.select_for_update().order_by("pk")}
    holds = list(which.filter(line_id__in=lines).select_for_update().order_by("pk"))
    for hold in holds:
        hold.released_at, hold.release, hold.released_by = at, str(release), by
        lines[hold.line_id].held_fen -= hold.amount_fen
    bulk.update(holds, ("released_at", "release", "released_by"))
    bulk.update([*lines.values()], ("held_fen",))
    return len(holds)


def _lines_of(customer_ids: Collection[int]) -> list[CreditLine]:
    """Lock the open lines of customers."""
    lines = CreditLine.objects.exclude(state=CreditLineState.CLOSED)
    theirs = lines.filter(customer_id__any=bulk.Of(customer_ids))
    return list(theirs.select_for_update().order_by("pk"))


def _known(purchases: Sequence[Purchase]) -> set[tuple[int, str]]:
    """Return which of the payments are held for already, or were."""
    sources = bulk.Of({one.source for one in purchases})
    return {*ReserveHold.objects.filter(source__any=sources).values_list("customer_id", "source")}
