"""The pages of the ledger: complete, for those who may read it, and proposing what two decide."""

import re
from datetime import date, time

import pytest
from django.db import transaction
from django.urls import reverse

from backoffice.core.models import Approval, Export
from backoffice.platform import approvals
from loans.accounting.operations import ledger
from loans.accounting.operations.ledger import Entry
from loans.models import ClosedMonth, DebitOrder, Repayment, Transfer
from tests.loans.conftest import day, moment
from tests.loans.days import set_clock
from tests.loans.delinquency.test_overdue_life import live
from tests.loans.general_ledger.months import close_reconciled
from tests.loans.staff import person

pytestmark = pytest.mark.usefixtures("committed_db")

NOON = moment(date(2026, 11, 5), time(12))


@pytest.fixture
def read(client, monkeypatch, channel):
    """Return a function that reads a page as somebody of a group."""
    set_clock(date(2026, 11, 5))
    monkeypatch.setattr("loans.general_ledger.admin.pages.debit_channel", lambda: channel)

    def get(page: str, group: str = "finance", **query: str):
        client.force_login(person(group))
        return client.get(reverse(f"admin:loans_{page}"), query,
                          headers={"accept-language": "en"})  # fmt: skip

    return get


def post(on: date, fen: int, at=NOON) -> None:
    with transaction.atomic():
        ledger.post([Entry(on, "bank", "unapplied_funds", fen, "unapplied", "repayment", 4, None,
                           9)], at=at)  # fmt: skip


def total_of(page: str) -> list[str]:
    """Return the amounts of the line of totals."""
    [row] = re.findall(r'<tr class="total">(.*?)</tr>', page, re.DOTALL)
    return re.findall(r'class="amount">([\d,.-]+)<', row)


def heading_of(page: str, number: str) -> list[str]:
    """Return the amounts of the line of a heading."""
    [row] = re.findall(rf"<tr><td>{number}</td>(.*?)</tr>", page, re.DOTALL)
    return [re.sub("<.*?>", "", cell) for cell in re.findall(r"<td>(.*?)</td>", row)][1:]


@pytest.mark.parametrize("group", ["finance", "auditor", "manager"])
@pytest.mark.parametrize("page", ["chart", "trial_balance", "statement"])
def test_who_reads_the_ledger_reads_its_pages(read, group, page):
    assert read(page, group).status_code == 200


@pytest.mark.parametrize("page", ["chart", "trial_balance", "statement"])
def test_others_do_not(read, page):
    assert read(page, "collections").status_code == 403


def test_the_chart_shows_headings_and_accounts_with_their_kinds(read):
    page = read("chart").content.decode()

    assert "<strong>Interest receivables</strong>" in page
    assert reverse("admin:loans_statement") + "?account=charged_off" in page
    for words in ("1303.02", "Charged-off claims", "Prepayment fee income", "loan paid out"):
        assert words in page


def test_the_trial_balance_has_equal_sums(read):
    post(date(2026, 9, 30), 1_050)
    post(date(2026, 10, 2), 3)

    page = read("trial_balance", period="2026-10").content.decode()

    assert "Trial balance of 2026-10" in page
    assert total_of(page) == ["10.50", "10.50", "0.03", "0.03", "10.53", "10.53"]
    assert "The month is open" in page


def test_a_statement_shows_each_posting_with_its_cause_order_and_loan(read, make_bill, channel):
    live(make_bill(), channel, until=0)

    page = read("statement", account="bank", period=day(0).isoformat()).content.decode()

    repayment, order = Repayment.objects.get(), DebitOrder.objects.get()
    for record in (f"loans_repayment_change={repayment.pk}", f"loans_debitorder_change={order.pk}",
                   f"loans_loan_change={Transfer.objects.latest('pk').loan_id}"):  # fmt: skip
        name, _equals, pk = record.partition("=")
        assert reverse(f"admin:{name}", args=[pk]) in page
    assert total_of(page) == ["10,150.00"]
    assert "10,000.00" in page


def test_a_statement_goes_on_on_its_next_page(read):
    for _n in range(51):
        post(date(2026, 10, 2), 3)

    page = read("statement", account="bank", period="2026-10").content.decode()
    [address] = re.findall(r'href="\?(account=bank&amp;period=2026-10&amp;after=\d+)"', page)
    after = address.rpartition("=")[2]

    rest = read("statement", account="bank", period="2026-10", after=after).content.decode()
    assert str(Transfer.objects.latest("pk")) in rest
    assert "More postings" not in rest


@pytest.mark.parametrize("page", ["chart", "trial_balance", "statement"])
def test_what_is_no_period_is_reported_and_this_month_shown(read, page):
    shown = read(page, period="2026-13").content.decode()

    assert "2026-13 is no day and no month." in shown
    assert 'value="2026-11"' in shown


