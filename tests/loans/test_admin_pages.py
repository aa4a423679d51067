"""Staff pages of the loans: complete, masked, linked, and read in a few statements."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.translation import override

from accounts.models import BankCard, Staff
from backoffice.core import workflow
from backoffice.core.money import yuan
from loans.accounting.admin import cause
from loans.accounting.queries.statement import statement_of
from loans.contracts.queries.loan_schedule import owed_fen
from loans.models import Bill, DebitOrder, Loan, Repayment, Transfer
from tests.loans.conftest import DUE_ON, day
from tests.loans.days import MOVING, live, set_clock
from tests.loans.staff import charge_off

pytestmark = pytest.mark.usefixtures("committed_db")

# What a list may cost whatever it shows: session, person, clock, rights and the page itself.
QUERIES_MAX = 8
LISTS = (
    "accounts_customer", "accounts_bankcard", "risk_creditline", "risk_conduct", "loans_loan",
    "loans_instalment", "loans_bill", "loans_debitorder", "loans_debitnotice", "loans_mandate",
    "loans_autodebit",
    "loans_repayment", "loans_transfer", "loans_charge", "loans_closedmonth",
    "backoffice_jobrun", "backoffice_jobchunk",
    "backoffice_statechange",
)  # fmt: skip


@pytest.fixture
def staff(client):
    client.force_login(Staff.objects.create_superuser("admin"))
    client.get(reverse("admin:index"))
    return client


@pytest.fixture
def overdue(make_bill, channel, monkeypatch):
    """A bill overdue since D+4, as of D+14."""
    bill = make_bill()
    channel.will_answer("acct-1", "NOTENOUGH")
    live(channel, monkeypatch, *(day(n) for n in range(15)), only=("00:05", "00:15", *MOVING[1:]))
    set_clock(day(14), "21:00")
    return Bill.objects.get(pk=bill.pk)


def bill_page(staff, bill, **query):
    address = reverse("admin:loans_bill_change", args=[bill.pk])
    return staff.get(address, query, headers={"accept-language": "en"}).content.decode()


def test_fifty_rows_cost_no_more_statements_than_one(staff, make_bill, channel, monkeypatch):
    for _n in range(52):
        make_bill()
    channel.will_answer("acct-1", "NOTENOUGH")
    live(channel, monkeypatch, day(0), until="09:00")
    for name in LISTS:
        with CaptureQueriesContext(connection) as found:
            assert staff.get(reverse(f"admin:{name}_changelist")).status_code == 200
        assert len(found) <= QUERIES_MAX, name


def test_an_overdue_bill_is_explained_to_the_fen(staff, overdue):
    page = bill_page(staff, overdue)

    for words in (
        "Owed on 2026-10-15: 10,275.53 yuan",
        "10,000.00 × 0.05% × 34",
        "10,150.00 × 0.05%",
        "10,000.00 × (1.001^10 − 1)",
        "100.45",
        "Service charge",
        "Insurance",
    ):
        assert words.lower() in page.lower()


def test_a_bill_can_be_explained_for_a_later_day(staff, overdue):
    page = bill_page(staff, overdue, on=day(18))

    assert "0.38" in page
    assert "Owed on 2026-10-19: 10,315.61 yuan" in page


def test_a_bill_page_tells_the_whole_story(staff, overdue):
    page = bill_page(staff, overdue)

    for order in overdue.orders.all():
        assert order.number in page
    assert "Balance too low (NOTENOUGH)" in page
    assert "unpaid when the due date ended" in page
    assert "accrued, not yet posted to loans" in page
    assert reverse("admin:accounts_customer_change", args=[overdue.customer_id]) in page


def test_a_repayment_shows_what_it_settled(staff, make_bill, channel, monkeypatch):
    make_bill()
    live(channel, monkeypatch, day(0), until="09:00")
    repayment = Repayment.objects.get()

    page = staff.get(reverse("admin:loans_repayment_change", args=[repayment.pk])).content.decode()

    assert "150.00" in page
    assert "10,000.00" in page


@pytest.mark.parametrize(
    "name", ["loan", "instalment", "debitorder", "debitnotice", "mandate", "transfer"]
)
def test_every_record_opens(staff, overdue, name):
    page = reverse(f"admin:loans_{name}_changelist")
    record = staff.get(page).context["cl"].result_list[0]

    assert staff.get(reverse(f"admin:loans_{name}_change", args=[record.pk])).status_code == 200


def test_an_order_is_found_by_its_number_or_its_beginning(staff, overdue):
    address = reverse("admin:loans_debitorder_changelist")
    order = DebitOrder.objects.order_by("pk").first()

    def found(term):
        return {row.number for row in staff.get(address, {"q": term}).context["cl"].result_list}

    assert found(order.number) == {order.number}
    assert order.number in found(f"{overdue.pk}-1-")
    assert found("nothing") == set()
    assert len(found(f"C{overdue.customer_id}")) == overdue.orders.count()


def test_bills_and_orders_are_filtered_without_a_count(staff, overdue):
    for address, query, wanted in (
        ("loans_bill", {"state__exact": "overdue"}, 1),
        ("loans_bill", {"state__exact": "paid"}, 0),
        ("loans_bill", {"due_on": DUE_ON}, 1),
        ("loans_bill", {"due_on": DUE_ON + timedelta(days=1)}, 0),
        ("loans_debitorder", {"code": "NOTENOUGH", "attempt": 3, "business_date": day(2)}, 1),
        ("loans_debitorder", {"code": "BANKERROR"}, 0),
        ("loans_debitorder", {"state__in": "sent,unknown"}, 0),
    ):
        with CaptureQueriesContext(connection) as found:
            page = staff.get(reverse(f"admin:{address}_changelist"), query)
        assert len(page.context["cl"].result_list) == wanted, query
        assert not [one for one in found if "COUNT(" in one["sql"].upper()]


def test_a_list_says_what_it_is_filtered_by(staff, overdue):
    address = reverse("admin:loans_debitorder_changelist")
    query = {"business_date": day(2), "state__exact": "failed"}

    filtered = staff.get(address, query, headers={"accept-language": "en"})

    assert filtered.context["cl"].chosen == [
        ("business date", "2026-10-03"),
        ("state", "debit failed"),
    ]
    assert "Show all" in filtered.content.decode()
    assert staff.get(address).context["cl"].chosen == []


def test_the_ledger_names_what_made_a_transfer(overdue):
    bill = reverse("admin:loans_bill_change", args=[overdue.pk])
    with override("en"):
        closed = Transfer(cause_type="end_of_day", cause_id=overdue.pk)
        night = Transfer(cause_type="night")
        assert cause(closed) == (
            f'<a class="link" href="{bill}">end-of-day close B{overdue.pk}</a>'
        )
        assert cause(night) == "nightly accrual"


def test_a_customer_page_shows_the_latest_of_everything(staff, overdue):
    address = reverse("admin:accounts_customer_change", args=[overdue.customer_id])
    page = staff.get(address, headers={"accept-language": "en"})
    titles = [str(section.title) for section in page.context["sections"]]

    assert titles.index("loans") < titles.index("credit lines")  # the apps above first
    assert {"bills", "payment history", "credit lines", "mandates", "bank cards"} <= set(titles)
    assert reverse("admin:loans_bill_change", args=[overdue.pk]) in page.content.decode()


def test_a_customer_page_shows_only_what_its_reader_may_see(client, overdue):
    reader = Staff.objects.create_user("reader", is_staff=True)
    rights = Permission.objects.filter(codename__in=["view_customer", "view_bill"])
    reader.user_permissions.set(rights)
    client.force_login(reader)

    page = client.get(reverse("admin:accounts_customer_change", args=[overdue.customer_id]))

    assert [section.address.partition("?")[0] for section in page.context["sections"]] == [
        reverse("admin:loans_bill_changelist"), "",
    ]  # fmt: skip


def test_the_overview_shows_the_runs_of_earlier_days(staff, overdue):
    page = staff.get(reverse("admin:index"))

    assert [run.business_date for run, _yuan in page.context["runs"]] == [
        day(n) for n in range(13, 6, -1)
    ]


def test_a_bill_is_reckoned_at_most_a_year_ahead(staff, overdue):
    page = bill_page(staff, overdue, on="9999-12-31")

    assert f"Owed on {day(14 + 365)}: " in page
    assert "Nothing is computed more than a year ahead." in page


def test_a_day_that_is_none_is_reported_and_today_shown(staff, overdue):
    page = bill_page(staff, overdue, on="<soon>")

    assert "&lt;soon&gt; is not a day. This is what is owed today." in page
    assert "Owed on 2026-10-15: 10,275.53 yuan" in page


def test_overview_loan_and_bill_say_the_same_long_after_the_last_posting(staff, overdue):
    """40 days on nothing more was posted; the bill's page says what is owed to the fen."""
    set_clock(day(54))
    bill, loan = Bill.objects.get(), Loan.objects.get()
    owed = re.search(r"Owed on 2026-11-24: ([\d,.]+) yuan", bill_page(staff, overdue))[1]
    charged = yuan(statement_of(bill, on=day(54)).loans[0].position.charged_fen)

    english = {"accept-language": "en"}
    overview = staff.get(reverse("admin:index"), headers=english).content.decode()
    address = reverse("admin:loans_loan_change", args=[loan.pk])
    page = staff.get(address, headers=english).content.decode()

    assert f"{owed} yuan unpaid" in overview
    assert charged in page
    assert f"Owed on 2026-11-24: {owed} yuan in all" in page
    assert yuan(loan.charged_fen) != charged


