"""The figures of a run: what counts as found, and the interval of a sample."""

import pytest

from tests.mutants import report, sample
from tests.mutants.report import Tally


@pytest.mark.parametrize(
    ("verdict", "expected"),
    [
        ("killed", "killed"),
        ("caught by type check", "killed"),
        ("timeout", "timed_out"),
        ("segfault", "timed_out"),
        ("survived", "survived"),
        ("no tests", "survived"),
        ("suspicious", "survived"),
        ("check was interrupted by user", "survived"),
    ],
)
def test_a_mutant_that_no_test_reaches_has_survived(verdict, expected):
    assert report.outcome(verdict, is_equivalent=False) == expected
    assert report.is_found(verdict) is (expected != "survived")


def test_an_equivalent_mutant_counts_as_such_only_while_it_survives():
    assert report.outcome("survived", is_equivalent=True) == "equivalent"
    assert report.outcome("killed", is_equivalent=True) == "killed"


def test_a_mutant_without_a_verdict_is_not_found():
    assert not report.is_found(None)


def test_the_score_leaves_out_what_no_test_can_find():
    counted = Tally(killed=7, timed_out=1, survived=2, equivalent=5)

    assert (counted.mutants, counted.tried, counted.found) == (15, 10, 8)
    assert counted.score == 0.8
    assert Tally(equivalent=1).score is None


def test_outcomes_are_counted_by_package():
    outcomes = {
        "risk.lines.rules.cuts.x_a__mutmut_1": "killed",
        "loans.billing.rules.issue.x_a__mutmut_1": "survived",
        "loans.billing.rules.minimum.x_a__mutmut_1": "killed",
    }

    assert report.tally(outcomes, sample.package_of) == {
        "loans.billing": Tally(killed=1, survived=1),
        "risk.lines": Tally(killed=1),
    }


@pytest.mark.parametrize(
    ("found", "tried", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (0, 20, 0.0, 0.1611), (20, 20, 0.8389, 1.0), (0, 0, 0.0, 1.0)],
)
def test_the_interval_is_that_of_wilson(found, tried, low, high):
    # The first one is the example of Newcombe (1998), Statistics in Medicine 17, table I.
    assert report.wilson(found, tried) == pytest.approx((low, high), abs=5e-5)


def test_only_a_sample_has_an_interval():
    counted = Tally(killed=9, survived=1)

    assert report.line("loans", counted, is_sample=False).split() == [
        "loans", "10", "9", "0", "1", "0", "90.0%",
    ]  # fmt: skip
    assert report.line("loans", counted, is_sample=True).endswith("90.0%  (59.6% to 98.2%)")
    assert "%" not in report.line("loans", Tally(equivalent=1), is_sample=True)
