"""Whatever goes wrong under /api/ has one form, in the caller's language."""

import json

import psycopg
import pytest
from django.db import OperationalError
from django.test import Client, RequestFactory
from psycopg_pool import PoolTimeout

from backoffice.web.api.problems import handler

pytestmark = pytest.mark.django_db


@pytest.fixture
def ask():
    client = Client(raise_request_exception=False)

    def ask(method, path, body=None, language="en", **sent):
        given = {} if body is None else {"data": body, "content_type": "application/json"}
        headers = {"accept-language": language, **sent.pop("headers", {})}
        return getattr(client, method)(f"/api/v1/{path}", headers=headers, **given, **sent)

    return ask


def code_of(answer):
    assert answer["content-type"] == "application/problem+json"
    document = answer.json()
    assert document["status"] == answer.status_code
    assert document["request_id"] == answer["X-Request-ID"]
    assert document["type"] == f"/api/errors/{document['code']}"
    assert document["title"] and document["detail"]
    return answer.status_code, document["code"]


@pytest.mark.parametrize("path", ["nothing", "me/nothing", "auth/sessions/42", "%00", "../admin"])
def test_an_unknown_address_is_a_problem_too(ask, path):
    assert code_of(ask("get", path)) == (404, "not-found")


def test_an_unknown_page_of_the_staff_stays_a_page(ask):
    answer = Client().get("/nothing")

    assert answer.status_code == 404
    assert answer["content-type"].startswith("text/html")


@pytest.mark.parametrize("method", ["get", "put", "delete", "patch"])
def test_a_method_that_is_not_there(ask, method):
    assert code_of(ask(method, "auth/wechat")) == (405, "method-not-allowed")


@pytest.mark.parametrize(
    "body", ["{", '{"a": NaN}', "\udcff", '{"code": "' , "[" * 30_000, '{"a":' * 9_000, '{} {}'],
)  # fmt: skip
def test_a_body_that_is_no_json(ask, body):
    raw = body.encode("utf-8", "surrogateescape")

    assert code_of(ask("post", "auth/wechat", raw)) == (400, "malformed-body")


@pytest.mark.parametrize("body", ["[]", "1", '"text"', "null", "true"])
def test_a_body_that_is_no_object(ask, body):
    assert code_of(ask("post", "auth/wechat", body.encode())) == (400, "invalid-input")


def test_a_body_of_another_type(ask):
    answer = Client().post("/api/v1/auth/wechat", "a=1", content_type="text/plain")

    assert code_of(answer) == (415, "unsupported-media-type")


def test_a_body_that_is_too_large(ask):
    body = json.dumps({"code": "x" * 70_000}).encode()

    assert code_of(ask("post", "auth/wechat", body)) == (413, "body-too-large")


def test_an_unknown_host(ask):
    answer = Client().get("/api/v1/me", headers={"Host": "other.example"})

    assert code_of(answer) == (400, "bad-request")


def lost(kind):
    error = OperationalError("the server closed the connection")
    error.__cause__ = kind("lost")
    return handler(error, {"request": RequestFactory().get("/api/v1/me")})


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (psycopg.OperationalError, "database-lost"),
        (psycopg.errors.AdminShutdown, "database-lost"),
        (psycopg.errors.ConnectionFailure, "database-lost"),
        (PoolTimeout, "busy"),
        (psycopg.errors.LockNotAvailable, "internal-error"),
    ],
)
def test_a_lost_database_is_to_be_asked_again(kind, code):
    answer = lost(kind)

    assert answer.data["code"] == code
    assert answer.status_code == (500 if code == "internal-error" else 503)
    assert answer.has_header("Retry-After") is (code != "internal-error")


def test_the_words_follow_the_caller(ask):
    english = ask("get", "me").json()
    chinese = ask("get", "me", language="zh-CN").json()

    assert english["title"] == "You are not logged in, or the login has ended."
    assert chinese["code"] == english["code"]
    assert chinese["title"] != english["title"]
    assert chinese["title"].isascii() is False


@pytest.mark.parametrize(
    ("sent", "is_kept"),
    [("0123abcd", True), ("x" * 65, False), ("short", False), ("bad id!", False), ("é" * 9, False)],
)
def test_a_sound_request_id_is_kept(ask, sent, is_kept):
    answer = ask("get", "me", headers={"X-Request-ID": sent})

    assert (answer["X-Request-ID"] == sent) is is_kept
    assert code_of(answer) == (401, "not-logged-in")


def test_the_description_of_the_endpoints_works_offline(ask):
    page = Client().get("/api/docs/").content.decode()

    assert "http://" not in page.replace("http://testserver", "") and "https://" not in page
    assert Client().get("/api/schema/").status_code == 200


@pytest.mark.parametrize("path", ["auth/wechat"])
def test_a_field_name_without_utf_8_is_named_escaped(ask, path):
    answer = ask("post", path, b'{"\\ud800": 1}')

    assert code_of(answer) == (400, "invalid-input")
    assert "/\\ud800" in {fault["pointer"] for fault in answer.json()["errors"]}
