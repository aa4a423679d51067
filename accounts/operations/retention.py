"""The night's work on personal data: requests to leave, and what has been kept long enough.

Everything here can be done again without changing anything more. A legal hold stops all of it for
its customer. Requests are carried out one customer at a time, each in a transaction of its own.
"""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from accounts.models import (
    AssetFile,
    AssetProof,
    Authorisation,
    BankCard,
    BankCardState,
    Customer,
    CustomerHold,
    CustomerState,
    DeletionRequest,
    DeletionState,
    DeviceLink,
    HoldKind,
    IdentityVerification,
    LoginSession,
    Profile,
    TransactionPassword,
    UsedFaceToken,
    VerificationState,
    WechatAccount,
)
from accounts.operations import deletions, logins, openings
from accounts.policy import AccountPolicy
from backoffice import clock, idempotency, throttle, workflow
from backoffice.jobs import Tally

KEYS_DAYS = 30  # as long as a client may repeat a request
_BY = "retention"


def plan(*, on: date, at: datetime) -> Sequence[int]:
    """Return the requests to leave that wait, oldest first."""
    waiting = DeletionRequest.objects.filter(state=DeletionState.REQUESTED).order_by("pk")
    return list(waiting.values_list("pk", flat=True))


def nightly(*, on: date, at: datetime, wall_at: datetime) -> Tally:
    """Carry out the requests to leave, then erase what has been kept long enough."""
    numbers = openings.numbers(on=on)
    outcomes = [leave(pk, at=at, wall_at=wall_at) for pk in plan(on=on, at=at)]
    erase_identities(on=on, numbers=numbers)
    erase_submissions(at=at, numbers=numbers)
    erase_logs(wall_at=wall_at, numbers=numbers)
    idempotency.forget(before=wall_at - timedelta(days=KEYS_DAYS))
    throttle.forget(before=clock.day_of(wall_at) - timedelta(days=KEYS_DAYS))
    return Tally(done=outcomes.count(True), failed=outcomes.count(False))


@transaction.atomic(durable=True)
def leave(request_id: int, *, at: datetime, wall_at: datetime) -> bool:
    """End the relation with a customer who asked for it; False while something is in the way."""
    asked = DeletionRequest.objects.select_for_update().get(pk=request_id)
    if asked.state != DeletionState.REQUESTED:
        return True
    customer = Customer.objects.select_for_update().get(pk=asked.customer_id)
    if deletions.is_legally_held(customer.pk) or deletions.obstacles(customer.pk):
        return False
    asked.erased, asked.kept = deletions.outcome(customer, on=clock.day_of(at))
    if customer.state != CustomerState.CLOSED:
        workflow.move([customer], "close", by=_BY, reason="asked to be deleted", at=at)
        workflow.save([customer], "closed_at")
    _take_away(customer, at=at, wall_at=wall_at)
    workflow.move([asked], "finish", by=_BY, reason="erased what may be erased", at=at)
    workflow.save([asked], "decided_at")
    DeletionRequest.objects.filter(pk=asked.pk).update(erased=asked.erased, kept=asked.kept)
    return True


def _take_away(customer: Customer, *, at: datetime, wall_at: datetime) -> None:
    """End logins and cards, and erase what no law keeps."""
    mine = {"customer": customer}
    sessions = LoginSession.objects.filter(account__customer=customer)
    logins.revoke(sessions, reason="the customer has left", wall_at=wall_at)
    accounts = WechatAccount.objects.filter(**mine)
    accounts.filter(unbound_at=None).update(unbound_at=at)
    accounts.update(openid=None, openid_blind=None, slot=None)
    DeviceLink.objects.filter(account__customer=customer).delete()
    Profile.objects.filter(**mine).delete()
    AssetFile.objects.filter(proof__customer=customer).delete()
    AssetProof.objects.filter(**mine).delete()
    TransactionPassword.objects.filter(**mine).delete()
    gone = (BankCardState.REJECTED, BankCardState.UNBOUND)
    cards = list(BankCard.objects.select_for_update().filter(**mine).exclude(state__in=gone))
    workflow.move(cards, "unbind", by=_BY, reason="the customer has left", at=at)
    workflow.save(cards, "is_default", "unbound_at")


@transaction.atomic(durable=True)
def erase_identities(*, on: date, numbers: AccountPolicy) -> int:
    """Erase who was whom when ten years have passed since the relation ended (LAW-19)."""
    last_kept = _years_before(on, numbers.kyc_years)
    over = Customer.objects.filter(
        ~_is_held("pk"), Q(name__isnull=False) | Q(id_blind__isnull=False),
        state=CustomerState.CLOSED, closed_at__lt=clock.moment_of(last_kept, time()),
    )  # fmt: skip
    ids = list(over.values_list("pk", flat=True))
    BankCard.objects.filter(customer__in=ids).update(
        number=None, number_blind=None, phone=None, phone_blind=None
    )
    IdentityVerification.objects.filter(customer__in=ids).update(name=None, id_number=None)
    return Customer.objects.filter(pk__in=ids).update(
        name=None, id_number=None, id_blind=None, phone=None, phone_blind=None, born_on=None
    )


@transaction.atomic(durable=True)
def erase_submissions(*, at: datetime, numbers: AccountPolicy) -> int:
    """Erase what was typed for proofs that did not succeed, and old face tokens (LAW-18)."""
    before = at - timedelta(days=numbers.face_token_days)
    old = IdentityVerification.objects.filter(~_is_held("customer"), submitted_at__lt=before)
    UsedFaceToken.objects.filter(~_is_held("customer"), used_at__lt=before).delete()
    old.filter(state=VerificationState.IN_REVIEW, face_token__isnull=False).update(face_token=None)
    ended = (VerificationState.REFUSED, VerificationState.LAPSED)
    failed = old.filter(state__in=ended, decided_at__lt=before, name__isnull=False)
    return failed.update(name=None, id_number=None)


@transaction.atomic(durable=True)
def erase_logs(*, wall_at: datetime, numbers: AccountPolicy) -> int:
    """Erase logins that ended six months ago, unless money moved in them (LAW-19)."""
    before = wall_at - timedelta(days=numbers.log_days)
    used = Authorisation.objects.filter(session=OuterRef("pk"))
    ended = LoginSession.objects.filter(
        ~_is_held("account__customer"), ~Exists(used), ends_at__lt=before
    )
    deleted, _per_model = ended.delete()
    return deleted


def _is_held(customer: str) -> Exists:
    held = CustomerHold.objects.filter(kind=HoldKind.LEGAL, lifted_at=None)
    return Exists(held.filter(customer=OuterRef(customer)))


def _years_before(on: date, years: int) -> date:
    """Return the day so many years earlier; of 29 February the day before, kept longer."""
    try:
        return on.replace(year=on.year - years)
    except ValueError:
        return on.replace(year=on.year - years, day=28)
