"""The page of a loan with three years behind it is read as one with a month."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Staff
from backoffice.core import clock
from backoffice.core.models import SandboxClock
from loans.contracts.rules.due_dates import months_after
from tests.loans.conftest import moment
from tests.loans.reporting.history import DRAWN_ON, LONG, live

pytestmark = pytest.mark.usefixtures("committed_db")


def statements(client, loan, query=""):
    address = reverse("admin:loans_loan_change", args=[loan.pk]) + query
    client.get(address)
    with CaptureQueriesContext(connection) as asked:
        page = client.get(address, headers={"accept-language": "en"})
    return len(asked), page.content.decode()


def test_three_years_cost_no_more_statements_than_a_month(client, make_loan, channel):
    client.force_login(Staff.objects.create_superuser("auditor"))
    short, long = live(make_loan, channel, 1), live(make_loan, channel, LONG)
    SandboxClock.objects.update(ahead=moment(months_after(DRAWN_ON, LONG)) - clock.wall())

    few, _page = statements(client, short)
    many, page = statements(client, long)

    assert many <= 15
    assert many <= few + 1
    assert page.count("direct debit, cycle 1, attempt 1") == 4  # of the latest 12 events
    assert '<a class="link" href="?whole=1">96 earlier rows: show all</a>' in page
    _count, whole = statements(client, long, "?whole=1")
    assert whole.count("direct debit, cycle 1, attempt 1") == LONG
    assert "earlier rows" not in whole
