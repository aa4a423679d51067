"""Who a customer is: name and ID number on the one side, a live face on the other.

``check`` asks the provider about a submission, outside any transaction, and records the answer.
A provider that does not answer leaves the submission pending, to be asked again by the outbox:
no answer is never a pass (ELIG-3). Both checks must pass (ELIG-2); between the two thresholds of
the face score a person decides (SEC-3), and so where the authorities hold no record (IDN-003).
"""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from django.db import transaction
from django.db.models import OuterRef
from django.utils.translation import gettext_lazy as _

from accounts.consents.operations.face_recordings import QUEUE
from accounts.customers.rules.reasons import AccountActor, AccountReason
from accounts.gateways.identity import (
    CheckFault,
    FaceAnswer,
    IdentityAnswer,
    IdentityChecks,
    Verdict,
)
from accounts.identity.operations import people, providers
from accounts.identity.operations.providers import Question
from accounts.identity.rules import faces
from accounts.identity.rules.faces import FaceVerdict
from accounts.login import queries as devices
from accounts.models import IdentityVerification, VerificationState
from accounts.onboarding import context as contexts
from accounts.onboarding import operations as onboarding
from accounts.onboarding.context import RequestContext
from accounts.onboarding.rules import devices as device_rules
from accounts.onboarding.rules.occupations import Ruling
from accounts.policy import AccountPolicy
from accounts.privacy.rules import masking
from backoffice.core import clock, workflow
from backoffice.core.errors import Refused
from backoffice.core.reasons import Reason
from backoffice.platform import idempotency, outbox, work_queue
from backoffice.platform.provider_calls import CallAnswer

TOPIC = "accounts.identity"


class StillPendingError(Exception):
    """The provider has not answered yet; the outbox asks again."""


class _Verdict(StrEnum):
    """What follows from the checks; a refusal is named by its code."""

    WAIT = "wait"
    PASS = "pass"
    NO_RECORD = "identity-no-record"
    IDENTITY_INVALID = "identity-invalid"
    FACE_INVALID = "face-check-invalid"
    IDENTITY_MISMATCH = "identity-mismatch"
    NOT_LIVE = "face-not-live"
    FACE_MISMATCH = "face-mismatch"


_OF_IDENTITY = {
    Verdict.UNAVAILABLE: _Verdict.WAIT,
    Verdict.NO_RECORD: _Verdict.NO_RECORD,
    Verdict.INVALID: _Verdict.IDENTITY_INVALID,
    Verdict.MISMATCH: _Verdict.IDENTITY_MISMATCH,
}
_OF_FACE = {
    Verdict.UNAVAILABLE: _Verdict.WAIT,
    Verdict.NO_RECORD: _Verdict.NO_RECORD,
    Verdict.INVALID: _Verdict.FACE_INVALID,
    Verdict.MISMATCH: _Verdict.FACE_MISMATCH,
}


class _CheckResult(NamedTuple):
    """the answers of the two checks; the face is not asked about when the number failed."""

    identity: IdentityAnswer
    face: FaceAnswer | None
    attempt: int
    answers: list[CallAnswer]


def check(
    verification: IdentityVerification, *, checks: IdentityChecks, context: RequestContext
) -> IdentityVerification:
    """Ask the provider about a pending submission and record what it answers.

    Silence leaves it pending; a submission that is no longer pending is returned as it is.
    """
    if verification.state != VerificationState.PENDING:
        return verification
    age = context.at - verification.submitted_at
    if age >= timedelta(hours=context.policy.check_valid_hours):
        return _lapse(verification.pk, at=context.at)
    result = _ask(verification, checks, at=context.at)
    return _record(verification.pk, result=result, context=context)


def check_again(
    verification_id: int, *, checks: IdentityChecks, by: str, at: datetime, wall_at: datetime
) -> None:
    """Check for the outbox, which comes again as long as this raises.

    Raises:
        StillPendingError: the provider has still not answered.
    """
    pending = IdentityVerification.objects.select_related("customer").get(pk=verification_id)
    context = contexts.begin(pending.customer, by=by, at=at, wall_at=wall_at)
    verification = check(pending, checks=checks, context=context)
    if verification.state == VerificationState.PENDING:
        raise StillPendingError(f"{verification} is still pending")


