"""Whole lives of customers, day by day, against an independent model of the rulebook.

``LOAN_DAYS`` names another file of the same form; ``LIVES`` chooses some by their ids.
"""

import os
from pathlib import Path

import pytest

from loans.reconciliation import queries as reconciliation
from loans.reconciliation.operations import reconcile
from tests.acceptance.bank import LifeBank
from tests.acceptance.world import Life, World, scenarios
from tests.loans.repayment.operations.test_as_of import replayed, stored

FILE = Path(__file__).parents[1] / "data" / "loan_days.json"
CHUNKS = 10  # so that processes share them
SHOWN = 3  # the first differences of a life lead to the others
CHOSEN = os.environ.get("LIVES")
SCENARIOS = [
    one
    for one in scenarios(Path(os.environ.get("LOAN_DAYS", FILE)))
    if not CHOSEN or one["id"] in CHOSEN.split(",")
]
SIZE = -(-len(SCENARIOS) // CHUNKS)


@pytest.mark.parametrize("first", range(0, len(SCENARIOS), SIZE))
def test_every_day_is_as_the_model_computed_it(first, committed_db, monkeypatch):
    lives = [Life.read(one) for one in SCENARIOS[first : first + SIZE]]
    bank = LifeBank()
    monkeypatch.setattr("loans.tasks.debit_channel", lambda: bank)

    World(lives, bank).run()

    differences = [line for life in lives for line in life.differences[:SHOWN]]
    assert not differences, "\n".join(["", *differences])
    end = max(life.ends_on for life in lives)
    for life in lives:
        today = replayed(life.customer_id, on=end)
        assert today == stored(life.customer_id, on=end), life.id
    assert reconcile(days=reconciliation.days_with_orders(), on=end, channel=bank) == []
