"""What the open segments have accrued beyond what is posted to their loans.

``closed_form_fen`` is the one place where a rule stands twice: it is the SQL of ``rules.accrual``
and the cap of ``rules.position``, for the whole book in one statement. A property test compares
the two on every shape of segment, and ``reconcile`` recomputes it with the rules.
"""

from datetime import date
from typing import NamedTuple

from django.db import connection

# A loan on straight lines well below its cap takes the short way; the others are followed night
# by night: charged(k) = F(k) + min(0, min over j of room(j) - F(j)), room(j) being what the cap of
# night j leaves above charged(0): nothing for a loan that was taken over with more than its cap.
_SQL = """
WITH part AS (
    SELECT loan.id, %(on)s::date - loan.accrued_on AS nights, loan.accrued_on, loan.charged_fen,
           loan.principal_nights_fen, loan.unpaid_principal_fen, loan.daily_rate_ppm AS rate,
           part.accrual, part.segment_on, part.segment_base_fen AS base,
           part.segment_posted_fen AS posted,
           (terms.numbers ->> 'revolve_factor_permille')::bigint AS factor,
           (terms.numbers ->> 'penalty_ppm')::numeric AS penalty,
           (terms.numbers ->> 'cap_annual_ppm')::bigint AS cap_ppm,
           1000000 * (terms.numbers ->> 'cap_year_days')::bigint AS cap_year
    FROM loans_loan AS loan
    JOIN loans_instalment AS part ON part.loan_id = loan.id AND part.accrual <> 'none'
    JOIN loans_contractterms AS terms ON terms.id = loan.terms_id
    WHERE loan.state IN ('active', 'overdue') AND loan.accrued_on < %(on)s
), straight AS (
    SELECT id, min(nights) AS nights, min(charged_fen) AS charged_fen,
           min(principal_nights_fen) AS before, min(unpaid_principal_fen) AS principal,
           min(cap_ppm) AS cap_ppm, min(cap_year) AS cap_year, count(*) AS parts,
           bool_and(accrual = 'own') AS is_straight,
           sum((2 * base * rate * (%(on)s::date - segment_on) + 1000000) / 2000000 - posted)
               FILTER (WHERE accrual = 'own') AS fen
    FROM part GROUP BY id
), easy AS (
    SELECT id, fen FROM straight
    WHERE is_straight
      AND charged_fen + (fen + nights - 1) / nights + parts + 1
          <= (before + principal)::numeric * cap_ppm / cap_year - 1
      AND charged_fen + fen + parts + 1
          <= (before + principal * nights)::numeric * cap_ppm / cap_year - 1
), night AS (
    SELECT part.id, night,
           sum(CASE accrual
               WHEN 'own' THEN (2 * base * rate * borne + 1000000) / 2000000
               WHEN 'revolving' THEN (2 * base * rate * factor * borne + 1000000000) / 2000000000
               ELSE div(2 * base * (power(1000000 + penalty, borne) - whole) + whole, 2 * whole)
               END - posted) AS fen,
           greatest(0, div((min(principal_nights_fen) + min(unpaid_principal_fen) * night)::numeric
               * min(cap_ppm), min(cap_year)) - min(charged_fen)) AS room
    FROM part, generate_series(1, part.nights) AS night,
         LATERAL (SELECT part.accrued_on + night - part.segment_on AS borne) AS lived,
         LATERAL (SELECT power(1000000::numeric, borne) AS whole) AS scale
    WHERE part.id NOT IN (SELECT id FROM easy)
    GROUP BY part.id, night
), hard AS (
    SELECT night.id,
           max(night.fen) FILTER (WHERE night.night = straight.nights)
           + least(0, min(room - night.fen)) AS fen
    FROM night JOIN straight ON straight.id = night.id GROUP BY night.id
)
SELECT coalesce((SELECT sum(fen) FROM easy), 0) + coalesce((SELECT sum(fen) FROM hard), 0),
       (SELECT coalesce(sum(CASE WHEN debit_account = 'accrued_unposted' THEN amount_fen
                                 ELSE -amount_fen END), 0)
        FROM loans_transfer
        WHERE 'accrued_unposted' IN (debit_account, credit_account))
"""


class Unposted(NamedTuple):
    """Accrued and not posted to loans, in fen: by the closed form, and by the ledger."""

    closed_form_fen: int
    ledger_fen: int


def unposted(*, on: date) -> Unposted:
    """Return both sides as of 00:00 of a day, from one snapshot."""
    with connection.cursor() as cursor:
        cursor.execute(_SQL, {"on": on})
        closed_form, ledger = cursor.fetchone()
    return Unposted(int(closed_form), int(ledger))
