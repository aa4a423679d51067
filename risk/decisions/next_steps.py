"""What a customer does after the assessment: wait, use the line, or what a refusal leaves open."""

from typing import Any

from accounts.onboarding import queries as onboarding_status
from accounts.onboarding.context import RequestContext
from accounts.onboarding.rules.onboarding import OnboardingStatus, Step, StepState, missing_before
from backoffice.core.policy import current
from risk.decisions import queries
from risk.decisions.operations.requests import available_at
from risk.lines.queries.amounts import open_line
from risk.models import OPEN_APPEALS, WRITABLE_STATES, Appeal, Assessment, AssessmentState
from risk.policy import AssessmentPolicy

_API = "/api/v1/me"
NextStep = dict[str, str | None]


def after_assessment(context: RequestContext, status: OnboardingStatus) -> list[NextStep]:
    """Return the assessment as it stands and the steps after it; nothing before the first request.

    An approval leads to the line. A refusal leaves the steps of FAQ-1, the human review of the
    decision (LAW-18), the appeal (FAQ-8) and, once the days of the policy have passed, another
    assessment.
    """
    latest = Assessment.objects.filter(customer=context.customer).order_by("-pk").first()
    if latest is None:
        return []
    if latest.decided_at is None:
        address = f"{_API}/assessments/{latest.public_id}"
        waiting = _step(Step.ASSESSMENT, StepState.WAITING, "GET", address, None)
        return [waiting, *_line(context)]
    done = _step(Step.ASSESSMENT, StepState.DONE, "GET", f"{_API}/report", latest.state)
    if latest.state == AssessmentState.APPROVED:
        return [done, *_line(context), *_open_appeal(latest)]
    return [done, *_line(context), *_after_refusal(latest, context, status)]


def _line(context: RequestContext) -> list[NextStep]:
    """Return the step to the open line, which stays while another decision is awaited."""
    if open_line(context.customer.pk) is None:
        return []
    return [_step("line", StepState.NEXT, "GET", f"{_API}/line", None)]


def _after_refusal(
    latest: Assessment, context: RequestContext, status: OnboardingStatus
) -> list[NextStep]:
    found: list[NextStep] = [
        {**one, "decision": None} for one in onboarding_status.after_refusal(status)
    ]
    if queries.is_reviewable(latest):
        address = f"{_API}/assessments/{latest.public_id}/human-review"
        found.append(_step("human-review", "open", "POST", address, None))
    found += _appeal(latest)
    if context.at >= available_at(latest, policy=current(AssessmentPolicy, on=context.on)):
        state = "open" if missing_before(Step.ASSESSMENT, status) is None else "locked"
        address = f"{_API}/assessments"
        found.append(_step("another-assessment", state, "POST", address, None))
    return found


def _appeal(latest: Assessment) -> list[NextStep]:
    """Return the appeal: locked until the report was read, later the one that is open (FAQ-8)."""
    if queries.is_contestable(latest):
        state = "locked" if latest.viewed_at is None else "open"
        return [_step("appeal", state, "POST", "/api/v1/appeals", None)]
    return _open_appeal(latest)


def _open_appeal(latest: Assessment) -> list[NextStep]:
    made = Appeal.objects.filter(assessment=latest, state__in=OPEN_APPEALS).first()
    if made is None:
        return []
    state = "open" if made.state in WRITABLE_STATES else "waiting"
    return [_step("appeal", state, "GET", f"/api/v1/appeals/{made.public_id}", None)]


def _step(step: str, state: str, method: str, endpoint: str, decision: Any) -> NextStep:
    return {
        "step": str(step),
        "state": str(state),
        "method": method,
        "endpoint": endpoint,
        "decision": decision and str(decision),
    }
