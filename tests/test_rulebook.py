"""Every rule of scores and limits gives its example; the page of rules is that of the table."""

import ast
import json
import re
from fractions import Fraction

import pytest

from risk.lines.rules import grant, reserve, walk
from risk.lines.rules.available import LineAmounts, available_fen
from risk.scoring.rules import components
from risk.scoring.rules.score import Components, graded, score
from tests.rulebook import (
    BANK_FEN,
    ELSEWHERE,
    LIMITS,
    PAGE,
    ROOT,
    ROWS,
    SCORING,
    first_limit,
    following,
    grown,
    page,
    rules_in,
)

EXAMPLES = {
    example["n"]: example
    for example in json.loads((ROOT / "tests" / "data" / "examples.json").read_text())
    if 54 <= example["n"] <= 74
}


def examples(*numbers):
    return pytest.mark.parametrize(
        "example", [EXAMPLES[n] for n in numbers], ids=[f"EX-{n}" for n in numbers]
    )


def fen(text):
    """``12,800.00`` or ``10,000`` in yuan."""
    return round(Fraction(text.replace(",", "")) * 100)


def amounts(text):
    return [fen(one) for one in re.findall(r"\d[\d,]*(?:\.\d+)?", text)]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.rule}: {row.example}")
def test_a_rule_gives_its_example(row):
    assert row.found() == row.expected


def test_every_rule_of_scores_and_limits_has_a_row():
    expected = {f"SCORE-{n}" for n in range(1, 13)} | {f"LIMIT-{n}" for n in range(1, 15)}
    expected |= {"CMP-1", "CMP-2", "GEN-16", "RATE-1", "RATE-2", "RATE-8"}
    expected |= {f"FAQ-{n}" for n in range(1, 9)}

    assert expected <= {row.rule for row in ROWS} | {*ELSEWHERE}
    assert not {row.rule for row in ROWS} & {*ELSEWHERE}


def test_the_module_of_a_row_names_its_rule():
    texts = {row.module: (ROOT / row.module).read_text() for row in ROWS}

    assert [
        f"{row.rule} {row.module}" for row in ROWS if row.rule not in rules_in(texts[row.module])
    ] == []


def test_the_page_of_rules_is_that_of_the_table():
    assert PAGE.read_text() == page(), "make rules writes it again"


def test_ranges_of_rules_are_all_their_rules():
    assert rules_in("(REPAY-7, 9 to 11) and GEN-3, LAW-1 to LAW-3") == {
        "REPAY-7", "REPAY-9", "REPAY-10", "REPAY-11", "GEN-3", "LAW-1", "LAW-2", "LAW-3",
    }  # fmt: skip


@examples(54, 57)
def test_components_give_the_score(example):
    listed = re.search(r"[\d.]+(?:,(?:[\d.]+|None))+", example["inputs"])[0]
    values = [None if one == "None" else Fraction(one) for one in listed.split(",")]

    assert score(Components(*values), policy=SCORING).total == example["result"]


@examples(55, 56)
def test_a_threshold_is_between_two_hundredths(example):
    values = [Fraction(one) for one in re.findall(r"\d+\.\d+", example["inputs"])]

    found = [score(Components(*[value] * 5), policy=SCORING).total for value in values]
    assert found == [int(one) for one in example["result"].split(" / ")]


@examples(58)
def test_a_grade_has_its_rate(example):
    rates = [graded(int(n), policy=SCORING).rate_ppm for n in re.findall(r"\d+", example["inputs"])]

    assert rates == [
        None if one == "None" else Fraction(one) * 1_000_000
        for one in example["result"].split(" / ")
    ]


@examples(59)
def test_everyday_spending_gives_its_points(example):
    shares = [int(n) for n in re.findall(r"(\d+)%", example["inputs"])]

    found = [components.consumption(components.Spending(n, 100), policy=SCORING) for n in shares]
    assert found == [Fraction(one) for one in example["result"].split(" / ")]


@examples(60, 61, 62, 63, 64, 65)
def test_income_gives_the_first_limit(example):
    [income_fen] = amounts(re.search(r"income [\d,.]+", example["title"] + example["inputs"])[0])
    title = example["title"]
    factor = re.search(r"civil servant ([\d.]+)", title)
    occupation = int(Fraction(factor[1]) * 1000) if factor else 1000
    if "freelancer" in title:
        occupation = LIMITS.freelancer_permille
    kinds = [kind for word, kind in (("house", "house"), ("car", "vehicle")) if word in title]

    found = first_limit(income_fen, occupation=occupation, assets=",".join(kinds))
    assert found == fen(example["result"])


@examples(66, 68)
def test_a_day_is_clamped(example):
    assert following(*amounts(example["inputs"]))[0] == fen(example["result"])


@examples(67)
def test_a_walk_takes_its_days(example):
    limits = amounts(example["inputs"].replace("(floored 17,280)", ""))

    assert [limits[0], *walk.walk(limits[0], limits[-1], policy=LIMITS)] == limits
    assert f"{len(limits) - 1} days" == example["result"]


@examples(69, 70)
def test_a_large_purchase_holds_its_share(example):
    [purchase_fen] = amounts(example["inputs"])

    found = reserve.hold_fen(purchase_fen, available_fen=BANK_FEN, policy=LIMITS)
    assert found == fen(example["result"])


@examples(71, 72)
def test_the_buffer_is_a_share_of_the_whole_limit(example):
    limit_fen, drawn_fen, *held_fen = amounts(example["inputs"])
    line = LineAmounts(limit_fen, 0, LIMITS.buffer_permille, sum(held_fen), 0, drawn_fen)

    assert available_fen(line) == amounts(example["result"])[0]


@examples(73, 74)
def test_bills_in_full_raise_the_limit_up_to_the_ceiling(example):
    [model_fen] = amounts(re.search(r"[\d,]{4,}", example["inputs"])[0])
    limits, limit_fen = [], model_fen
    for bills in range(1, {73: 1, 74: 5}[example["n"]] + 1):
        target_fen = grant.target(Fraction(model_fen), grown(*[1050] * bills), cap_fen=BANK_FEN)
        limit_fen = walk.next_day(limit_fen, target_fen, policy=LIMITS).limit_fen
        limits.append(limit_fen)

    assert limits == [1_050_000, 1_100_000, 1_150_000, 1_150_000, 1_150_000][: len(limits)]
    assert limit_fen == amounts(example["result"])[0]


def test_every_example_of_scores_and_limits_is_tested():
    calls = [
        node for node in ast.walk(ast.parse((ROOT / "tests" / "test_rulebook.py").read_text()))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "examples"
    ]  # fmt: skip

    assert sorted(ast.literal_eval(one) for call in calls for one in call.args) == [*range(54, 75)]
