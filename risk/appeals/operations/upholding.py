"""Upholding an appeal: the reviewer proposes a new decision, a second person approves (FAQ-8).

The approval stores the findings about the proofs, computes the score again, makes a new assessment
from frozen inputs, and grants its limit, in one transaction. The frame of approvals refuses the
proposer as the second person, and so does the database.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from http import HTTPStatus
from typing import Any, NamedTuple
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.customers import trace
from accounts.models import AssetProof, Customer, DeletionRequest, DeletionState
from accounts.onboarding.rules.occupations import Occupation
from accounts.proofs.operations import reviews
from accounts.proofs.operations.reviews import ProofFinding
from accounts.proofs.rules.findings import ProofVerdict
from backoffice.core import clock, workflow
from backoffice.core.errors import Refused
from backoffice.core.models import Approval, ApprovalState
from backoffice.core.money import yuan
from backoffice.core.policy import current
from backoffice.core.reasons import Reason
from backoffice.core.staff import StaffMember
from backoffice.platform import approvals
from backoffice.platform.approvals import AlreadyProposedError, Proposal, ValueChange
from risk.appeals import queries
from risk.appeals.operations import reviewing
from risk.appeals.operations.reviewing import KIND, AppealNotInReviewError
from risk.appeals.queries import AppealPreview
from risk.appeals.rules.reasons import AppealReason
from risk.decisions.operations import granting, numbers
from risk.decisions.operations.granting import DecidedLimit
from risk.decisions.queries import gate_text, rate_text
from risk.decisions.rules import decision as rules
from risk.lines.queries.amounts import open_line
from risk.lines.rules.reasons import LineReason
from risk.models import Appeal, AppealState, Assessment
from risk.policy import AssessmentPolicy, LimitPolicy


class AppealGateError(Refused):
    """A condition fails that nobody may set aside (ELIG-11, SCORE-9)."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    code = "appeal-gate-final"
    message = _("A condition fails that nobody may set aside: {gate}")
    remedy = _("Reject the appeal.")


class AppealLimitError(Refused):
    """The limit is above that of the new score, or no whole step (LIMIT-1, GEN-2)."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    code = "appeal-limit-impossible"
    message = _("An appeal cannot lead to a limit of {limit} yuan.")
    remedy = _("Choose {least} to {most} yuan, in steps of {step} yuan.")


class LimitNotHigherError(Refused):
    """The new score gives no higher limit than the customer has."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    code = "appeal-limit-not-higher"
    message = _("The new score gives at most {most} yuan; the customer has {now} yuan.")
    remedy = _("Reject the appeal, or ask the customer for more.")


class ProofGoneError(Refused):
    """A proof is none of the appeal, or the customer has deleted it."""

    code = "appeal-proof-gone"
    message = _("The customer has deleted a proof of {appeal}.")
    remedy = _("Review the appeal again with the proofs that are left.")


class CustomerLeavesError(Refused):
    """The customer has asked to close the account: nothing more is granted."""

    code = "appeal-customer-leaves"
    message = _("The customer of {appeal} has asked to close the account.")
    remedy = _("Reject the request; the appeal ends with the account.")


class Upholding(NamedTuple):
    """A proposed outcome: the limit in fen, and what the reviewer found in the proofs."""

    appeal_id: int
    limit_fen: int
    findings: Sequence[ProofFinding] = ()


@transaction.atomic(durable=True)
def propose(
    upholding: Upholding, *, by: StaffMember, reason: str, at: datetime, on: date
) -> Approval:
    """Propose to uphold an appeal that the person reviews, to be decided by a second person.

    Raises:
        AppealNotInReviewError: it is not in review.
        NotReviewerError: another person reviews it.
        AlreadyProposedError: a proposal about it is open.
        ProofGoneError: a finding is about no proof of the appeal.
        reviews.ProofIncompleteError, reviews.ProofNumberError, reviews.ProofOutdatedError,
            reviews.ProofNotReviewedError: a finding is one that the proof cannot have.
        AppealGateError: a condition fails that nobody may set aside.
        LimitNotHigherError: the new score gives no higher limit.
        AppealLimitError: the limit is not above the present one, above the new score's, or no whole
            step.
        approvals.NotPermittedError: the person may not review appeals.
    """
    appeal = reviewing.in_review(upholding.appeal_id, by=by)
    still_open = Approval.objects.filter(
        kind=KIND, subject_id=appeal.pk, state=ApprovalState.PROPOSED
    ).first()
    if still_open is not None:
        raise AlreadyProposedError.of(still_open)
    proofs = {one.pk: one for one in queries.proofs_of(appeal).values()}
    for finding in upholding.findings:
        if finding.proof_id not in proofs:
            raise ProofGoneError(appeal=appeal)
        reviews.require_complete(finding, proof=proofs[finding.proof_id], on=on)
    found = queries.preview(appeal, upholding.findings, at=at, on=on)
    _require_possible(found, upholding.limit_fen, on=on)

    payload = {
        "limit_fen": upholding.limit_fen,
        "now_fen": found.now_fen,
        "score": found.score,
        "score_before": found.score_before,
        "rate_ppm": found.rate_ppm,
        "rate_before_ppm": found.rate_before_ppm,
        "findings": [_as_json(one, proofs[one.proof_id]) for one in upholding.findings],
        **_grounds(appeal, found),
    }
    [made] = approvals.propose([Proposal(KIND, appeal.pk, payload)], by=by, reason=reason, at=at)
    return made


