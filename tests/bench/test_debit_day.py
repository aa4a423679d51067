"""What the benchmarks compare ends in the same book: the run, its floor and the plain way."""

import pytest

from tests.bench import books, databases, floor
from tests.bench.debit_day import Figure, child
from tests.bench.given import is_poor

BILLS = 40
# Every row of these tables, to the last column.
WRITTEN = (*floor.NEW, *(changed.model for changed in floor.CHANGED))
# What a loan, bill or customer has to show for the day, however it was collected.
_SHOWN = (
    "SELECT id, state, paid_fen, last_paid_on, shortfall_fen, paid_on, refusals, tries, debit_on, "
    "refused_on FROM loans_bill",
    "SELECT id, state, unpaid_principal_fen, accrued_on, principal_nights_fen, charged_fen, "
    "ended_on FROM loans_loan",
    "SELECT id, unpaid_principal_fen, unpaid_interest_fen, accrual, segment_on, segment_base_fen, "
    "segment_posted_fen FROM loans_instalment",
    "SELECT id, state, drawn_fen, reserved_fen FROM risk_creditline",
    "SELECT number, state, attempt, amount_fen, taken_fen, code FROM loans_debitorder",
    "SELECT bill_id, amount_fen, value_on FROM loans_repayment",
    "SELECT loan_id, interest_fen, principal_fen FROM loans_repaymentallocation",
    "SELECT loan_id, business_date, debit_account, credit_account, amount_fen, kind "
    "FROM loans_transfer",
    "SELECT loan_id, kind, from_on, to_on, base_fen, rate_micro, contract_fen, charged_fen "
    "FROM loans_charge",
    "SELECT source, outcome, paid_fen FROM risk_conduct",
)


@pytest.fixture
def book(django_db_setup, django_db_blocker, monkeypatch, worker_id):
    """A small book in a database of its own, beside those of tests that run at the same time."""
    monkeypatch.setattr(databases, "PREFIX", f"bench_{worker_id}")
    with django_db_blocker.unblock():
        name = books.make(10 * BILLS, due_share_ppm=100_000)
    yield name
    databases.drop(name)


def rows(database, queries):
    with databases.owner(database) as owner:
        return [sorted(owner.execute(query).fetchall(), key=str) for query in queries]


def after(book, variant, *words, queries):
    with databases.copied(book) as database:
        child(variant, *words, database=database)
        return rows(database, queries)


def test_the_floor_writes_what_the_run_has_written(book, tmp_path):
    everything = [f"SELECT * FROM {floor.table(model)}" for model in WRITTEN]
    with databases.copied(book) as database:
        report = child("ours", database=database)
        floor.capture(book, database, tmp_path)
        written = rows(database, everything)

    assert report["bills"] == BILLS
    assert after(book, "floor", str(tmp_path), queries=everything) == written
    assert written != rows(book, everything)


def test_the_plain_way_collects_to_the_same_fen(book):
    ours = after(book, "ours", queries=_SHOWN)

    assert after(book, "orm", str(BILLS), queries=_SHOWN) == ours
    assert ours != rows(book, _SHOWN)


def test_two_children_collect_what_one_process_does(book):
    ours = after(book, "ours", queries=_SHOWN)

    assert after(book, "two_children", queries=_SHOWN) == ours


def test_a_night_is_the_same_sum_in_both_ways(book):
    with databases.copied(book) as database:
        closed = child("closed_form", database=database)["fen"]
    with databases.copied(book) as database:
        assert child("every_loan", database=database)["fen"] == closed > 0


def test_one_account_in_five_is_poor():
    assert [is_poor(f"acct-{n:04x}") for n in range(10)] == [True, *[False] * 4] * 2


def test_a_figure_is_median_least_and_most():
    assert Figure.of([3.0, 1.0, 2.5]) == Figure(2.5, 1.0, 3.0)
