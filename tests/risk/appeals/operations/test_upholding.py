"""Upholding: one proposes, another decides, and a higher limit follows from it (FAQ-8, LIMIT-5)."""

from datetime import timedelta

import pytest

from accounts.models import ProofReview
from accounts.privacy.operations import deletions
from accounts.proofs.operations import proofs as proof_files
from accounts.proofs.operations import reviews as proof_reviews
from accounts.proofs.operations.reviews import ProofFinding
from accounts.proofs.rules.findings import ProofVerdict
from backoffice.core import clock
from backoffice.core.models import Approval, WorkItem
from backoffice.core.money import yuan
from backoffice.platform import approvals
from risk import account_closure
from risk.appeals import queries
from risk.appeals.operations import filing, reviewing, upholding
from risk.appeals.operations.upholding import Upholding
from risk.appeals.rules.deadlines import Contested
from risk.decisions.operations import numbers, requests
from risk.decisions.operations import reviews as decisions
from risk.decisions.queries import computed, differences
from risk.models import Assessment, CreditLine, LimitChange
from tests.accounts.people import AT
from tests.raw import execute
from tests.raw import refused as refused_by
from tests.risk.appeals.conftest import (
    LATER,
    added,
    opened,
    proof_of,
    request_by,
    reread,
    submitted,
    taken,
    withdrawn,
)
from tests.risk.people import withdraw

pytestmark = pytest.mark.django_db

ON = clock.day_of(LATER)


@pytest.fixture
def contested(people, bureau, staff):
    """An appeal in review against a limit, with a pay slip that shows a higher income."""
    assessment = people.assessed("average-1", bureau=bureau)
    assert assessment.state == "approved"
    appeal = opened(assessment, Contested.LIMIT)
    added(appeal, proof=proof_of(assessment.customer))
    return taken(submitted(appeal), staff.one)


def payslip(appeal, income_fen=2_000_000):
    [proof] = queries.proofs_of(appeal).values()
    return ProofFinding(proof.pk, ProofVerdict.ACCEPTED, monthly_income_fen=income_fen)


def most(appeal, findings=()):
    return queries.preview(appeal, findings, at=LATER, on=ON).limits.most_fen


def propose(appeal, who, *, limit_fen=None, findings=None):
    found = [payslip(appeal)] if findings is None else findings
    limit_fen = most(appeal, found) if limit_fen is None else limit_fen
    proposed = Upholding(appeal.pk, limit_fen, found)
    return upholding.propose(proposed, by=who, reason="the slips show it", at=LATER, on=ON)


def approve(made, who):
    approvals.approve([made.pk], by=who, reason="agreed", at=LATER)


@pytest.mark.parametrize("second", ["manager", "risk"])
def test_a_second_person_lets_a_higher_limit_follow(contested, staff, second):
    before_fen = CreditLine.objects.get().limit_fen
    made = propose(contested, staff.one)
    assert not ProofReview.objects.exists()

    approve(made, getattr(staff, second))

    appeal, new = reread(contested), Assessment.objects.latest("pk")
    who = getattr(staff, second).username
    assert (appeal.state, appeal.outcome, appeal.decided_by) == ("upheld", "upheld", who)
    assert (new.appeal_id, new.state, new.decided_by) == (appeal.pk, "approved", who)
    line = CreditLine.objects.get()
    assert (line.limit_fen, line.target_fen) == (before_fen, new.limit_fen)
    assert new.limit_fen == made.payload["limit_fen"] > before_fen
    assert LimitChange.objects.latest("pk").evidence == str(new)
    review = ProofReview.objects.get()
    assert (review.monthly_income_fen, review.reviewed_by) == (2_000_000, staff.one.username)
    assert not WorkItem.objects.filter(queue="appeal").exclude(state="done").exists()


def test_a_refused_customer_gets_a_line(in_review, refused, staff):
    made = propose(in_review, staff.one, findings=[], limit_fen=100_000)

    approve(made, staff.manager)

    line = CreditLine.objects.get(customer=refused.customer_id)
    assert (line.limit_fen, line.state) == (100_000, "active")
    new = Assessment.objects.get(appeal=in_review)
    assert (new.state, new.limit_fen) == ("approved", 100_000)
    assert Assessment.objects.get(pk=refused.pk).state == "refused"


def test_a_lower_limit_than_the_models_stays_the_decided_one(contested, staff):
    now_fen = CreditLine.objects.get().limit_fen
    made = propose(contested, staff.one, limit_fen=now_fen + 100_000)

    approve(made, staff.manager)

    # The accepted proof alone would have moved the target to the model's limit.
    assert CreditLine.objects.get().target_fen == now_fen + 100_000


