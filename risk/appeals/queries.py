"""Appeals: what their customers read, and the new score that reviewers see before they decide."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.customer_page.queries.timeline import TimelineEntry
from accounts.models import (
    OCCUPATIONS,
    VERDICTS,
    AssetProof,
    Customer,
    CustomerState,
    ProofKind,
    ProofReview,
)
from accounts.policy import AccountPolicy
from accounts.proofs.operations.reviews import ProofFinding
from backoffice.core import clock, reasons
from backoffice.core.models import StateChange
from backoffice.core.money import yuan
from backoffice.core.policy import current
from risk.appeals.rules import rescoring
from risk.appeals.rules.deadlines import Contested
from risk.appeals.rules.rescoring import AppealEvidence, LimitRange, NewReport
from risk.bureau import queries as bureau
from risk.decisions import queries as decisions
from risk.decisions.rules import decision as rules
from risk.decisions.rules.decision import AssessmentDecision, DecisionGateFailed, DecisionInputs
from risk.facts import queries as facts
from risk.lines.queries.amounts import goes_to_fen, open_line, sentence
from risk.models import (
    OPEN_APPEALS,
    WRITABLE_STATES,
    Appeal,
    AppealOutcome,
    AppealState,
    Assessment,
    LimitChange,
)
from risk.policy import LimitPolicy, ScoringPolicy

EACH_MAX = 50  # of a kind in the timeline, the newest


class NextAppealCall(NamedTuple):
    """What the customer may call next for an appeal."""

    step: str
    state: str
    method: str
    endpoint: str


def of(customer_id: int) -> list[Appeal]:
    """Return the appeals of a customer, the newest first."""
    mine = Appeal.objects.filter(customer=customer_id).select_related("assessment")
    return list(mine.order_by("-pk"))


def new_assessment(appeal: Appeal) -> Assessment | None:
    """Return the decision that followed from an upheld appeal."""
    return Assessment.objects.filter(appeal=appeal).first()


def next_calls(appeal: Appeal) -> list[NextAppealCall]:
    """Return what the customer may do: add, submit, withdraw, or ask about a rejection."""
    address = f"/api/v1/appeals/{appeal.public_id}"
    found = []
    if appeal.state in WRITABLE_STATES:
        found += [
            NextAppealCall("add-material", "open", "POST", f"{address}/materials"),
            NextAppealCall("submit-appeal", "open", "POST", f"{address}/submit"),
        ]
    if appeal.state in OPEN_APPEALS:
        return [*found, NextAppealCall("withdraw-appeal", "open", "POST", f"{address}/withdrawal")]
    if appeal.outcome == AppealOutcome.REJECTED:
        return [NextAppealCall("ask-support", "open", "POST", "/api/v1/me/complaints")]
    return []


def outcome_text(appeal: Appeal, made: Assessment | None) -> str | None:
    """Return what the outcome means for the customer; None before there is one."""
    if made is not None and made.limit_fen is not None:
        first = LimitChange.objects.filter(
            customer=appeal.customer_id, evidence=str(made), old_fen=0
        )
        if first.exists():
            return gettext("The credit line is open with a limit of {limit} yuan.").format(
                limit=yuan(made.limit_fen)
            )
        policy = current(LimitPolicy, on=clock.day_of(appeal.decided_at or made.requested_at))
        return gettext(
            "The limit is {limit} yuan. An open credit line reaches it by daily steps of at most "
            "{percent}%; the rate is not higher than before."
        ).format(limit=yuan(made.limit_fen), percent=policy.daily_walk_permille // 10)
    if appeal.outcome == AppealOutcome.REJECTED:
        return gettext("The contested decision stands; the answer says why.")
    if appeal.outcome == AppealOutcome.WITHDRAWN:
        return gettext("The appeal ended without a decision.")
    return None


class AppealPreview(NamedTuple):
    """A contested decision computed again; amounts in fen.

    ``rate_ppm`` is the daily rate of the new decision: never above that of the contested one, which
    an appeal does not make worse (LAW-18); ``rate_before_ppm`` is None where that one was refused.
    ``now_fen`` is where the customer's line goes by now, 0 without a line. ``final_gates`` are
    failed conditions that nobody may set aside.
    """

    inputs: DecisionInputs
    decision: AssessmentDecision
    score_before: int | None
    rate_before_ppm: int | None
    rate_ppm: int
    now_fen: int
    limits: LimitRange
    final_gates: list[DecisionGateFailed]

    @property
    def score(self) -> int | None:
        """Return the new score; None without the consents that it needs."""
        return self.decision.scored.score.total

    @property
    def set_aside_gates(self) -> list[DecisionGateFailed]:
        """Return the failed conditions that a person may set aside."""
        return [one for one in self.decision.failed if one not in self.final_gates]


def preview(
    appeal: Appeal, findings: Sequence[ProofFinding], *, at: datetime, on: date
) -> AppealPreview:
    """Return what a decision would be with findings about the proofs; nothing is stored.

    Proofs that were accepted before count too. The numbers are those in force on the day.
    """
    scoring, limits = current(ScoringPolicy, on=on), current(LimitPolicy, on=on)
    inputs = rescoring.inputs_again(
        decisions.inputs_of(appeal.assessment), _evidence(appeal, findings, at=at, on=on)
    )
    decision = rules.decide(inputs, scoring=scoring, limits=limits)
    now_fen = limit_now_fen(appeal.customer_id)
    rate_before_ppm = decisions.rate_ppm(appeal.assessment)
    rate_ppm = decision.scored.score.rate_ppm
    rate_ppm = scoring.rate_c_ppm if rate_ppm is None else rate_ppm
    return AppealPreview(
        inputs,
        decision,
        appeal.assessment.score,
        rate_before_ppm,
        rate_ppm if rate_before_ppm is None else min(rate_ppm, rate_before_ppm),
        now_fen,
        rescoring.limit_range(decision, now_fen=now_fen, policy=limits),
        rescoring.final_gates(decision),
    )


def limit_now_fen(customer_id: int) -> int:
    """Return the limit in fen to which the line of a customer goes by now; 0 without a line."""
    line = open_line(customer_id)
    return goes_to_fen(line) if line is not None else 0


def proofs_of(appeal: Appeal) -> Mapping[UUID, AssetProof]:
    """Return the proofs of an appeal that the customer has not deleted, by public id."""
    ids = appeal.materials.filter(proof_id__isnull=False).values("proof_id")
    rows = AssetProof.objects.filter(customer=appeal.customer_id, public_id__in=ids)
    return {one.public_id: one for one in rows.defer("asset_number").order_by("pk")}


def _evidence(
    appeal: Appeal, findings: Sequence[ProofFinding], *, at: datetime, on: date
) -> AppealEvidence:
    customer_id = appeal.customer_id
    today = facts.features([customer_id], on=on, at=at)[customer_id]
    return AppealEvidence(
        facts.with_findings(today, findings, on=on),
        current(AccountPolicy, on=on).limit_max_fen,
        Customer.objects.filter(pk=customer_id, state=CustomerState.READY).exists(),
        _new_report(appeal, at=at),
    )


def _new_report(appeal: Appeal, *, at: datetime) -> NewReport | None:
    """Return the credit report that took the place of a contested one."""
    if appeal.kind != Contested.BUREAU:
        return None
    found = bureau.current(appeal.customer_id, at=at)
    if found is None:
        return None
    return NewReport(found.reading, {"id": found.report_id, "digest": found.digest})


def finding_title(stored: Mapping[str, Any]) -> str:
    """Return what a finding of a proposal is about, in the active language."""
    kind = str(ProofKind(stored["kind"]).label)
    return gettext("proof: {kind}").format(kind=kind)


def finding_words(stored: Mapping[str, Any]) -> str:
    """Return what a finding of a proposal says, in the active language."""
    words = [str(dict(VERDICTS)[stored["verdict"]])]
    if stored["monthly_income_fen"] is not None:
        income = yuan(stored["monthly_income_fen"])
        words.append(gettext("{income} yuan a month").format(income=income))
    if stored["occupation"]:
        words.append(str(dict(OCCUPATIONS)[stored["occupation"]]))
    if stored["since_on"]:
        words.append(gettext("since {day}").format(day=stored["since_on"]))
    return " · ".join(words)


def history(customer_id: int) -> list[TimelineEntry]:
    """Return what happened to a customer's decisions: from the refusal to the higher limit."""
    return [
        *_of_assessments(customer_id),
        *(
            TimelineEntry(one.uploaded_at, _("proof uploaded"), str(one.get_kind_display()))
            for one in _latest(AssetProof.objects.defer("asset_number"), customer_id)
        ),
        *(
            TimelineEntry(one.at, _("proof reviewed"), _reviewed(one), one.reviewed_by)
            for one in _latest(ProofReview.objects.all(), customer_id)
        ),
        *_of_appeals(customer_id),
        *(
            TimelineEntry(one.at, _("limit change"), sentence(one), one.changed_by)
            for one in _latest(LimitChange.objects.all(), customer_id)
        ),
    ]


