"""What a customer does after the assessment: wait, use the line, or what a refusal leaves open."""

from typing import Any

from accounts.onboarding import queries as onboarding_status
from accounts.onboarding.context import RequestContext
from accounts.onboarding.rules.onboarding import OnboardingStatus, Step, StepState
from backoffice.core.policy import current
from risk.decisions import queries
from risk.decisions.operations.requests import available_at
from risk.models import Assessment, AssessmentState
from risk.policy import AssessmentPolicy

_API = "/api/v1/me"
NextStep = dict[str, str | None]


def after_assessment(context: RequestContext, status: OnboardingStatus) -> list[NextStep]:
    """Return the assessment as it stands and the steps after it; nothing before the first request.

    An approval leads to the line. A refusal leaves the steps of FAQ-1, the human review of the
    decision (LAW-18) and, once the days of the policy have passed, another assessment.
    """
    latest = Assessment.objects.filter(customer=context.customer).order_by("-pk").first()
    if latest is None:
        return []
    if latest.decided_at is None:
        address = f"{_API}/assessments/{latest.public_id}"
        return [_step(Step.ASSESSMENT, StepState.WAITING, "GET", address, None)]
    done = _step(Step.ASSESSMENT, StepState.DONE, "GET", f"{_API}/report", latest.state)
    if latest.state == AssessmentState.APPROVED:
        return [done, _step("line", StepState.NEXT, "GET", f"{_API}/line", None)]
    return [done, *_after_refusal(latest, context, status)]


def _after_refusal(
    latest: Assessment, context: RequestContext, status: OnboardingStatus
) -> list[NextStep]:
    found: list[NextStep] = [
        {**one, "decision": None} for one in onboarding_status.after_refusal(status)
    ]
    if queries.is_reviewable(latest):
        address = f"{_API}/assessments/{latest.public_id}/human-review"
        found.append(_step("human-review", "open", "POST", address, None))
    if context.at >= available_at(latest, policy=current(AssessmentPolicy, on=context.on)):
        address = f"{_API}/assessments"
        found.append(_step("another-assessment", "open", "POST", address, None))
    return found


def _step(step: str, state: str, method: str, endpoint: str, decision: Any) -> NextStep:
    return {
        "step": str(step),
        "state": str(state),
        "method": method,
        "endpoint": endpoint,
        "decision": decision and str(decision),
    }
