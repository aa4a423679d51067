"""Comparing lines with what they are kept from: changes, holds, temporary limits, growth steps."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from django.db import connection

from backoffice.core import bulk


class LineDifference(NamedTuple):
    """Two figures of a line that should be equal, in fen: the check, the line, both values."""

    check: str
    subject: str
    expected_fen: int
    found_fen: int


_CHECKS = """
SELECT line.id, name, expected, found
FROM risk_creditline AS line,
     LATERAL (SELECT (SELECT new_fen FROM risk_limitchange WHERE line_id = line.id
                      ORDER BY id DESC LIMIT 1)) AS last (new_fen),
     LATERAL (SELECT coalesce(sum(amount_fen), 0) AS fen FROM risk_reservehold
              WHERE line_id = line.id AND released_at IS NULL) AS held,
     LATERAL (SELECT coalesce(sum(amount_fen), 0) AS fen FROM risk_temporarylimit
              WHERE line_id = line.id AND state = 'granted') AS temporary,
     LATERAL (SELECT count(*) AS wrong FROM (
                  SELECT old_fen, lag(new_fen, 1, old_fen) OVER (ORDER BY id) AS before
                  FROM risk_limitchange WHERE line_id = line.id) AS chain
              WHERE old_fen <> before) AS chain,
     LATERAL (SELECT count(*) AS wrong FROM (
                  SELECT before, lag(after, 1, '1') OVER (ORDER BY id) AS was
                  FROM risk_growthchange WHERE line_id = line.id) AS steps
              WHERE before <> was) AS steps,
     LATERAL (SELECT count(*) AS wrong FROM (
                  SELECT after FROM risk_growthchange WHERE line_id = line.id
                  ORDER BY id DESC LIMIT 1) AS step WHERE step.after <> line.growth) AS growth,
     LATERAL (VALUES
         (1, 'limit = last change', last.new_fen, line.limit_fen),
         (2, 'changes follow each other', 0, chain.wrong),
         (3, 'holds', held.fen, line.held_fen),
         (4, 'temporary limit', temporary.fen, line.temporary_fen),
         (5, 'growth steps follow each other', 0, steps.wrong),
         (6, 'growth factor = last step', 0, growth.wrong)
     ) AS compared (n, name, expected, found)
WHERE (%(customers)s::bigint[] IS NULL OR line.customer_id = ANY (%(customers)s::bigint[]))
  AND expected IS DISTINCT FROM found
ORDER BY line.id, n
"""


def differences(customer_ids: Sequence[int] | None = None) -> Iterator[LineDifference]:
    """Return every difference of the lines of some customers, or of everybody's."""
    customers = None if customer_ids is None else bulk.array(customer_ids)
    with connection.cursor() as cursor:
        cursor.execute(_CHECKS, {"customers": customers})
        for line_id, check, expected, found in cursor.fetchall():
            yield LineDifference(check, f"line {line_id}", int(expected or 0), int(found))
