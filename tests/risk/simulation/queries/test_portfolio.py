"""The portfolio as a simulation reads it: open lines, their latest inputs, latest decisions."""

from fractions import Fraction

import pytest

from risk.lines import operations as lines
from risk.lines.rules.grant import Asset, AssetKind
from risk.models import CreditLine
from risk.simulation.queries import portfolio
from risk.simulation.queries.portfolio import SimulationRange
from risk.simulation.rules.moves import SimulatedLine
from tests.generated_lines import generated, store
from tests.risk.lines.making import BY, CAPACITY, ON, day, granted, moment

pytestmark = pytest.mark.django_db

EVERY = SimulationRange(portfolio.LINES, 1, 1 << 60)


def test_a_line_is_read_with_its_latest_inputs():
    line = granted()
    assets = [Asset(AssetKind.HOUSE, 'a "quoted\\ one'), Asset(AssetKind.VEHICLE, "证:2")]
    change = lines.InputsChange(line.pk, "x", income_fen=900_000, assets=assets)
    lines.revise([change], by=BY, on=day(1), at=moment(day(1)))

    [found] = portfolio.lines_in(EVERY)

    capacity = CAPACITY._replace(income_fen=900_000, assets=assets)
    assert found == SimulatedLine(line.pk, line.customer_id, 1_400_000, Fraction(1), capacity, None)


def test_a_closed_line_is_not_read():
    line = granted()
    lines.close([line.customer_id], by=BY, reason="left", at=moment(ON))

    assert portfolio.lines_in(EVERY) == []
    assert portfolio.ranges(portfolio.LINES, rows=10) == []


def test_a_limit_that_a_person_decided_is_read_exactly():
    granted(limit_fen=1_200_000)

    [found] = portfolio.lines_in(EVERY)

    assert (found.agreed, found.capacity) == (Fraction(1_200_000), CAPACITY._replace(assets=()))


def test_generated_lines_are_read_as_they_were_written():
    store(200, seed=3)
    made = [one for one in generated(200, seed=3) if one.state != "closed"]

    found = portfolio.lines_in(EVERY)

    assert [one[2:] for one in found] == [one[:4] for one in made]


def test_ranges_hold_as_many_lines_whatever_the_gaps():
    store(95, seed=1)
    store(5, seed=2, first_id=5_000)
    open_ids = set(CreditLine.objects.exclude(state="closed").values_list("pk", flat=True))

    parts = portfolio.ranges(portfolio.LINES, rows=10)

    read = [[one.line_id for one in portfolio.lines_in(part)] for part in parts]
    assert [len(ids) for ids in read[:-1]] == [10] * (len(parts) - 1)
    assert {n for ids in read for n in ids} == open_ids
