"""The bare rules of the benchmark compute the targets that the simulation computes."""

import pytest

from risk.simulation.operations import portfolio
from tests.bench import simulation
from tests.generated_lines import ON, store

pytestmark = pytest.mark.django_db


def test_the_baseline_moves_the_lines_that_the_simulation_moves(tmp_path):
    store(300, seed=2)
    of = portfolio.sides(simulation.DRAFT, on=ON)
    lines = [line for part in portfolio.plan(of) for line in portfolio.queries.lines_in(part)]
    found = portfolio.simulate(of, csv_file=tmp_path / "rows.csv", processes=1)

    simulation._held[:] = [[lines], of]

    assert simulation._bare(0) == found.raised + found.lowered > 0
