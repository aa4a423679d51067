"""A tour of the pages that matter, over a portfolio of a few hundred people after eight days.

Its pictures are in the README; ``make shots`` takes them again. Portfolio, days, faults of the
bank and clock are fixed, so that the same pages give the same pictures.
"""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.db.models import Count
from django.urls import reverse

from accounts.models import Staff
from backoffice.core import clock
from backoffice.core.models import JobRun
from backoffice.platform import jobs
from loans.migration.operations.demo import PORTFOLIO
from loans.migration.operations.importing import import_portfolio
from loans.models import Bill, Transfer
from tests.browser.conftest import PASSWORD, served
from tests.browser.page_language import chinese, english
from tests.conftest import committing
from tests.loans.days import live, set_clock
from tests.sandbox import BankProcess

pytestmark = pytest.mark.chromium

FIRST_ON = date(2026, 10, 8)
DAYS = [FIRST_ON + timedelta(days=n) for n in range(8)]
ROWS_A_DAY = 120
JOBS = ("00:05", "00:06", "00:30", "02:00", "02:30", "09:00", "10:00")
FAULTS = [
    {"action": "refuse", "code": "BANKERROR", "share_permille": 30},
    {"action": "refuse", "code": "RULELIMIT", "share_permille": 30},
    {"action": "refuse", "code": "ACCOUNTERROR", "share_permille": 15},
    {"action": "refuse", "code": "CONTRACT_NOT_EXIST", "share_permille": 8},
    {"action": "time_out_after", "share_permille": 25},
]


@pytest.fixture(scope="module")
def tour(django_db_setup, django_db_blocker, database_name, tmp_path_factory):
    """The address of a server over the portfolio, just after 9:00 of the eighth day."""
    folder = tmp_path_factory.mktemp("bank")
    with committing(django_db_blocker, database_name):
        with BankProcess(folder, FAULTS, seed=7) as bank, bank.channel() as channel:
            _run_days(bank, channel)
        _fix_random_values()
        Staff.objects.create_superuser("admin", password=PASSWORD)
        with served() as address:
            yield address


def _run_days(bank, channel):
    """Let a part of the portfolio fall due each day, up to 9:00 of the last one."""
    with pytest.MonkeyPatch.context() as patch:
        for number, day in enumerate(DAYS, start=1):
            rows, at = number * ROWS_A_DAY, clock.moment_of(day, jobs.in_order(on=day)[0].at)
            import_portfolio(PORTFOLIO, bank=bank, on=day, at=at, limit=rows)
            until = "09:00" if day == DAYS[-1] else "10:00"
            live(channel, patch, day, until=until, only=JOBS)


def _fix_random_values():
    """Give ids drawn at random and the machine's moments values that are the same every time."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE accounts_customer SET public_id = md5(id::text)::uuid")
    for run in JobRun.objects.all():
        at = clock.moment_of(run.business_date, jobs.job_named(run.job, on=run.business_date).at)
        ended_at = at + timedelta(seconds=2 + run.planned // 20)
        JobRun.objects.filter(pk=run.pk).update(started_at=at, finished_at=ended_at)


@pytest.fixture
def pages(tour):
    """The pages of the tour, in the order in which a person would open them."""
    set_clock(DAYS[-1])
    orders = reverse("admin:loans_debitorder_changelist")
    bill = _longest_bill()
    return [
        ("overview", reverse("admin:index")),
        ("run", reverse("admin:loans_run")),
        ("refused", f"{orders}?business_date={DAYS[-1]}&state__exact=failed"),
        ("bill", reverse("admin:loans_bill_change", args=[bill.pk])),
        ("loan", reverse("admin:loans_loan_change", args=[bill.instalments.get().loan_id])),
        ("customer", reverse("admin:accounts_customer_change", args=[bill.customer_id])),
        ("ledger", f"{reverse('admin:loans_transfer_changelist')}?before={_nine_oclock()}"),
    ]


def _nine_oclock():
    """Return the first transfer of the last 9:00: before it stand those of the night."""
    return Transfer.objects.filter(business_date=DAYS[-1], kind="repayment").earliest("pk").pk


def _longest_bill():
    """Return the overdue bill with the longest timeline."""
    overdue = Bill.objects.filter(state="overdue")
    return overdue.annotate(asked=Count("orders")).order_by("-asked", "pk").first()


@pytest.fixture
def visit(pages, tour, walk_at):
    """Open every page of the tour: ``visit(locale)`` yields the person and the page's name."""

    def visit(locale, **look):
        person = walk_at(tour, locale, **look)
        person.log_in()
        for name, path in pages:
            person.go(path)
            yield person, name
        assert person.faults == []

    return visit


@pytest.mark.parametrize(("locale", "strange"), [("zh-CN", english), ("en-GB", chinese)])
def test_the_pages_of_the_tour_are_whole_in_each_language(visit, locale, strange):
    found = {}
    for person, name in visit(locale):
        person.shoot(name, full_page=False)
        found[name] = (strange(person.text()), person.overhang())

    assert found == dict.fromkeys(found, ([], 0))


def test_the_pages_of_the_tour_fit_a_phone(visit):
    found = {}
    for person, name in visit("zh-CN", viewport={"width": 390, "height": 844}):
        if name == "run":
            person.shoot("phone", full_page=False)
        found[name] = person.overhang()

    assert found == dict.fromkeys(found, 0)


def test_the_run_of_the_day_can_be_read_in_the_dark(tour, walk_at):
    person = walk_at(tour, "zh-CN", color_scheme="dark")
    person.log_in()
    person.go(reverse("admin:loans_run"))
    person.shoot("dark", full_page=False)

    assert person.page.locator("html.dark").count() == 1
    assert person.faults == []
