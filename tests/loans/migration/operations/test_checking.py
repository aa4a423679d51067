"""The labels of a portfolio against the first debits of the due day."""

from datetime import date, time, timedelta

import pytest

from accounts.models import BankCard
from backoffice.core import clock
from loans.collection.operations import orders, results
from loans.collection.operations.orders import CollectionRequest
from loans.migration.operations.checking import Mismatch, check_portfolio
from loans.migration.operations.importing import import_portfolio
from loans.models import Bill
from tests.loans.portfolios import FakeBank, portfolio, row

ON = date(2026, 10, 1)
NINE = clock.moment_of(ON, time(9))


@pytest.fixture
def imported(committed_db, tmp_path):
    """A portfolio of two who can pay, one who cannot, and one without a bill; imported."""
    file = portfolio(tmp_path, row(), row(ID=2), row(ID=3, label=1), row(ID=4, BILL_AMT1=0))
    import_portfolio(file, bank=FakeBank(), on=ON, at=NINE)
    return file


def account(number):
    return BankCard.objects.get(customer__origin=f"book:{number}").account


def debit(channel, at=NINE):
    """Ask for every bill once."""
    asks = [
        CollectionRequest(pk) for pk in Bill.objects.order_by("pk").values_list("pk", flat=True)
    ]
    prepared = orders.prepare(asks, by="test", on=clock.day_of(at), at=at)
    results.record(orders.ask(prepared, channel=channel, at=at), by="system:debit-channel", at=at)


def test_debits_that_end_as_the_labels_imply_are_no_mismatch(imported, channel):
    channel.will_answer(account(3), "NOTENOUGH")
    debit(channel)

    check = check_portfolio(imported)

    assert check.expected == check.found == {"succeeded": 2, "failed": 1}
    assert check.mismatches == []


def test_a_customer_who_was_debited_otherwise_is_named(imported, channel):
    channel.will_answer(account(2), "RULELIMIT")
    debit(channel)

    check = check_portfolio(imported)

    assert check.expected == {"succeeded": 2, "failed": 1}
    assert check.found == {"succeeded": 2, "failed": 1}
    assert check.mismatches == [
        Mismatch("book:2", 3, "succeeded", "failed"),
        Mismatch("book:3", 4, "failed", "succeeded"),
    ]


def test_before_nine_there_is_no_order(imported):
    check = check_portfolio(imported)

    assert check.found == {"succeeded": 0, "failed": 0, "no_order": 3}
    assert len(check.mismatches) == 3


def test_who_was_not_imported_is_listed_apart(imported, tmp_path):
    file = portfolio(tmp_path, row(ID=9))

    assert check_portfolio(file).mismatches == [Mismatch("book:9", 2, "succeeded", "not_imported")]


def test_the_last_try_of_the_first_attempt_counts_and_no_later_attempt(imported, channel):
    channel.will_answer(account(1), "BANKERROR", "SUCCESS")
    channel.will_answer(account(3), "NOTENOUGH", "SUCCESS")
    debit(channel)
    debit(channel, at=NINE + timedelta(hours=1))
    debit(channel, at=NINE + timedelta(days=1))

    check = check_portfolio(imported)

    assert check.found == {"succeeded": 2, "failed": 1}
    assert check.mismatches == []


def test_only_the_first_lines_are_compared_when_asked(imported, channel):
    debit(channel)

    assert check_portfolio(imported, limit=1).found == {"succeeded": 1, "failed": 0}
