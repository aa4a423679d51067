"""What a sandbox is shown with."""

from datetime import datetime, timedelta

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from accounts.models import Customer, Staff
from backoffice.core import clock
from loans.migration.operations import demo
from loans.migration.operations.admission import NoBankError, SandboxOnlyError
from loans.migration.operations.demo import create_logins, next_showing, show_portfolio
from loans.models import Bill
from tests.loans.portfolios import FakeBank, portfolio, row

NAMES = ["admin", "support", "credit", "risk", "collections", "finance", "auditor", "manager"]


def moment(text):
    return datetime.fromisoformat(text).replace(tzinfo=clock.SHANGHAI)


@pytest.fixture
def small_portfolio(monkeypatch, tmp_path):
    file = portfolio(tmp_path, row(), row(ID=2, label=1), row(ID=3))
    monkeypatch.setattr(demo, "PORTFOLIO", file)
    monkeypatch.setattr(demo, "PORTFOLIO_ROWS", 2)


def test_there_is_a_login_for_each_role_and_an_administrator(db):
    logins = create_logins(password="cold-feet-9")

    assert [login.username for login in logins] == NAMES
    assert [staff.username for staff in Staff.objects.order_by("pk")] == NAMES
    assert [staff.username for staff in Staff.objects.filter(is_superuser=True)] == ["admin"]
    assert Staff.objects.filter(is_staff=True, is_active=True).count() == 8
    for name in NAMES[1:]:
        assert list(Staff.objects.get(username=name).groups.all()) == [Group.objects.get(name=name)]


@pytest.mark.parametrize("name", ["admin", "manager"])
def test_one_can_log_in_with_the_password(db, name):
    create_logins(password="cold-feet-9")

    assert Client().login(username=name, password="cold-feet-9")
    assert not Client().login(username=name, password="warm-feet-9")


def test_a_new_start_gives_the_same_logins_a_new_password_and_their_rights_back(db):
    create_logins(password="cold-feet-9")
    Staff.objects.filter(username="risk").update(is_active=False, is_superuser=True)

    create_logins(password="warm-feet-9")

    assert Staff.objects.count() == 8
    risk = Staff.objects.get(username="risk")
    assert (risk.is_active, risk.is_superuser) == (True, False)
    assert risk.check_password("warm-feet-9")


def test_the_book_falls_due_on_the_day_that_is_shown(committed_db, small_portfolio):
    bank = FakeBank()

    shown = show_portfolio(bank=bank, now=clock.now())

    assert (shown.report.imported, shown.report.to_be_paid, shown.report.to_be_refused) == (2, 1, 1)
    assert shown.at == next_showing(clock.now() - timedelta(seconds=30))
    assert abs(clock.now() - shown.at) < timedelta(seconds=30)
    assert set(Bill.objects.values_list("due_on", flat=True)) == {clock.business_date()}
    assert len(bank.balances) == 2


def test_a_book_that_was_shown_is_left_as_it_is(committed_db, small_portfolio):
    show_portfolio(bank=FakeBank(), now=clock.now())
    before, bank = clock.offset(), FakeBank()

    assert show_portfolio(bank=bank, now=clock.now()) is None

    assert (clock.offset(), bank.calls, Customer.objects.count()) == (before, 0, 2)


def test_without_a_bank_neither_book_nor_clock_are_touched(committed_db, small_portfolio):
    bank = FakeBank()
    bank.is_down = True

    with pytest.raises(NoBankError):
        show_portfolio(bank=bank, now=clock.now())

    assert clock.offset() == timedelta()
    assert not Customer.objects.exists()


def test_outside_a_sandbox_there_is_no_login(db, settings):
    settings.SANDBOX = False

    with pytest.raises(SandboxOnlyError):
        create_logins(password="cold-feet-9")

    assert not Staff.objects.exists()


@pytest.mark.parametrize(
    ("now", "shown"),
    [
        ("2026-10-01T00:00:00", "2026-10-01T08:58:00"),
        ("2026-10-01T08:58:00", "2026-10-01T08:58:00"),
        ("2026-10-01T08:58:01", "2026-10-02T08:58:00"),
        ("2026-12-31T23:59:00", "2027-01-01T08:58:00"),
    ],
)
def test_the_next_showing_is_two_minutes_to_nine(now, shown):
    assert next_showing(moment(now)) == moment(shown)


def test_the_shipped_book_is_there():
    assert demo.PORTFOLIO.name == "credit_clients.csv.gz"
