"""The monthly statement for staff: what the customer reads, for those who may see loans."""

from datetime import date

import pytest
from django.urls import reverse

from accounts.models import Customer, Staff
from tests.loans.conftest import moment
from tests.loans.days import set_clock
from tests.loans.delinquency.test_overdue_life import live
from tests.loans.staff import person

pytestmark = pytest.mark.usefixtures("committed_db")


@pytest.fixture
def read(client):
    """Return a function that reads the statements of a customer as somebody of a group."""
    set_clock(date(2026, 11, 5))

    def get(customer, group="support", **query):
        client.force_login(person(group))
        return client.get(reverse("admin:loans_customer_statement", args=[customer.pk]), query,
                          headers={"accept-language": "en"})  # fmt: skip

    return get


@pytest.fixture
def customer(make_bill, channel):
    bill = make_bill()
    channel.will_answer("acct-1", "NOTENOUGH")
    live(bill, channel, until=9)
    return bill.customer


def test_a_month_is_shown_with_its_lines_and_sums(read, customer):
    page = read(customer, month="2026-10").content.decode()

    for text in ("Owed before", "10,000.00", "175.08", "10,175.08", "late fee", "5.08"):
        assert text in page
    assert 'aria-label="month"' in page
    assert "has not ended" not in page


def test_the_latest_month_is_shown_first_and_marked_as_running(read, customer):
    page = read(customer).content.decode()

    assert '<option value="2026-11" selected>' in page
    assert "has not ended" in page


def test_the_file_is_that_of_the_customer(read, customer):
    answer = read(customer, month="2026-10", form="pdf")

    assert answer.content.startswith(b"%PDF-")
    assert answer["content-disposition"] == 'attachment; filename="weidai-2026-10.pdf"'


@pytest.mark.parametrize("month", ["2026-08", "2026-12", "x"])
def test_a_month_without_a_statement_is_not_found(read, customer, month):
    assert read(customer, month=month).status_code == 404


def test_somebody_without_loans_has_an_empty_page(read):
    nobody = Customer.objects.create(state="registered", registered_at=moment(date(2026, 9, 1)))

    assert "Nothing was ever posted" in read(nobody).content.decode()


def test_who_may_not_see_loans_may_not_see_statements(client, customer):
    stranger = Staff.objects.create_user("nobody", is_staff=True)
    client.force_login(stranger)

    answer = client.get(reverse("admin:loans_customer_statement", args=[customer.pk]))

    assert answer.status_code == 403


def test_the_page_of_the_customer_leads_to_the_statements(client, customer):
    client.force_login(person("support"))

    page = client.get(reverse("admin:accounts_customer_change", args=[customer.pk]))

    assert reverse("admin:loans_customer_statement", args=[customer.pk]) in page.content.decode()


def test_the_debts_of_a_day_are_shown_with_a_switch(client, customer, read):
    client.force_login(person("auditor"))
    address = reverse("admin:loans_customer_debts", args=[customer.pk])

    past = client.get(address, {"as_of": "2026-10-03"}, headers={"accept-language": "en"})
    today = client.get(address, headers={"accept-language": "en"})

    page = past.content.decode()
    for text in ("10,165.08", "in grace", "as_of=2026-10-02", "as_of=2026-10-04"):
        assert text in page
    assert "overdue" in today.content.decode()


@pytest.mark.parametrize("as_of", ["2026-11-06", "x", "2026-13-01"])
def test_a_day_that_is_none_shows_today_and_says_so(client, customer, read, as_of):
    client.force_login(person("auditor"))

    page = client.get(
        reverse("admin:loans_customer_debts", args=[customer.pk]), {"as_of": as_of},
        headers={"accept-language": "en"},
    ).content.decode()  # fmt: skip

    assert f"{as_of} is no day" in page
    assert 'value="2026-11-05"' in page


def test_who_may_not_see_loans_may_not_see_debts(client, customer):
    client.force_login(Staff.objects.create_user("nobody", is_staff=True))

    answer = client.get(reverse("admin:loans_customer_debts", args=[customer.pk]))

    assert answer.status_code == 403
