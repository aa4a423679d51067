"""Staff pages of the human reviews of limit cuts: what is shown, confirmed and proposed."""

from datetime import timedelta

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.utils.translation import override

from accounts.proofs.operations import reviews as proof_reviews
from accounts.proofs.operations.reviews import ProofFinding
from accounts.proofs.rules.findings import ProofVerdict
from backoffice.core import clock
from backoffice.core.models import Approval
from backoffice.platform import approvals
from backoffice.web.readonly_admin import address
from risk.lines.operations import reviews
from risk.lines.operations.reviews import LimitReview
from risk.models import AppealState, CreditLine, CutReviewState
from tests.accounts.people import AT
from tests.risk.appeals.conftest import proof_of
from tests.risk.lines.cuts import TODAY, asked, fallen, latest, member, reread, stepped
from tests.risk.lines.making import granted

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stopped_clock")]
LIST = "/admin/risk/cutreview/"
REASON = "looked at closely"


def client_of(who, language="en"):
    client = Client(headers={"accept-language": language})
    client.force_login(who)
    return client


@pytest.fixture
def review():
    fall = fallen(evidence="facts as of 2026-11-24")
    stepped(fall.line)
    return asked(fall)


def perform(client, review, code, **given):
    return client.post(f"{LIST}{review.pk}/action/{code}/", {"reason": REASON, **given})


def words_of(answer):
    return [str(one) for one in get_messages(answer.wsgi_request)]


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ["What changed and why", "facts as of 2026-11-24", "7,000.00", "5,000.00",
                "LIMIT-13", "Inputs of the limit", "Changes since then", "14,000.00 → 10,000.00"]),
        ("zh-hans", ["变更内容与原因", "额度测算依据", "变更前", "变更后", "降额人工复核"]),
    ],
)  # fmt: skip
def test_the_page_shows_what_changed_and_why(review, language, words):
    content = client_of(member("support"), language).get(address(review)).content.decode()

    assert [one for one in words if one not in content] == []


@pytest.mark.parametrize("group", ["support", "credit", "risk", "auditor", "manager"])
def test_who_looks_at_lines_lists_them(review, group):
    assert str(review) in client_of(member(group)).get(LIST).content.decode()


@pytest.mark.parametrize("group", ["support", "risk", "manager", "auditor"])
@pytest.mark.parametrize("code", ["confirm", "propose"])
def test_others_than_credit_cannot_forge_a_decision(review, group, code):
    given = {"answer": "No.", "limit": "16,000", "evidence": "payslip"}
    assert perform(client_of(member(group)), review, code, **given).status_code == 403

    assert reread(review).state == "requested"
    assert not Approval.objects.exists()


def test_credit_confirms_with_an_answer(review):
    client = client_of(member("credit"))
    perform(client, review, "confirm", answer="Call 13800000001.")

    assert reread(review).state == "confirmed"
    shown = client.get(address(review)).content.decode()
    assert "Call" in shown and "13800000001" not in shown


def test_credit_proposes_and_a_manager_decides(review):
    who, manager = member("credit"), member("manager")
    perform(client_of(who), review, "propose", limit="16,000", evidence="payslip")
    made = Approval.objects.get()
    page = client_of(manager).get(address(made)).content.decode()
    assert "16,000.00" in page and str(review) in page
    assert address(made) in client_of(who).get(address(review)).content.decode()

    client_of(manager).post(
        f"/admin/backoffice/approval/{made.pk}/action/approve/", {"reason": "agreed"}
    )

    assert (reread(review).state, CreditLine.objects.get().target_fen) == ("upheld", 1_600_000)


def test_who_decided_the_change_is_refused(review):
    who = member("credit")
    mine = asked(fallen(by=str(who)))

    answer = perform(client_of(who), mine, "confirm", answer="It stands.")

    assert ["You decided the change" in one for one in words_of(answer)] == [True]
    assert reread(mine).state == "requested"


@pytest.mark.parametrize(("hours", "is_late"), [(24, False), (25, True)])
def test_late_ones_are_a_filter(review, hours, is_late):
    clock.move_to(AT + timedelta(hours=hours))

    content = client_of(member("credit")).get(f"{LIST}?late=1").content.decode()

    assert (f"CR{review.pk}<" in content) is is_late


def test_the_timeline_of_the_customer_names_it(review):
    perform(client_of(member("credit")), review, "confirm", answer="It stands.")

    page = client_of(member("support")).get(address(review.customer)).content.decode()

    assert f"{review} → confirmed" in page


def test_the_evidence_leads_to_the_request_that_was_approved():
    line, proposer, manager = fallen(900_000).line, member("credit"), member("manager")
    [made] = reviews.propose(
        [LimitReview(line.pk, 500_000, "payslip")], by=proposer, reason=REASON, at=AT
    )
    approvals.approve([made.pk], by=manager, reason=REASON, at=AT)
    cut = asked(latest(line))

    for record in (cut, line):
        page = client_of(member("credit")).get(address(record)).content.decode()
        assert address(made) in page and f"approval:{made.pk}" not in page


@pytest.mark.parametrize("is_deleted", [False, True])
def test_the_evidence_leads_to_the_proof_that_was_accepted(is_deleted):
    line = granted(on=TODAY)
    proof = proof_of(line.customer)
    finding = ProofFinding(proof.pk, ProofVerdict.ACCEPTED, monthly_income_fen=500_000)
    proof_reviews.review([finding], by="li", reason=REASON, at=AT, on=TODAY)
    cut, page_of_proof = asked(latest(line)), address(proof)
    evidence = cut.change.evidence
    assert evidence.startswith("proof-review:")
    if is_deleted:
        proof.delete()

    for record in (cut, line):
        page = client_of(member("credit")).get(address(record)).content.decode()
        assert (page_of_proof in page, evidence in page) == (not is_deleted, is_deleted)


@pytest.mark.parametrize("group", ["collections", "finance"])
def test_who_does_not_read_assessments_reads_no_review(review, group):
    client = client_of(member(group))

    assert client.get(address(review)).status_code == 403
    assert client.get(LIST).status_code == 403


@pytest.mark.parametrize("group", ["support", "credit", "risk", "auditor", "manager"])
def test_who_works_with_reviews_or_reads_assessments_reads_them(review, group):
    assert client_of(member(group)).get(address(review)).status_code == 200


def test_an_upheld_review_has_words_of_its_own():
    with override("zh-hans"):
        assert str(CutReviewState.UPHELD.label) == "复核支持"
        assert str(AppealState.UPHELD.label) == "申诉成立"
