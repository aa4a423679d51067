"""What holds for every endpoint of a customer, whichever is added next."""

import pytest
from django.urls import resolve

from accounts.models import CustomerHold, DeletionRequest
from accounts.urls import urlpatterns as of_accounts
from backoffice.core import clock
from loans.billing.urls import urlpatterns as of_bills
from loans.collection.urls import urlpatterns as of_collection
from loans.contracts.urls import urlpatterns as of_contracts
from loans.conversion.urls import urlpatterns as of_conversion
from loans.settlement.urls import urlpatterns as of_settlements
from loans.statements.urls import urlpatterns as of_statements
from risk.decisions.urls import urlpatterns as of_decisions
from risk.lines.urls import urlpatterns as of_lines
from tests import described
from tests.accounts.api.conftest import problem

UUID = "00000000-0000-4000-8000-000000000000"
WRITES = ("post", "put", "patch", "delete")
# What works in the cooling-off period, on hold and after closing (ELIG-10).
OPEN = {
    ("post", "auth/logout"),
    ("delete", f"auth/sessions/{UUID}"),
    ("put", "me/consents/social"),
    ("post", "me/complaints"),
    ("post", "me/deletion"),
    ("delete", "me/deletion"),
    ("delete", f"me/wechat-accounts/{UUID}"),
    ("post", f"bills/{UUID}/payments"),
    ("delete", f"payments/{UUID}"),
}


def addresses():
    """Every address with a value for each of its parts."""
    for pattern in (
        *of_accounts,
        *of_lines,
        *of_decisions,
        *of_contracts,
        *of_conversion,
        *of_bills,
        *of_settlements,
        *of_collection,
        *of_statements,
    ):
        route = str(pattern.pattern).replace("<uuid:public_id>", UUID)
        yield route.replace("<slug:purpose>", "social").replace("<slug:month>", "2026-10")


def calls():
    """Every method of every address but the login itself."""
    for address in addresses():
        view = resolve(f"/api/v1/{address}").func.view_class
        for method in ("get", *WRITES):
            if hasattr(view, method) and address != "auth/wechat":
                yield method, address


CLOSED = sorted({call for call in calls() if call[0] != "get"} - OPEN)


def send(phone, method, address):
    return getattr(phone, method)(address, *([{}] if method in ("post", "put") else []))


def test_what_is_always_open_is_still_there():
    assert set(calls()) >= OPEN
    assert len(CLOSED) >= 11


@pytest.mark.parametrize(("method", "address"), sorted(calls()))
def test_nobody_calls_without_a_token(newcomer, method, address):
    newcomer.token = ""

    assert problem(send(newcomer, method, address)) == (401, "not-logged-in")


@pytest.mark.parametrize(("method", "address"), CLOSED)
def test_in_the_cooling_off_period_only_reading_works(newcomer, method, address):
    answer = send(newcomer, method, address)

    assert problem(answer) == (403, "cooling-off")
    assert answer.json()["available_at"] == "2026-12-24T15:00:00+08:00"


@pytest.mark.parametrize(("method", "address"), CLOSED)
def test_on_hold_only_reading_works(waited, method, address):
    CustomerHold.objects.create(
        customer=waited.customer, kind="block", holder="risk", reason="an inquiry",
        placed_by="staff", placed_at=clock.now(),
    )  # fmt: skip

    assert problem(send(waited, method, address)) == (403, "customer-on-hold")


@pytest.mark.parametrize(("method", "address"), sorted(OPEN))
def test_what_is_always_open_is_never_cooling_off(newcomer, method, address):
    answer = send(newcomer, method, address)

    assert answer.status_code < 500
    assert "cooling-off" not in answer.content.decode()


@pytest.mark.parametrize("address", sorted({a for m, a in calls() if m == "get"}))
def test_reading_works_from_the_first_moment(newcomer, address):
    assert newcomer.get(address).status_code in (200, 404)


BODYLESS = sorted(
    (
        method,
        path.removeprefix("/api/v1/")
        .replace("{public_id}", UUID)
        .replace("{purpose}", "x")
        .replace("{month}", "2026-10"),
    )
    for path, method, operation in described.operations()
    if path.startswith("/api/v1/") and "requestBody" not in operation
)


def test_operations_without_a_body_are_still_there():
    assert {("post", "me/deletion"), ("get", "me"), ("delete", "me/deletion")} <= {*BODYLESS}
    assert {path for _method, path in BODYLESS if "{" in path} == set()


@pytest.mark.parametrize(("method", "address"), BODYLESS)
def test_an_operation_without_a_body_refuses_one(newcomer, method, address):
    def sent(body, content_type="application/json"):
        headers = {"authorization": f"Bearer {newcomer.token}"}
        url = f"/api/v1/{address}"
        return newcomer.client.generic(method, url, body, content_type, headers=headers)

    for body, code in ((b"{", "malformed-body"), (b" ", "malformed-body"), (b"[]", "invalid-input"),
                       (b"null", "invalid-input"), (b'{"a": 1}', "invalid-input")):  # fmt: skip
        assert problem(sent(body)) == (400, code)
    assert problem(sent(b"a=1", "application/x-www-form-urlencoded")) == (400, "malformed-body")
    for body in (b"", b"{}"):
        assert sent(body).status_code not in (400, 415)


@pytest.mark.parametrize(("method", "address"), BODYLESS)
def test_an_operation_refuses_an_unknown_parameter(newcomer, method, address):
    answer = getattr(newcomer, method)(f"{address}?zz=1")

    assert problem(answer) == (400, "invalid-input")
    assert [one["pointer"] for one in answer.json()["errors"]] == ["/zz"]


def test_a_refused_body_leaves_nothing_done(newcomer):
    answer = newcomer.post("me/deletion", {"reason": "x"}, **{"idempotency-key": "key-of-a-body"})

    assert problem(answer) == (400, "invalid-input")
    assert answer.json()["errors"][0]["pointer"] == "/reason"
    assert not DeletionRequest.objects.exists()


def test_who_one_is_takes_six_queries_at_most(identified, django_assert_max_num_queries):
    with django_assert_max_num_queries(6):
        identified.get("me")


def test_a_login_takes_ten_queries_at_most(newcomer, django_assert_max_num_queries):
    with django_assert_max_num_queries(10):
        newcomer.log_in()


def test_a_first_login_takes_ten_queries_at_most(newcomer, django_assert_max_num_queries):
    newcomer.openid = "another"
    with django_assert_max_num_queries(10):
        newcomer.log_in()