def test_the_new_decision_is_computed_again_bit_for_bit(contested, staff):
    approve(propose(contested, staff.one), staff.manager)

    new = Assessment.objects.get(appeal=contested)

    frozen = numbers.thaw(new.policies)
    result = computed(new, scoring=frozen.scoring, limits=frozen.limits)
    assert differences(new.result, result) == []


def test_nobody_decides_their_own_proposal(contested, staff):
    both = staff.manager
    both.user_permissions.set(staff.one.groups.get().permissions.all())
    both = type(both).objects.get(pk=both.pk)
    taken(contested, both)
    made = propose(contested, both)

    with pytest.raises(approvals.SamePersonError):
        approve(made, both)

    assert reread(contested).state == "in_review"
    with refused_by("approval_as_proposed", "backoffice_approval"):
        execute(
            "UPDATE backoffice_approval SET state = 'approved', decided_by_id = proposed_by_id, "
            "decided_at = now() WHERE id = %s", made.pk,
        )  # fmt: skip


def test_the_database_wants_two_persons_for_an_upheld_appeal(contested, staff):
    with refused_by("appeal_upheld_by_two", "risk_appeal"):
        execute(
            "UPDATE risk_appeal SET state = 'upheld', outcome = 'upheld', decided_at = now(), "
            "decided_by = %s WHERE id = %s", staff.one.username, contested.pk,
        )  # fmt: skip


def test_who_decided_before_does_not_approve(people, bureau, staff):
    doubtful = people.assessed("average-1", bureau=bureau, income_fen=9_000_000)
    decisions.refuse(doubtful.pk, by=staff.manager, reason="nothing evidences it", at=AT)
    appeal = opened(Assessment.objects.get(pk=doubtful.pk))
    added(appeal, proof=proof_of(doubtful.customer))
    made = propose(taken(submitted(appeal), staff.one), staff.one)

    with pytest.raises(reviewing.AppealDecidedBeforeError):
        approve(made, staff.manager)

    assert (reread(appeal).state, Approval.objects.get().state) == ("in_review", "proposed")
    assert not ProofReview.objects.exists()
    approve(made, staff.risk)
    assert reread(appeal).state == "upheld"


def test_only_the_reviewer_proposes_and_credit_does_not_decide(contested, staff):
    with pytest.raises(reviewing.NotReviewerError):
        propose(contested, staff.other)
    made = propose(contested, staff.one)

    with pytest.raises(approvals.NotPermittedError):
        approve(made, staff.other)

    assert reread(contested).state == "in_review"


def test_one_proposal_is_open_and_nothing_else_happens_meanwhile(contested, staff):
    propose(contested, staff.one)

    with pytest.raises(approvals.AlreadyProposedError):
        propose(contested, staff.one)
    with pytest.raises(reviewing.ProposalOpenError):
        taken(contested, staff.other)
    with pytest.raises(reviewing.ProposalOpenError):
        reviewing.reject(contested.pk, answer="No.", by=staff.one, reason="no proof", at=LATER)
    with pytest.raises(reviewing.ProposalOpenError):
        reviewing.ask_for_more(contested.pk, question="More?", by=staff.one, at=LATER)

    assert Approval.objects.count() == 1
    assert reread(contested).state == "in_review"


@pytest.mark.parametrize("change_fen", [10_000, -50, 5_000])
def test_a_limit_is_at_most_the_models_and_a_whole_step(contested, staff, change_fen):
    limit_fen = most(contested, [payslip(contested)]) + change_fen

    with pytest.raises(upholding.AppealLimitError):
        propose(contested, staff.one, limit_fen=limit_fen)

    assert not Approval.objects.exists()


def test_a_limit_is_higher_than_the_present_one(contested, staff):
    now_fen = CreditLine.objects.get().limit_fen

    with pytest.raises(upholding.AppealLimitError):
        propose(contested, staff.one, limit_fen=now_fen)
    with pytest.raises(upholding.LimitNotHigherError):
        propose(contested, staff.one, findings=[], limit_fen=now_fen + 10_000)

    assert not Approval.objects.exists()


def test_nobody_sets_a_history_of_ninety_days_aside(people, bureau, staff):
    refused = people.assessed("overdue90-1", bureau=bureau)
    appeal = taken(submitted(opened(refused)), staff.one)

    with pytest.raises(upholding.AppealGateError) as error:
        propose(appeal, staff.one, findings=[], limit_fen=50_000)

    assert "90" in error.value.facts["gate"]
    assert not Approval.objects.exists()


