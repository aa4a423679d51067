"""What the description of the endpoints holds for every operation."""

import re

import pytest
from django.urls import get_resolver

from tests import described

OPERATIONS = [
    pytest.param(*one, id=f"{one[1]} {one[0]}") for one in described.operations()
]  # fmt: skip
every_operation = pytest.mark.parametrize(("path", "method", "operation"), OPERATIONS)
HEALTH = {"/livez", "/readyz"}
# What needs no login.
PUBLIC = {
    "/api/v1/auth/wechat", "/api/v1/guide", "/api/v1/glossary", "/api/v1/products/comparison",
}  # fmt: skip
# What people open in a browser, and the description itself.
PAGES = {
    "/", "/i18n/setlang/", "/admin/", "/api/schema/", "/api/docs/", "/api/errors/",
    "/api/errors/{code}",
}  # fmt: skip


def addresses(patterns, prefix="/"):
    """Every address of the site, as the description writes it; those of the staff as one."""
    for pattern in patterns:
        route = prefix + re.sub(r"<\w+:(\w+)>", r"{\1}", str(pattern.pattern))
        if route.startswith("/admin/"):
            yield "/admin/"
        elif hasattr(pattern, "url_patterns"):
            yield from addresses(pattern.url_patterns, route)
        else:
            yield route


def contents(operation):
    parts = [operation.get("requestBody", {}), *operation["responses"].values()]
    return [media for part in parts for media in part.get("content", {}).values()]


@every_operation
def test_it_has_a_summary_a_tag_and_its_refusals(path, method, operation):
    assert operation["summary"] and len(operation["tags"]) == 1
    if path in HEALTH:
        return
    assert {"406", "500", "503"} <= set(operation["responses"])
    assert ("401" in operation["responses"]) or path in PUBLIC


@every_operation
def test_each_of_its_examples_fits_its_schema(path, method, operation):
    for media in contents(operation):
        check = described.validator_of(media["schema"])
        values = [one["value"] for one in media.get("examples", {}).values()]
        for value in values or [media["example"]]:
            if media["schema"].get("type") != "string":
                assert [error.message for error in check.iter_errors(value)] == []


@every_operation
def test_each_refusal_names_its_codes(path, method, operation):
    for status, response in operation["responses"].items():
        if status >= "400" and path not in HEALTH:
            [media] = response["content"].values()
            [_problem, narrowed] = media["schema"]["allOf"]
            assert sorted(media["examples"]) == narrowed["properties"]["code"]["enum"]


def test_lists_are_pages_with_their_parameters():
    pages = [
        path
        for path, _method, one in described.operations()
        if {"limit", "cursor"} <= {each["name"] for each in one.get("parameters", ())}
    ]

    assert pages == [
        "/api/v1/appeals", "/api/v1/auth/sessions", "/api/v1/bills", "/api/v1/loans",
        "/api/v1/me/assets",
        "/api/v1/me/cards",
        "/api/v1/me/complaints", "/api/v1/me/consents", "/api/v1/me/line/changes",
        "/api/v1/me/line/temporary-limits", "/api/v1/me/score-history",
        "/api/v1/me/statements", "/api/v1/me/wechat-accounts", "/api/v1/payments",
    ]  # fmt: skip


def test_the_idempotency_key_is_a_header_of_what_takes_it():
    keys = {
        f"{method} {path}": each["required"]
        for path, method, one in described.operations()
        for each in one.get("parameters", ())
        if each["name"] == "Idempotency-Key"
    }

    assert [call for call, is_required in keys.items() if is_required] == [
        "post /api/v1/bills/{public_id}/conversion",
        "post /api/v1/bills/{public_id}/payments",
        "post /api/v1/loans",
        "post /api/v1/loans/{public_id}/prepayments",
        "post /api/v1/loans/{public_id}/settlement",
        "post /api/v1/me/authorisations",
        "post /api/v1/me/line/temporary-limits",
    ]
    assert len(keys) == 24


def test_every_address_is_described_or_a_page():
    described_paths = {path for path, _method, _operation in described.operations()}

    assert set(addresses(get_resolver().url_patterns)) - PAGES == described_paths


def test_the_health_checks_have_a_tag_of_their_own():
    tags = {path: operation["tags"] for path, _method, operation in described.operations()}

    assert {path for path, found in tags.items() if found == ["health"]} == HEALTH
    assert described.description()["paths"]["/readyz"]["get"]["responses"].keys() == {"200", "503"}
