"""A customer asks for a later due date and reads the answer (FAQ-7)."""

from datetime import timedelta

import pytest

from backoffice.core import clock
from loans.billing.operations import extensions
from loans.models import Bill, Extension
from tests.accounts.api.conftest import (  # noqa: F401 - fixtures
    carded,
    identified,
    newcomer,
    problem,
    waited,
)
from tests.accounts.conftest import stopped_clock  # noqa: F401 - a fixture
from tests.loans.billing.test_api import bill_of
from tests.loans.staff import person

ASKED = {"days": 10, "reason": "wages come late"}


@pytest.fixture
def bill(make_bill, carded):  # noqa: F811
    return bill_of(make_bill, carded, ahead=5)


def address(bill):
    return f"bills/{Bill.objects.get(pk=bill.pk).public_id}/extension"


def test_a_request_is_taken_and_read(carded, bill):  # noqa: F811
    answer = carded.post(address(bill), ASKED)

    assert answer.status_code == 202
    today = clock.business_date()
    found = carded.get(address(bill)).json()
    assert found == answer.json()
    assert (found["state"], found["days"], found["answer"]) == ("requested", 10, None)
    assert (found["due_on"], found["extended_to_on"]) == (
        str(today + timedelta(5)), str(today + timedelta(15)),
    )  # fmt: skip


def test_the_answer_of_the_staff_is_read(carded, bill):  # noqa: F811
    carded.post(address(bill), ASKED)
    at = clock.now()

    extensions.decline(
        [Extension.objects.get().pk], answer="please pay the minimum", by=person("collections"),
        on=clock.day_of(at), reason="extended before", at=at,
    )  # fmt: skip

    found = carded.get(address(bill)).json()
    assert (found["state"], found["answer"]) == ("declined", "please pay the minimum")


def test_a_request_that_ended_by_itself_says_why(carded, bill):  # noqa: F811
    carded.post(address(bill), {"days": 1, "reason": "wages come late"})
    at = clock.now()

    extensions.lapse([bill.pk], by="system:end-of-day", on=clock.day_of(at) + timedelta(6), at=at)

    found = carded.get(address(bill)).json()
    assert (found["state"], found["answer"]) == (
        "declined",
        "The request has ended: the bill is paid or overdue, or the date you asked for has come.",
    )


def test_nothing_was_asked_yet(carded, bill):  # noqa: F811
    assert problem(carded.get(address(bill))) == (404, "not-found")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, (400, "invalid-input")),
        ({"days": 0, "reason": "x"}, (400, "invalid-input")),
        ({"days": 31, "reason": "x"}, (400, "invalid-input")),
        ({"days": "10", "reason": "x"}, (400, "invalid-input")),
        ({"days": 10, "reason": ""}, (400, "invalid-input")),
        ({"days": 10, "reason": "x", "bill": 1}, (400, "invalid-input")),
    ],
)
def test_bad_input_is_refused(carded, bill, body, code):  # noqa: F811
    assert problem(carded.post(address(bill), body)) == code
    assert not Extension.objects.exists()


def test_a_second_request_waits_for_the_first(carded, bill):  # noqa: F811
    carded.post(address(bill), ASKED)

    assert problem(carded.post(address(bill), ASKED)) == (409, "extension-open")
    assert Extension.objects.count() == 1


def test_another_customers_bill_is_not_found(carded, make_bill):  # noqa: F811
    other = make_bill()

    assert problem(carded.post(address(other), ASKED)) == (404, "not-found")
    assert problem(carded.get(address(other))) == (404, "not-found")
    assert not Extension.objects.exists()