def test_a_consent_that_was_withdrawn_meanwhile_stops_it(contested, staff):
    made = propose(contested, staff.one)
    withdraw(contested.customer, "payment", at=AT + timedelta(hours=1))

    with pytest.raises(upholding.AppealGateError):
        approve(made, staff.manager)

    assert (reread(contested).state, ProofReview.objects.count()) == ("in_review", 0)
    assert Assessment.objects.count() == 1


def test_a_proof_that_was_deleted_meanwhile_stops_it(contested, staff):
    made = propose(contested, staff.one)
    [proof] = queries.proofs_of(contested).values()
    proof_files.delete(proof.public_id, customer=contested.customer, by="customer", at=LATER)

    with pytest.raises(upholding.ProofGoneError):
        approve(made, staff.manager)

    assert reread(contested).state == "in_review"


def test_a_finding_is_about_a_proof_of_the_appeal(contested, staff):
    other = proof_of(contested.customer)
    finding = ProofFinding(other.pk, ProofVerdict.ACCEPTED, monthly_income_fen=2_000_000)

    with pytest.raises(upholding.ProofGoneError):
        propose(contested, staff.one, findings=[finding], limit_fen=2_000_000)
    missing = payslip(contested)._replace(monthly_income_fen=None)
    with pytest.raises(proof_reviews.ProofIncompleteError):
        propose(contested, staff.one, findings=[missing], limit_fen=2_000_000)

    assert not Approval.objects.exists()


def test_an_appeal_that_ended_meanwhile_is_not_upheld(contested, staff):
    made = propose(contested, staff.one)
    account_closure.end(contested.customer_id, by="retention", reason="left", at=LATER)

    with pytest.raises(approvals.NotProposedError):
        approve(made, staff.manager)

    assert Assessment.objects.count() == 1


def test_the_second_person_reads_what_changes(contested, staff):
    made = propose(contested, staff.one)
    now_fen, limit_fen = made.payload["now_fen"], made.payload["limit_fen"]

    limit, score, rate, finding, income, occupation = upholding.differences(made)

    assert (limit.now, limit.proposed) == (yuan(now_fen), yuan(limit_fen))
    assert int(score.now) == contested.assessment.score
    assert rate.now.endswith("%") and rate.proposed.endswith("%")
    assert "20,000.00" in finding.proposed
    assert (income.now, income.proposed) == ("9,000.00", "20,000.00")
    assert occupation.now == occupation.proposed == "1.000"


def test_a_decision_of_an_appeal_is_neither_contested_nor_reviewed(contested, staff):
    approve(propose(contested, staff.one), staff.manager)
    new = Assessment.objects.get(appeal=contested)

    with pytest.raises(filing.ContestedBeforeError):
        opened(new, Contested.LIMIT, at=LATER)
    context = request_by(contested.customer, at=LATER)
    with pytest.raises(requests.ReviewedAlreadyError):
        requests.human_review(new.public_id, context=context)


def test_what_the_customer_has_withdrawn_is_not_upheld(contested, staff):
    made = propose(contested, staff.one)
    before = CreditLine.objects.get().target_fen
    withdrawn(contested, at=LATER)

    with pytest.raises(approvals.NotProposedError):
        approve(made, staff.manager)

    assert (reread(contested).outcome, CreditLine.objects.get().target_fen) == ("withdrawn", before)
    assert Approval.objects.get().state == "expired"


def test_an_upheld_appeal_never_makes_the_price_worse(contested, staff):
    before_ppm = contested.assessment.rate_ppm
    # With so high an income the holdings weigh less: the score falls by some grades.
    made = propose(contested, staff.one, findings=[payslip(contested, 9_000_000)])

    approve(made, staff.manager)

    new = Assessment.objects.get(appeal=contested)
    assert new.result["rate_ppm"] > before_ppm
    assert new.rate_ppm == before_ppm


def test_the_new_target_is_explained_by_the_appeal(contested, staff):
    approve(propose(contested, staff.one), staff.manager)

    change = LimitChange.objects.latest("pk")
    assert (change.rule, change.reason) == ("FAQ-8", "limit-appealed")


def test_nothing_is_granted_to_somebody_who_leaves(contested, staff):
    made = propose(contested, staff.one)
    deletions.request(contested.customer, by="customer:1", at=LATER)

    with pytest.raises(upholding.CustomerLeavesError):
        approve(made, staff.manager)

    assert (reread(contested).state, Approval.objects.get(pk=made.pk).state) == (
        "in_review", "proposed",
    )  # fmt: skip
