"""Inputs of limits that follow the facts: income, occupation, assets, consumption (LIMIT-12, 13).

A limit follows what was verified since its grant. What a customer merely declares raises it at the
next assessment only.
"""

from collections.abc import Collection, Sequence
from datetime import date, datetime

from django.db import connection, transaction

from accounts.models import ProofReview
from backoffice.core import bulk
from backoffice.core.policy import current
from risk.decisions.rules import capacity as rules
from risk.decisions.rules import decision
from risk.facts import queries as facts
from risk.facts.rules import EventKind, Features, PaymentDirection, PaymentResult
from risk.lines import operations as lines
from risk.lines.operations import InputsChange, PaymentDay
from risk.lines.queries import inputs
from risk.lines.rules.grant import Asset
from risk.models import CreditLine, CreditLineState, ModelInputs
from risk.policy import LimitPolicy, ScoringPolicy
from risk.scoring.rules import components
from risk.scoring.rules.components import Spending


@transaction.atomic
def refresh(line_ids: Sequence[int], *, evidence: str, by: str, on: date, at: datetime) -> None:
    """Compute the inputs of lines from the facts of a day; what changed starts a recomputation.

    Lines without inputs of a model, such as imported ones, are left as they are. A repetition with
    the same evidence changes nothing.
    """
    known = inputs.latest(line_ids)
    found = CreditLine.objects.filter(pk__any=bulk.Of([*known])).values_list("pk", "customer_id")
    owners = dict(found.order_by("pk"))
    records = facts.features(sorted(set(owners.values())), on=on, at=at)
    scoring, limits = current(ScoringPolicy, on=on), current(LimitPolicy, on=on)
    changes = [
        _change(known[line_id], records[customer_id], scoring, limits)
        for line_id, customer_id in owners.items()
    ]
    lines.revise([InputsChange(one[0], evidence, *one[1:]) for one in changes], by=by, on=on, at=at)


def _change(
    before: ModelInputs, record: Features, scoring: ScoringPolicy, limits: LimitPolicy
) -> tuple[int, int | None, int, Sequence[Asset], int]:
    """Return line, income, occupation, assets and consumption; None is what stays."""
    income_fen = None
    if rules.evidenced_income_fen(record, policy=limits) is not None:
        checked = decision.cross_checked(record, policy=scoring)
        income_fen = rules.verified_income_fen(record, checked, policy=limits)
    component = None
    if spent := record.consumption:
        spending = Spending(spent.living_fen, spent.spend_fen)
        component = components.consumption(spending, policy=scoring)
    new = rules.capacity(record, income_fen=income_fen or 0, consumption=component, policy=limits)
    occupation_permille = new.occupation_permille
    if not rules.is_occupation_proved(record, policy=limits):
        occupation_permille = min(occupation_permille, before.occupation_permille)
    return before.line_id, income_fen, occupation_permille, new.assets, new.consumption_permille


def follow_proofs(customer_ids: Collection[int], *, by: str, on: date, at: datetime) -> None:
    """Refresh the lines of customers whose proofs were reviewed, in the same transaction."""
    latest = ProofReview.objects.filter(customer__any=bulk.Of(customer_ids)).order_by("-pk").first()
    assert latest is not None, "a review was stored just now"
    lines_of = CreditLine.objects.filter(customer__any=bulk.Of(customer_ids))
    still_open = lines_of.exclude(state=CreditLineState.CLOSED).order_by("pk")
    ids = list(still_open.values_list("pk", flat=True))
    refresh(ids, evidence=f"proof-review:{latest.pk}", by=by, on=on, at=at)


def count_payment_days(line_ids: Sequence[int], *, since: datetime, at: datetime) -> None:
    """Store the days with a payment that were received since a moment (SCORE-10)."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT event.customer_id, event.occurred_on FROM risk_partnerevent AS event "
            "JOIN risk_creditline AS line ON line.customer_id = event.customer_id "
            "WHERE line.id = ANY(%s::bigint[]) AND event.kind = %s AND event.direction = %s "
            "AND event.result = %s AND event.received_at >= %s AND event.received_at < %s",
            [bulk.array(line_ids), EventKind.PAYMENT.value, PaymentDirection.OUT.value,
             PaymentResult.SUCCEEDED.value, since, at],
        )  # fmt: skip
        lines.record_payment_days([PaymentDay(*row) for row in cursor.fetchall()])