def apply(
    approved: Sequence[Approval],
    *,
    by: str,
    reason: str,  # noqa: ARG001 - the reason of the proposal explains the decision
    at: datetime,
) -> None:
    """Uphold the appeals; called by ``approvals.approve``.

    Raises:
        AppealNotInReviewError: it is not in review any more.
        AppealDecidedBeforeError: the second person made the contested decision.
        CustomerLeavesError: the customer has asked to close the account.
        ProofGoneError: the customer has deleted a proof meanwhile.
        AppealGateError, LimitNotHigherError, AppealLimitError: what was proposed is not possible
            by now; a consent may have been withdrawn.
    """
    for approval in approved:
        _uphold(approval, by=by, at=at)


def differences(approval: Approval) -> list[ValueChange]:
    """Return what a proposal changes, in words: the limit, the score, and each finding."""
    payload = approval.payload
    changes = [
        ValueChange(gettext("limit"), _yuan(payload["now_fen"]), yuan(payload["limit_fen"])),
        ValueChange(gettext("score"), _shown(payload["score_before"]), _shown(payload["score"])),
        ValueChange(
            gettext("annual rate (365 days), daily rate"),
            rate_text(payload["rate_before_ppm"]), rate_text(payload["rate_ppm"]),
        ),
    ]  # fmt: skip
    changes += [
        ValueChange(queries.finding_title(one), "", queries.finding_words(one))
        for one in payload["findings"]
    ]
    changes += [
        ValueChange(gettext("monthly income that counts"), *map(yuan, payload["income_fen"])),
        ValueChange(gettext("occupation factor"), *map(_permille, payload["occupation_permille"])),
    ]
    return changes + [
        ValueChange(gettext("condition not met"), gate_text(one), gettext("set aside"))
        for one in payload["set_aside"]
    ]


def _grounds(appeal: Appeal, found: AppealPreview) -> dict[str, Any]:
    """Return what a new decision rests on: income and occupation before and after, in this order.

    ``set_aside`` are the failed conditions that the decision sets aside, as they are stored.
    """
    before, after = appeal.assessment.result["capacity"], found.decision.capacity
    return {
        "income_fen": [before["income_fen"], after.income_fen],
        "occupation_permille": [before["occupation_permille"], after.occupation_permille],
        "set_aside": [
            {"code": one.code.value, "facts": dict(one.facts)} for one in found.set_aside_gates
        ],
    }


def register() -> None:
    """Register the kind of request, once, when the site is ready."""
    approvals.register(
        KIND,
        title=_("appeal: new decision"),
        apply=apply,
        permission="risk.decide_appeal",
        propose_permission="risk.review_appeal",
        differences=differences,
        hides_payload=True,
    )


def _uphold(approval: Approval, *, by: str, at: datetime) -> None:
    appeal = _locked(approval)
    reviewing.require_uninvolved(appeal, by=by)
    on = clock.day_of(at)
    findings = _findings(appeal, approval)
    limit_fen = approval.payload["limit_fen"]
    found = queries.preview(appeal, findings, at=at, on=on)
    _require_possible(found, limit_fen, on=on)

    made = _decided(appeal, found, limit_fen, by=by, reason=approval.reason, at=at, on=on)
    capacity = rules.capacity_of(made.result)
    limit = DecidedLimit(appeal.customer_id, capacity, limit_fen, str(made), LineReason.APPEALED)
    granting.grant([limit], by=by, at=at, on=on)
    if findings:
        # After the grant: an open line follows accepted proofs at once (LIMIT-13), and would
        # otherwise name them, not the decision, as the reason of its new target.
        proposer = str(approval.proposed_by)
        reviews.review(findings, by=proposer, reason=approval.reason, at=at, on=on)
    reason = _because(approval.reason)
    workflow.move([appeal], "uphold", by=by, reason=reason, at=at, decider=by)
    reviewing.finish(appeal, by=by, at=at)


