"""What the description of the endpoints holds for every operation."""

import pytest

from tests import described

OPERATIONS = [
    pytest.param(*one, id=f"{one[1]} {one[0]}") for one in described.operations()
]  # fmt: skip
every_operation = pytest.mark.parametrize(("path", "method", "operation"), OPERATIONS)


def contents(operation):
    parts = [operation.get("requestBody", {}), *operation["responses"].values()]
    return [media for part in parts for media in part.get("content", {}).values()]


@every_operation
def test_it_has_a_summary_a_tag_and_its_refusals(path, method, operation):
    assert operation["summary"] and len(operation["tags"]) == 1
    assert {"406", "500", "503"} <= set(operation["responses"])
    assert ("401" in operation["responses"]) or path == "/api/v1/auth/wechat"


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
        if status >= "400":
            [media] = response["content"].values()
            [_problem, narrowed] = media["schema"]["allOf"]
            assert sorted(media["examples"]) == narrowed["properties"]["code"]["enum"]


def test_lists_are_pages_with_their_parameters():
    pages = [path for path, method, one in described.operations()
             if {"limit", "cursor"} <= {each["name"] for each in one["parameters"]}]  # fmt: skip

    assert pages == [
        "/api/v1/auth/sessions", "/api/v1/me/assets", "/api/v1/me/cards", "/api/v1/me/complaints",
        "/api/v1/me/consents", "/api/v1/me/wechat-accounts",
    ]  # fmt: skip


def test_the_idempotency_key_is_a_header_of_what_takes_it():
    keys = {
        f"{method} {path}": each["required"]
        for path, method, one in described.operations()
        for each in one["parameters"]
        if each["name"] == "Idempotency-Key"
    }

    assert [call for call, is_required in keys.items() if is_required] == [
        "post /api/v1/me/authorisations"
    ]
    assert len(keys) == 7
