"""Reviews of proofs: what a person found, stored once, and what is refused."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from accounts.models import AssetProof, ProofReview
from accounts.onboarding.rules.occupations import Occupation
from accounts.proofs.operations import proofs, reviews
from accounts.proofs.operations.proofs import Upload
from accounts.proofs.operations.reviews import ProofFinding
from accounts.proofs.rules.findings import INCOME_MAX_FEN, ProofVerdict
from backoffice.core.models import WorkItem, WorkItemState
from tests.accounts.cards.cards import customer
from tests.accounts.people import AT, request_of
from tests.accounts.uploads import PDF, pdf_of

ON = AT.date()
ACCEPTED = ProofVerdict.ACCEPTED


@pytest.fixture
def owner(db):
    return customer()


def sent(owner, kind="house", data=PDF, **other):
    return proofs.receive(request_of(owner), upload=Upload(kind, data, **other)).proof


def review(*findings, at=AT):
    return reviews.review(findings, by="li", reason="seen the deed", at=at, on=ON)


def refused(error, *findings):
    """Expect a refusal after which nothing has changed."""
    with pytest.raises(error) as caught:
        review(*findings)
    assert not ProofReview.objects.exists()
    assert WorkItem.objects.filter(state=WorkItemState.DONE).count() == 0
    return caught.value


def test_an_uploaded_proof_waits_for_a_person_for_two_days(owner):
    proof = sent(owner)

    item = WorkItem.objects.get(queue=reviews.QUEUE)
    assert (item.subject_id, item.deadline_at) == (proof.pk, AT + timedelta(hours=48))


def test_a_proof_of_a_bank_card_is_no_work_of_this_queue(owner):
    sent(owner, "card")

    assert not WorkItem.objects.filter(queue=reviews.QUEUE).exists()


def test_an_accepted_asset_is_stored_with_its_number_and_leaves_the_queue(owner):
    proof = sent(owner, asset_number="A-1", valid_until_on=ON + timedelta(days=90))

    [made] = review(ProofFinding(proof.pk, ACCEPTED))

    assert (made.customer_id, made.proof_id, made.kind) == (owner.pk, proof.public_id, "house")
    assert (made.verdict, made.reviewed_by, made.reviewed_on) == ("accepted", "li", ON)
    assert bytes(made.asset_blind) == bytes(proof.asset_blind)
    assert made.valid_until_on == ON + timedelta(days=90)
    assert WorkItem.objects.get(queue=reviews.QUEUE).state == WorkItemState.DONE


def test_an_accepted_income_and_occupation_say_what_they_show(owner):
    income, work = sent(owner, "income"), sent(owner, "occupation", pdf_of(2))

    review(
        ProofFinding(income.pk, ACCEPTED, monthly_income_fen=1_200_000),
        ProofFinding(work.pk, ACCEPTED, occupation=Occupation.CIVIL_SERVANT, since_on=ON),
    )

    found = ProofReview.objects.order_by("pk").values_list(
        "monthly_income_fen", "occupation", "since_on"
    )
    assert list(found) == [(1_200_000, "", None), (None, "civil_servant", ON)]


def test_a_later_review_takes_the_place_of_the_first(owner):
    proof = sent(owner, asset_number="A-1")
    review(ProofFinding(proof.pk, ACCEPTED))

    review(ProofFinding(proof.pk, ProofVerdict.ALTERED), at=AT + timedelta(hours=1))

    assert reviews.latest_of([proof])[proof.pk].verdict == "altered"
    assert ProofReview.objects.count() == 2


def test_the_review_stays_when_the_customer_deletes_the_file(owner):
    proof = sent(owner, asset_number="A-1")
    review(ProofFinding(proof.pk, ACCEPTED))

    proofs.delete(proof.public_id, customer=owner, by="customer:1", at=AT)

    assert ProofReview.objects.get().verdict == "accepted"


def test_a_deleted_proof_waits_for_nobody(owner):
    proof = sent(owner)

    proofs.delete(proof.public_id, customer=owner, by="customer:1", at=AT)

    assert WorkItem.objects.get(queue=reviews.QUEUE).state == WorkItemState.DONE
    refused_deleted = ProofFinding(proof.pk, ACCEPTED)
    with pytest.raises(AssetProof.DoesNotExist):
        review(refused_deleted)


def test_the_proofs_of_a_customer_who_leaves_wait_for_nobody(owner):
    sent(owner)

    with transaction.atomic():
        reviews.end(owner.pk, by="system", reason="customer-left", at=AT)

    assert WorkItem.objects.get(queue=reviews.QUEUE).state == WorkItemState.DONE


def test_an_asset_without_its_number_is_not_accepted(owner):
    refused(reviews.ProofNumberError, ProofFinding(sent(owner).pk, ACCEPTED))


def test_a_proof_of_a_card_is_not_reviewed_here(owner):
    refused(reviews.ProofNotReviewedError, ProofFinding(sent(owner, "card").pk, ACCEPTED))


@pytest.mark.parametrize(
    ("kind", "finding"),
    [
        ("income", {}),
        ("income", {"monthly_income_fen": 0}),
        ("income", {"monthly_income_fen": 1, "occupation": Occupation.EMPLOYEE}),
        ("occupation", {}),
        ("occupation", {"monthly_income_fen": 1, "occupation": Occupation.EMPLOYEE}),
        ("occupation", {"occupation": Occupation.EMPLOYEE, "since_on": ON + timedelta(days=1)}),
        ("house", {"monthly_income_fen": 1}),
        ("house", {"since_on": ON}),
    ],
)
def test_what_an_accepted_proof_shows_must_fit_its_kind(owner, kind, finding):
    proof = sent(owner, kind, asset_number="A-1")

    refused(reviews.ProofIncompleteError, ProofFinding(proof.pk, ACCEPTED, **finding))


def test_a_rejected_proof_shows_nothing(owner):
    proof = sent(owner, "income")

    finding = ProofFinding(proof.pk, ProofVerdict.UNREADABLE, monthly_income_fen=1)
    refused(reviews.ProofIncompleteError, finding)


def test_a_document_whose_time_is_over_is_not_accepted(owner):
    proof = sent(owner, asset_number="A-1", valid_until_on=ON)
    AssetProof.objects.filter(pk=proof.pk).update(valid_until_on=ON - timedelta(days=1))

    refused(reviews.ProofOutdatedError, ProofFinding(proof.pk, ACCEPTED))


def test_one_bad_finding_of_many_stores_none(owner):
    good = ProofFinding(sent(owner, asset_number="A-1").pk, ACCEPTED)

    refused(
        reviews.ProofIncompleteError,
        good,
        ProofFinding(sent(owner, "income", pdf_of(2)).pk, ACCEPTED),
    )


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("income", {}),
        ("income", {"monthly_income_fen": 0}),
        ("occupation", {}),
        ("house", {}),
        ("card", {}),
        ("house", {"verdict": "fine"}),
    ],
)
def test_the_database_refuses_what_cannot_be_found(owner, kind, values):
    row = {"verdict": "accepted", "asset_blind": None} | values
    with pytest.raises(IntegrityError, match="proof_review"), transaction.atomic():
        ProofReview.objects.create(
            customer=owner, proof_id=owner.public_id, kind=kind, reviewed_on=ON, at=AT, **row
        )


def test_a_review_is_never_changed(owner):
    proof = sent(owner, asset_number="A-1")
    review(ProofFinding(proof.pk, ACCEPTED))

    with (
        pytest.raises(Exception, match=r"append_only|permission denied|Cannot"),
        transaction.atomic(),
    ):
        ProofReview.objects.update(verdict="altered")
    assert ProofReview.objects.get().verdict == "accepted"


def test_an_income_of_more_than_a_million_a_month_is_refused(owner):
    proof = sent(owner, "income")

    refused(
        reviews.ProofIncomeError,
        ProofFinding(proof.pk, ACCEPTED, monthly_income_fen=INCOME_MAX_FEN + 1),
    )
    assert review(ProofFinding(proof.pk, ACCEPTED, monthly_income_fen=INCOME_MAX_FEN))


def test_an_asset_counts_for_one_customer_until_the_other_proof_is_rejected(owner):
    other = customer(2)
    first = sent(owner, asset_number="A-1")
    second = sent(other, asset_number="A-1")
    review(ProofFinding(first.pk, ACCEPTED))

    with pytest.raises(reviews.ProofAssetTakenError):
        review(ProofFinding(second.pk, ACCEPTED))
    review(ProofFinding(first.pk, ProofVerdict.ALTERED), at=AT + timedelta(hours=1))

    assert review(ProofFinding(second.pk, ACCEPTED))[0].verdict == "accepted"
