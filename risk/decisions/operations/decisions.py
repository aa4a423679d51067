"""Automatic decisions, in batches: collect the inputs, ask the bureau, decide, grant (GEN-12).

A bureau that does not answer leaves an assessment in scoring, to be asked again every minute: no
answer is never a pass. The bureau is asked outside any transaction, between two short ones.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import F

from accounts.models import CustomerState
from accounts.policy import AccountPolicy
from backoffice.core import bulk, workflow
from backoffice.core.policy import current
from backoffice.platform import work_queue
from risk.bureau import operations as bureau_reports
from risk.bureau.operations import BureauState, FetchedReport
from risk.decisions import queries
from risk.decisions.operations import granting, numbers
from risk.decisions.operations.granting import DecidedLimit
from risk.decisions.operations.numbers import FrozenNumbers
from risk.decisions.rules import decision as rules
from risk.decisions.rules.decision import DecisionInputs, DecisionVerdict
from risk.decisions.rules.reasons import DecisionReason
from risk.facts import queries as facts
from risk.gateways.bureau import CreditBureau
from risk.models import OPEN_STATES, Assessment, AssessmentState

MANUAL_REVIEWS = "assessment-review"  # assessments that a person decides
BATCH_MAX = 500

_AUTOMATIC = (AssessmentState.REQUESTED, AssessmentState.SCORING)
_RESULT = ("inputs", "policies", "result", "scored_at", "score", "grade", "rate_ppm", "limit_fen",
           "decided_at", "decided_by")  # fmt: skip
_MOVES = {
    DecisionVerdict.APPROVED: ("approve", DecisionReason.GRANTED),
    DecisionVerdict.REFUSED: ("refuse", DecisionReason.GATES_FAILED),
    DecisionVerdict.MANUAL_REVIEW: ("refer", DecisionReason.DOUBTFUL),
}


class Decided(NamedTuple):
    """How many assessments came to each end; ``pending`` ones wait for the bureau."""

    approved: int = 0
    refused: int = 0
    manual_review: int = 0
    pending: int = 0


def decide(
    assessment_ids: Sequence[int], *, bureau: CreditBureau, by: str, at: datetime, on: date
) -> Decided:
    """Decide on assessments that are requested or in scoring; others are left as they are."""
    customers = _begin(assessment_ids, by=by, at=at)
    reports = bureau_reports.fetch(list(customers.values()), bureau=bureau, at=at)
    return _conclude(customers, reports=reports, by=by, at=at, on=on)


def sweep(*, bureau: CreditBureau, by: str, at: datetime, on: date) -> Decided:
    """Decide on everything that is still to be decided automatically, and escalate what is late."""
    waiting = Assessment.objects.filter(state__in=_AUTOMATIC).order_by("pk")
    done = decide(
        list(waiting.values_list("pk", flat=True)[:BATCH_MAX]), bureau=bureau, by=by, at=at, on=on
    )
    escalate_late(at=at)
    return done


def escalate_late(*, at: datetime) -> int:
    """Mark open assessments that are past their deadline, once each; return their number."""
    late = Assessment.objects.filter(state__in=OPEN_STATES, due_at__lt=at, escalated_at=None)
    return late.update(escalated_at=at)


@transaction.atomic(durable=True)
def _begin(assessment_ids: Sequence[int], *, by: str, at: datetime) -> dict[int, int]:
    """Move requested assessments to scoring; return the customer of each that is in scoring."""
    wanted = Assessment.objects.filter(pk__any=bulk.Of(assessment_ids), state__in=_AUTOMATIC)
    found = list(wanted.select_for_update(skip_locked=True, of=("self",)).order_by("pk"))
    new = [one for one in found if one.state == AssessmentState.REQUESTED]
    workflow.move(new, "begin", by=by, reason=DecisionReason.SCORED, at=at)
    workflow.save(new)
    return {one.pk: one.customer_id for one in found}


@transaction.atomic(durable=True)
def _conclude(
    customers: Mapping[int, int],
    *,
    reports: Mapping[int, FetchedReport],
    by: str,
    at: datetime,
    on: date,
) -> Decided:
    """Decide on what has its inputs, once; another process may have done so meanwhile."""
    wanted = Assessment.objects.filter(
        pk__any=bulk.Of(customers), state=AssessmentState.SCORING
    ).select_related("customer")
    found = list(wanted.select_for_update(of=("self",)).order_by("pk"))
    is_ready = (BureauState.READY, BureauState.NO_CONSENT)
    scored = [one for one in found if reports[one.customer_id].state in is_ready]
    pending = [one.pk for one in found if one not in scored]
    Assessment.objects.filter(pk__in=pending).update(bureau_tries=F("bureau_tries") + 1)

    frozen = numbers.freeze(on=on)
    inputs = _inputs(scored, reports, at=at, on=on)
    by_verdict: dict[DecisionVerdict, list[Assessment]] = {
        verdict: [] for verdict in DecisionVerdict
    }
    for one in scored:
        verdict = _score(one, inputs[one.customer_id], frozen, at=at)
        by_verdict[verdict].append(one)
    for verdict, records in by_verdict.items():
        transition, reason = _MOVES[verdict]
        decider: dict[str, Any] = (
            {} if verdict is DecisionVerdict.MANUAL_REVIEW else {"decider": by}
        )
        workflow.move(records, transition, by=by, reason=reason, at=at, **decider)
    workflow.save(scored, *_RESULT)

    for one in by_verdict[DecisionVerdict.MANUAL_REVIEW]:
        # Its deadline is that of the assessment, which began when it was requested (GEN-12).
        work_queue.add([one], queue=MANUAL_REVIEWS, at=one.requested_at)
    granting.grant(
        [_limit_of(one) for one in by_verdict[DecisionVerdict.APPROVED]], by=by, at=at, on=on
    )
    counts = {verdict.value: len(records) for verdict, records in by_verdict.items()}
    return Decided(**counts, pending=len(pending))


def _inputs(
    assessments: Sequence[Assessment],
    reports: Mapping[int, FetchedReport],
    *,
    at: datetime,
    on: date,
) -> dict[int, DecisionInputs]:
    """Return the inputs of each customer, the features read in one statement."""
    ids = [one.customer_id for one in assessments]
    features = facts.features(ids, on=on, at=at)
    own_codes = queries.own_codes(ids, on=on)
    cap_fen = current(AccountPolicy, on=on).limit_max_fen
    found = {}
    for one in assessments:
        report = reports[one.customer_id].current
        found[one.customer_id] = DecisionInputs(
            features[one.customer_id],
            report.reading if report else None,
            {"id": report.report_id, "digest": report.digest} if report else None,
            own_codes.get(one.customer_id, ""),
            cap_fen,
            is_ready=one.customer.state == CustomerState.READY,
        )
    return found


def _score(
    assessment: Assessment, inputs: DecisionInputs, frozen: FrozenNumbers, *, at: datetime
) -> DecisionVerdict:
    """Freeze the inputs and the result on the record; return what the rules decided."""
    decided = rules.decide(inputs, scoring=frozen.scoring, limits=frozen.limits)
    score = decided.scored.score
    assessment.inputs = inputs.as_json()
    assessment.policies = dict(frozen.digests)
    assessment.result = rules.result_of(decided, scoring=frozen.scoring)
    assessment.scored_at = at
    assessment.score, assessment.rate_ppm = score.total, score.rate_ppm
    assessment.grade = score.grade.value if score.grade else ""
    if decided.verdict is DecisionVerdict.APPROVED:
        assessment.limit_fen = decided.limit_fen
    return decided.verdict


def _limit_of(assessment: Assessment) -> DecidedLimit:
    assert assessment.limit_fen is not None
    capacity = rules.capacity_of(assessment.result)
    return DecidedLimit(assessment.customer_id, capacity, assessment.limit_fen, str(assessment))
