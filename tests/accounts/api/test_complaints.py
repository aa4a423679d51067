"""Complaints through HTTP: always possible, with the day of the answer."""

import pytest

from accounts.complaints import operations as complaints
from accounts.models import Complaint, Staff
from backoffice.core.models import IdempotencyKey
from tests.accounts.api.conftest import Phone, problem
from tests.accounts.people import AT
from tests.raw import execute


def test_a_complaint_is_filed_while_cooling_off(newcomer):
    answer = newcomer.post("me/complaints", {"text": "30 天太久"})

    assert answer.status_code == 201
    assert (answer.json()["state"], answer.json()["due_on"]) == ("filed", "2026-12-09")
    [reply] = newcomer.get("me/complaints").json()["results"]
    assert reply == answer.json() | {"text": "30 天太久", "answer": None, "answered_at": None}


def test_its_words_are_sealed(newcomer):
    newcomer.post("me/complaints", {"text": "my words"})

    [(text,)] = execute("SELECT text FROM accounts_complaint")
    assert b"my words" not in bytes(text)


def test_its_words_are_not_kept_with_the_key(newcomer):
    newcomer.post("me/complaints", {"text": "my words"}, **{"idempotency-key": "k"})

    assert b"my words" not in bytes(IdempotencyKey.objects.get().reply)


def test_a_key_of_another_complaint_files_nothing(newcomer):
    newcomer.post("me/complaints", {"text": "x"}, **{"idempotency-key": "k"})

    answer = newcomer.post("me/complaints", {"text": "y"}, **{"idempotency-key": "k"})

    assert problem(answer) == (422, "idempotency-key-reused")
    assert Complaint.objects.get().text == "x"


def test_the_day_of_the_answer_stays_when_the_number_of_days_changes(newcomer, in_policy):
    newcomer.post("me/complaints", {"text": "x"})
    in_policy(complaint_days=7)

    newcomer.post("me/complaints", {"text": "y"})

    later, earlier = newcomer.get("me/complaints").json()["results"]
    assert (earlier["due_on"], later["due_on"]) == ("2026-12-09", "2026-12-01")


def test_an_answer_is_given_once(newcomer):
    newcomer.post("me/complaints", {"text": "30 天太久"})
    staff = Staff.objects.create_user("li")
    filed = Complaint.objects.get()

    complaints.answer(filed.pk, words="规则如此", by=staff, at=AT)

    [reply] = newcomer.get("me/complaints").json()["results"]
    assert (reply["state"], reply["answer"]) == ("answered", "规则如此")
    with pytest.raises(complaints.AnsweredError):
        complaints.answer(filed.pk, words="again", by=staff, at=AT)
    assert Complaint.objects.get().answer == "规则如此"


def test_nobody_sees_the_complaints_of_somebody_else(newcomer):
    newcomer.post("me/complaints", {"text": "30 天太久"})

    assert Phone("other").log_in().get("me/complaints").json()["results"] == []


def test_a_key_files_one_complaint(newcomer):
    first, again = (
        newcomer.post("me/complaints", {"text": "x"}, **{"idempotency-key": "k"}) for _ in "12"
    )

    assert first.json() == again.json()
    assert Complaint.objects.count() == 1


def test_the_longest_complaint_is_filed(newcomer):
    assert newcomer.post("me/complaints", {"text": "怨" * 2000}).status_code == 201


@pytest.mark.parametrize(
    "body",
    [
        {}, {"text": ""}, {"text": "  "}, {"text": 1}, {"text": None}, {"text": ["x"]},
        {"text": "x" * 2001}, {"text": "x\0"}, {"a": 1}, {"text": "x", "due_on": "2030-01-01"},
        {"text": "x", "customer": 1},
    ],
)  # fmt: skip
def test_a_bad_complaint_is_not_filed(newcomer, body):
    assert problem(newcomer.post("me/complaints", body)) == (400, "invalid-input")
    assert not Complaint.objects.exists()
