"""The night's work on personal data: deletion requests, and what has been kept long enough.

Everything here can be done again without changing anything more. A legal hold stops all of it for
its customer. Requests are carried out one customer at a time, and rows erased a batch at a time,
each in a transaction of its own: the night may be stopped anywhere.
"""

import logging
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from functools import reduce
from operator import or_
from typing import Any

from django.db import models, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Least

from accounts.consents.operations import face_recordings
from accounts.customers.rules.reasons import AccountReason
from accounts.identity.operations.submissions import OPEN
from accounts.login import operations as logins
from accounts.models import (
    AssetFile,
    AssetProof,
    Authorisation,
    BankCard,
    BankCardState,
    CardHold,
    Complaint,
    Customer,
    CustomerHold,
    CustomerState,
    DeletionRequest,
    DeletionState,
    Device,
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
from accounts.onboarding import operations as onboarding
from accounts.policy import AccountPolicy
from accounts.privacy.operations import deletions
from accounts.privacy.rules.retention import DataClass, Period, due_through, periods
from backoffice.core import clock, workflow
from backoffice.platform import idempotency, rate_limit
from backoffice.platform.jobs import Tally

BATCH = 1_000
KEYS_DAYS = 30  # as long as a client may repeat a request
_TYPED = ("name", "id_number", "id_blind")

log = logging.getLogger(__name__)


def waiting() -> list[int]:
    """Return the deletion requests that may be carried out, oldest first."""
    asked = DeletionRequest.objects.filter(~_is_held("customer"), state=DeletionState.REQUESTED)
    return list(asked.order_by("pk").values_list("pk", flat=True))


def nightly(*, by: str, on: date, at: datetime, wall_at: datetime) -> Tally:
    """Carry out the deletion requests, then erase what has been kept long enough.

    Done are the requests carried out and the rows erased, failed the requests that must wait.
    """
    numbers = onboarding.numbers(on=on)
    left = [_try_closing(pk, by=by, at=at, wall_at=wall_at) for pk in waiting()]
    erased = (
        erase_identities(on=on, numbers=numbers)
        + erase_submissions(by=by, at=at, numbers=numbers)
        + erase_logs(wall_at=wall_at, numbers=numbers)
        + idempotency.forget(before=wall_at - timedelta(days=KEYS_DAYS))
        + rate_limit.forget(before=clock.day_of(wall_at) - timedelta(days=KEYS_DAYS))
    )
    return Tally(done=left.count(True) + erased, failed=left.count(False))


def _try_closing(request_id: int, *, by: str, at: datetime, wall_at: datetime) -> bool:
    """Carry out one request; one that cannot be must hold up neither the others nor the day."""
    try:
        return close_account(request_id, by=by, at=at, wall_at=wall_at)
    except Exception:
        log.exception("request %s to be deleted was not carried out", request_id)
        return False


@transaction.atomic(durable=True)
def close_account(request_id: int, *, by: str, at: datetime, wall_at: datetime) -> bool:
    """End the relation with a customer who asked for it; False while something is in the way."""
    owner = DeletionRequest.objects.get(pk=request_id).customer_id
    # What records the answer of a provider locks the submission first, then the customer.
    list(IdentityVerification.objects.select_for_update().filter(customer=owner).order_by("pk"))
    asked = DeletionRequest.objects.select_for_update().get(pk=request_id)
    if asked.state != DeletionState.REQUESTED:
        return True
    customer = Customer.objects.select_for_update().get(pk=owner)
    if deletions.is_legally_held(owner) or deletions.blockers(owner):
        return False
    erased, kept = deletions.outcome(customer, on=clock.day_of(at))
    deletions.end_all(owner, by=by, reason=AccountReason.CUSTOMER_LEFT, at=at)
    _end_logins(customer, by=by, at=at, wall_at=wall_at)
    _end_cards(customer, by=by, at=at)
    _erase(customer, by=by, at=at)
    if customer.state != CustomerState.CLOSED:
        workflow.move([customer], "close", by=by, reason=AccountReason.DELETION_REQUESTED, at=at)
        workflow.save([customer], "closed_at")
    workflow.move([asked], "finish", by=by, reason=AccountReason.ERASED, at=at)
    workflow.save([asked], "decided_at")
    DeletionRequest.objects.filter(pk=asked.pk).update(erased=erased, kept=kept)
    return True


def _end_logins(customer: Customer, *, by: str, at: datetime, wall_at: datetime) -> None:
    sessions = LoginSession.objects.filter(account__customer=customer)
    logins.revoke(sessions, by=by, reason=AccountReason.CUSTOMER_LEFT, wall_at=wall_at)
    accounts = WechatAccount.objects.filter(customer=customer)
    accounts.filter(unbound_at=None).update(unbound_at=at)
    accounts.update(openid=None, openid_blind=None, seat=None)
    DeviceLink.objects.filter(account__customer=customer).delete()
    account_ids = accounts.values_list("pk", flat=True)
    idempotency.forget_of(*(f"account:{account_id}" for account_id in account_ids))


def _end_cards(customer: Customer, *, by: str, at: datetime) -> None:
    """Unbind the cards; whatever relied on one has been ended by its app."""
    gone = (BankCardState.REJECTED, BankCardState.UNBOUND)
    bound = BankCard.objects.filter(customer=customer).exclude(state__in=gone)
    cards = list(bound.select_for_update().order_by("pk"))
    workflow.move(cards, "unbind", by=by, reason=AccountReason.CUSTOMER_LEFT, at=at)
    workflow.save(cards, "is_default", "unbound_at")
    CardHold.objects.filter(card__customer=customer).delete()


def _erase(customer: Customer, *, by: str, at: datetime) -> None:
    """Erase what no law keeps; of whom nobody ever knew who it was, all that was typed."""
    mine = {"customer": customer}
    submissions = IdentityVerification.objects.filter(**mine)
    face_recordings.drop(
        submissions, lapsing=OPEN, by=by, reason=AccountReason.CUSTOMER_LEFT, at=at
    )
    UsedFaceToken.objects.filter(**mine).delete()
    Profile.objects.filter(**mine).delete()
    AssetFile.objects.filter(proof__customer=customer).delete()
    AssetProof.objects.filter(**mine).delete()
    TransactionPassword.objects.filter(**mine).delete()
    if deletions.is_unknown(customer):
        submissions.update(**dict.fromkeys(_TYPED))
        Complaint.objects.filter(**mine).delete()


def erase_identities(*, on: date, numbers: AccountPolicy) -> int:
    """Erase who was whom when ten years have passed since the relation ended (LAW-19)."""
    through = due_through(_periods(numbers)[DataClass.IDENTITY], on)
    before = clock.moment_of(through + timedelta(days=1), time())
    person = ("name", *_TYPED[1:], "phone", "phone_blind", "born_on", "id_valid_until_on")
    card = ("number", "number_blind", "phone", "phone_blind")
    complaints = _of_gone(Complaint, "customer", before)
    return (
        _blank(_of_gone(BankCard, "customer", before), card)
        + _blank(_of_gone(IdentityVerification, "customer", before), _TYPED)
        + _blank(_of_gone(LoginSession, "account__customer", before), ("address",))
        + _in_batches(complaints, lambda rows: rows.delete())
        + _blank(_of_gone(Customer, "", before), person)
    )


def erase_submissions(*, by: str, at: datetime, numbers: AccountPolicy) -> int:
    """Erase faces after 30 days, and what was typed for proofs that did not succeed (LAW-18)."""
    before = at - timedelta(days=numbers.face_token_days)
    mine = IdentityVerification.objects.filter(~_is_held("customer"))
    faces = mine.filter(submitted_at__lt=before, face_token__isnull=False)
    used = UsedFaceToken.objects.filter(~_is_held("customer"), used_at__lt=before)
    ended = (VerificationState.REFUSED, VerificationState.LAPSED)
    return (
        _in_batches(
            faces,
            lambda rows: face_recordings.drop(
                rows, by=by, reason=AccountReason.KEPT_LONG_ENOUGH, at=at
            ),
        )
        + _in_batches(used, lambda rows: rows.delete())
        + _blank(mine.filter(state__in=ended, decided_at__lt=before), _TYPED)
    )


def erase_logs(*, wall_at: datetime, numbers: AccountPolicy) -> int:
    """Erase logins that ended six months ago, unless money moved in them (LAW-19)."""
    before = wall_at - timedelta(days=numbers.log_days)
    unused = Authorisation.objects.filter(
        ~_is_held("customer"), used_at=None, expires_at__lt=before
    )
    grants = Authorisation.objects.filter(session=OuterRef("pk"))
    sessions = LoginSession.objects.alias(
        ended_at=Least(F("used_at") + logins.IDLE, F("ends_at"), F("revoked_at"))
    ).filter(~_is_held("account__customer"), ~Exists(grants), ended_at__lt=before)
    of_device = {"device": OuterRef("pk")}
    forgotten = Device.objects.filter(
        ~Exists(DeviceLink.objects.filter(**of_device)),
        ~Exists(LoginSession.objects.filter(**of_device)),
        ~Exists(IdentityVerification.objects.filter(**of_device)),
        reported_at__lt=before,
    )
    return sum(
        _in_batches(rows, lambda batch: batch.delete()) for rows in (unused, sessions, forgotten)
    )


def _periods(numbers: AccountPolicy) -> dict[DataClass, Period]:
    return periods(
        face_days=numbers.face_token_days, log_days=numbers.log_days, kyc_years=numbers.kyc_years
    )


def _of_gone(model: type[models.Model], customer: str, before: datetime) -> QuerySet[Any]:
    """Return the rows of customers who left before a moment and are not held."""
    path = f"{customer}__" if customer else ""
    over = {f"{path}state": CustomerState.CLOSED, f"{path}closed_at__lt": before}
    return model._default_manager.filter(~_is_held(customer or "pk"), **over)


def _blank(rows: QuerySet[Any], columns: tuple[str, ...]) -> int:
    """Empty columns of the rows in which one of them is filled; return how many rows."""
    filled = reduce(or_, (Q(**{f"{column}__isnull": False}) for column in columns))
    return _in_batches(rows.filter(filled), lambda batch: batch.update(**dict.fromkeys(columns)))


def _in_batches(rows: QuerySet[Any], erase: Callable[[QuerySet[Any]], Any]) -> int:
    """Erase rows a batch at a time; what is erased must no longer be among them.

    Each batch is asked for again in its transaction: a hold placed meanwhile is minded.
    """
    done = 0
    while ids := list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH]):
        with transaction.atomic(durable=True):
            erase(rows.filter(pk__in=ids))
        done += len(ids)
    return done


def _is_held(customer: str) -> Exists:
    held = CustomerHold.objects.filter(kind=HoldKind.LEGAL, lifted_at=None)
    return Exists(held.filter(customer=OuterRef(customer)))
