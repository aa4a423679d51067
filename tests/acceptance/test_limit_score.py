"""Cases of scores and limits, computed from the rulebook by an independent model.

``LIMIT_SCORE_CASES`` names another file of the same form.
"""

import json
import os
from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest

from accounts.policy import AccountPolicy
from risk.lines.rules import grant, growth, points, reserve, temporary, walk
from risk.lines.rules.available import LineAmounts, available_fen
from risk.policy import LimitPolicy, ScoringPolicy
from risk.scoring.rules import components as parts
from risk.scoring.rules import payment_behaviour
from risk.scoring.rules.score import Components, score

SCORING, LIMITS, BANK = ScoringPolicy(), LimitPolicy(), AccountPolicy()
FILE = Path(__file__).parents[1] / "data" / "limit_score.json"
CASES = json.loads(Path(os.environ.get("LIMIT_SCORE_CASES", FILE)).read_text())


def score_total(components_x100):
    exact = (None if value is None else Fraction(value, 100) for value in components_x100)
    found = score(Components(*exact), policy=SCORING)
    return {
        "score": found.total,
        "grade": found.grade,
        "ppm": found.rate_ppm,
        "plan3": 3 in found.plans,
        "plan12": 12 in found.plans,
    }


def c_social(good, mutual, other, depth2, overdue):
    friends = parts.Friends(good, mutual, other, depth2, overdue)
    return str(parts.social(friends, policy=SCORING))


def c_wealth(stable_days, balance, month_income, moves):
    holdings = parts.Holdings(stable_days, balance, month_income, moves)
    return str(parts.wealth(holdings, policy=SCORING))


def c_perf(codes):
    return str(parts.performance("".join(codes), policy=SCORING))


def c_consumption(ratio):
    spending = parts.Spending(*Fraction(ratio).as_integer_ratio())
    return str(parts.consumption(spending, policy=SCORING))


def c_payment(pay_01_to_12):
    values = [
        None if value is None else Fraction(value).as_integer_ratio() for value in pay_01_to_12
    ]
    return str(payment_behaviour.score_values(values, policy=SCORING).component)


def cap_fen(lender):
    return AccountPolicy(lender_type=lender).limit_max_fen


def grant_limit(income, occ, proof_valid, assets, cons, lender, **_words):
    proved = occ if proof_valid else min(occ, LIMITS.unproved_occupation_max_permille)
    listed = [grant.Asset(grant.AssetKind(kind), number) for kind, number in assets]
    model = grant.model_part(grant.Capacity(income, proved, listed, cons), policy=LIMITS)
    found = grant.grant(model, cap_fen=cap_fen(lender), policy=LIMITS)
    return {"model_part": str(model), "result": [found.limit_fen, found.verdict.upper()]}


def walked(**limits):
    start = limits["from"]
    return [start, *walk.walk(start, limits["to"], policy=LIMITS)]


def grown(rows, opened, model_part, start):
    """Each row has the day and the factor of a bill; what follows from them is computed."""
    history = [growth.GrowthStep(date.fromisoformat(opened), growth.START)]
    limit_fen, found = start, []
    for day, permille, *_expected in rows:
        on = date.fromisoformat(day)
        factor = growth.grown(history, Fraction(permille, 1000), on=on, policy=LIMITS)
        history.append(growth.GrowthStep(on, factor))
        target_fen = grant.target(Fraction(model_part), factor, cap_fen=BANK.limit_max_fen)
        limit_fen = walk.next_day(limit_fen, target_fen, policy=LIMITS).limit_fen
        found.append([day, permille, str(factor), limit_fen])
    return found


def yearly_uplift(months):
    total = points.points((points.MonthOfUse(*month) for month in months), policy=LIMITS)
    return {"points": total, "multiplier": str(points.yearly_step(total, policy=LIMITS))}


def usable(limit, temp, outstanding, holds, purchase):
    line = LineAmounts(limit, temp, LIMITS.buffer_permille, holds, 0, outstanding)
    left_fen = available_fen(line)
    return {
        "usable": left_fen,
        "hold": reserve.hold_fen(purchase, available_fen=left_fen, policy=LIMITS),
    }


def temp_limit(fixed, ask, days, bills, granted):
    request = temporary.TemporaryRequest(fixed, ask, days, bills, date.fromisoformat(granted))
    found = temporary.decide(request, cap_fen=BANK.limit_max_fen, policy=LIMITS)
    return [found.amount_fen, str(found.valid_to), found.verdict.upper()]


RULES = {
    "score_total": score_total, "c_social": c_social, "c_wealth": c_wealth, "c_perf": c_perf,
    "c_consumption": c_consumption, "c_payment": c_payment, "grant_limit": grant_limit,
    "walk": walked, "yearly_uplift": yearly_uplift, "usable": usable, "temp_limit": temp_limit,
}  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_the_rules_give_what_the_independent_model_gives(case):
    rows = {"rows": case["expect"]} if case["fn"] == "growth" else {}

    found = (RULES | {"growth": grown})[case["fn"]](**rows, **case["args"])

    assert found == case["expect"]


def test_every_case_of_the_file_is_run():
    assert {case["fn"] for case in CASES} <= {*RULES, "growth"}
    assert len({case["id"] for case in CASES}) == len(CASES) > 0


def test_the_file_of_the_project_holds_sixty_cases_of_every_rule():
    cases = json.loads(FILE.read_text())

    assert len(cases) == 60
    assert {case["fn"] for case in cases} == {*RULES, "growth"}
