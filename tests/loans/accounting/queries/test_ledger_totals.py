"""A total that was changed is found: in its turn, in full, and by the accounts."""

from datetime import date, time, timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from loans.accounting.operations import checkpoints, ledger
from loans.accounting.operations.ledger import Entry
from loans.accounting.queries import ledger_totals
from loans.accounting.queries.ledger_totals import PROOF_NIGHTS, TotalDifference
from loans.models import LedgerCheckpoint, LedgerTotal, Transfer
from tests.loans.collection.queries.test_due import plan_of
from tests.loans.conftest import moment
from tests.raw import execute

pytestmark = pytest.mark.usefixtures("committed_db")

ON = date(2026, 10, 5)


@pytest.fixture
def through() -> int:
    """Return the checkpoint of a ledger with one transfer of 100 fen."""
    with transaction.atomic():
        entry = Entry(ON, "bank", "loan_principal", 100, "repayment", "repayment", 4, 7, 9)
        ledger.post([entry], at=moment(ON))
    return checkpoints.advance(by="system:reconciliation", on=ON, at=moment(ON, time(2)))


def found(on: date | None) -> list[tuple[int, int]]:
    return [(one.expected_fen, one.found_fen) for one in ledger_totals.differences(on=on)]


def test_true_totals_differ_from_nothing(through):
    assert found(None) == []
    assert ledger_totals.last_through() == through


def test_a_changed_total_is_found_in_its_turn_and_in_full(through):
    execute("UPDATE loans_ledgertotal SET amount_fen = 101")

    assert list(ledger_totals.differences(on=None)) == [
        TotalDifference(through, ON, "bank", "loan_principal", "repayment", 100, 101)
    ]
    turns = [n for n in range(PROOF_NIGHTS + 1) if found(ON + timedelta(days=n))]
    assert turns == [0, PROOF_NIGHTS]


@pytest.mark.parametrize(
    ("forgery", "differs"),
    [
        ("UPDATE loans_ledgertotal SET transfers = 2", [(100, 100)]),
        ("UPDATE loans_ledgertotal SET booked_on = booked_on + 1", [(100, 0), (0, 100)]),
        ("UPDATE loans_ledgertotal SET kind = 'refund'", [(0, 100), (100, 0)]),
        ("DELETE FROM loans_ledgertotal", [(100, 0)]),
    ],
)
def test_whatever_is_changed_is_found_and_made_good_by_a_rebuild(through, forgery, differs):
    execute(forgery)
    assert found(ON) == found(None) == differs

    checkpoints.rebuild(by="system:reconciliation", on=ON, at=moment(ON, time(2)))

    assert found(None) == []
    assert list(LedgerTotal.objects.values_list("transfers", "amount_fen")) == [(1, 100)]


def test_a_checkpoint_beyond_its_transfers_is_found_with_the_first_that_it_hides(through):
    LedgerCheckpoint.objects.create(
        through=through + 9, after_id=through, made_on=ON, made_by="psql", at=moment(ON)
    )
    with transaction.atomic():
        entry = Entry(ON, "bank", "loan_principal", 7, "repayment", "repayment", 4, 7, 9)
        ledger.post([entry], at=moment(ON))

    assert found(None) == [(7, 0)]


def test_totals_that_are_thrown_away_meanwhile_are_read_again(through, monkeypatch):
    read, asked = ledger_totals.last_through, []

    def last_through() -> int:
        asked.append(read())
        if len(asked) == 1:
            LedgerTotal.objects.all().delete()
            LedgerCheckpoint.objects.all().delete()
        return asked[-1]

    monkeypatch.setattr(ledger_totals, "last_through", last_through)

    [(fen,)] = ledger_totals.rows(f"SELECT sum(amount_fen) FROM {ledger_totals.MOVED}")

    assert (fen, asked) == (100, [through, 0])


def test_transfers_in_the_totals_are_not_read(through):
    with CaptureQueriesContext(connection) as asked:
        ledger_totals.rows(f"SELECT sum(amount_fen) FROM {ledger_totals.MOVED}")

    assert Transfer.objects.count() == 1
    plan = plan_of(asked.captured_queries[1]["sql"], without=("seqscan",))
    assert "Seq Scan on loans_transfer" not in plan
