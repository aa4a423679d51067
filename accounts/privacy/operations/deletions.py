"""Account closure: a customer asks for the relation to end and the data to go (LAW-18, LAW-19).

The request is taken at once; the night carries it out, so that it can be taken back until then.
Who owes or is owed money cannot leave: apps above say so, and end what is theirs, with
``register``. What the law keeps is kept until its day and named in the reply.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple, Protocol

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.customers import trace
from accounts.customers.rules.reasons import AccountReason
from accounts.models import Customer, CustomerHold, DeletionRequest, DeletionState, HoldKind
from accounts.onboarding import operations as onboarding
from accounts.privacy.rules import retention
from accounts.privacy.rules.retention import DataClass
from backoffice.core import clock, workflow
from backoffice.core.errors import NextCall, RefusalCause, Refused, Text

_ASK_SUPPORT = NextCall("ask-support", "POST", "/api/v1/me/complaints")


class BlockedClosureError(Refused):
    """Open items block the closure of the account."""

    public_facts = ("blockers", "next_steps")
    code = "deletion-not-possible"
    message = _("Your account cannot be closed yet: some items are not settled.")
    remedy = "{words}"
    calls = (_ASK_SUPPORT,)

    @classmethod
    def causes(cls) -> Iterable[RefusalCause]:
        """Return what can block a closure, as the apps have registered it."""
        return [RefusalCause(code, text) for code, text in _words.items()]


class NotRequestedError(Refused):
    """There is no open request."""

    code = "deletion-not-requested"
    message = _("There is no deletion request to withdraw.")
    remedy = _("Read the state of your last deletion request.")
    calls = (NextCall("read-deletion", "GET", "/api/v1/me/deletion"),)


class ClosureStep(Protocol):
    """Ends what an app has with a customer, in the transaction in which the customer leaves."""

    def __call__(self, customer_id: int, *, by: str, reason: str, at: datetime) -> None:
        """End it; what has ended already stays as it is."""


class Kept(NamedTuple):
    """A kind of data that outlives the relation, through which day, and why."""

    what: str
    until: date
    why: str


Blocker = Callable[[int], str]

_blockers: list[Blocker] = []
_ends: list[ClosureStep] = []
_words: dict[str, Text] = {}
_calls: dict[str, Sequence[NextCall]] = {}

_LOGS = _("The law on cyber security has the logs of logins kept for six months.")
_PAPERS = _(
    "The law against money laundering has identities and transactions kept for ten years after the"
    " relation has ended."
)
_PROOF = _("It proves what was agreed between us, as long as either side may have to show it.")
WHY = {
    "logins": _LOGS,
    "identity": _PAPERS,
    "cards": _PAPERS,
    "transactions": _PAPERS,
    "consents": _PROOF,
    "complaints": _PROOF,
}


def register(
    *,
    blocker: Blocker,
    end: ClosureStep,
    words: Mapping[str, Text],
    calls: Mapping[str, Sequence[NextCall]],
) -> None:
    """Let an app above name what blocks an account closure, and end what is its own.

    ``blocker`` returns the code of what blocks the closure of a customer, by id, or nothing;
    ``words`` describe for each code what the customer can do, ``calls`` are the endpoints for it.
    """
    _words.update(words)
    _calls.update(calls)
    _blockers.append(blocker)
    _ends.append(end)


def blockers(customer_id: int) -> list[str]:
    """Return the codes of what blocks the account closure of a customer."""
    return [code for blocker in _blockers if (code := blocker(customer_id))]


def end_all(customer_id: int, *, by: str, reason: str, at: datetime) -> None:
    """Let every app end what it has with a customer."""
    for end in _ends:
        end(customer_id, by=by, reason=reason, at=at)


def kept_of(asked: DeletionRequest) -> list[Kept]:
    """Return what a request leaves behind, with the reasons in the language of the caller."""
    return [
        Kept(what, date.fromisoformat(asked.kept[what]), str(why))
        for what, why in WHY.items()
        if what in asked.kept
    ]


@transaction.atomic(durable=True)
def request(customer: Customer, *, by: str, at: datetime) -> DeletionRequest:
    """Take a request down, or return the open one.

    Raises:
        BlockedClosureError: money is owed, or waits.
    """
    locked = Customer.objects.select_for_update().get(pk=customer.pk)
    found = blockers(locked.pk)
    if found:
        words = " ".join(str(_words[code]) for code in found if code in _words)
        raise BlockedClosureError(blockers=found, words=words, next_steps=_next_steps(found))
    asked = DeletionRequest.objects.filter(customer=locked, state=DeletionState.REQUESTED).first()
    if asked is not None:
        return asked
    erased, kept = outcome(locked, on=clock.day_of(at))
    asked = DeletionRequest.objects.create(
        customer=locked, requested_at=at, erased=erased, kept=kept
    )
    trace.note([asked], "request", by=by, reason=AccountReason.DELETION_REQUESTED, at=at)
    return asked


def _next_steps(codes: Iterable[str]) -> list[dict[str, str]]:
    """Return what ends each blocker, in their order, and last the way to a person."""
    calls = [call for code in codes for call in _calls.get(code, ())]
    return [{**call._asdict(), "state": "open"} for call in dict.fromkeys([*calls, _ASK_SUPPORT])]


@transaction.atomic(durable=True)
def withdraw(customer: Customer, *, by: str, at: datetime) -> DeletionRequest:
    """Take the open request back: the customer stays.

    Raises:
        NotRequestedError: there is none; perhaps the night was faster.
    """
    asked = (
        DeletionRequest.objects.select_for_update()
        .filter(customer=customer, state=DeletionState.REQUESTED)
        .first()
    )
    if asked is None:
        raise NotRequestedError
    workflow.move([asked], "withdraw", by=by, reason=AccountReason.CUSTOMER_STAYS, at=at)
    workflow.save([asked], "decided_at")
    return asked


def outcome(customer: Customer, *, on: date) -> tuple[list[str], dict[str, str]]:
    """Return what an account closure on a day erases, and what is kept until which day (LAW-19)."""
    erased = ["wechat_accounts", "profile", "proofs", "passwords", "device_links", "recordings"]
    numbers = onboarding.numbers(on=on)
    periods = retention.periods(
        face_days=numbers.face_token_days, log_days=numbers.log_days, kyc_years=numbers.kyc_years
    )
    kept = {"logins": retention.erase_after(periods[DataClass.LOG], on).isoformat()}
    if is_unknown(customer):
        return [*erased, "submissions", "complaints"], kept
    until = retention.erase_after(periods[DataClass.IDENTITY], on).isoformat()
    papers = ("identity", "cards", "transactions", "consents", "complaints")
    return erased, kept | dict.fromkeys(papers, until)


def is_unknown(customer: Customer) -> bool:
    """Return whether a customer was never identified: then no law keeps anything but logs."""
    return customer.id_blind is None


def is_legally_held(customer_id: int) -> bool:
    """Say whether a legal hold keeps a customer's data from being erased."""
    held = CustomerHold.objects.filter(customer=customer_id, kind=HoldKind.LEGAL, lifted_at=None)
    return held.exists()