@pytest.mark.parametrize("query", [{"account": "cash"}, {"after": "x"}, {"after": "9" * 30}])
def test_an_unknown_account_or_page_is_not_found(read, query):
    assert read("statement", **query).status_code == 404


def send(client, page: str, code: str, query: str, **given: str):
    address = reverse(f"admin:loans_{page}_action", args=[code])
    return client.post(f"{address}?{query}", given, headers={"accept-language": "en"})


def test_finance_proposes_the_close_from_the_page_and_a_manager_approves(
    read, client, make_bill, channel
):
    live(make_bill(), channel, until=0)
    page = read("trial_balance", period="2026-10").content.decode()
    assert "2026-10 is closed with 3 transfers, debits = credits = 10,300.00 yuan" in page

    sent = send(client, "trial_balance", "close", "period=2026-10", reason="month end checked")

    assert sent.status_code == 302
    request = Approval.objects.get()
    assert (request.payload["transfers"], request.payload["moved_fen"]) == (3, 1_030_000)
    approvals.approve([request.pk], by=person("manager"), reason="agreed", at=NOON)
    page = read("trial_balance", period="2026-10").content.decode()
    assert "Closed with 2026-10 on 2026-11-05 by manager" in page
    assert "Propose to close" not in page
    closed = ClosedMonth.objects.get()
    client.force_login(person("auditor"))
    stored = client.get(reverse("admin:loans_closedmonth_change", args=[closed.pk]),
                        headers={"accept-language": "en"}).content.decode()  # fmt: skip
    assert heading_of(stored, "1303") == ["10,000.00", "", "", "10,000.00", "", ""]
    assert heading_of(stored, "1132") == ["150.00", "", "150.00", "300.00", "", ""]
    assert total_of(stored) == [*["10,150.00"] * 2, *["10,300.00"] * 2, *["10,150.00"] * 2]


def test_a_request_shows_each_balance_to_who_decides(read, client, make_bill, channel):
    live(make_bill(), channel, until=0)
    read("trial_balance")
    send(client, "trial_balance", "close", "period=2026-10", reason="month end checked")
    client.force_login(person("manager"))

    address = reverse("admin:backoffice_approval_change", args=[Approval.objects.get().pk])
    page = client.get(address, headers={"accept-language": "en"}).content.decode()

    assert "2026-10 is closed with 3 transfers" in page
    assert "6011.01 interest and penalty income" in page
    assert "-150.00" in page


def test_a_refused_close_is_shown_as_it_was_sent(read, client):
    post(date(2026, 11, 2), 1_050)
    read("trial_balance")

    sent = send(client, "trial_balance", "close", "period=2026-11", reason="month end checked")

    assert sent.status_code == 200
    page = sent.content.decode()
    assert "2026-11 has not ended." in page
    assert "month end checked" in page
    assert not Approval.objects.exists()


@pytest.mark.parametrize("group", ["auditor", "manager"])
def test_only_finance_proposes(read, client, group):
    post(date(2026, 10, 2), 1_050)
    assert "Propose to close" not in read("trial_balance", group, period="2026-10").content.decode()

    sent = send(client, "trial_balance", "close", "period=2026-10", reason="month end checked")

    assert sent.status_code == 403
    assert not Approval.objects.exists()


def test_a_day_and_the_running_month_are_not_offered_for_the_close(read):
    post(date(2026, 10, 2), 1_050)
    for period in ("2026-10-31", "2026-11", "2026-12"):
        shown = read("trial_balance", period=period).content.decode()
        assert "Propose to close" not in shown


@pytest.mark.parametrize(
    ("page", "query"),
    [("trial_balance", "period=2026-10"), ("statement", "account=bank&period=2026-10")],
)
def test_a_file_of_what_is_shown_can_be_requested(read, client, page, query):
    read(page)

    sent = send(client, page, "export", query, file_format="csv", reason="for the tax office")

    made = Export.objects.get()
    assert sent.url == reverse("admin:backoffice_export_change", args=[made.pk])
    assert made.filters == dict(pair.split("=") for pair in query.split("&"))
    assert made.reason == "for the tax office"


def test_a_file_of_a_closed_month_can_be_requested(read, client):
    post(date(2026, 10, 2), 1_050)
    closed = close_reconciled(date(2026, 10, 1), at=NOON)
    read("trial_balance")
    address = reverse("admin:loans_closedmonth_action", args=[closed.pk, "export"])

    client.post(address, {"file_format": "xlsx", "reason": "for the tax office"})

    assert Export.objects.get().filters == {"month": "2026-10"}


def test_an_unknown_action_is_not_found(read, client):
    read("trial_balance")

    assert send(client, "trial_balance", "open-again", "period=2026-10").status_code == 404
    assert send(client, "chart", "export", "period=2026-10").status_code == 404
