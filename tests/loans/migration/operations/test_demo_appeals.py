"""The demo has an appeal in each state, proofs in each state, and a cut that a person looks at."""

import pytest
from django.core.management import call_command

from accounts.models import AssetProof, ProofReview, Staff, WechatAccount
from backoffice.core import clock
from backoffice.core.models import WorkItem
from loans.migration.operations import demo_appeals
from loans.migration.operations.demo import create_logins
from loans.migration.operations.demo_appeals import APPEALS, pay_slip
from risk.lines.operations import cut_reviews
from risk.lines.queries import cuts
from risk.lines.queries.reconciliation import differences
from risk.models import Appeal, AppealState, Assessment, CreditLine, CutReview
from tests.loans.migration.operations.test_demo_customers import show


@pytest.fixture
def shown(committed_db):
    create_logins(password="cold-feet-9")
    show()


def owner(openid):
    accounts = WechatAccount.objects.select_related("customer")
    return next(one.customer for one in accounts if one.openid == openid)


@pytest.mark.usefixtures("shown")
def test_a_demo_has_an_appeal_in_each_state_for_the_staff():
    found = {openid: Appeal.objects.get(customer=owner(openid)).state for openid in APPEALS}
    assert found == {openid: plan.state for openid, plan in APPEALS.items()}
    assert {*found.values()} == {*AppealState}

    verdicts = set(ProofReview.objects.values_list("verdict", flat=True))
    assert verdicts == {"accepted", "unreadable"}
    waiting = WorkItem.objects.filter(queue="proof-review", state="waiting")
    assert (AssetProof.objects.count(), waiting.count()) == (5, 3)
    upheld = Assessment.objects.get(appeal__isnull=False)
    line = CreditLine.objects.get(customer=upheld.customer)
    assert line.target_fen == upheld.limit_fen > line.limit_fen

    review = CutReview.objects.get()
    assert (review.customer, review.state) == (owner("average-12"), "requested")
    assert review.change.target_fen < review.change.old_fen
    incomes = [one.inputs.income_fen for one in cuts.inputs_around(review.change)]
    assert incomes == [900_000, demo_appeals.LOWER_INCOME_FEN]
    assert list(differences()) == []
    call_command("replay_assessment", "--all")


@pytest.mark.usefixtures("shown")
def test_credit_may_decide_the_cut():
    review = CutReview.objects.get()
    credit = Staff.objects.get(username="credit")

    done = cut_reviews.confirm(
        review.pk, answer="收入下降。", by=credit, reason="seen it", at=clock.now()
    )

    assert done.state == "confirmed"


def test_the_same_pay_slip_is_the_same_bytes():
    assert pay_slip("a") == pay_slip("a") != pay_slip("b")
