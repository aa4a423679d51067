"""The rulebook's worked examples, read from their own words, to the fen."""

import ast
import re
from datetime import date
from decimal import Decimal
from itertools import pairwise

import pytest

from loans.accounting.rules.accrual import interest_fen, own_rate_micro, penalty_fen, revolving_fen
from loans.accounting.rules.allocation import Claim, allocate
from loans.accounting.rules.cap import cap_fen
from loans.accounting.rules.codes import Plan
from loans.accounting.rules.debt import Debt
from loans.billing.rules.minimum import minimum_fen
from loans.contracts.rules import annual_rate, plans
from loans.delinquency.rules.late_fee import late_fee_fen
from tests.loans.cases import TERMS, amounts, fen, ppm, read

GRADES = 58  # of the rate by grade: tested with the rules of scores
EXAMPLES = {
    example["n"]: example
    for example in read("examples.json")
    if example["rule"].startswith(("RATE-", "REPAY-")) and example["n"] != GRADES
}


def examples(*numbers):
    return pytest.mark.parametrize(
        "example", [EXAMPLES[n] for n in numbers], ids=[f"EX-{n}" for n in numbers]
    )


def principal_and_rate(example):
    found = re.search(r"P=([\d,.]+) r=([\d.]+)%", example["inputs"])
    return fen(found[1]), ppm(found[2])


def nights(example):
    """``30 nights``, or the two dates of the title."""
    days = re.findall(r"\d{4}-\d\d-\d\d", example["title"])
    if days:
        first, last = map(date.fromisoformat, days)
        return (last - first).days
    words = f"{example['title']} {example['inputs']}"
    return int(re.search(r"(\d+) (?:overdue )?night", words)[1])


@examples(4, 5, 6, 7, 9)
def test_interest_is_principal_by_rate_by_nights(example):
    principal_fen, rate_ppm = principal_and_rate(example)

    assert interest_fen(principal_fen, rate_ppm, nights(example)) == fen(example["result"])


@examples(8)
def test_nightly_postings_sum_to_the_rounded_whole(example):
    principal_fen, rate_ppm = principal_and_rate(example)
    ends = [interest_fen(principal_fen, rate_ppm, night) for night in range(6)]

    posts = [end - start for start, end in pairwise(ends)]
    assert posts == ast.literal_eval(re.search(r"\[.*\]", example["result"])[0])
    assert sum(posts) == int(re.search(r"sum (\d+)", example["result"])[1])


PLANS = {12: Plan.PLAN_3, 13: Plan.PLAN_6, 14: Plan.PLAN_12, 16: Plan.PLAN_3, 17: Plan.PLAN_6}


@examples(1, 2, 3)
def test_a_daily_rate_makes_a_yearly_one_over_its_days(example):
    [percent], [days] = (
        re.findall(pattern, example[name])
        for pattern, name in ((r"([\d.]+)%", "inputs"), (r"\*(\d+)", "formula"))
    )

    yearly_ppm = annual_rate.simple_ppm(ppm(percent) * 1000, year_days=int(days))

    assert yearly_ppm == ppm(example["result"].rstrip("%"))


@examples(11)
def test_a_scenario_takes_a_tenth_off_down_to_the_least_rate(example):
    rates = [ppm(found) for found in re.findall(r"r=([\d.]+)%", example["inputs"])]

    found = [own_rate_micro(rate, 900, TERMS) for rate in rates]

    expected = re.findall(r"[\d.]+", example["result"])
    assert found == [int(Decimal(one) * 10**9) for one in expected]


@examples(12, 13, 14)
def test_a_plan_has_its_fee_its_rows_and_its_rate(example):
    rows = plans.rows(1_000_000, PLANS[example["n"]], first_due_on=date(2026, 10, 1), terms=TERMS)
    fee, *parts = amounts(example["result"])

    rate = annual_rate.monthly_rate(
        [-1_000_000, *(row.principal_fen + row.fee_fen for row in rows)]
    )

    assert sum(row.fee_fen for row in rows) == fee
    assert [*rows[0][2:], *rows[-1][2:]] == parts[:4]
    month, nominal, effective = re.findall(r"([\d.]+)%", example["result"])
    assert rate.month_ppm == ppm(month)
    assert f"{rate.nominal_ppm / 10_000:.2f}" == nominal
    assert f"{rate.effective_ppm / 10_000:.2f}" == effective


@examples(15)
def test_a_fee_of_each_period_would_be_unlawful(example):
    payment_fen = 1_000_000 // 12 + 60_000

    rate = annual_rate.monthly_rate([-1_000_000, *(payment_fen,) * 12])

    month, nominal = re.findall(r"([\d.]+)%", example["result"])
    assert f"{rate.month_ppm / 10_000:.3f}" == month
    assert f"{rate.nominal_ppm / 10_000:.1f}" == nominal
    assert rate.nominal_ppm > TERMS.cap_annual_ppm


