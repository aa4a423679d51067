"""The lines that something touched since they were computed last: the job reads no others."""

from datetime import date, datetime, time, timedelta

from django.db import connection
from django.db.models import Q

from accounts.proofs.rules.findings import ProofVerdict
from backoffice.core import clock
from backoffice.core.models import PolicyVersion
from risk.facts.rules import LONG_DAYS
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

# The numbers of accounts that bound a limit (LIMIT-1).
_CAP = ("lender_type", "limit_bank_max_fen", "limit_micro_max_fen")


def has_new_numbers(*, on: date) -> bool:
    """Return whether the job of a day computes every open line again: other numbers of limits.

    Those that take effect on the day, and those of the day before that were approved during it,
    after the job of their own day was planned.
    """
    midnight = clock.moment_of(on, time())
    before = on - timedelta(days=1)
    is_new = Q(effective_on=on, approval__decided_at__lt=midnight) | Q(
        effective_on=before, approval__decided_at__gte=clock.moment_of(before, time())
    )
    of_limits = Q(app="limits") | Q(app="accounts", overrides__has_any_keys=_CAP)
    return PolicyVersion.objects.filter(is_new, of_limits).exists()


def open_line_ids() -> list[int]:
    """Return the lines that are not closed, in the order of their ids."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM risk_creditline WHERE state <> 'closed' ORDER BY id")
        return [line_id for (line_id,) in cursor.fetchall()]


# What was received or withdrawn counts from the midnight that began the day before.
_NEW_FACTS = f"""
SELECT DISTINCT line.id FROM risk_creditline AS line
JOIN (
    SELECT customer_id FROM risk_partnerevent
    WHERE received_at >= %(since)s AND received_at < %(at)s
    UNION
    SELECT customer_id FROM risk_partnerevent WHERE occurred_on = %(left_on)s
    UNION
    SELECT customer_id FROM accounts_proofreview
    WHERE verdict = '{ProofVerdict.ACCEPTED.value}'
        AND (reviewed_on = %(proof_left_on)s OR valid_until_on = %(document_left_on)s)
    UNION
    SELECT customer_id FROM accounts_consent
    WHERE withdrawn_at >= %(since)s AND withdrawn_at < %(at)s
) AS fact ON fact.customer_id = line.customer_id
WHERE line.state <> 'closed' ORDER BY line.id
"""  # nosec B608 - constants only


def with_new_facts(*, on: date, at: datetime, proof_days: int) -> list[int]:
    """Return the open lines whose inputs may be others on a day than on the day before (LIMIT-12).

    Those of customers with partner events received since the day before began, with events that
    have left the longest window of features, with a proof or document that has just stopped to
    count after ``proof_days`` days, or who withdrew a consent.
    """
    parameters = {
        "since": clock.moment_of(on - timedelta(days=1), time.min),
        "at": at,
        "left_on": on - timedelta(days=LONG_DAYS + 1),
        "proof_left_on": on - timedelta(days=proof_days),
        "document_left_on": on - timedelta(days=1),
    }
    with connection.cursor() as cursor:
        cursor.execute(_NEW_FACTS, parameters)
        return [line_id for (line_id,) in cursor.fetchall()]


def line_ids(*, on: date, at: datetime) -> list[int]:
    """Return the lines to compute on a day, in the order of their ids.

    Those with reports of bills that did not count yet, a target that is not reached, a temporary
    limit that has ended, a hold whose time is over, or an anniversary.
    """
    with connection.cursor() as cursor:
        cursor.execute(_TOUCHED, {"on": on, "at": at, "since": growth.since(on)})
        return [line_id for (line_id,) in cursor.fetchall()]
