"""The demo has a cost sheet in each state that comes before a loan."""

import pytest

from loans.migration.operations.demo import create_logins
from loans.migration.operations.demo_quotes import READER, SECONDS_READ
from loans.models import Quote
from tests.loans.migration.operations.test_demo_appeals import owner
from tests.loans.migration.operations.test_demo_customers import show


@pytest.fixture
def shown(committed_db):
    create_logins(password="cold-feet-9")
    show()


def test_a_customer_has_a_sheet_offered_shown_and_confirmed(shown):
    found = Quote.objects.filter(customer=owner(READER)).order_by("pk")

    assert list(found.values_list("plan", "scenario", "state")) == [
        ("bullet", "medical", "offered"), ("plan-3", "", "shown"), ("plan-12", "", "confirmed"),
    ]  # fmt: skip
    assert found.last().seconds_read == SECONDS_READ
    assert Quote.objects.count() == 3
