"""A generated portfolio: as large and as due as asked, the same for the same seed, and it lives."""

from argparse import ArgumentTypeError
from datetime import date, time, timedelta

import pytest
from django.db import transaction
from django.db.models import Count, Sum

from accounts.models import Customer
from backoffice.core import clock
from loans.management.commands.generate_book import _share_ppm
from loans.migration.operations import generating
from loans.migration.operations.admission import NoBankError, SandboxOnlyError
from loans.migration.operations.generating import TooManyLoansError, generate
from loans.models import Bill, Loan
from loans.reconciliation import queries as reconciliation
from loans.reconciliation.operations import reconcile
from tests.loans.days import live
from tests.loans.portfolios import FakeBank

ON = date(2026, 10, 1)
AT = clock.moment_of(ON, time(8, 58))


@pytest.fixture
def bank():
    return FakeBank()


def make(loans, bank, *, due_share_ppm=33_000, seed=1):
    return generate(loans, bank=bank, on=ON, at=AT, due_share_ppm=due_share_ppm, seed=seed)


def terms_of_all():
    return list(Loan.objects.order_by("pk").values_list("principal_fen", "daily_rate_ppm"))


@pytest.mark.parametrize(("share_ppm", "due"), [(0, 0), (33_000, 9), (500_000, 150), (10**6, 300)])
def test_as_many_fall_due_as_were_asked_for(db, bank, share_ppm, due):
    made = make(300, bank, due_share_ppm=share_ppm)

    bills = Bill.objects.filter(due_on=ON).aggregate(n=Count("pk"), fen=Sum("total_fen"))
    assert (made.loans, made.due) == (Loan.objects.count(), bills["n"]) == (300, due)
    assert made.due_fen == (bills["fen"] or 0)


def test_the_others_fall_due_over_a_month_and_have_their_bill(db, bank):
    make(290, bank, due_share_ppm=0)

    due = dict.fromkeys(range(1, 30), 10)
    found = Loan.objects.values_list("instalments__due_on").annotate(Count("pk"))
    assert {(day - ON).days: count for day, count in found} == due
    assert Bill.objects.count() == 290
    assert list(reconciliation.unbilled(on=ON + timedelta(days=60))) == []
    assert not Bill.objects.exclude(billed_on__lte=ON).exists()


def generated_and_undone(bank, **options):
    with transaction.atomic():
        make(40, bank, **options)
        terms = terms_of_all()
        transaction.set_rollback(True)
    return terms


def test_the_same_seed_is_the_same_book(db, bank):
    first = generated_and_undone(bank, seed=7)
    balances = dict(bank.balances)

    assert generated_and_undone(bank, seed=7) == first
    assert bank.balances == balances
    assert generated_and_undone(bank, seed=8) != first


def test_generating_again_adds_other_people(db, bank):
    make(40, bank)
    make(40, bank)

    assert Customer.objects.count() == Customer.objects.distinct("id_blind").count() == 80
    assert len(bank.balances) == 80


def test_a_generated_book_is_collected_and_reconciled(committed_db, bank, channel, monkeypatch):
    made = make(100, bank, due_share_ppm=200_000)
    for account, balance_fen in bank.balances.items():
        channel.will_answer(account, "SUCCESS" if balance_fen else "NOTENOUGH")

    live(channel, monkeypatch, ON, ON + timedelta(days=1), until="00:30")

    assert Bill.objects.filter(due_on=ON, state="paid").count() == made.due - made.to_be_refused
    assert Bill.objects.filter(due_on=ON, state="grace").count() == made.to_be_refused > 0
    assert reconcile(days=[ON], on=ON + timedelta(days=1), channel=channel) == []


def test_more_loans_than_people_are_refused(db, bank, monkeypatch):
    monkeypatch.setattr(generating, "NUMBER_MAX", generating.NUMBER_FIRST + 8)

    with pytest.raises(TooManyLoansError, match="9"):
        make(10, bank)

    assert not Customer.objects.exists()
    assert make(9, bank).loans == 9


def test_without_sandbox_or_bank_nothing_is_generated(db, bank, settings):
    bank.is_down = True
    with pytest.raises(NoBankError):
        make(10, bank)
    settings.SANDBOX = False
    with pytest.raises(SandboxOnlyError):
        make(10, bank)

    assert not Customer.objects.exists()


@pytest.mark.parametrize(("text", "ppm"), [("0.033", 33_000), ("1", 10**6), ("0", 0), ("1e-6", 1)])
def test_a_share_is_read_exactly(text, ppm):
    assert _share_ppm(text) == ppm


@pytest.mark.parametrize("text", ["", "much", "-0.1", "1.1", "0.0000001", "nan", "inf"])
def test_what_is_no_share_is_refused(text):
    with pytest.raises(ArgumentTypeError):
        _share_ppm(text)
