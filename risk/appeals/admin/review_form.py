"""The form of a review: what a reviewer types about each proof of an appeal."""

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from accounts.models import OCCUPATIONS, VERDICTS, AssetProof, ProofKind
from accounts.onboarding.rules.occupations import Occupation
from accounts.proofs.operations import reviews as proof_reviews
from accounts.proofs.operations.reviews import ProofFinding
from accounts.proofs.rules.findings import ProofVerdict
from backoffice.web.admin_actions import FieldError, whole_yuan_fen
from backoffice.web.readonly_admin import link


class ProofRow(NamedTuple):
    """A proof in the form of a review, with what was typed about it."""

    proof: AssetProof
    page: SafeString | str
    kind: str
    is_income: bool
    is_occupation: bool
    verdict: str
    income: str
    occupation: str
    since: str


def form_row(proof: AssetProof, given: Mapping[str, str]) -> ProofRow:
    """Return a proof with what was typed about it."""

    def typed(name: str) -> str:
        return given.get(f"{name}-{proof.pk}", "")

    return ProofRow(
        proof, link(proof), str(proof.get_kind_display()), proof.kind == ProofKind.INCOME,
        proof.kind == ProofKind.OCCUPATION, typed("verdict"), typed("income"),
        typed("occupation"), typed("since"),
    )  # fmt: skip


def findings_of(request: HttpRequest, proofs: list[AssetProof], *, on: date) -> list[ProofFinding]:
    """Return what the reviewer chose for each proof; one without a verdict is left out.

    Raises:
        FieldError: a field has no value, or an impossible one; an income or a day has no verdict.
        reviews.ProofIncompleteError, reviews.ProofNumberError, reviews.ProofOutdatedError,
            reviews.ProofNotReviewedError: a finding is one that the proof cannot have.
    """
    found = [_finding(form_row(one, request.POST)) for one in proofs]
    chosen = [one for one in found if one is not None]
    by_id = {one.pk: one for one in proofs}
    for finding in chosen:
        proof_reviews.require_complete(finding, proof=by_id[finding.proof_id], on=on)
    return chosen


def _finding(row: ProofRow) -> ProofFinding | None:
    if not row.verdict:
        if row.income.strip() or row.since:
            raise FieldError(field=_("verdict"))
        return None
    if row.verdict not in dict(VERDICTS):
        raise FieldError(field=_("verdict"))
    if row.verdict != ProofVerdict.ACCEPTED:
        return ProofFinding(row.proof.pk, ProofVerdict(row.verdict))
    income_fen = occupation = since_on = None
    if row.is_income:
        income_fen = whole_yuan_fen(row.income.strip(), _("monthly income in yuan"))
    if row.is_occupation:
        occupation, since_on = _occupation(row)
    return ProofFinding(row.proof.pk, ProofVerdict.ACCEPTED, income_fen, occupation, since_on)


def _occupation(row: ProofRow) -> tuple[Occupation, date | None]:
    if row.occupation not in dict(OCCUPATIONS):
        raise FieldError(field=_("occupation"))
    try:
        since_on = date.fromisoformat(row.since) if row.since else None
    except ValueError:
        raise FieldError(field=_("in this occupation since")) from None
    return Occupation(row.occupation), since_on
