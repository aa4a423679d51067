"""The limit of an approved assessment, handed to credit lines in one place."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple

from risk.lines import operations as lines
from risk.lines.operations import Grant
from risk.lines.rules.grant import Capacity
from risk.lines.rules.reasons import LineReason


class DecidedLimit(NamedTuple):
    """A decided limit of a customer, what it was computed from, and the assessment behind it.

    ``reason`` is that of the new target of an open line, and of a first limit decided by a person.
    """

    customer_id: int
    capacity: Capacity
    limit_fen: int
    evidence: str
    reason: LineReason = LineReason.NEW_INPUTS


def grant(limits: Sequence[DecidedLimit], *, by: str, at: datetime, on: date) -> None:
    """Open a line with the limit, or set the target of an open line, which follows by days.

    The same assessment grants once (LIMIT-5).
    """
    lines.grant([Grant(*one) for one in limits], by=by, at=at, on=on)
