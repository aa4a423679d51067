"""What the open segments have accrued beyond what is posted to their loans.

``closed_form_fen`` is the one place where a rule stands twice: it is the SQL of ``rules.accrual``
and the cap of ``rules.position``, for the whole portfolio in one statement. A property test
compares the two on every shape of segment, and ``reconcile`` recomputes it with the rules.
"""

from collections.abc import Collection
from datetime import date
from typing import Any, NamedTuple

from django.db import connection

from loans.accounting.queries import ledger_totals
from loans.accounting.queries.positions import terms_of
from loans.models import ContractTerms

# A bullet at its own full rate, well below its cap in the first and last night, takes the short way
# and is read once. The others are followed night by night: charged(k) = F(k) + min(0, min over j of
# room(j) - F(j)), room(j) being what the cap of night j leaves above charged(0): nothing for a loan
# that was taken over with more than its cap. The numbers of the terms come as arrays: unpacked once
# and not per loan, no bar to parallel workers. A loan whose terms came since takes the long way.
_SQL = """
WITH way AS MATERIALIZED (
    SELECT sum(fen) FILTER (WHERE is_short) AS fen,
           array_agg(id) FILTER (WHERE is_short IS NOT TRUE) AS long_ids
    FROM (
        SELECT loan.id, fen, loan.plan = 'bullet' AND part.accrual = 'own'
               AND loan.rate_factor_permille = 1000
               AND charged_fen + (fen + nights - 1) / nights + 2
                   <= (principal_nights_fen + loan.unpaid_principal_fen) * cap_ppm / cap_year
               AND charged_fen + fen + 2
                   <= (principal_nights_fen + loan.unpaid_principal_fen * nights)
                      * cap_ppm / cap_year AS is_short
        FROM loans_loan AS loan
        JOIN loans_instalment AS part ON part.loan_id = loan.id AND part.accrual <> 'none'
        LEFT JOIN unnest(%(terms)s::bigint[], %(cap_ppm)s::bigint[], %(cap_year)s::bigint[])
             AS terms (id, cap_ppm, cap_year) ON terms.id = loan.terms_id,
        LATERAL (SELECT (2 * segment_base_fen * daily_rate_ppm * (%(on)s::date - segment_on)
                         + 1000000) / 2000000 - segment_posted_fen AS fen,
                        %(on)s::date - accrued_on AS nights) AS borne
        WHERE loan.state IN ('active', 'overdue') AND accrued_on < %(on)s
              AND (%(loan_ids)s::bigint[] IS NULL OR loan.id = ANY (%(loan_ids)s))
    ) AS bearing
), part AS (
    SELECT loan.id, %(on)s::date - loan.accrued_on AS nights, loan.accrued_on, loan.charged_fen,
           loan.principal_nights_fen, loan.unpaid_principal_fen,
           greatest(loan.daily_rate_ppm * (CASE WHEN loan.proven_on IS NOT NULL
                                           OR part.segment_on <= loan.proof_until_on
                                           THEN loan.rate_factor_permille ELSE 1000 END)::bigint,
                    1000 * least(loan.daily_rate_ppm,
                                 (terms.numbers ->> 'daily_rate_min_ppm')::bigint)
           )::numeric AS rate,
           part.accrual, part.segment_on, part.segment_base_fen AS base,
           part.segment_posted_fen AS posted,
           (terms.numbers ->> 'revolve_factor_permille')::bigint AS factor,
           terms.numbers ->> 'penalty_mode' = 'CONTRACT' AS is_by_contract,
           (terms.numbers ->> 'penalty_ppm')::numeric AS penalty_ppm,
           (terms.numbers ->> 'penalty_factor_permille')::numeric AS penalty_factor,
           (terms.numbers ->> 'cap_annual_ppm')::bigint AS cap_ppm,
           1000000 * (terms.numbers ->> 'cap_year_days')::bigint AS cap_year
    FROM way
    JOIN loans_loan AS loan ON loan.id = ANY (way.long_ids)
    JOIN loans_instalment AS part ON part.loan_id = loan.id AND part.accrual <> 'none'
    JOIN loans_contractterms AS terms ON terms.id = loan.terms_id
), night AS (
    SELECT part.id, part.nights, night,
           sum(CASE accrual
               WHEN 'own' THEN div(2 * base * rate * borne + 1000000000, 2000000000)
               WHEN 'revolving'
               THEN div(2 * base * rate * factor * borne + 1000000000000, 2000000000000)
               ELSE div(2 * base * (power(unit + penalty, borne) - whole) + whole, 2 * whole)
               END - posted) AS fen,
           greatest(0, div((min(principal_nights_fen) + min(unpaid_principal_fen) * night)::numeric
               * min(cap_ppm), min(cap_year)) - min(charged_fen)) AS room
    FROM part, generate_series(1, part.nights) AS night,
         LATERAL (SELECT part.accrued_on + night - part.segment_on AS borne) AS elapsed,
         LATERAL (SELECT CASE WHEN is_by_contract THEN rate * penalty_factor
                         ELSE penalty_ppm END AS penalty,
                         CASE WHEN is_by_contract THEN 1000000000000
                         ELSE 1000000 END::numeric AS unit) AS bearing,
         LATERAL (SELECT power(unit, borne) AS whole) AS scale
    GROUP BY part.id, part.nights, night
), long AS (
    SELECT max(fen) FILTER (WHERE night = nights) + least(0, min(room - fen)) AS fen
    FROM night GROUP BY id
)
SELECT coalesce((SELECT fen FROM way), 0) + coalesce((SELECT sum(fen) FROM long), 0)
"""
_LEDGER = f"""
       , (SELECT coalesce(sum(CASE WHEN debit_account = 'accrued_unposted' THEN amount_fen
                                 ELSE -amount_fen END), 0)
        FROM {ledger_totals.MOVED}
        WHERE 'accrued_unposted' IN (debit_account, credit_account))
"""  # nosec B608: a statement of our own


class Unposted(NamedTuple):
    """Accrued and not posted to loans, in fen: by the closed form, and by the ledger."""

    closed_form_fen: int
    ledger_fen: int


def unposted(*, on: date) -> Unposted:
    """Return both sides as of 00:00 of a day, from one snapshot."""
    [(closed_form, ledger)] = ledger_totals.rows(_SQL + _LEDGER, **_values(on=on, loan_ids=None))
    return Unposted(int(closed_form), int(ledger))


def unposted_of(loan_ids: Collection[int], *, on: date) -> int:
    """Return what these loans have accrued beyond what is posted to them, as of 00:00, in fen."""
    if not loan_ids:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(_SQL, _values(on=on, loan_ids=list(loan_ids)))
        [closed_form] = cursor.fetchone()
    return int(closed_form)


def _values(*, on: date, loan_ids: list[int] | None) -> dict[str, Any]:
    ids = list(ContractTerms.objects.values_list("pk", flat=True))
    terms = [terms_of(terms_id) for terms_id in ids]
    return {
        "on": on,
        "loan_ids": loan_ids,
        "terms": ids,
        "cap_ppm": [each.cap_annual_ppm for each in terms],
        "cap_year": [1_000_000 * each.cap_year_days for each in terms],
    }