@examples(16, 17)
def test_an_uneven_split_leaves_the_remainder_to_the_last_row(example):
    [principal_fen] = amounts(example["inputs"])

    rows = plans.rows(
        principal_fen, PLANS[example["n"]], first_due_on=date(2026, 10, 1), terms=TERMS
    )

    principals, fees = re.findall(r"\[[^]]*\]", example["result"])
    assert [row.principal_fen for row in rows] == ast.literal_eval(principals)
    assert [row.fee_fen for row in rows] == ast.literal_eval(fees)


MANDATORY_FEN = {28: 12_000, 29: 15_000, 30: 118_000, 31: 3_000, 32: 16_394, 33: 0}


@examples(28, 29, 30, 31, 32, 33)
def test_the_minimum_is_a_tenth_or_what_must_be_paid_anyway(example):
    past_due_fen = fen("500.00") if example["n"] == 31 else 0
    total_fen = amounts(example["inputs"])[1 if past_due_fen else 0]

    asked_fen = minimum_fen(
        total_fen,
        mandatory_fen=MANDATORY_FEN[example["n"]],
        past_due_fen=past_due_fen,
        terms=TERMS,
    )
    assert asked_fen == fen(example["result"])


def a_bill(**owed):
    return [
        Claim(Debt(**(dict.fromkeys(Debt._fields, 0) | owed)), 500_000, False, date(2026, 9, 1))
    ]


@examples(34)
def test_a_minimum_payment_goes_to_interest_first(example):
    paid_fen, _bill_fen = amounts(example["inputs"])

    [parts], left_fen = allocate(paid_fen, a_bill(interest_fen=12_000, principal_fen=1_000_000))

    expected = {name: fen(words) for name, words in ast.literal_eval(example["result"]).items()}
    assert (parts.interest_fen, parts.principal_fen) == (*expected.values(),)
    assert left_fen == 0


@examples(35, 36)
def test_the_remainder_revolves_into_the_next_bill(example):
    principal_fen = fen("9,108.00")

    revolved_fen = revolving_fen(principal_fen, ppm("0.04"), TERMS.revolve_factor_permille, 30)

    expected_fen = revolved_fen + (principal_fen if example["n"] == 36 else 0)
    assert expected_fen == fen(example["result"])


@examples(37)
def test_a_year_at_one_and_a_half_times_the_top_rate_meets_the_cap(example):
    [percent] = re.findall(r"[\d.]+", example["result"])
    principal_fen = 1_000_000

    year_fen = revolving_fen(principal_fen, ppm("0.05"), TERMS.revolve_factor_permille, 365)

    assert year_fen == principal_fen * ppm(percent) // 1_000_000
    assert year_fen > cap_fen(principal_fen * 365, TERMS)


@examples(38, 39, 40, 41)
def test_the_late_fee_is_charged_once_on_what_is_unpaid(example):
    [unpaid_fen] = amounts(example["inputs"])

    assert late_fee_fen(unpaid_fen, TERMS) == fen(example["result"])


@examples(42)
def test_paying_two_days_late_costs_two_nights_and_the_late_fee(example):
    billed_fen = fen("10,150.00")

    two_nights_fen = interest_fen(1_000_000, 500, 32) - interest_fen(1_000_000, 500, 30)
    payoff_fen = billed_fen + two_nights_fen + late_fee_fen(billed_fen, TERMS)
    assert payoff_fen == fen(example["result"])


@examples(43, 44, 45, 46, 47, 48, 49)
def test_penalty_compounds_nightly(example):
    [principal_fen] = amounts(example["inputs"])

    assert penalty_fen(principal_fen, TERMS.penalty_ppm, nights(example)) == fen(example["result"])


@examples(50)
def test_a_part_payment_settles_fees_then_interest_then_principal(example):
    paid_fen, penalty, late, interest = amounts(example["inputs"])
    owed = a_bill(
        penalty_fen=penalty, late_fee_fen=late, interest_fen=interest, principal_fen=1_000_000
    )

    [parts], _left_fen = allocate(paid_fen, owed)

    settled = {name: getattr(parts, f"{name}_fen") for name in ast.literal_eval(example["result"])}
    assert settled == {
        name: fen(words) for name, words in ast.literal_eval(example["result"]).items()
    }


@examples(51)
def test_penalty_restarts_on_what_is_left(example):
    [base_fen] = amounts(example["inputs"])

    assert penalty_fen(base_fen, TERMS.penalty_ppm, 3) == fen(example["result"])


@examples(52, 53)
def test_the_cap_is_floored(example):
    [principal_fen] = amounts(example["inputs"])
    night_count = {52: 44, 53: 1}[example["n"]]

    assert cap_fen(principal_fen * night_count, TERMS) == fen(example["result"])


def test_every_example_of_the_file_is_tested():
    tested = {int(n) for n in re.findall(r"\d+", " ".join(_MARKED))}
    assert tested == set(EXAMPLES)


_MARKED = [
    identity
    for test in list(globals().values())
    if callable(test)
    for mark in getattr(test, "pytestmark", [])
    if mark.name == "parametrize"
    for identity in mark.kwargs["ids"]
]
