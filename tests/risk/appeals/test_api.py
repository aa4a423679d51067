"""Appeals over HTTP: from the report to the submission, as the mini program calls it (FAQ-8)."""

from datetime import timedelta
from uuid import uuid4

import pytest

from backoffice.core import clock
from risk.models import Appeal, AppealMaterial, Assessment
from tests.accounts.api.conftest import Phone, problem
from tests.policies import put_in_force
from tests.risk.appeals.conftest import proof_of
from tests.risk.phones import (
    carded,
    consented,
    decide,
    identified,
    newcomer,
    ready,
    waited,
)

__all__ = ["carded", "consented", "identified", "newcomer", "ready", "waited"]

WORDS = {"kind": "refusal", "statement": "My salary rose in September."}


@pytest.fixture
def persona():
    return "nightgambler-1"


@pytest.fixture
def refused(ready):
    """Somebody whose assessment was refused, and who has not read the report."""
    put_in_force("scoring", {"grade_c_min": 510}, on=clock.business_date())
    assert ready.post("me/assessments").status_code == 202
    decide()
    assert Assessment.objects.get().state == "refused"
    return ready


@pytest.fixture
def reader(refused):
    """Somebody who has read why."""
    assert refused.get("me/report").status_code == 200
    return refused


def opened(phone):
    answer = phone.post("appeals", WORDS)
    assert answer.status_code == 201, answer.json()
    return f"appeals/{answer.json()['id']}"


def steps(answer):
    return [(one["step"], one["state"], one["endpoint"]) for one in answer.json()["next_steps"]]


def test_the_refusal_leads_to_the_report_and_the_report_to_the_appeal(refused):
    asked = Assessment.objects.get().public_id
    before = refused.get(f"me/assessments/{asked}").json()
    assert (before["appeal"]["state"], before["next_steps"][-1]) == ("locked", before["appeal"])
    early = refused.post("appeals", WORDS)
    assert problem(early) == (409, "appeal-report-not-viewed")
    assert early.json()["next_steps"][0]["endpoint"] == "/api/v1/me/report"

    report = refused.get("me/report").json()

    assert report["appeal"] == {
        "step": "appeal", "state": "open", "method": "POST", "endpoint": "/api/v1/appeals",
    }  # fmt: skip
    opened(refused)
    assert refused.get("me/report").json()["appeal"] is None


def test_an_appeal_is_made_step_by_step(reader):
    address = opened(reader)
    assert steps(reader.get(address)) == [
        ("add-material", "open", f"/api/v1/{address}/materials"),
        ("submit-appeal", "open", f"/api/v1/{address}/submit"),
        ("withdraw-appeal", "open", f"/api/v1/{address}/withdrawal"),
    ]
    proof = proof_of(reader.customer)

    first = reader.post(f"{address}/materials", {"proof": str(proof.public_id)})
    second = reader.post(f"{address}/materials", {"text": "October follows."})
    sent = reader.post(f"{address}/submit")

    assert (first.status_code, first.json()["proof_kind"]) == (201, "income")
    assert (second.status_code, second.json()["proof"]) == (201, None)
    assert (sent.status_code, sent.json()["state"]) == (202, "submitted")
    due_at = (clock.now() + timedelta(days=15)).astimezone(clock.SHANGHAI)
    assert sent.json()["due_at"] == due_at.isoformat()
    found = reader.get(address).json()
    assert found["statement"] == WORDS["statement"]
    assert [(one["proof"], one["text"]) for one in found["materials"]] == [
        (str(proof.public_id), None), (None, "October follows."),
    ]  # fmt: skip
    assert [one["step"] for one in found["next_steps"]] == ["withdraw-appeal"]
    assert (found["new_assessment"], found["answer"]) == (None, None)


def test_appeals_are_listed_without_their_texts(reader):
    opened(reader)

    [row] = reader.get("appeals").json()["results"]

    assert (row["state"], row["assessment"]) == ("draft", str(Assessment.objects.get().public_id))
    assert not {"statement", "question", "answer"} & row.keys()


def test_the_same_key_opens_adds_and_submits_once(reader):
    key = {"idempotency-key": "k1"}
    first, again = (reader.post("appeals", WORDS, **key) for _ in "12")
    address = f"appeals/{first.json()['id']}"
    text = {"text": "October follows."}
    for _ in "12":
        assert (
            reader.post(f"{address}/materials", text, **{"idempotency-key": "k2"}).status_code
            == 201
        )
    for _ in "12":
        assert reader.post(f"{address}/submit", **{"idempotency-key": "k3"}).status_code == 202

    assert (again.content, again["Idempotent-Replayed"]) == (first.content, "true")
    assert WORDS["statement"] not in first.content.decode()
    assert (Appeal.objects.count(), AppealMaterial.objects.count()) == (1, 1)
    other = reader.post("appeals", WORDS | {"kind": "bureau"}, **key)
    assert problem(other) == (422, "idempotency-key-reused")


@pytest.mark.parametrize(
    "body",
    [
        {"kind": "refusal"},
        {"kind": "price", "statement": "x"},
        {"kind": "refusal", "statement": ""},
        {"kind": "refusal", "statement": "x" * 2001},
        {"kind": "refusal", "statement": "x", "limit_fen": 1},
    ],
)
def test_a_bad_body_opens_nothing(reader, body):
    assert reader.post("appeals", body).status_code == 400

    assert not Appeal.objects.exists()


@pytest.mark.parametrize(
    "body", [{}, {"proof": str(uuid4()), "text": "x"}, {"proof": 7}, {"proof": "x"}, {"text": ""}]
)
def test_a_bad_material_is_not_added(reader, body):
    address = opened(reader)

    assert reader.post(f"{address}/materials", body).status_code == 400
    assert not AppealMaterial.objects.exists()


def test_nobody_reaches_the_appeal_or_the_proof_of_somebody_else(reader):
    address = opened(reader)
    other = Phone("somebody-else", device_number=2).log_in()
    others_proof = proof_of(other.customer)
    clock.move_to(clock.now() + timedelta(days=30))
    other.log_in()

    assert problem(other.get(address)) == (404, "not-found")
    for path, body in (("materials", {"text": "x"}), ("submit", None)):
        assert problem(other.post(f"{address}/{path}", body)) == (404, "not-found")
    reader.log_in()
    refused = reader.post(f"{address}/materials", {"proof": str(others_proof.public_id)})
    assert problem(refused) == (404, "proof-unknown")
    assert Appeal.objects.get().state == "draft"


def test_nothing_is_added_after_the_submission(reader):
    address = opened(reader)
    reader.post(f"{address}/submit")

    refused = reader.post(f"{address}/materials", {"text": "x"})

    assert problem(refused) == (409, "appeal-not-writable")
    assert refused.json()["state"] == "submitted"
    assert problem(reader.post("me/assessments")) == (409, "appeal-under-review")


def test_an_open_appeal_is_withdrawn_once(reader):
    address = opened(reader)
    reader.post(f"{address}/submit")
    key = {"idempotency-key": uuid4().hex}

    first, second = (reader.post(f"{address}/withdrawal", **key) for _ in "12")

    assert (first.status_code, first.json()["state"]) == (200, "closed")
    assert (first.json()["outcome"], second.content) == ("withdrawn", first.content)
    assert problem(reader.post(f"{address}/withdrawal")) == (409, "appeal-ended")
    assert problem(reader.post(f"appeals/{uuid4()}/withdrawal")) == (404, "not-found")
    assert reader.get(address).json()["next_steps"] == []
