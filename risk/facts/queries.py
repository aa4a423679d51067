"""The dated feature record: what a decision on a day may use of many customers, in one statement.

Windows are full Shanghai days before the day (GEN-4). Only what was received by the moment counts,
and only under a consent in force at the moment: a record can be made again exactly.
"""

import json
from collections.abc import Sequence
from dataclasses import fields
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection

from accounts.consents.rules import PURPOSES
from accounts.models import AssetProof, Profile
from accounts.proofs.operations.reviews import ProofFinding
from accounts.proofs.rules.findings import ProofVerdict
from backoffice.core.crypto import blind
from risk.facts.rules import (
    EVIDENCE_DAYS,
    INFLOW_MONTHS,
    LARGE_ABOVE_FEN,
    LONG_DAYS,
    LOW_RISK,
    NIGHT_FROM_HOUR,
    NIGHT_UNTIL_HOUR,
    NOT_SPENT,
    SHORT_DAYS,
    TENURE_MONTHS,
    ConsumptionFeatures,
    DeclaredFeatures,
    EventKind,
    EvidenceFeatures,
    FactSource,
    Features,
    FriendRelation,
    LivingSpend,
    PaymentCategory,
    PaymentFeatures,
    ProvenFact,
    SocialFeatures,
    WealthFeatures,
    continuous,
    months_before,
)


def features(customer_ids: Sequence[int], *, on: date, at: datetime) -> dict[int, Features]:
    """Return the feature record of each customer as of a day and a moment.

    A part is None without a consent to its source in force at the moment, whatever was received
    before (SCORE-9).
    """
    with connection.cursor() as cursor:
        cursor.execute(_STATEMENT, _parameters(customer_ids, on=on, at=at))
        columns = [column.name for column in cursor.description or ()]
        rows = [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]
    return {row["customer_id"]: _features(row, on) for row in rows}


def live_sources(customer_id: int, *, at: datetime) -> set[str]:
    """Return the purposes to which a customer's consent is in force at a moment (SCORE-9)."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT purpose FROM accounts_consent WHERE customer_id = %s AND given_at <= %s "
            "AND (withdrawn_at IS NULL OR withdrawn_at > %s)",
            [customer_id, at, at],
        )
        return {purpose for (purpose,) in cursor.fetchall()}


class CategorySpending(NamedTuple):
    """A question: what a customer paid for a category of things from one day to another."""

    customer_id: int
    category: PaymentCategory
    since_on: date
    until_on: date


def spent_fen(asked: Sequence[CategorySpending]) -> list[int]:
    """Answer each question with the payments that partners reported, refunds taken off, in fen."""
    if not asked:
        return []
    columns = zip(*asked, strict=True)
    with connection.cursor() as cursor:
        cursor.execute(_SPENT, [list(column) for column in columns])
        return [fen for (fen,) in cursor.fetchall()]


def _parameters(customer_ids: Sequence[int], *, on: date, at: datetime) -> dict[str, Any]:
    months = months_before(on, TENURE_MONTHS)
    return {
        "ids": list(customer_ids),
        "on": on,
        "at": at,
        "long_on": on - timedelta(days=LONG_DAYS),
        "short_on": on - timedelta(days=SHORT_DAYS),
        "six_on": months[INFLOW_MONTHS - 1],
        "first_on": months[-1],
        "evidence_on": on - timedelta(days=EVIDENCE_DAYS),
        "months": months,
        "ascending": months[::-1],
        "inflow_months": INFLOW_MONTHS,
        "large": LARGE_ABOVE_FEN,
        "night_from": NIGHT_FROM_HOUR,
        "night_until": NIGHT_UNTIL_HOUR,
        "living": [*LivingSpend],
        "not_spent": sorted(NOT_SPENT),
        "low_risk": [*LOW_RISK],
        **{kind.value: kind.value for kind in EventKind},
    }


def _features(row: dict[str, Any], on: date) -> Features:
    sources = tuple(code for code in PURPOSES if code in row["sources"])

    def part(kind: Any, source: FactSource) -> Any:
        return _part(kind, row) if source.value in sources else None

    row["monthly_inflow_fen"] = tuple(int(fen) for fen in row["monthly_inflow_fen"] or ())
    row["continuous_months"] = continuous(tuple(row["used_months"] or ()))
    return Features(
        customer_id=row["customer_id"],
        on=on,
        sources=sources,
        payment=part(PaymentFeatures, FactSource.PAYMENT),
        social=part(SocialFeatures, FactSource.SOCIAL),
        wealth=part(WealthFeatures, FactSource.WEALTH),
        consumption=part(ConsumptionFeatures, FactSource.CONSUMPTION),
        evidence=_evidence(row) if FactSource.AGREEMENT.value in sources else None,
        declared=_declared(row),
        proofs=_proofs(row) if FactSource.AGREEMENT.value in sources else (),
    )


def _part(kind: Any, row: dict[str, Any]) -> Any:
    """Return a part from the columns of its names; sums come as numerics of whole numbers."""
    values = {field.name: row[field.name] for field in fields(kind)}
    return kind(**{n: v if isinstance(v, tuple) else int(v or 0) for n, v in values.items()})


def _evidence(row: dict[str, Any]) -> EvidenceFeatures:
    employer = row["evidenced_employer"]
    return EvidenceFeatures(
        monthly_income_fen=row["evidenced_income_fen"],
        income_document=row["income_document"],
        income_on=row["income_on"],
        employer=None if employer is None else bytes(employer).hex(),
        employer_since_on=row["employer_since_on"],
    )


def _proofs(row: dict[str, Any]) -> tuple[ProvenFact, ...]:
    return tuple(ProvenFact(**_dated(one)) for one in json.loads(row["proofs"]))


def _dated(fact: dict[str, Any]) -> dict[str, Any]:
    return {
        name: date.fromisoformat(value) if value and name.endswith("_on") else value
        for name, value in fact.items()
    }


def with_findings(record: Features, findings: Sequence[ProofFinding], *, on: date) -> Features:
    """Return a feature record as it is once findings about the customer's proofs are stored."""
    rows = AssetProof.objects.filter(customer=record.customer_id).defer("asset_number")
    proofs = {one.pk: one for one in rows.filter(pk__in=[one.proof_id for one in findings])}
    facts = {
        str(proof.public_id): ProvenFact(
            proof=str(proof.public_id),
            kind=proof.kind,
            accepted_on=on,
            valid_until_on=proof.valid_until_on,
            monthly_income_fen=one.monthly_income_fen,
            occupation=one.occupation and one.occupation.value,
            since_on=one.since_on,
            asset=None if proof.asset_blind is None else bytes(proof.asset_blind).hex(),
        )
        if one.verdict is ProofVerdict.ACCEPTED
        else None
        for one in findings
        for proof in [proofs[one.proof_id]]
    }
    return record.with_proofs(facts)


