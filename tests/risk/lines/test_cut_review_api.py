"""The human review of a limit cut over HTTP: asked for, listed, and in the customer export."""

from uuid import uuid4

import pytest

from accounts.privacy.operations import exports
from backoffice.core import clock
from risk.lines.operations import cut_reviews
from risk.models import CutReview
from tests.accounts.api.conftest import Phone, newcomer, problem, wait, waited  # noqa: F401
from tests.accounts.conftest import stopped_clock  # noqa: F401 - a fixture
from tests.risk.lines.cuts import fallen, member, revised

pytestmark = pytest.mark.django_db
CHANGES = "me/line/changes"


@pytest.fixture
def cut(waited):  # noqa: F811
    """Somebody whose target fell from 14,000.00 to 10,000.00."""
    waited.fall = fallen(who=waited.customer, at=clock.now())
    return waited


def ask(phone, change=None, **headers):
    change_id = (change or phone.fall).public_id
    return phone.post(f"{CHANGES}/{change_id}/human-review", **headers)


def listed(phone):
    return phone.get(CHANGES).json()["results"]


def test_a_cut_leads_to_its_review_and_a_rise_to_none(cut):
    fall, first = listed(cut)

    assert first["human_review"] is None
    assert fall["id"] == str(cut.fall.public_id)
    assert (fall["human_review"]["state"], fall["human_review"]["method"]) == ("open", "POST")
    address = fall["human_review"]["endpoint"].removeprefix("/api/v1/")
    assert cut.post(address).status_code == 202
    assert listed(cut)[0]["human_review"]["state"] == "requested"


def test_a_request_is_made_once_for_a_key(cut):
    key = {"idempotency-key": uuid4().hex}

    first, second = ask(cut, **key), ask(cut, **key)

    assert (first.status_code, first.json()["endpoint"]) == (202, None)
    assert (second.content, second["Idempotent-Replayed"]) == (first.content, "true")
    assert CutReview.objects.count() == 1
    assert problem(ask(cut)) == (409, "limit-cut-reviewed")


def test_the_answer_is_read_beside_the_change(cut):
    ask(cut)
    review = CutReview.objects.get()
    cut_reviews.confirm(
        review.pk, answer="The income was lower.", by=member("credit"), reason="seen in the facts",
        at=clock.now(),
    )  # fmt: skip

    found = listed(cut)[0]["human_review"]

    assert (found["state"], found["answer"]) == ("confirmed", "The income was lower.")
    assert found["endpoint"] is None
    [row] = exports.as_json(cut.customer, at=clock.now())["sections"]["cut_reviews"]["rows"]
    assert (row["state"], row["answer"]) == ("confirmed", "The income was lower.")


def test_the_refusals_have_their_codes(cut):
    line = cut.fall.line
    rise = revised(line, 900_000, at=clock.now(), evidence="facts:2")
    by_assessment = revised(line, 600_000, at=clock.now(), evidence="AS1")
    second = revised(line, 550_000, at=clock.now(), evidence="facts:3")

    assert problem(ask(cut, rise)) == (409, "limit-change-no-cut")
    assert problem(ask(cut, by_assessment)) == (409, "limit-cut-by-assessment")
    assert ask(cut).status_code == 202
    waiting = ask(cut, second)
    assert problem(waiting) == (409, "limit-cut-review-open")
    assert waiting.json()["change"] == str(cut.fall.public_id)


def test_after_the_days_of_the_policy_it_is_too_late(cut):
    wait(61)
    cut.log_in()

    answer = ask(cut)

    assert problem(answer) == (409, "limit-cut-too-old")
    assert answer.json()["until_at"].startswith("2027-02-22T15:00")
    assert listed(cut)[0]["human_review"] is None


def test_an_unknown_change_and_that_of_another_are_not_found(cut):
    other = fallen(at=clock.now())

    assert problem(ask(cut, other)) == (404, "not-found")
    assert problem(cut.post(f"{CHANGES}/{uuid4()}/human-review")) == (404, "not-found")
    other_phone = Phone("other", 2).log_in()
    wait(30)
    assert problem(ask(other_phone.log_in(), other)) == (404, "no-credit-line")
    assert not CutReview.objects.exists()