def test_the_overview_counts_charged_off_loans_apart_and_leads_to_them(staff, overdue):
    charge_off(Loan.objects.get(), on=day(14))

    english = {"accept-language": "en"}
    overview = staff.get(reverse("admin:index"), headers=english)

    [card] = [one for one in overview.context["late"] if one["title"] == "Loans charged off"]
    assert (card["count"], card["amount"]) == (1, "10,275.53")
    assert "10,275.53 yuan unpaid" in overview.content.decode()
    found = staff.get(card["address"], headers=english).context["cl"].result_list
    assert list(found) == [Loan.objects.get()]


def test_a_charged_off_loan_owes_on_its_page_what_its_customer_reads(staff, overdue):
    loan = Loan.objects.get()
    charge_off(loan, on=day(14))
    set_clock(day(54))

    address = reverse("admin:loans_loan_change", args=[loan.pk])
    page = staff.get(address, headers={"accept-language": "en"}).content.decode()

    owed = owed_fen([Loan.objects.get()], on=day(54))[loan.pk]
    assert owed > 1_027_553
    assert f"Owed on 2026-11-24: {yuan(owed)} yuan in all" in page


def test_a_loan_s_page_shows_each_attempt_its_effect_and_each_charge_with_its_formula(
    staff, overdue
):
    loan = Loan.objects.get()
    address = reverse("admin:loans_loan_change", args=[loan.pk])
    staff.get(address)

    with CaptureQueriesContext(connection) as asked:
        page = staff.get(address, headers={"accept-language": "en"}).content.decode()

    assert len(asked) <= 15
    assert "direct debit, cycle 1, attempt 3: debit failed" in page
    assert "(NOTENOUGH): counted" in page
    assert "10,000.00 × 0.05% × 34" in page
    assert "1,000,000" not in page


def test_a_bill_above_the_day_limit_of_its_card_is_listed_and_warned_of(staff, make_bill):
    bill = make_bill()
    make_bill()
    with transaction.atomic(), workflow.importing():
        of_class_two = BankCard.objects.filter(customer=bill.customer)
        of_class_two.update(account_class="II", state="repay_only", is_default=False)
    set_clock(day(-3))

    listed = staff.get(reverse("admin:loans_bill_changelist"), {"day_limit": "above"})
    rows = [one.pk for one in listed.context["cl"].result_list]

    assert rows == [bill.pk]
    assert "at most 10,000.00 yuan a day" in bill_page(staff, bill)


def test_a_bill_shows_the_minimum_as_printed(staff, make_bill):
    bill = make_bill()
    Bill.objects.filter(pk=bill.pk).update(past_due_fen=50_000)

    page = bill_page(staff, bill)

    assert "1,515.00" in page and "500.00" in page