def _declared(row: dict[str, Any]) -> DeclaredFeatures | None:
    if row["occupation"] is None:
        return None
    sealed: Any = Profile._meta.get_field("employer")
    employer = sealed.from_db_value(row["declared_employer"], None, connection)
    return DeclaredFeatures(
        monthly_income_fen=row["declared_income_fen"],
        occupation=row["occupation"],
        occupation_since_on=row["occupation_since_on"],
        # As events store it: the two can be compared and neither can be read.
        employer=blind(employer, EventKind.EMPLOYER).hex() if employer else None,
    )


_SPENT = """
SELECT coalesce(sum(CASE WHEN event.result = 'refunded' THEN -amount_fen ELSE amount_fen END), 0)
FROM unnest(%s::bigint[], %s::text[], %s::date[], %s::date[]) WITH ORDINALITY
     AS asked (customer_id, category, since_on, until_on, number)
LEFT JOIN risk_partnerevent AS event
     ON event.customer_id = asked.customer_id AND event.kind = 'payment'
        AND event.occurred_on BETWEEN asked.since_on AND asked.until_on
        AND event.category = asked.category
        AND (event.direction, event.result) IN (('out', 'succeeded'), ('in', 'refunded'))
GROUP BY asked.number ORDER BY asked.number
"""
_RECEIVED = (
    "event.customer_id = customer.id AND event.occurred_on < %(on)s AND event.received_at <= %(at)s"
)
_IS_PAYMENT = "direction = 'out' AND result = 'succeeded'"
_IS_INFLOW = "direction = 'in' AND result = 'succeeded'"
_LONG = "occurred_on >= %(long_on)s"
_HOUR = "extract(hour FROM occurred_at AT TIME ZONE 'Asia/Shanghai')"
_RELATIONS = ", ".join(
    f"count(*) FILTER (WHERE category = '{relation.value}') AS {relation.value}_count"
    for relation in FriendRelation
    if relation is not FriendRelation.ENDED
)
# The months are aggregated apart: the first lateral reads the rows once for all windows of days.
_STATEMENT = f"""
SELECT customer.id AS customer_id, consent.sources, payment.*, monthly.*, social.*, holding.*,
    moves.move_count, income.*, employer.*, proof.proofs::text,
    profile.monthly_income_fen AS declared_income_fen, profile.occupation,
    profile.occupation_since_on, profile.employer AS declared_employer
FROM unnest(%(ids)s::bigint[]) AS customer (id)
CROSS JOIN LATERAL (
    SELECT coalesce(array_agg(purpose), '{{}}') AS sources FROM accounts_consent
    WHERE customer_id = customer.id AND given_at <= %(at)s
        AND (withdrawn_at IS NULL OR withdrawn_at > %(at)s)
) AS consent
CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE {_IS_PAYMENT} AND {_LONG}) AS payment_count,
        sum(amount_fen) FILTER (WHERE {_IS_PAYMENT} AND {_LONG}) AS outgoing_fen,
        count(*) FILTER (WHERE {_IS_PAYMENT} AND occurred_on >= %(short_on)s
            AND amount_fen > %(large)s) AS large_count,
        count(*) FILTER (WHERE {_IS_PAYMENT} AND {_LONG} AND ({_HOUR} >= %(night_from)s
            OR {_HOUR} < %(night_until)s)) AS night_count,
        count(DISTINCT occurred_on) FILTER (WHERE {_IS_PAYMENT} AND {_LONG}) AS active_days,
        count(DISTINCT party_blind) FILTER (WHERE {_IS_PAYMENT} AND {_LONG}
            AND category <> ALL(%(not_spent)s)) AS merchant_count,
        count(*) FILTER (WHERE {_IS_PAYMENT} AND occurred_on >= %(six_on)s
            AND category = '{PaymentCategory.UTILITIES.value}') AS utility_count,
        count(*) FILTER (WHERE direction = 'out' AND result = 'failed' AND {_LONG})
            AS failed_count,
        count(*) FILTER (WHERE result = 'refunded' AND {_LONG}) AS refund_count,
        sum(amount_fen) FILTER (WHERE {_IS_INFLOW} AND {_LONG}) AS inflow_fen,
        sum(amount_fen) FILTER (WHERE {_IS_PAYMENT} AND {_LONG}
            AND category = ANY(%(living)s)) AS living_fen,
        sum(amount_fen) FILTER (WHERE {_IS_PAYMENT} AND {_LONG}
            AND category <> ALL(%(not_spent)s)) AS spend_fen
    FROM risk_partnerevent AS event
    WHERE {_RECEIVED} AND kind = %(payment)s AND occurred_on >= %(six_on)s
) AS payment
CROSS JOIN LATERAL (
    SELECT array_agg(is_used ORDER BY number) AS used_months,
        array_agg(inflow_fen ORDER BY number) FILTER (WHERE number <= %(inflow_months)s)
            AS monthly_inflow_fen
    FROM (
        SELECT month.number, bool_or({_IS_PAYMENT}) IS TRUE AS is_used,
            coalesce(sum(amount_fen) FILTER (WHERE {_IS_INFLOW}), 0) AS inflow_fen
        FROM unnest(%(months)s::date[]) WITH ORDINALITY AS month (from_on, number)
        LEFT JOIN (
            SELECT amount_fen, direction, result,
                cardinality(%(months)s::date[]) + 1
                    - width_bucket(occurred_on, %(ascending)s::date[]) AS number
            FROM risk_partnerevent AS event
            WHERE {_RECEIVED} AND kind = %(payment)s AND occurred_on >= %(first_on)s
        ) AS paid ON paid.number = month.number
        GROUP BY month.number
    ) AS by_month
) AS monthly
CROSS JOIN LATERAL (
    SELECT {_RELATIONS} FROM (
        SELECT DISTINCT ON (party_blind) category FROM risk_partnerevent AS event
        WHERE {_RECEIVED} AND kind = %(social_link)s
        ORDER BY party_blind, occurred_at DESC, id DESC
    ) AS friend
) AS social
CROSS JOIN LATERAL (
    SELECT max(%(on)s - since_on) FILTER (WHERE amount_fen > 0) AS stable_days,
        sum(amount_fen) AS balance_fen
    FROM (
        SELECT DISTINCT ON (party_blind) category, since_on, amount_fen
        FROM risk_partnerevent AS event WHERE {_RECEIVED} AND kind = %(holding)s
        ORDER BY party_blind, occurred_at DESC, id DESC
    ) AS product WHERE category = ANY(%(low_risk)s)
) AS holding
CROSS JOIN LATERAL (
    SELECT count(*) AS move_count FROM risk_partnerevent AS event
    WHERE {_RECEIVED} AND kind = %(product_move)s AND occurred_on >= %(short_on)s
) AS moves
LEFT JOIN LATERAL (
    SELECT amount_fen AS evidenced_income_fen, category AS income_document,
        occurred_on AS income_on
    FROM risk_partnerevent AS event
    WHERE {_RECEIVED} AND kind = %(income)s AND occurred_on >= %(evidence_on)s
    ORDER BY occurred_at DESC, id DESC LIMIT 1
) AS income ON TRUE
LEFT JOIN LATERAL (
    SELECT party_blind AS evidenced_employer, since_on AS employer_since_on
    FROM risk_partnerevent AS event WHERE {_RECEIVED} AND kind = %(employer)s
    ORDER BY occurred_at DESC, id DESC LIMIT 1
) AS employer ON TRUE
CROSS JOIN LATERAL (
    SELECT coalesce(jsonb_agg(jsonb_build_object(
        'proof', proof_id, 'kind', kind, 'accepted_on', reviewed_on,
        'valid_until_on', valid_until_on, 'monthly_income_fen', monthly_income_fen,
        'occupation', nullif(occupation, ''), 'since_on', since_on,
        'asset', encode(asset_blind, 'hex')) ORDER BY id), '[]') AS proofs
    FROM (
        SELECT DISTINCT ON (proof_id) * FROM accounts_proofreview
        WHERE customer_id = customer.id AND at <= %(at)s ORDER BY proof_id, id DESC
    ) AS latest WHERE verdict = '{ProofVerdict.ACCEPTED.value}'
) AS proof
LEFT JOIN accounts_profile AS profile ON profile.customer_id = customer.id
"""  # nosec B608: names and codes of our own
