"""What a draft changes, and which numbers move an open line at once."""

from dataclasses import fields, replace
from fractions import Fraction

import pytest

from risk.lines.rules.grant import Asset, AssetKind, Capacity
from risk.policy import LimitPolicy, ScoringPolicy
from risk.simulation.rules import moves
from risk.simulation.rules.drafts import AT_ONCE, SimulationSides
from risk.simulation.rules.moves import SimulatedLine, SimulatedNumbers

NOW = SimulatedNumbers(ScoringPolicy(), LimitPolicy(), 30_000_000)
ASSETS = tuple(Asset(kind, kind.value) for kind in AssetKind)


class Watched:
    """A policy that notes which of its numbers are read."""

    def __init__(self):
        self.read = set()

    def __getattr__(self, name):
        self.read.add(name)
        return getattr(NOW.limits, name)


def test_the_numbers_that_move_an_open_line_at_once_are_those_its_target_reads():
    watched = Watched()
    for income_fen in (1000, 400_000, 900_000):
        line = SimulatedLine(
            1, 1, 5_000_000, Fraction(1), Capacity(income_fen, 1000, ASSETS, 1000), None
        )
        moves.target_under(line, NOW._replace(limits=watched))

    assert watched.read == AT_ONCE
    assert {one.name for one in fields(LimitPolicy)} >= AT_ONCE


def test_the_changed_numbers_are_named_with_their_app():
    after = SimulatedNumbers(
        replace(NOW.scoring, special_review_hours=48),
        replace(NOW.limits, reserve_hours=48, house_percent=12), 20_000_000,
    )  # fmt: skip
    found = SimulationSides(NOW, after)

    assert found.changed() == [
        "scoring.special_review_hours", "limits.house_percent", "limits.reserve_hours",
        "accounts.limit_max_fen",
    ]  # fmt: skip
    assert found.later_only() == ["limits.reserve_hours"]


@pytest.mark.parametrize(
    ("after", "redecides"),
    [
        (NOW._replace(limits=replace(NOW.limits, house_percent=12)), False),
        (NOW._replace(scoring=replace(NOW.scoring, score_base=310)), True),
    ],
)
def test_decisions_are_made_again_where_the_score_changes(after, redecides):
    assert SimulationSides(NOW, after).redecides is redecides
