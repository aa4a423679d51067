"""Totals of the ledger: each night adds what came, and nothing depends on them."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, time, timedelta
from threading import Timer

import psycopg
import pytest
from django.db import connection, transaction

from loans.accounting.operations import checkpoints, ledger
from loans.accounting.operations.ledger import Entry
from loans.accounting.queries import ledger_totals
from loans.general_ledger.queries.trial_balance import trial_balance
from loans.general_ledger.rules.periods import period_of
from loans.models import LedgerCheckpoint, LedgerTotal, Transfer
from loans.reconciliation import queries as reconciliation
from tests import migrated
from tests.loans.conftest import moment
from tests.loans.general_ledger.months import close_reconciled
from tests.raw import refused

pytestmark = pytest.mark.usefixtures("committed_db")

ON = date(2026, 10, 5)
NIGHT = moment(ON, time(2))
BY = "system:reconciliation"
PERIODS = ("2026-08", "2026-08-31", "2026-09", "2026-09-01", "2026-10", "2026-10-05")


def post(on: date, fen: int) -> int:
    with transaction.atomic():
        entry = Entry(on, "bank", "loan_principal", fen, "repayment", "repayment", 4, 7, 9)
        ledger.post([entry], at=NIGHT)
    return Transfer.objects.latest("pk").pk


def advance(on: date = ON) -> int:
    return checkpoints.advance(by=BY, on=on, at=NIGHT)


def totals() -> list[tuple[int, date, int, int]]:
    found = LedgerTotal.objects.order_by("checkpoint", "booked_on")
    return list(found.values_list("checkpoint", "booked_on", "transfers", "amount_fen"))


def balances() -> list[object]:
    return [trial_balance(period_of(code)) for code in PERIODS]


def test_a_checkpoint_adds_up_what_came_since_the_one_before():
    post(ON, 100)
    first = post(ON, 20)
    assert advance() == first
    second = post(ON, 3)

    assert advance(ON + timedelta(days=1)) == second

    assert totals() == [(first, ON, 2, 120), (second, ON, 1, 3)]
    assert list(LedgerCheckpoint.objects.order_by("pk").values_list("pk", "after")) == [
        (first, None),
        (second, first),
    ]


def test_where_nothing_came_there_is_no_checkpoint():
    assert advance() == 0
    last = post(ON, 100)

    assert [advance(), advance()] == [last, last]

    assert totals() == [(last, ON, 1, 100)]


def test_each_period_is_the_same_with_totals_as_without():
    post(date(2026, 8, 31), 100)
    close_reconciled(date(2026, 8, 1), at=NIGHT)
    post(date(2026, 9, 1), 20)
    late = post(date(2026, 8, 30), 3)  # of the closed month: in the ledger on 1 September
    before, by_account = balances(), reconciliation.balances()

    assert advance() == late
    assert balances() == before
    assert totals() == [(late, date(2026, 8, 31), 1, 100), (late, date(2026, 9, 1), 2, 23)]
    post(date(2026, 8, 29), 4)  # dated back before days that have their totals
    post(ON, 5)

    [_august, _last, september, first, october, _day] = balances()
    assert [one.debit_fen for one in september if one.account == "bank"] == [27]
    assert [one.debit_fen for one in first if one.account == "bank"] == [27]
    assert [one.closing_fen for one in october if one.account == "bank"] == [132]
    assert reconciliation.balances()["bank"] == by_account["bank"] + 9 == 132


def test_totals_that_are_thrown_away_are_the_same_again():
    post(ON, 100)
    advance()
    last = post(ON, 20)
    before = balances()

    assert checkpoints.rebuild(by=BY, on=ON, at=NIGHT) == last

    assert totals() == [(last, ON, 2, 120)]
    assert balances() == before


@contextmanager
def adding(fen: int) -> Iterator[psycopg.Connection]:
    """Lend a connection that has added a transfer and not committed it."""
    other = migrated.owner(connection.settings_dict["NAME"])
    other.autocommit = False
    try:
        other.execute(
            "INSERT INTO loans_transfer (business_date, debit_account, credit_account, amount_fen,"
            " kind, cause_type, reverses, funder, at) VALUES"
            " (%s, 'bank', 'loan_principal', %s, 'repayment', 'repayment', '', 'own', now())",
            [ON, fen],
        )
        yield other
    finally:
        other.close()


def test_a_smaller_id_that_is_committed_later_is_in_the_totals(monkeypatch):
    monkeypatch.setattr(ledger_totals, "_WAITS_MAX", 1)
    with adding(7) as other:
        last = post(ON, 100)

        assert advance() == 0  # the smaller id is not there yet
        assert checkpoints.rebuild(by=BY, on=ON, at=NIGHT) == 0
        assert reconciliation.balances()["bank"] == 100
        other.commit()

    assert reconciliation.balances()["bank"] == 107
    assert advance() == last
    assert totals() == [(last, ON, 2, 107)]
    assert reconciliation.balances()["bank"] == 107


def test_whoever_is_adding_a_transfer_is_waited_for():
    with adding(7) as other:
        last = post(ON, 100)
        commit = Timer(0.1, other.commit)
        commit.start()

        assert advance() == last
        commit.join()

    assert totals() == [(last, ON, 2, 107)]


def test_a_transfer_that_is_taken_back_leaves_nothing():
    with adding(7) as other:
        other.rollback()
        last = post(ON, 100)

        assert advance() == last

    assert totals() == [(last, ON, 1, 100)]


def test_two_checkpoints_never_begin_at_the_same_one():
    first = post(ON, 100)
    advance()
    tables = ("loans_ledgercheckpoint", "loans_ledgertotal")

    for after, constraint in ((None, "ledger_checkpoint_follows_one"),
                              (first, "ledger_checkpoint_goes_on")):  # fmt: skip
        with refused(constraint, *tables):
            LedgerCheckpoint.objects.create(
                through=first - 1 if after else first + 1,
                after_id=after, made_on=ON, made_by=BY, at=NIGHT,
            )  # fmt: skip
