"""Assessments over HTTP, as the mini program of a customer calls them."""

import pytest

from backoffice.core import clock
from risk.models import Assessment
from risk.scoring.rules.withdrawal import Source
from tests.accounts.api.conftest import Phone, problem, wait
from tests.policies import put_in_force
from tests.risk.phones import (
    carded,
    consented,
    decide,
    identified,
    newcomer,
    persona,
    ready,
    waited,
)

__all__ = ["carded", "consented", "identified", "newcomer", "persona", "ready", "waited"]


def test_the_next_step_of_somebody_ready_is_the_assessment(ready):
    steps = {one["step"]: one for one in ready.get("me").json()["next_steps"]}

    assert (steps["assessment"]["state"], steps["assessment"]["endpoint"]) == (
        "next", "/api/v1/me/assessments",
    )  # fmt: skip


def test_from_the_request_to_the_decision(ready):
    asked = ready.post("me/assessments")
    assert (asked.status_code, asked.json()["state"]) == (202, "requested")
    address = f"me/assessments/{asked.json()['id']}"
    assert ready.get(address).json()["explanation"] is None

    decide()

    found = ready.get(address).json()
    assert (found["state"], found["grade"], found["daily_rate_ppm"]) == ("approved", "AAA", 200)
    assert found["annual_rate_ppm"] == 73_000  # 7.3 % of 365 days, beside 7.2 % of 360 (GEN-7)
    parts = found["explanation"]["components"]
    assert 300 + sum(one["points"] for one in parts) == found["score"]
    assert found["limit_fen"] == Assessment.objects.get().limit_fen
    assert found["next_steps"] == []


def test_the_same_key_asks_once_and_another_request_is_refused(ready):
    first = ready.post("me/assessments", **{"idempotency-key": "a1"})
    again = ready.post("me/assessments", **{"idempotency-key": "a1"})
    other = ready.post("me/assessments")

    assert (first.content, again["Idempotent-Replayed"]) == (again.content, "true")
    assert problem(other) == (409, "assessment-open")
    assert other.json()["assessment"] == first.json()["id"]


def test_somebody_who_is_not_ready_reads_what_is_missing(carded):
    refused = carded.post("me/assessments")

    assert problem(refused) == (409, "step-missing")
    assert refused.json()["missing_step"] == "consents"


@pytest.mark.parametrize("persona", ["overdue90-7"])
def test_a_refusal_has_its_reason_next_steps_and_a_human_review(ready):
    asked = ready.post("me/assessments").json()
    decide()

    found = ready.get("me/report").json()
    assert [one["code"] for one in found["explanation"]["failed_gates"]] == ["overdue-history"]
    assert [one["step"] for one in found["next_steps"]] == [
        "check-identity", "update-profile", "ask-support", "appeal",
    ]  # fmt: skip
    assert found["human_review"]["endpoint"].endswith(f"{asked['id']}/human-review")

    review = ready.post(f"me/assessments/{asked['id']}/human-review")
    assert (review.status_code, review.json()["state"]) == (202, "manual_review")
    assert problem(ready.post(f"me/assessments/{asked['id']}/human-review")) == (
        409, "human-review-done",
    )  # fmt: skip


def test_reading_the_report_is_noted_and_other_decisions_are_not(ready):
    ready.post("me/assessments")
    assert problem(ready.get("me/report")) == (404, "not-found")
    decide()

    ready.get("me/report")

    assert Assessment.objects.get().viewed_at == clock.now()


def test_the_preview_tells_what_withdrawing_a_source_would_change(ready):
    ready.post("me/assessments")
    decide()

    found = ready.get("me/assessments/preview?without=social").json()
    stopped = ready.get("me/assessments/preview?without=bureau").json()

    assert found["score"] == Assessment.objects.get().score != found["score_without"]
    assert (stopped["score_without"], stopped["stops_scoring"]) == (None, True)


def test_a_source_that_does_not_exist_is_named_with_the_allowed_ones(ready):
    ready.post("me/assessments")
    decide()

    for query in ("?without=friends", ""):
        answer = ready.get(f"me/assessments/preview{query}")

        assert problem(answer) == (400, "invalid-input")
        [fault] = answer.json()["errors"]
        assert (fault["pointer"], fault["code"]) == ("/without", "invalid-choice")
        assert fault["detail"] == f"It must be one of: {', '.join(Source)}."


def test_scores_are_listed_with_their_deltas(ready):
    put_in_force("assessments", {"again_after_approval_days": 0}, on=clock.business_date())
    ready.post("me/assessments")
    decide()
    wait(0.01)
    ready.put("me/consents/social", {"granted": False})
    assert ready.post("me/assessments").status_code == 202
    decide()

    newest, oldest = ready.get("me/score-history").json()["results"]

    changed = sum(one["points"] for one in newest["deltas"])
    assert changed == newest["score"] - oldest["score"] != 0
    assert (oldest["deltas"], len(newest["hints"])) == ([], 2)


def test_nobody_reads_the_assessment_of_somebody_else(ready):
    asked = ready.post("me/assessments").json()
    other = Phone("somebody-else", device_number=2).log_in()

    assert problem(other.get(f"me/assessments/{asked['id']}")) == (404, "not-found")


def test_the_next_step_after_an_approval_is_the_line(ready):
    ready.post("me/assessments")
    decide()

    found = ready.get("me").json()["next_steps"]

    assert [(one["step"], one["state"], one["decision"]) for one in found][-2:] == [
        ("assessment", "done", "approved"), ("line", "next", None),
    ]  # fmt: skip
    assert [one["step"] for one in found].count("assessment") == 1
    assert ready.get(found[-2]["endpoint"].removeprefix("/api/v1/")).status_code == 200
    assert ready.get(found[-1]["endpoint"].removeprefix("/api/v1/")).status_code == 200
