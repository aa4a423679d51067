"""The counters of credit lines: reserve, draw, release, restore.

Each counter changes in one conditional statement, never by read and write.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple, cast

from django.db import DEFAULT_DB_ALIAS, connection, transaction
from django.db.models import F
from django.db.models.sql import UpdateQuery
from django.utils.translation import gettext_lazy as _

from backoffice.core import bulk
from backoffice.core.errors import Refused
from risk.models import CreditLine


class LineExhaustedError(Refused):
    """The available amount is too small, or the line is not active."""

    code = "line-exhausted"
    message = _("The available amount of the credit line is too small.")
    remedy = _("Choose a smaller amount, or repay first.")


class Restoration(NamedTuple):
    """Repaid principal of a line, in fen."""

    line_id: int
    amount_fen: int


def reserve(line_id: int, *, amount_fen: int) -> None:
    """Reserve an amount for a pending drawdown (LIMIT-9).

    Raises:
        LineExhaustedError: the available amount is smaller, or the line is not active.
    """
    statement, parameters = _reserve()
    given = {_AMOUNT: amount_fen, _LINE: line_id}
    with connection.cursor() as cursor:
        cursor.execute(statement, [given.get(one, one) for one in parameters])
        if not cursor.rowcount:
            raise LineExhaustedError


# Stand in the statement for the amount and the line of a drawdown.
_AMOUNT, _LINE = -1, -2


@cache
def _reserve() -> tuple[str, tuple[Any, ...]]:
    """Return the conditional statement and its parameters, put into words once."""
    lines = CreditLine.objects.usable_at_least(_AMOUNT).filter(pk=_LINE)
    update = cast("UpdateQuery", lines.query.chain(UpdateQuery))
    update.add_update_values({"reserved_fen": F("reserved_fen") + _AMOUNT})
    statement, parameters = update.get_compiler(DEFAULT_DB_ALIAS).as_sql()
    return statement, tuple(parameters)


def draw(line_id: int, *, amount_fen: int) -> None:
    """Turn a reservation into drawn principal after the payout."""
    CreditLine.objects.filter(pk=line_id).update(
        reserved_fen=F("reserved_fen") - amount_fen, drawn_fen=F("drawn_fen") + amount_fen
    )


def release(line_id: int, *, amount_fen: int) -> None:
    """Cancel a reservation: the payout did not happen."""
    CreditLine.objects.filter(pk=line_id).update(reserved_fen=F("reserved_fen") - amount_fen)


@transaction.atomic
def restore(restorations: Sequence[Restoration]) -> None:
    """Restore repaid principal to the lines; amounts of one line are summed."""
    if not restorations:
        return
    sums: dict[int, int] = {}
    for line_id, amount_fen in sorted(restorations):
        sums[line_id] = sums.get(line_id, 0) + amount_fen
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE risk_creditline AS line SET drawn_fen = line.drawn_fen - repaid.amount_fen "
            "FROM unnest(%s::bigint[], %s::bigint[]) AS repaid (id, amount_fen) "
            "WHERE line.id = repaid.id",
            [bulk.array([*sums]), bulk.array([*sums.values()])],
        )
