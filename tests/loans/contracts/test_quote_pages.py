"""The staff's page of a cost sheet: read by those who look at loans, written by nobody."""

import pytest
from django.contrib.auth.models import Group
from django.urls import reverse

from accounts.models import Staff
from loans.contracts.operations import offers
from loans.contracts.operations.offers import DrawdownRequest
from loans.models import Plan, Quote


@pytest.fixture
def quote(borrower):
    request = DrawdownRequest(500_000, Plan.PLAN_12)
    return offers.offer(request, context=borrower.context())


@pytest.fixture
def support(client, db):
    staff = Staff.objects.create(username="support-1", is_staff=True)
    staff.groups.add(Group.objects.get(name="support"))
    client.force_login(staff)
    return client


def address(quote):
    return reverse("admin:loans_quote_change", args=[quote.pk])


def test_the_page_shows_texts_rates_schedule_and_digest(support, quote):
    page = support.get(address(quote), headers={"accept-language": "en"}).content.decode()

    assert "Nothing else is charged, by anybody." in page
    assert "综合融资成本明示表" in page
    assert quote.digest in page
    assert f"{quote.sheet['annual']['irr_ppm'] / 10_000:.2f}%" in page
    assert "2027-11-24" in page  # the last of the twelve rows
    assert ">yes<" in page.replace("\n", "").replace(" ", "")


def test_the_list_finds_a_sheet_by_its_customer(support, quote):
    found = support.get(
        reverse("admin:loans_quote_changelist"), {"q": f"C{quote.customer_id}"}
    ).content.decode()

    assert f"Q{quote.pk}" in found


def test_nobody_writes_a_sheet_by_hand(support, quote):
    answer = support.post(address(quote), {"amount_fen": "1", "state": "confirmed"})

    assert answer.status_code == 403
    found = Quote.objects.get(pk=quote.pk)
    assert (found.amount_fen, found.state) == (500_000, "offered")


def test_who_has_no_right_sees_nothing(client, quote):
    client.force_login(Staff.objects.create(username="nobody", is_staff=True))

    assert client.get(address(quote)).status_code == 403
