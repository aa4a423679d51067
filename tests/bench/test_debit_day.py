"""The run, its baseline and the plain way end with the same rows."""

import pytest

from backoffice.platform import jobs
from loans.migration.operations.generating import DUE_SHARE_PPM
from tests.bench import baseline, databases, portfolios
from tests.bench.__main__ import LOANS_MIN
from tests.bench.debit_day import Figure, child, due_share_ppm
from tests.bench.fixed_channel import is_poor

BILLS = 40
# Every row of these tables, to the last column.
WRITTEN = (*baseline.NEW, *(changed.model for changed in baseline.CHANGED))
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


@pytest.fixture(scope="module")
def portfolio(django_db_setup, django_db_blocker, worker_id):
    """A small portfolio in its own database, which every test copies."""
    with pytest.MonkeyPatch.context() as patched, django_db_blocker.unblock():
        patched.setattr(databases, "PREFIX", f"bench_{worker_id}")
        name = portfolios.make(10 * BILLS, due_share_ppm=100_000)
        yield name
        databases.drop(name)


def rows(database, queries):
    with databases.owner(database) as owner:
        return [sorted(owner.execute(query).fetchall(), key=str) for query in queries]


def after(portfolio, variant, *arguments, queries):
    with databases.copied(portfolio) as database:
        child(variant, *arguments, database=database)
        return rows(database, queries)


def test_the_baseline_writes_what_the_run_has_written(portfolio, tmp_path):
    everything = [f"SELECT * FROM {baseline.table(model)}" for model in WRITTEN]
    with databases.copied(portfolio) as database:
        report = child("product", database=database)
        baseline.capture(portfolio, database, tmp_path)
        written = rows(database, everything)

    assert report["bills"] == BILLS
    assert after(portfolio, "baseline", str(tmp_path), queries=everything) == written
    assert written != rows(portfolio, everything)


def test_the_plain_way_collects_to_the_same_fen(portfolio):
    product = after(portfolio, "product", queries=_SHOWN)

    assert after(portfolio, "orm", str(BILLS), queries=_SHOWN) == product
    assert product != rows(portfolio, _SHOWN)


def test_two_children_collect_what_one_process_does(portfolio):
    product = after(portfolio, "product", queries=_SHOWN)

    assert after(portfolio, "two_children", queries=_SHOWN) == product


def test_a_night_is_the_same_sum_in_both_ways(portfolio):
    with databases.copied(portfolio) as database:
        closed = child("closed_form", database=database)["fen"]
    with databases.copied(portfolio) as database:
        assert child("every_loan", database=database)["fen"] == closed > 0


def test_every_row_stands_in_the_partition_of_its_month(portfolio):
    tables = (
        "SELECT c.relname FROM pg_class AS c JOIN pg_inherits ON inhrelid = c.oid "
        "WHERE relname LIKE '%\\_default'"
    )
    with databases.copied(portfolio) as database:
        child("product", database=database)
        with databases.owner(database) as owner:
            names = [name for (name,) in owner.execute(tables)]
            beyond = [owner.execute(f"SELECT count(*) FROM {name}").fetchone() for name in names]

    assert len(names) >= 3
    assert set(beyond) == {(0,)}


def test_a_small_portfolio_has_more_than_one_chunk_of_bills():
    assert 100_000 * due_share_ppm(100_000) // 1_000_000 > jobs.CHUNK_SIZE
    assert due_share_ppm(1_000_000) == DUE_SHARE_PPM
    assert 3 * due_share_ppm(LOANS_MIN) <= 1_000_000


def test_one_account_in_five_is_poor():
    assert [is_poor(f"acct-{n:04x}") for n in range(10)] == [True, *[False] * 4] * 2


def test_a_figure_is_median_least_and_most():
    assert Figure.of([3.0, 1.0, 2.5]) == Figure(2.5, 1.0, 3.0)
