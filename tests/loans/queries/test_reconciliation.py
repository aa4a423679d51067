"""What reconcile sees, and what it reads to see it."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from loans.queries import reconciliation
from tests.loans.conftest import day
from tests.loans.queries.test_due import plan_of

pytestmark = pytest.mark.usefixtures("committed_db")


def test_the_repayments_of_a_day_are_found_by_their_day():
    with CaptureQueriesContext(connection) as asked:
        assert list(reconciliation.bank({}, on=day(0))) == []

    assert "repayment_day" in plan_of(asked.captured_queries[0]["sql"])
