"""The issue and the debits of its bills, and their baselines, end with the same rows."""

import pytest

from tests.bench import baseline, billing_day, databases, portfolios
from tests.bench.billing_day import ISSUED
from tests.bench.debit_day import child

BILLS, LOANS = 20, 3


@pytest.fixture(scope="module")
def portfolio(django_db_setup, django_db_blocker, worker_id):
    """A small portfolio in its own database, a tenth of it due on the day."""
    with pytest.MonkeyPatch.context() as patched, django_db_blocker.unblock():
        patched.setattr(databases, "PREFIX", f"bench_{worker_id}")
        name = portfolios.make(10 * LOANS * BILLS, due_share_ppm=100_000)
        yield name
        databases.drop(name)


def rows(database, written):
    models = [*written.new, *(changed.model for changed in written.changed)]
    with databases.owner(database) as owner:
        queries = (f"SELECT * FROM {baseline.table(model)}" for model in models)
        return [sorted(owner.execute(query).fetchall(), key=str) for query in queries]


def test_each_baseline_writes_what_its_job_has_written(portfolio, tmp_path):
    jobs = {"issue": ("issue_baseline", ISSUED), "product": ("baseline", baseline.DEBITS)}
    with billing_day.prepared(portfolio, LOANS) as templates:
        for job, (variant, written) in jobs.items():
            folder = tmp_path / job
            folder.mkdir()
            with databases.copied(templates[job]) as database:
                report = child(job, database=database)
                baseline.capture(templates[job], database, folder, written)
                after = rows(database, written)

            assert report["bills"] == BILLS
            assert after != rows(templates[job], written)
            with databases.copied(templates[job]) as database:
                child(variant, str(folder), database=database)
                assert rows(database, written) == after
                assert job == "issue" or settled_loans(database) == [LOANS]


def settled_loans(database):
    """Return how many loans each repayment of a bill has settled."""
    query = "SELECT DISTINCT count(*) FROM loans_repaymentallocation GROUP BY repayment_id"
    with databases.owner(database) as owner:
        return [count for (count,) in owner.execute(query).fetchall()]
