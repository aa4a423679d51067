"""Which mutants are tried: each package its share, the same ones for the same seed."""

import tomllib

from tests.mutants import sample
from tests.source_tree import ROOT

MUTANTS = [
    f"{package}.rules.{module}.x_total__mutmut_{number}"
    for package, module, count in [
        ("loans.billing", "issue", 60), ("loans.billing", "minimum", 20), ("risk.lines", "x", 20),
    ]
    for number in range(count)
]  # fmt: skip


def test_a_name_gives_its_app_its_package_and_its_module():
    name = "loans.billing.rules.issue.x_total__mutmut_1"

    assert sample.app_of(name) == "loans"
    assert sample.package_of(name) == "loans.billing"
    assert sample.module_of(name) == "loans.billing.rules.issue"


def test_a_name_chooses_what_is_below_it_and_not_what_begins_alike():
    found = ["loans.bill.rules.x_a__mutmut_1", "loans.billing.rules.x_a__mutmut_1"]

    assert sample.below(reversed(found), []) == found
    assert sample.below(found, ["loans.bill"]) == found[:1]
    assert sample.below(found, ["risk", "loans"]) == found


def test_every_package_gives_its_share_of_a_sample():
    drawn = sample.draw(MUTANTS, 10, seed=1)

    assert [sample.package_of(each) for each in drawn] == ["loans.billing"] * 8 + ["risk.lines"] * 2
    assert len(set(drawn)) == 10


def test_the_same_seed_draws_the_same_and_another_one_others():
    drawn = sample.draw(MUTANTS, 10, seed=1)

    assert sample.draw(reversed(MUTANTS), 10, seed=1) == drawn
    assert sample.draw(MUTANTS, 10, seed=2) != drawn


def test_a_sample_larger_than_the_whole_is_the_whole():
    assert sample.draw(MUTANTS, 101, seed=1) == sorted(MUTANTS)


def test_every_module_of_tests_of_rules_is_used():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mutmut"]

    tests = {ROOT / path for path in settings["pytest_add_cli_args_test_selection"]}

    found = {
        path
        for app in ("loans", "risk")
        for pattern in (f"tests/{app}/*/rules", f"tests/{app}/*/test_rules.py")
        for path in ROOT.glob(pattern)
    }
    assert found <= tests
    assert all(path.exists() for path in tests)