def _locked(approval: Approval) -> Appeal:
    """Lock the line, the customer and the appeal, in this order, as every command does."""
    assert approval.subject_id is not None, "a proposal names its appeal"
    owner = Appeal.objects.values_list("customer", flat=True).get(pk=approval.subject_id)
    open_line(owner, is_locked=True)
    # Rows that refer to the customer may be added meanwhile: only requests are kept waiting.
    Customer.objects.select_for_update(no_key=True).get(pk=owner)
    appeal = reviewing.locked(approval.subject_id)
    if appeal.state != AppealState.IN_REVIEW:
        raise AppealNotInReviewError(appeal=appeal)
    closure = DeletionRequest.objects.filter(customer=owner, state=DeletionState.REQUESTED)
    if closure.exists():
        raise CustomerLeavesError(appeal=appeal)
    return appeal


def _findings(appeal: Appeal, approval: Approval) -> list[ProofFinding]:
    """Return what the proposer found in the proofs; the second person has agreed."""
    proofs = queries.proofs_of(appeal)
    stored = approval.payload["findings"]
    if any(UUID(one["proof"]) not in proofs for one in stored):
        raise ProofGoneError(appeal=appeal)
    return [_from_json(one, proofs[UUID(one["proof"])]) for one in stored]


def _decided(
    appeal: Appeal,
    found: AppealPreview,
    limit_fen: int,
    *,
    by: str,
    reason: str,
    at: datetime,
    on: date,
) -> Assessment:
    """Make the new assessment with its frozen inputs, and approve it."""
    frozen = numbers.freeze(on=on)
    score = found.decision.scored.score
    minutes = current(AssessmentPolicy, on=on).decision_minutes
    made = Assessment.objects.create(
        customer_id=appeal.customer_id,
        appeal=appeal,
        requested_at=at,
        due_at=at + timedelta(minutes=minutes),
        inputs=found.inputs.as_json(),
        policies=dict(frozen.digests),
        result=rules.result_of(found.decision, scoring=frozen.scoring),
        score=score.total,
        grade=score.grade.value if score.grade else "",
        rate_ppm=found.rate_ppm,
        scored_at=at,
    )
    because = _because(reason)
    trace.note([made], "request", by=by, reason=because, at=at)
    workflow.move([made], "begin", by=by, reason=because, at=at)
    workflow.save([made])
    made.limit_fen = limit_fen
    workflow.move([made], "approve", by=by, reason=because, at=at, decider=by)
    workflow.save([made], "limit_fen", "decided_at", "decided_by")
    return made


def _require_possible(found: AppealPreview, limit_fen: int, *, on: date) -> None:
    if found.final_gates:
        gate = found.final_gates[0]
        raise AppealGateError(gate=gate_text({"code": gate.code, "facts": gate.facts}))
    limits, step_fen = found.limits, current(LimitPolicy, on=on).limit_step_fen
    if limits.is_empty:
        raise LimitNotHigherError(most=yuan(limits.most_fen), now=yuan(found.now_fen))
    if not limits.least_fen <= limit_fen <= limits.most_fen or limit_fen % step_fen:
        raise AppealLimitError(
            limit=yuan(limit_fen), least=yuan(limits.least_fen), most=yuan(limits.most_fen),
            step=yuan(step_fen),
        )  # fmt: skip


def _because(text: str) -> Reason:
    return Reason(AppealReason.UPHELD, {"text": text})


def _as_json(finding: ProofFinding, proof: AssetProof) -> dict[str, Any]:
    return {
        "proof": str(proof.public_id),
        "kind": proof.kind,
        "verdict": finding.verdict.value,
        "monthly_income_fen": finding.monthly_income_fen,
        "occupation": finding.occupation and finding.occupation.value,
        "since_on": finding.since_on and finding.since_on.isoformat(),
    }


def _from_json(stored: Mapping[str, Any], proof: AssetProof) -> ProofFinding:
    occupation, since_on = stored["occupation"], stored["since_on"]
    return ProofFinding(
        proof.pk,
        ProofVerdict(stored["verdict"]),
        stored["monthly_income_fen"],
        Occupation(occupation) if occupation else None,
        date.fromisoformat(since_on) if since_on else None,
    )


def _yuan(fen: int) -> str:
    return yuan(fen) if fen else gettext("no credit line")


def _permille(factor: int) -> str:
    return f"{factor // 1000}.{factor % 1000:03}"


def _shown(score: int | None) -> str:
    return "" if score is None else str(score)
