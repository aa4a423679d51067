"""Preferred rates: the proof of use that keeps them, and the day on which they end (RATE-10).

Payments that a partner reported prove the use by themselves; staff record an invoice.
"""

from collections.abc import Collection
from datetime import date, datetime

from django.db import transaction
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.customers import trace
from backoffice.core import bulk
from backoffice.core.errors import Refused
from loans.accounting.operations.batch import LoanBatch
from loans.accounting.rules.codes import LoanState
from loans.accounting.rules.reasons import LoanReason
from loans.contracts.rules import scenarios
from loans.contracts.rules.codes import Scenario
from loans.contracts.rules.preferred_rate import RUNNING, PreferredRateEnd
from loans.contracts.rules.schedule import full_rate_from
from loans.models import Loan
from risk.facts.queries import CategorySpending, spent_fen

_NEVER_PAID_OUT = (LoanState.CREATED, LoanState.DISBURSING, LoanState.CANCELLED)
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


def unproven(*, on: date) -> list[int]:
    """Return the loans whose use may still be proven, and those whose lower rate must end."""
    lowered = Loan.objects.filter(
        state__in=RUNNING, proven_on=None, rate_factor_permille__lt=FULL_PERMILLE
    )
    # A segment from before the last day of proof still bears the lower rate.
    is_to_end = Q(
        proof_until_on__lt=on,
        instalments__accrual__in=["own", "revolving"],
        instalments__segment_on__lte=F("proof_until_on"),
    )
    found = lowered.filter(Q(proof_until_on__gte=on) | is_to_end)
    return list(found.order_by("pk").values_list("pk", flat=True).distinct())


@transaction.atomic(durable=True)
def match(loan_ids: Collection[int], *, by: str, on: date, at: datetime) -> int:
    """Take the use of loans as proven by what was paid for it in their days; return how many.

    Since the drawdown at least the principal was paid to merchants of the scenario, refunds taken
    off. Where days of several such loans overlap, all their principals must have been spent.
    """
    locked = Loan.objects.select_for_update().filter(pk__any=bulk.Of(loan_ids)).order_by("pk")
    open_loans = [
        one for one in locked
        if _is_lowered(one) and one.proven_on is None and one.purpose in scenarios.CATEGORIES
    ]  # fmt: skip
    beside = _beside(open_loans)
    spent = spent_fen([_spending(one, beside[one.pk], on=on) for one in open_loans])
    proven = [
        one for one, fen in zip(open_loans, spent, strict=True)
        if fen >= sum(other.principal_fen for other in beside[one.pk])
    ]  # fmt: skip
    for one in proven:
        assert one.proof_until_on is not None
        one.proven_on = min(on, one.proof_until_on)
    bulk.update(proven, ("proven_on",))
    trace.note(proven, "prove_use", by=by, reason=LoanReason.USE_PAID_FOR, at=at)
    return len(proven)


def _beside(loans: Collection[Loan]) -> dict[int, list[Loan]]:
    """Return each loan with those drawn before it for the same purpose whose days cover it."""
    same = Loan.objects.filter(
        customer__any=bulk.Of(one.customer_id for one in loans),
        rate_factor_permille__lt=FULL_PERMILLE, proof_until_on__isnull=False,
    ).exclude(state__in=_NEVER_PAID_OUT)  # fmt: skip
    lowered = list(same)
    return {
        one.pk: [
            other for other in lowered
            if (other.customer_id, other.purpose) == (one.customer_id, one.purpose)
            and (other.drawn_on, other.pk) <= (one.drawn_on, one.pk)
            and other.proof_until_on is not None and other.proof_until_on >= one.drawn_on
        ]
        for one in loans
    }  # fmt: skip


def _spending(loan: Loan, beside: Collection[Loan], *, on: date) -> CategorySpending:
    """Return the question what was paid for the purpose of a loan in its days."""
    assert loan.proof_until_on is not None
    category = scenarios.CATEGORIES[Scenario(loan.purpose)]
    since_on = min(one.drawn_on for one in beside)
    return CategorySpending(loan.customer_id, category, since_on, min(on, loan.proof_until_on))


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


def _is_lowered(loan: Loan) -> bool:
    """Return whether a running loan has a rate whose use must be proven."""
    has_rate = loan.rate_factor_permille < FULL_PERMILLE and loan.proof_until_on is not None
    return has_rate and loan.state in RUNNING


def _ends(loan: Loan, *, on: date) -> bool:
    is_over = loan.proof_until_on is not None and loan.proof_until_on < on
    return _is_lowered(loan) and loan.proven_on is None and is_over


@transaction.atomic(durable=True)
def prove(loan_id: int, *, by: str, reason: str, on: date, at: datetime) -> Loan:
    """Record that the use of a loan was proven: the preferred rate stays (RATE-10).

    Raises:
        NoPreferredRateError: there is none, or it was proven before.
        ProofTooLateError: the days for it are over.
    """
    loan = Loan.objects.select_for_update().get(pk=loan_id)
    if not _is_lowered(loan) or loan.proven_on is not None:
        raise NoPreferredRateError(loan=loan)
    assert loan.proof_until_on is not None
    if on > loan.proof_until_on:
        raise ProofTooLateError(loan=loan, until=str(loan.proof_until_on))
    loan.proven_on = on
    bulk.update([loan], ("proven_on",))
    trace.note([loan], "prove_use", by=by, reason=reason, at=at)
    return loan
