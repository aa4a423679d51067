"""The lines that something touched since they were computed last: the job reads no others."""

from datetime import date, datetime

from django.db import connection

from risk.lines.queries import growth

_TOUCHED = f"""
SELECT line_id FROM ({growth.UNCOUNTED}) AS uncounted
UNION
SELECT id FROM risk_creditline WHERE target_fen <> limit_fen AND state <> 'closed'
UNION
SELECT id FROM risk_creditline WHERE anniversary_on <= %(on)s AND state <> 'closed'
UNION
SELECT line_id FROM risk_temporarylimit WHERE state = 'granted' AND valid_to_on < %(on)s
UNION
SELECT line_id FROM risk_reservehold WHERE released_at IS NULL AND until_at <= %(at)s
ORDER BY 1
"""  # nosec B608 - constants only


def line_ids(*, on: date, at: datetime) -> list[int]:
    """Return the lines to compute on a day, in the order of their ids.

    Those with reports of bills that did not count yet, a target that is not reached, a temporary
    limit that has ended, a hold whose time is over, or an anniversary.
    """
    with connection.cursor() as cursor:
        cursor.execute(_TOUCHED, {"on": on, "at": at, "since": growth.since(on)})
        return [line_id for (line_id,) in cursor.fetchall()]