def _reviewed(review: ProofReview) -> str:
    return f"{review.get_kind_display()} · {review.get_verdict_display()}: {review.reason}"


def _latest(rows: QuerySet[Any], customer_id: int) -> QuerySet[Any]:
    return rows.filter(customer=customer_id).order_by("-pk")[:EACH_MAX]


def _of_assessments(customer_id: int) -> Iterator[TimelineEntry]:
    for one in _latest(Assessment.objects.filter(decided_at__isnull=False), customer_id):
        words = [str(one), str(one.get_state_display())]
        words += [yuan(one.limit_fen)] if one.limit_fen else []
        yield TimelineEntry(
            one.decided_at, _("assessment decided"), " · ".join(words), one.decided_by
        )
        if one.viewed_at is not None:
            yield TimelineEntry(one.viewed_at, _("report viewed"), str(one))


def _of_appeals(customer_id: int) -> Iterator[TimelineEntry]:
    appeals = list(_latest(Appeal.objects.all(), customer_id))
    for one in appeals:
        yield TimelineEntry(one.opened_at, _("appeal opened"), str(one))
    moves = StateChange.objects.filter(
        subject_type=Appeal._meta.label_lower, subject_id__in=[one.pk for one in appeals]
    ).exclude(target="")
    states = dict(AppealState.choices)
    for move in moves.order_by("pk"):
        reason = reasons.text(move.reason, move.facts)
        detail = f"AP{move.subject_id} {states[move.source]} → {states[move.target]}: {reason}"
        yield TimelineEntry(move.at, _("appeal"), detail, move.actor)
