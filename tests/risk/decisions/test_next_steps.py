"""What a customer reads as next steps once an assessment is asked for (FAQ-1, LAW-18)."""

from datetime import timedelta

from accounts.models import Customer
from accounts.onboarding import operations as onboarding
from accounts.onboarding import queries as onboarding_status
from accounts.onboarding.rules.onboarding import Identity
from backoffice.core.clock import day_of
from risk.appeals.rules.deadlines import Contested
from risk.decisions.next_steps import after_assessment
from risk.decisions.operations import reports, requests
from risk.models import Assessment
from tests.accounts.people import AT, request_of
from tests.policies import put_in_force
from tests.risk.appeals.conftest import opened, submitted, withdrawn
from tests.risk.decisions.conftest import low_score


def steps(customer, at=AT, **changes):
    policy = onboarding.numbers(on=day_of(at))
    status = onboarding_status.read(customer.pk, at=at, policy=policy)._replace(**changes)
    found = after_assessment(request_of(customer, at=at), status)
    return [(one["step"], one["state"], one["endpoint"], one["decision"]) for one in found]


def of(assessment):
    return Customer.objects.get(pk=assessment.customer_id)


def test_nothing_follows_before_the_first_request(people):
    assert steps(people.ready()) == []


def test_an_assessment_that_is_not_decided_is_waited_for(people):
    asked = people.requested()

    assert steps(of(asked)) == [
        ("assessment", "waiting", f"/api/v1/me/assessments/{asked.public_id}", None)
    ]


def test_an_approval_leads_to_the_line(people, bureau):
    approved = people.assessed(bureau=bureau)

    assert steps(of(approved)) == [
        ("assessment", "done", "/api/v1/me/report", "approved"),
        ("line", "next", "/api/v1/me/line", None),
    ]


def test_the_line_stays_while_a_person_reviews_the_decision(people, bureau):
    approved = people.assessed(bureau=bureau)

    review = requests.human_review(approved.public_id, context=request_of(of(approved), at=AT))

    assert steps(of(approved)) == [
        ("assessment", "waiting", f"/api/v1/me/assessments/{review.public_id}", None),
        ("line", "next", "/api/v1/me/line", None),
    ]


def test_a_refusal_leaves_its_three_steps_and_the_human_review(people, bureau):
    refused = low_score(people, bureau)

    found = steps(of(refused))

    assert found[0] == ("assessment", "done", "/api/v1/me/report", "refused")
    assert [one[0] for one in found[1:]] == [
        "check-identity", "update-profile", "ask-support", "human-review", "appeal",
    ]  # fmt: skip
    assert found[-2][2] == f"/api/v1/me/assessments/{refused.public_id}/human-review"
    assert Assessment.objects.count() == 1


def test_a_refusal_leads_to_the_appeal_once_its_report_was_read(people, bureau):
    refused = low_score(people, bureau)
    assert steps(of(refused))[-1] == ("appeal", "locked", "/api/v1/appeals", None)

    reports.view(refused.customer_id, at=AT)
    assert steps(of(refused))[-1] == ("appeal", "open", "/api/v1/appeals", None)

    appeal = opened(refused)
    address = f"/api/v1/appeals/{appeal.public_id}"
    assert steps(of(refused))[-1] == ("appeal", "open", address, None)
    submitted(appeal)
    assert steps(of(refused))[-1] == ("appeal", "waiting", address, None)
    withdrawn(appeal)
    assert steps(of(refused))[-1][0] == "human-review"


def test_another_assessment_is_open_when_the_days_of_the_policy_have_passed(people, bureau):
    refused = low_score(people, bureau)
    put_in_force("assessments", {"again_after_refusal_days": 0}, on=AT.date())

    assert steps(of(refused))[-1] == (
        "another-assessment", "open", "/api/v1/me/assessments", None,
    )  # fmt: skip


def test_another_assessment_is_locked_until_the_identity_is_verified_again(people, bureau):
    refused = low_score(people, bureau)

    found = steps(of(refused), at=AT + timedelta(days=31), identity=Identity.STALE)

    assert found[-1] == (
        "another-assessment", "locked", "/api/v1/me/assessments", None,
    )  # fmt: skip


def test_an_open_appeal_against_an_approved_limit_is_a_step(people, bureau):
    approved = people.assessed("average-1", bureau=bureau)
    appeal = opened(approved, Contested.LIMIT)

    assert steps(of(approved))[-1] == (
        "appeal", "open", f"/api/v1/appeals/{appeal.public_id}", None,
    )  # fmt: skip
