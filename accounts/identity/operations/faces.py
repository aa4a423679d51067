"""Face verification of a customer, where a login is not enough.

Only the pass line counts: there is no manual review below it, as there is for an identity
verification (SEC-3). A face check can be used once. One that the provider did not answer may be
sent again; one whose process died on the way is used up.
"""

from datetime import datetime
from http import HTTPStatus

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.consents.operations import consents
from accounts.gateways.identity import CheckFault, FaceAnswer, IdentityChecks, Verdict
from accounts.identity.operations import providers
from accounts.identity.operations.providers import Question
from accounts.identity.operations.submissions import FaceUsedError, TooManyTriesError
from accounts.identity.rules.faces import FaceVerdict, judge
from accounts.models import Customer, UsedFaceToken
from accounts.onboarding.context import RequestContext
from accounts.policy import AccountPolicy
from accounts.privacy.rules import masking
from backoffice.core import clock
from backoffice.core.crypto import blind
from backoffice.core.errors import Refused
from backoffice.platform import idempotency, rate_limit

SCOPE = "face"


class FaceRefusedError(Refused):
    """The face does not match the customer's closely enough; the face check is used up."""

    status = HTTPStatus.FORBIDDEN
    public_facts = ("reason",)
    is_recorded = True
    code = "face-refused"
    message = _("The face check did not pass.")
    remedy = _("Look into the camera again in good light, or ask customer support.")


class FaceUnavailableError(Refused):
    """The provider of the face check does not answer."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    code = "face-check-unavailable"
    message = _("The face check does not answer at the moment.")
    remedy = _("Try again in a few minutes; nothing was counted.")


REFUSALS = (
    FaceUsedError,
    TooManyTriesError,
    FaceRefusedError,
    FaceUnavailableError,
    consents.WithdrawnError,
)


def verify(context: RequestContext, *, face_token: str, checks: IdentityChecks) -> None:
    """Return if the face passes as that of the identified customer.

    Raises:
        FaceUsedError: the face check was used before.
        consents.WithdrawnError: the consent to the use of the face was taken back.
        TooManyTriesError: the face checks of the day are used up.
        FaceUnavailableError: the provider does not answer; the check may be sent again.
        FaceRefusedError: no live face was detected, or the score is below the pass line.
    """
    used = _begun() or _use(context, face_token)
    on = clock.day_of(context.wall_at)
    limit = context.policy.identity_tries_max
    if not rate_limit.take(scope=SCOPE, subject=context.subject, on=on, limit=limit):
        used.delete()
        raise TooManyTriesError
    answer = _ask(used.customer, face_token, used, checks, context.at)
    if answer.verdict is Verdict.UNAVAILABLE:
        rate_limit.give_back(scope=SCOPE, subject=context.subject, on=on)
        used.delete()
        raise FaceUnavailableError
    if not _is_passed(answer, context.policy):
        raise FaceRefusedError(reason=_reason(answer))


def _begun() -> UsedFaceToken | None:
    """Return the face check that this request had begun before its process was killed."""
    begun_id = idempotency.begun_id()
    if begun_id is None:
        return None
    return UsedFaceToken.objects.filter(pk=begun_id).select_related("customer").first()


@transaction.atomic(durable=True)
def _use(context: RequestContext, face_token: str) -> UsedFaceToken:
    """Mark a face check as used before it is sent, so that no second request can use it."""
    face_blind = blind(face_token, "face")
    locked = context.locked(face_blind=face_blind)
    if locked.status.is_face_used:
        raise FaceUsedError
    consents.give_with_face(locked, by=locked.by)
    used = UsedFaceToken.objects.create(
        customer=locked.customer, face_blind=face_blind, used_at=locked.at
    )
    idempotency.began(used.pk)
    return used


def _ask(
    customer: Customer,
    face_token: str,
    used: UsedFaceToken,
    checks: IdentityChecks,
    at: datetime,
) -> FaceAnswer:
    assert customer.name and customer.id_number
    name, id_number = customer.name, customer.id_number
    masked = {"name": masking.name(name), "id_number": masking.id_number(id_number)}
    answer, kept = providers.ask(
        Question(checks.name, "face", customer, f"token-{used.pk}", customer.pk, 1, masked),
        call=lambda: checks.check_face(
            name=name, id_number=id_number, face_token=face_token, attempt=1
        ),
        unknown=FaceAnswer(Verdict.UNAVAILABLE, CheckFault.UNREACHABLE, ""),
        at=at,
    )
    with transaction.atomic(durable=True):
        providers.record([kept], at=at)
    return answer


def _is_passed(answer: FaceAnswer, numbers: AccountPolicy) -> bool:
    verdict = judge(
        answer.similarity_permille,
        answer.is_live,
        pass_permille=numbers.face_pass_permille,
        review_permille=numbers.face_review_permille,
    )
    return answer.verdict is Verdict.MATCH and verdict is FaceVerdict.PASS


def _reason(answer: FaceAnswer) -> str:
    if answer.verdict is Verdict.NO_RECORD:
        return "identity-no-record"
    is_ghost = answer.verdict is Verdict.MATCH and not answer.is_live
    return "face-not-live" if is_ghost else "face-mismatch"
