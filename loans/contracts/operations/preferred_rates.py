"""Preferred rates: the proof of use that keeps them, and the day on which they end (RATE-10)."""

from collections.abc import Collection
from datetime import date, datetime

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from accounts.customers import trace
from backoffice.core import bulk
from backoffice.core.errors import Refused
from loans.accounting.operations.batch import LoanBatch
from loans.accounting.rules.codes import LoanState
from loans.accounting.rules.reasons import LoanReason
from loans.contracts.rules.preferred_rate import PreferredRateEnd
from loans.contracts.rules.schedule import full_rate_from
from loans.models import Loan

_RUNNING = (LoanState.ACTIVE, LoanState.OVERDUE)
FULL_PERMILLE = 1000


class NoPreferredRateError(Refused):
    """The loan has no preferred rate that a proof could keep, or its use is proven already."""

    code = "no-preferred-rate"
    message = _("{loan} has no preferred rate whose use must be proven.")
    remedy = _("Reload the page: somebody else may have decided.")


class ProofTooLateError(Refused):
    """The days in which the use could be proven are over (RATE-10)."""

    code = "proof-too-late"
    message = _("The use of {loan} could be proven until {until}.")
    remedy = _("The full rate holds for later nights; earlier nights keep the lower one.")


def to_end(*, on: date) -> list[int]:
    """Return the loans that bear the full rate from the night of a day on: no proof came."""
    unproven = Loan.objects.filter(
        state__in=_RUNNING, proven_on=None, proof_until_on__lt=on,
        rate_factor_permille__lt=FULL_PERMILLE,
    )  # fmt: skip
    # A segment from before the last day of proof still bears the lower rate.
    waiting = unproven.filter(
        instalments__accrual__in=["own", "revolving"],
        instalments__segment_on__lte=F("proof_until_on"),
    )
    return list(waiting.order_by("pk").values_list("pk", flat=True).distinct())


@transaction.atomic(durable=True)
def end(loan_ids: Collection[int], *, by: str, on: date, at: datetime) -> int:
    """Let loans whose use was not proven bear the full rate for later nights; return how many.

    Each from its own night on, so that a missed day changes no fen.
    """
    batch = LoanBatch.lock_loans(loan_ids)
    due = [loan for loan in batch.loans.values() if _ends(loan, on=on)]
    batch.run(
        PreferredRateEnd(loan.pk, full_rate_from(loan.proof_until_on))
        for loan in due if loan.proof_until_on is not None
    )  # fmt: skip
    trace.note(due, "end_preferred_rate", by=by, reason=LoanReason.USE_NOT_PROVEN, at=at)
    batch.write(by=by, at=at)
    return len(due)


def _ends(loan: Loan, *, on: date) -> bool:
    return (
        loan.state in _RUNNING
        and loan.proven_on is None
        and loan.rate_factor_permille < FULL_PERMILLE
        and loan.proof_until_on is not None
        and loan.proof_until_on < on
    )


@transaction.atomic(durable=True)
def prove(loan_id: int, *, by: str, reason: str, on: date, at: datetime) -> Loan:
    """Record that the use of a loan was proven: the preferred rate stays (RATE-10).

    Raises:
        NoPreferredRateError: there is none, or it was proven before.
        ProofTooLateError: the days for it are over.
    """
    loan = Loan.objects.select_for_update().get(pk=loan_id)
    has_rate = loan.rate_factor_permille < FULL_PERMILLE and loan.state in _RUNNING
    if not has_rate or loan.proven_on is not None or loan.proof_until_on is None:
        raise NoPreferredRateError(loan=loan)
    if on > loan.proof_until_on:
        raise ProofTooLateError(loan=loan, until=str(loan.proof_until_on))
    loan.proven_on = on
    bulk.update([loan], ("proven_on",))
    trace.note([loan], "prove_use", by=by, reason=reason, at=at)
    return loan
