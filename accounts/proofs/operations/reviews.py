"""Reviews of proofs: a person notes what a proof evidences (LIMIT-3, LIMIT-4, LIMIT-13).

What decisions may use of a customer's proofs is what a person accepted. Whoever depends on it is
called in the same transaction.
"""

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from http import HTTPStatus
from typing import NamedTuple, Protocol

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.customers.rules.reasons import AccountReason
from accounts.models import ASSET_KINDS, REVIEWED_KINDS, AssetProof, ProofKind, ProofReview
from accounts.onboarding.rules.occupations import Occupation
from accounts.proofs.rules.findings import INCOME_MAX_FEN, ProofVerdict
from backoffice.core import bulk
from backoffice.core.errors import Refused
from backoffice.core.money import yuan
from backoffice.platform import work_queue

QUEUE = "proof-review"
WORK_QUEUE = work_queue.Queue(
    name=QUEUE,
    title=_("proofs to review"),
    sla=timedelta(hours=48),
    permission="accounts.decide_proofreview",
)


class ProofNotReviewedError(Refused):
    """No decision uses a proof of this kind."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    code = "proof-kind-not-reviewed"
    message = _("{proof}: no decision uses a proof of this kind.")
    remedy = _("Review proofs of assets, income and occupation.")


class ProofIncompleteError(Refused):
    """An accepted proof lacks what it evidences."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    code = "proof-finding-incomplete"
    message = _("{proof}: what an accepted proof shows is missing or impossible: {missing}.")
    remedy = _("Enter what the document shows, or reject the proof.")


class ProofIncomeError(Refused):
    """The income is above what anybody is taken to earn: somebody has mistaken the unit."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    code = "proof-income-too-high"
    message = _("{proof}: a monthly income of more than {most} yuan is not accepted.")
    remedy = _("Enter the mean income of a month, in yuan.")


class ProofAssetTakenError(Refused):
    """Another customer has an accepted proof of the asset (LIMIT-4)."""

    code = "asset-of-another-customer"
    message = _("{proof}: {other} has an accepted proof of the asset with this number.")
    remedy = _("Compare both files; reject this one, or first the other customer's proof.")


class ProofNumberError(Refused):
    """The proof of an asset has no number, by which the asset counts once (LIMIT-4)."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    code = "proof-without-asset-number"
    message = _("{proof}: the customer did not send the number of the asset.")
    remedy = _("Reject it as insufficient; the customer sends it again with the number.")


