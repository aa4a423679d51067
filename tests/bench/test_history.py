"""What the benchmark reads with totals is what it reads without."""

import pytest

from loans.models import LedgerCheckpoint, Transfer
from tests.bench import history
from tests.bench.history import MONTHS

pytestmark = pytest.mark.usefixtures("committed_db")


def test_the_ledger_is_the_same_with_totals_and_without():
    history.write(days=31, transfers=10)

    assert (Transfer.objects.count(), LedgerCheckpoint.objects.count()) == (320, 31)
    [balances, by_account, stands] = history.read()
    assert [one.closing_fen for one in balances if one.account == "bank"] == [by_account["bank"]]
    assert stands.ledger_fen == by_account["accrued_unposted"]
    assert history.read_without_totals() == (balances, by_account, stands)
    history.compare()


def test_a_round_is_compared_with_itself():
    runs = {
        months: [{"with_totals": months * n, "without": 1.0, "compared": 1.0} for n in (1.0, 2.0)]
        for months in MONTHS
    }

    assert [ratio.median for ratio in history.outcome(runs).ratios.values()] == [1.0, 6.0, 12.0]