def _ask(
    verification: IdentityVerification, checks: IdentityChecks, *, at: datetime
) -> _CheckResult:
    assert verification.name and verification.id_number and verification.face_token
    name, id_number, token = verification.name, verification.id_number, verification.face_token
    attempt = verification.tries + 1
    identity, kept = providers.ask(
        _question("identity", verification, checks, attempt),
        call=lambda: checks.check_identity(name=name, id_number=id_number, attempt=attempt),
        unknown=IdentityAnswer(Verdict.UNAVAILABLE, CheckFault.UNREACHABLE, ""),
        at=at,
    )
    if identity.verdict is not Verdict.MATCH:
        return _CheckResult(identity, None, attempt, [kept])
    face, kept_of_face = providers.ask(
        _question("face", verification, checks, attempt),
        call=lambda: checks.check_face(
            name=name, id_number=id_number, face_token=token, attempt=attempt
        ),
        unknown=FaceAnswer(Verdict.UNAVAILABLE, CheckFault.UNREACHABLE, ""),
        at=at,
    )
    return _CheckResult(identity, face, attempt, [kept, kept_of_face])


def _question(
    action: str, verification: IdentityVerification, checks: IdentityChecks, attempt: int
) -> Question:
    masked = {
        "name": masking.name(verification.name),
        "id_number": masking.id_number(verification.id_number),
    }
    key, customer_id = f"verification-{verification.pk}", verification.customer_id
    return Question(checks.name, action, verification, key, customer_id, attempt, masked)


@transaction.atomic(durable=True)
@idempotency.replies
def _record(
    verification_id: int, *, result: _CheckResult, context: RequestContext
) -> IdentityVerification:
    """Store the answers of the checks and do what follows from it, once."""
    at, numbers = context.at, context.policy
    verification = _locked(verification_id)
    if verification.customer_id == context.customer.pk:
        verification.customer = context.customer
    providers.record(result.answers, at=at)
    is_first = result.attempt == verification.tries + 1
    if verification.state != VerificationState.PENDING or not is_first:
        return verification  # another process recorded the answer of this attempt
    verification.tries += 1
    _note(verification, result, at)
    verdict = _verdict(result, numbers)
    doubts = _doubts(verification, result, numbers) if verdict is _Verdict.PASS else []
    if verdict is _Verdict.NO_RECORD:
        doubts = ["IDN-003"]
    was_known = False
    if verdict is _Verdict.WAIT:
        message = outbox.Message(TOPIC, str(verification.pk), {"id": verification.pk})
        outbox.post([message], at=at)
    elif doubts:
        workflow.move(
            [verification],
            "refer",
            by=AccountActor.CHECKS,
            reason=Reason(AccountReason.MANUAL_REVIEW, {"indicators": ", ".join(doubts)}),
            at=at,
        )
    elif verdict is _Verdict.PASS:
        was_known = _accept(
            verification,
            by=AccountActor.CHECKS,
            reason=AccountReason.BOTH_CHECKS_PASSED,
            numbers=numbers,
            at=at,
        )
    else:
        _refuse(
            verification, verdict, by=AccountActor.CHECKS, reason=AccountReason.CHECK_FAILED, at=at
        )
    _save(verification, by=AccountActor.CHECKS, at=at)
    if was_known:
        onboarding.advance(verification.customer, policy=numbers, by=AccountActor.CHECKS, at=at)
    return verification


def _save(
    verification: IdentityVerification, *, by: str, at: datetime, was_queued: bool = False
) -> None:
    """Write what was decided; the trigger ``forget_face`` keeps of a face the result (LAW-18)."""
    workflow.save(
        [verification], "tries", "identity_code", "identity_checked_at", "face_code",
        "face_checked_at", "similarity_permille", "is_live", "refusal", "decided_at",
    )  # fmt: skip
    if verification.state == VerificationState.PENDING:
        return
    if verification.state == VerificationState.IN_REVIEW:
        work_queue.add([verification], queue=QUEUE, at=at)
    elif was_queued:
        work_queue.finish([verification], queue=QUEUE, by=by, reason=AccountReason.DECIDED, at=at)


def _locked(verification_id: int) -> IdentityVerification:
    """Return a submission, locked, with its device and the number of people there."""
    rows = IdentityVerification.objects.select_for_update(of=("self",)).select_related("device")
    found: IdentityVerification = rows.annotate(
        device_people=devices.people_on(OuterRef("device"))
    ).get(pk=verification_id)
    return found


def _note(verification: IdentityVerification, result: _CheckResult, at: datetime) -> None:
    verification.identity_code = result.identity.code
    if result.identity.verdict is Verdict.MATCH:
        verification.identity_checked_at = at
    if result.face is not None:
        verification.face_code = result.face.code
        if result.face.verdict is Verdict.MATCH:
            verification.face_checked_at = at
            verification.similarity_permille = result.face.similarity_permille
            verification.is_live = result.face.is_live


