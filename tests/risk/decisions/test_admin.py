"""Staff pages of assessments: read by support, decided by credit, closed to the others."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.utils.translation import override

from accounts.models import Staff
from accounts.privacy.operations import exports
from risk import account_closure
from risk.facts.operations import events
from risk.models import Assessment
from tests.accounts.people import AT
from tests.risk.decisions.conftest import low_score
from tests.risk.people import consenting, payment

pytestmark = pytest.mark.django_db


def staff(group, language="en"):
    who = Staff.objects.create_user(group, is_staff=True)
    who.groups.add(Group.objects.get(name=group))
    client = Client(headers={"accept-language": language})
    client.force_login(who)
    return client


def page_of(assessment):
    return f"/admin/risk/assessment/{assessment.pk}/change/"


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ["The score is 503", "Payment behaviour", "what would have passed", "0 min 0 s",
                "Ask for a human review of this decision"]),
        ("zh-hans", ["评分为 503", "可达标的最小变化", "对本次决定申请人工复核"]),
    ],
)  # fmt: skip
def test_support_reads_why_aloud_in_both_languages(people, bureau, language, words):
    page = staff("support", language).get(page_of(low_score(people, bureau)))

    content = page.content.decode()
    assert [one for one in words if one not in content] == []


@pytest.mark.parametrize("group", ["support", "credit", "risk", "auditor", "manager"])
def test_who_works_with_decisions_lists_them(people, group):
    people.requested()

    assert staff(group).get("/admin/risk/assessment/").status_code == 200


@pytest.mark.parametrize("group", ["collections", "finance"])
def test_others_do_not(people, group):
    assert staff(group).get(page_of(people.requested())).status_code in (302, 403)


def test_credit_approves_with_a_limit_in_yuan(people, bureau):
    doubtful = people.assessed("average-1", bureau=bureau, income_fen=9_000_000)
    credit = staff("credit")

    credit.post(
        f"/admin/risk/assessment/{doubtful.pk}/action/approve/",
        {"limit": "10,000", "reason": "payslips seen"},
    )

    stored = Assessment.objects.get(pk=doubtful.pk)
    assert (stored.state, stored.limit_fen, stored.decided_by) == ("approved", 1_000_000, "credit")


def test_support_cannot_forge_a_decision(people, bureau):
    doubtful = people.assessed("average-1", bureau=bureau, income_fen=9_000_000)

    answer = staff("support").post(
        f"/admin/risk/assessment/{doubtful.pk}/action/refuse/", {"reason": "no reason"}
    )

    assert answer.status_code == 403
    assert Assessment.objects.get(pk=doubtful.pk).state == "manual_review"


def test_late_ones_are_a_filter(people, bureau):
    from datetime import timedelta

    from risk.decisions.operations import decisions

    late = people.assessed("bureau-down", bureau=bureau)
    other = people.assessed("strong-2", bureau=bureau)
    decisions.escalate_late(at=AT + timedelta(minutes=16))

    content = staff("risk").get("/admin/risk/assessment/?late=1").content.decode()

    assert page_of(late) in content
    assert page_of(other) not in content


def test_the_export_holds_what_a_decision_was_made_from(people, bureau):
    done = people.assessed("strong-1", bureau=bureau)

    section = next(one for one in exports._sections if one.name == "assessments")
    [row] = section.rows(done.customer_id, 10)

    assert row[0] == "approved"
    assert done.inputs in row


def test_an_undecided_assessment_blocks_the_closing_of_an_account(people):
    asked = people.requested()

    assert account_closure.blocker(asked.customer_id) == "assessment-open"


@pytest.mark.parametrize(("after", "words"), [(24, ""), (25, "late")])
def test_a_special_review_past_its_deadline_is_late(stopped_clock, after, words):
    consenting()
    events.receive([payment("p-1", amount_fen=500_001)], partner="pay", by="partner:pay", at=AT)
    stopped_clock.move_to(AT + timedelta(hours=after))

    page = staff("risk").get("/admin/risk/specialreview/")

    [review] = page.context["cl"].result_list
    assert "is_late" in page.context["cl"].list_display
    with override("en"):
        assert page.context["cl"].model_admin.is_late(review) == words
