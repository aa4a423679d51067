"""POST /hooks/events: signed, strict, and nothing half-done."""

import json

import pytest
from django.test import Client
from django.utils import translation

from backoffice.web.api import signed
from risk.models import PartnerEvent
from tests import described
from tests.accounts.people import AT
from tests.risk.people import consenting, payment

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stopped_clock")]

SECRET = "secret-of-the-partner-in-the-tests-01"
NOW = str(int(AT.timestamp()))


@pytest.fixture(autouse=True)
def partner(settings):
    settings.PARTNER_SECRETS = {"pay": SECRET}


def send(body, *, timestamp=NOW, secret=SECRET, sent=None, **headers):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    given = {
        "x-partner": "pay", "x-timestamp": timestamp, "accept-language": "en",
        "x-signature": signed.signature(secret, timestamp=timestamp, body=raw), **headers,
    }  # fmt: skip
    client = Client(raise_request_exception=False)
    answer = client.post(
        "/hooks/events", sent or raw, content_type="application/json", headers=given
    )
    assert described.faults("post", "/hooks/events", answer) == []
    return answer


def refusal(answer):
    assert answer["content-type"] == "application/problem+json"
    return answer.status_code, answer.json()["code"]


def test_the_good_events_of_a_batch_are_kept_and_the_bad_ones_reported():
    consenting()

    answer = send({"events": [payment(), {"kind": "x"}, payment("p-2", amount_fen=-1)]})

    assert answer.status_code == 200
    assert answer.json() == {
        "accepted": 1,
        "repeated": 0,
        "refused": [
            {
                "index": 1, "code": "kind-unknown",
                "detail": "Unknown kind of event. Send one of: payment, social_link, holding, "
                "product_move, wechat_since, employer, income.",
            },
            {
                "index": 2, "code": "amount-invalid",
                "detail": "The field amount_fen is no whole number from 1 to 1000000000000. Send "
                "it without a sign and without a decimal point.",
            },
        ],
    }  # fmt: skip
    assert PartnerEvent.objects.get().partner == "pay"


def test_a_repeated_batch_has_the_same_refusals_and_stores_nothing_more():
    consenting()
    batch = {"events": [payment(), {}]}
    first = send(batch).json()

    again = send(batch).json()

    assert again == {"accepted": 0, "repeated": 1, "refused": first["refused"]}
    assert PartnerEvent.objects.count() == 1


def test_refusals_are_in_the_language_of_the_caller():
    answer = send({"events": [{}]}, **{"accept-language": "zh-hans"})

    assert answer.json()["refused"][0]["detail"].startswith("未知的事件类型")
    translation.deactivate()


@pytest.mark.parametrize(
    "other",
    [
        {"secret": "another-secret-of-the-partner-000001"},
        {"x-partner": "nobody"},
        {"x-partner": "nobody", "secret": ""},
        {"x-signature": ""},
        {"x-signature": "0" * 64},
        {"timestamp": "yesterday"},
        {"timestamp": ""},
        {"x-timestamp": str(int(NOW) + 1)},
        {"sent": b'{"events": [1]}'},
    ],
)
def test_what_a_known_partner_has_not_signed_is_refused(other):
    assert refusal(send({"events": []}, **other)) == (401, "signature-bad")


@pytest.mark.parametrize(("seconds", "status"), [(-300, 200), (-301, 401), (300, 200), (301, 401)])
def test_a_signature_is_good_for_five_minutes(seconds, status):
    consenting()
    timestamp = str(int(NOW) + seconds)

    answer = send({"events": [payment()]}, timestamp=timestamp)

    assert answer.status_code == status
    assert PartnerEvent.objects.count() == (status == 200)
    if status == 401:
        assert refusal(answer) == (401, "signature-expired")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", "malformed-body"),
        (b"\xff\xfe", "malformed-body"),
        (b'{"events": [NaN]}', "malformed-body"),
        (b"[" * 100_000, "malformed-body"),
        ([payment()], "invalid-input"),
        ({}, "invalid-input"),
        ({"events": {}}, "invalid-input"),
        ({"events": [], "partner": "pay"}, "invalid-input"),
    ],
)
def test_a_body_that_is_no_batch_is_refused_whole(body, code):
    consenting()

    assert refusal(send(body)) == (400, code)


@pytest.mark.parametrize("body", [[], None, 1, "events"])
def test_a_body_that_is_no_object_gets_the_form_that_is_expected(body):
    errors = send(body).json()["errors"]

    assert [(one["pointer"], one["detail"]) for one in errors] == [
        ("", "Send one JSON object with the field events.")
    ]


def test_a_personal_number_refuses_its_event_and_is_not_stored():
    consenting()

    answer = send({"events": [payment("p-13812345678"), payment(channel="13812345678"), payment()]})

    assert answer.json()["accepted"] == 1
    assert [(one["index"], one["code"]) for one in answer.json()["refused"]] == [
        (0, "personal-number"), (1, "personal-number"),
    ]  # fmt: skip
    assert "13812345678" not in answer.content.decode()
    assert [(one.event_id, one.facts) for one in PartnerEvent.objects.all()] == [("p-1", {})]


def test_more_than_a_thousand_events_are_refused_whole():
    assert refusal(send({"events": [{}] * 1001})) == (422, "too-many-events")


def test_more_than_ten_megabytes_are_refused_before_they_are_read():
    assert refusal(send(b" " * (10 * 1024 * 1024 + 1))) == (413, "body-too-large")


def test_a_batch_of_almost_ten_megabytes_is_read():
    consenting()
    padding = b" " * (9 * 1024 * 1024)

    answer = send(padding + json.dumps({"events": [payment()]}).encode())

    assert answer.json()["accepted"] == 1


def test_the_requests_of_a_day_are_limited(monkeypatch):
    monkeypatch.setattr(signed, "REQUESTS_A_DAY_MAX", 1)
    send({"events": []})

    answer = send({"events": []})

    assert refusal(answer) == (429, "too-many-requests")
    assert "retry-after" in answer.headers


def test_an_unsigned_request_takes_no_try():
    send({"events": []}, secret="wrong")

    assert send({"events": []}).status_code == 200


def test_other_methods_and_addresses_are_refused_as_everywhere():
    client = Client()

    assert refusal(client.get("/hooks/events")) == (405, "method-not-allowed")
    assert refusal(client.get("/hooks/other")) == (404, "not-found")