def _verdict(result: _CheckResult, numbers: AccountPolicy) -> _Verdict:
    """Return what follows from both checks together (ELIG-2, SEC-3)."""
    if result.identity.verdict is not Verdict.MATCH:
        return _OF_IDENTITY[result.identity.verdict]
    assert result.face is not None
    if result.face.verdict is not Verdict.MATCH:
        return _OF_FACE[result.face.verdict]
    if not result.face.is_live:
        return _Verdict.NOT_LIVE
    is_refused = _judged(result.face, numbers) is FaceVerdict.REFUSE
    return _Verdict.FACE_MISMATCH if is_refused else _Verdict.PASS


def _judged(face: FaceAnswer, numbers: AccountPolicy) -> FaceVerdict:
    return faces.judge(
        face.similarity_permille,
        face.is_live,
        pass_permille=numbers.face_pass_permille,
        review_permille=numbers.face_review_permille,
    )


def _doubts(
    verification: IdentityVerification, result: _CheckResult, numbers: AccountPolicy
) -> list[str]:
    """Return the indicators that leave a passed check to a person (SEC-3, ELIG-9).

    A device is judged as it last reported itself: the answer may be a day younger than the
    submission.
    """
    assert result.face is not None
    doubts = []
    flags = [flag for flag in device_rules.SIGNALS if getattr(verification.device, flag)]
    if device_rules.ruling(flags) is not Ruling.ALLOW:
        doubts += device_rules.indicators(flags)
    people_there = verification.device_people or 0  # type: ignore[attr-defined]
    if people_there >= numbers.device_people_min:
        doubts.append("DEV-011")
    if _judged(result.face, numbers) is FaceVerdict.REVIEW:
        doubts.append("IDN-006")
    return doubts


def _accept(
    verification: IdentityVerification,
    *,
    by: str,
    reason: str,
    numbers: AccountPolicy,
    at: datetime,
) -> bool:
    """Let the submission verify the customer's identity, if the person has a seat left.

    Returns: whether the person was known before; such a customer may have waited for it.
    """
    try:
        was_known = people.verify(verification, numbers=numbers, by=by, at=at)
    except people.SeatsTakenError as refusal:
        workflow.move(
            [verification], "refuse", by=by, reason=reason, at=at, because=refusal.code
        )  # fmt: skip
        return False
    workflow.move([verification], "accept", by=by, reason=reason, at=at)
    return was_known


def _refuse(
    verification: IdentityVerification, because: str, *, by: str, reason: str, at: datetime
) -> None:
    workflow.move([verification], "refuse", by=by, reason=reason, at=at, because=str(because))


@transaction.atomic(durable=True)
@idempotency.replies
def _lapse(verification_id: int, *, at: datetime) -> IdentityVerification:
    verification = _locked(verification_id)
    if verification.state == VerificationState.PENDING:
        workflow.move(
            [verification], "lapse", by=AccountActor.CHECKS, reason=AccountReason.NO_ANSWER, at=at
        )  # fmt: skip
        _save(verification, by=AccountActor.CHECKS, at=at)
    return verification


class NotInReviewError(Refused):
    """The submission does not wait for a person's decision."""

    code = "identity-not-in-review"
    message = _("{verification} does not wait for a decision.")
    remedy = _("Reload its page; somebody else may have decided.")


class ChecksIncompleteError(Refused):
    """A check did not pass, and no person can stand in for it (ELIG-2)."""

    code = "identity-checks-incomplete"
    message = _("{verification} cannot be accepted: ID check and face must both have passed.")
    remedy = _("Refuse it; the customer can verify again once the authorities hold the record.")


def has_both_checks(verification: IdentityVerification) -> bool:
    """Return whether number and face were both compared with a record and agreed (ELIG-2)."""
    checked = (verification.identity_checked_at, verification.face_checked_at)
    return None not in checked and bool(verification.is_live)


@transaction.atomic(durable=True)
def decide(
    verification_id: int, *, is_accepted: bool, by: str, reason: str, at: datetime
) -> IdentityVerification:
    """Decide on a submission in review, as a member of the staff (SEC-3).

    Raises:
        NotInReviewError: it is not, or no longer, in review.
        ChecksIncompleteError: it is to be accepted without a record to compare with (IDN-003).
    """
    verification = _locked(verification_id)
    if verification.state != VerificationState.IN_REVIEW:
        raise NotInReviewError(verification=verification)
    numbers = onboarding.numbers(on=clock.day_of(at))
    was_known = False
    if is_accepted:
        if not has_both_checks(verification):
            raise ChecksIncompleteError(verification=verification)
        was_known = _accept(verification, by=by, reason=reason, numbers=numbers, at=at)
    else:
        is_complete = has_both_checks(verification)
        because = "refused-in-review" if is_complete else _Verdict.NO_RECORD
        _refuse(verification, because, by=by, reason=reason, at=at)
    _save(verification, by=by, at=at, was_queued=True)
    if was_known:
        onboarding.advance(verification.customer, policy=numbers, by=by, at=at)
    return verification
