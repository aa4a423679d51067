"""What customers may do next, what reviewers see before, and what a timeline shows."""

import pytest
from django.utils.translation import override

from accounts.models import ProofReview
from accounts.proofs.operations.reviews import ProofFinding
from accounts.proofs.rules.findings import ProofVerdict
from backoffice.platform import approvals
from risk.appeals import queries
from risk.appeals.operations import reviewing, upholding
from risk.appeals.operations.upholding import Upholding
from tests.accounts.people import AT
from tests.risk.appeals.conftest import added, opened, proof_of, reread, submitted

pytestmark = pytest.mark.django_db


def steps(appeal):
    return [one.step for one in queries.next_calls(reread(appeal))]


def test_what_may_be_done_follows_the_state(refused, staff):
    appeal = opened(refused)
    assert steps(appeal) == ["add-material", "submit-appeal", "withdraw-appeal"]

    submitted(appeal)
    assert steps(appeal) == ["withdraw-appeal"]

    reviewing.take(appeal.pk, by=staff.one, at=AT)
    reviewing.ask_for_more(appeal.pk, question="October too?", by=staff.one, at=AT)
    assert steps(appeal) == ["add-material", "submit-appeal", "withdraw-appeal"]

    submitted(appeal)
    reviewing.take(appeal.pk, by=staff.one, at=AT)
    reviewing.reject(appeal.pk, answer="No.", by=staff.one, reason="no proof", at=AT)
    assert steps(appeal) == ["ask-support"]


def test_the_newest_appeal_comes_first(refused):
    appeal = opened(refused)

    assert queries.of(refused.customer_id) == [appeal]
    assert queries.new_assessment(appeal) is None


def test_the_history_goes_from_the_refusal_to_the_outcome(refused, staff):
    appeal = opened(refused)
    added(appeal, proof=proof_of(refused.customer))
    submitted(appeal)
    reviewing.take(appeal.pk, by=staff.one, at=AT)
    proof = queries.proofs_of(appeal).popitem()[1]
    finding = ProofFinding(proof.pk, ProofVerdict.ACCEPTED, monthly_income_fen=1_500_000)
    proposed = Upholding(appeal.pk, 100_000, [finding])
    made = upholding.propose(proposed, by=staff.one, reason="it shows it", at=AT, on=AT.date())
    approvals.approve([made.pk], by=staff.manager, reason="agreed", at=AT)

    with override("en"):
        entries = queries.history(refused.customer_id)
        assert sorted({str(one.what) for one in entries}) == [
            "appeal", "appeal opened", "assessment decided", "limit change", "proof reviewed",
            "proof uploaded", "report viewed",
        ]  # fmt: skip
    details = " ".join(one.detail for one in entries)
    assert "in review → upheld: the appeal is upheld: it shows it" in details
    assert "1,000.00" in details
    assert "income · accepted: it shows it" in details


def test_a_preview_stores_nothing(refused):
    found = queries.preview(opened(refused), (), at=AT, on=AT.date())

    assert (found.score, found.score_before) == (refused.score, refused.score)
    assert (found.now_fen, found.limits.least_fen) == (0, 50_000)
    assert not ProofReview.objects.exists()


def test_a_proof_that_was_deleted_is_left_out(refused):
    appeal = opened(refused)
    proof = proof_of(refused.customer)
    added(appeal, proof=proof)
    assert list(queries.proofs_of(appeal)) == [proof.public_id]

    proof.delete()

    assert list(queries.proofs_of(appeal)) == []


def test_a_finding_is_put_into_words():
    stored = {"kind": "occupation", "verdict": "accepted", "monthly_income_fen": None,
              "occupation": "employee", "since_on": "2020-01-01"}  # fmt: skip

    with override("en"):
        assert queries.finding_title(stored) == "proof: occupation"
        assert queries.finding_words(stored) == "accepted · employee · since 2020-01-01"
