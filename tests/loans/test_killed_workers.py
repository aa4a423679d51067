"""Two days of debits with the workers killed at random: no bill debited twice, none forgotten.

The control is a worker that does what the product never does: it sends again under a new number.
What finds nothing in the product's ledger must find every double debit in that worker's.
"""

from collections import Counter
from contextlib import contextmanager

import pytest
from django.conf import settings

from backoffice.platform import jobs
from loans.models import Bill
from tests.loans.conftest import day
from tests.loans.killing import PLENTY_FEN, Siege, Worker, doubled, findings, make_book
from tests.profiles import killing
from tests.sandbox import BankProcess

PART = 16  # bills: many small parts give many chances to be killed at one

# Lost and spoilt answers of every kind, so that they meet the kills.
FAULTS = [
    {"action": "refuse", "code": "BANKERROR", "number": "*-1-1-1", "share_permille": 20},
    {"action": "processing", "queries": 1, "share_permille": 20},
    {"action": "time_out_before", "share_permille": 20},
    {"action": "time_out_after", "share_permille": 40},
    {"action": "time_out_after", "whole_request": True, "share_permille": 3},
    {"action": "late", "seconds": 1, "share_permille": 1},
    {"action": "twice", "share_permille": 10},
    {"action": "out_of_order", "share_permille": 10},
    {"action": "wrong_amount", "share_permille": 5},
    {"action": "garbage", "share_permille": 3},
    {"action": "bad_signature", "share_permille": 2},
    {"action": "garbage", "call": "query", "share_permille": 10},
]
ANSWERS_LOST = [{"action": "time_out_after", "share_permille": 200}]
# The money is taken at once; the second until the answer is when the children are killed.
ANSWERS_LATE = [{"action": "late", "seconds": 1, "times": 12 * PART}]

pytestmark = pytest.mark.usefixtures("committed_db")


@pytest.fixture
def besiege(tmp_path, database_name, monkeypatch):
    """Open a bank with faults, a portfolio there, and kill the worker that debits it."""
    if not settings.CELERY_BROKER_URL.startswith("redis://"):
        pytest.fail("CELERY_BROKER_URL must name the embedded Valkey; run the tests by make test")
    monkeypatch.setattr(jobs, "CHUNK_SIZE", PART)

    @contextmanager
    def begin(bills, faults, *, include="", **kills):
        with BankProcess(tmp_path, faults) as bank:
            poor = make_book(bills, bank=bank, on=day(0))
            worker = Worker(database_name, bank, tmp_path / "worker.log", include=include)
            with Siege(worker, **kills) as siege:
                yield siege, bank, poor

    return begin


def states():
    return Counter(Bill.objects.values_list("state", "refusals", "debit_on"))


def test_killed_workers_neither_repeat_nor_forget_a_debit(besiege):
    children, workers = killing.children, killing.workers
    kills = {
        (day(0), "09:00"): children * 75 // 100,
        (day(0), "10:00"): children * 10 // 100,
        (day(1), "00:05"): children * 5 // 100,
        (day(1), "09:00"): children * 10 // 100,
    }
    options = {"kills": kills, "worker_every": children // workers}
    with besiege(killing.bills, FAULTS, **options) as (siege, bank, poor):
        siege.live(day(0))

        paid = killing.bills - len(poor)
        assert states() == {("paid", 0, day(0)): paid, ("billed", 1, day(1)): len(poor)}
        assert findings(bank, days=[day(0)]) == []

        late_payers = poor[::2]
        bank.fund(dict.fromkeys(late_payers, PLENTY_FEN))
        siege.live(day(1))

        assert states() == {
            ("paid", 0, day(0)): paid,
            ("paid", 1, day(1)): len(late_payers),
            ("grace", 2, day(2)): len(poor) - len(late_payers),
        }
        assert findings(bank, days=[day(0), day(1)]) == []
    assert siege.worker.failures() == []
    print(siege.kills, "at work:", siege.kills.at_work)
    assert (siege.kills.children, siege.kills.workers) == (children, workers)
    assert siege.kills.at_work > children // 2
    assert siege.kills.mid_debit > 0


@pytest.mark.parametrize("faults", [ANSWERS_LOST, ANSWERS_LATE], ids=["lost", "late"])
def test_a_worker_that_sends_again_under_a_new_number_is_caught(besiege, faults):
    options = {"kills": {(day(0), "09:00"): 20}, "worker_every": 20}
    naive = "tests.loans.naive_worker"
    with besiege(24 * PART, faults, include=naive, **options) as (siege, bank, _poor):
        siege.live(day(0))

        found = findings(bank, days=[day(0)])
        print(siege.kills, "doubled:", len(doubled(bank)), "findings:", len(found))
        assert doubled(bank)
        assert set(doubled(bank)) < set(found)
        assert any(line.startswith("the sums differ") for line in found)