class ProofOutdatedError(Refused):
    """The document is no longer valid."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    code = "proof-out-of-date"
    message = _("{proof} was valid until {valid_until_on}.")
    remedy = _("Reject it as out of date.")


class ProofFinding(NamedTuple):
    """What a person found in a proof: income in fen a month, occupation and since when.

    An accepted proof of an asset shows the asset of the number that the customer sent.
    """

    proof_id: int
    verdict: ProofVerdict
    monthly_income_fen: int | None = None
    occupation: Occupation | None = None
    since_on: date | None = None


class ProofObserver(Protocol):
    """Does what follows from reviewed proofs, in the transaction that stores the reviews."""

    def __call__(self, customer_ids: Collection[int], *, by: str, on: date, at: datetime) -> None:
        """Take the customers whose proofs were reviewed."""


_observers: list[ProofObserver] = []


def register(observer: ProofObserver) -> None:
    """Add what depends on reviews of proofs, once, when an app is ready."""
    _observers.append(observer)


@transaction.atomic
def review(
    findings: Sequence[ProofFinding], *, by: str, reason: str, at: datetime, on: date
) -> list[ProofReview]:
    """Store what a person found in proofs; a later review of a proof replaces an earlier one.

    Raises:
        AssetProof.DoesNotExist: the customer has deleted a proof meanwhile.
        ProofNotReviewedError: no decision uses a proof of this kind.
        ProofIncompleteError: an accepted proof of income has no income, or one of an occupation no
            occupation, or a first day after today.
        ProofNumberError: an accepted proof of an asset has no number (LIMIT-4).
        ProofOutdatedError: an accepted document is no longer valid.
        ProofIncomeError: the income is more than a million yuan a month.
        ProofAssetTakenError: another customer has an accepted proof of the asset.
    """
    wanted = {one.proof_id for one in findings}
    rows = AssetProof.objects.filter(pk__any=bulk.Of(wanted)).defer("asset_number")
    proofs = {one.pk: one for one in rows.select_for_update(of=("self",)).order_by("pk")}
    if wanted - proofs.keys():
        raise AssetProof.DoesNotExist
    for finding in findings:
        require_complete(finding, proof=proofs[finding.proof_id], on=on)

    made = [
        ProofReview(
            customer_id=proof.customer_id,
            proof_id=proof.public_id,
            kind=proof.kind,
            verdict=finding.verdict.value,
            monthly_income_fen=finding.monthly_income_fen,
            occupation=finding.occupation.value if finding.occupation else "",
            since_on=finding.since_on,
            asset_blind=proof.asset_blind,
            valid_until_on=proof.valid_until_on,
            reviewed_on=on,
            at=at,
            reviewed_by=by,
            reason=reason,
        )
        for finding in findings
        for proof in [proofs[finding.proof_id]]
    ]
    ProofReview.objects.bulk_create(made)
    work_queue.finish([*proofs.values()], queue=QUEUE, by=by, reason=AccountReason.DECIDED, at=at)
    customer_ids = sorted({proof.customer_id for proof in proofs.values()})
    for observer in _observers:
        observer(customer_ids, by=by, on=on, at=at)
    return made


def require_complete(finding: ProofFinding, *, proof: AssetProof, on: date) -> None:
    """Refuse a finding that an accepted proof cannot have.

    Raises:
        ProofNotReviewedError: no decision uses a proof of this kind.
        ProofIncompleteError: what the proof shows is missing or impossible.
        ProofNumberError: an accepted proof of an asset has no number.
        ProofOutdatedError: an accepted document is no longer valid.
        ProofIncomeError: the income is more than a million yuan a month.
        ProofAssetTakenError: another customer has an accepted proof of the asset.
    """
    kind = ProofKind(proof.kind)
    if kind not in REVIEWED_KINDS:
        raise ProofNotReviewedError(proof=proof)
    income_fen, occupation, since_on = finding[2:]
    is_accepted = finding.verdict is ProofVerdict.ACCEPTED
    is_income = is_accepted and kind is ProofKind.INCOME
    if (income_fen is not None) != is_income or income_fen == 0:
        raise ProofIncompleteError(proof=proof, missing=_("monthly income"))
    if income_fen is not None and income_fen > INCOME_MAX_FEN:
        raise ProofIncomeError(proof=proof, most=yuan(INCOME_MAX_FEN))
    if (occupation is not None) != (is_accepted and kind is ProofKind.OCCUPATION):
        raise ProofIncompleteError(proof=proof, missing=_("occupation"))
    if since_on is not None and (occupation is None or since_on > on):
        raise ProofIncompleteError(proof=proof, missing=_("in this occupation since"))
    if is_accepted and kind in ASSET_KINDS and proof.asset_blind is None:
        raise ProofNumberError(proof=proof)
    if is_accepted and proof.valid_until_on is not None and proof.valid_until_on < on:
        raise ProofOutdatedError(proof=proof, valid_until_on=proof.valid_until_on)
    if is_accepted and proof.asset_blind is not None:
        _require_free(proof)


def _require_free(proof: AssetProof) -> None:
    """Refuse an asset of which another customer has an accepted proof."""
    others = ProofReview.objects.filter(asset_blind=proof.asset_blind)
    latest = others.exclude(customer=proof.customer_id).order_by("proof_id", "-pk")
    for one in latest.distinct("proof_id").select_related("customer"):
        if one.verdict == ProofVerdict.ACCEPTED:
            raise ProofAssetTakenError(proof=proof, other=one.customer)


def latest_of(proofs: Collection[AssetProof]) -> dict[int, ProofReview]:
    """Return the review in force of each proof that has one."""
    ids = {proof.public_id: proof.pk for proof in proofs}
    rows = ProofReview.objects.filter(proof_id__in=ids).order_by("proof_id", "-pk")
    return {ids[row.proof_id]: row for row in rows.distinct("proof_id")}


def end(customer_id: int, *, by: str, reason: str, at: datetime) -> None:
    """Take the proofs of a customer who leaves off the queue (LAW-18)."""
    waiting = list(AssetProof.objects.filter(customer=customer_id).defer("asset_number"))
    work_queue.finish(waiting, queue=QUEUE, by=by, reason=reason, at=at)
