"""The cost sheet: schedule, items, yearly figures, contingent costs (LAW-1, LAW-2, GEN-7)."""

import hashlib
import json
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loans.accounting.rules.codes import Plan
from loans.contracts.rules.codes import QuotePurpose, Scenario
from loans.contracts.rules.cost_sheet import (
    Burden,
    Price,
    SheetLoan,
    SheetQuestion,
    canonical,
    digest,
    schedule,
    sheet,
)
from tests.loans.cases import TERMS
from tests.profiles import pure

DRAWN_ON, DUE_ON = date(2026, 9, 1), date(2026, 10, 1)
NOBODY = Burden(None, {}, 500)


def asked(plan=Plan.BULLET, *principals_fen, **other):
    question = SheetQuestion(
        QuotePurpose.DRAWDOWN, principals_fen or (1_000_000,), plan, DRAWN_ON, DUE_ON,
        Price(500 if plan == Plan.BULLET else 0), TERMS, NOBODY,
    )  # fmt: skip
    return question._replace(**other)


def test_a_bullet_is_paid_once_with_interest_to_its_due_date():
    [row] = schedule(asked())

    assert row == (1, DUE_ON, 30, 1_000_000, 15_000, 0)
    assert row.total_fen == 1_015_000


def test_a_plan_is_paid_monthly_with_its_fee_and_without_interest():
    rows = schedule(asked(Plan.PLAN_3))

    assert [row[2:] for row in rows] == [
        (30, 333_333, 0, 5_000), (61, 333_333, 0, 5_000), (91, 333_334, 0, 5_000),
    ]  # fmt: skip


def test_a_bill_of_two_loans_is_converted_loan_by_loan():
    rows = schedule(asked(Plan.PLAN_3, 100_000, 100_000))

    # Each loan of 1,000.00 has rows of 333.33, 333.33 and 333.34, and a fee of 15.00.
    assert [row.principal_fen for row in rows] == [66_666, 66_666, 66_668]
    assert [row.plan_fee_fen for row in rows] == [1_000, 1_000, 1_000]


def test_the_yearly_cost_of_a_bullet_is_compound_simple_and_by_360_days():
    found = sheet(asked())

    assert found["annual"] == {
        "irr_ppm": 198_589, "simple_365_ppm": 182_500, "headline_360_ppm": 180_000,
    }  # fmt: skip


def test_the_yearly_cost_of_a_plan_follows_its_real_days():
    found = sheet(asked(Plan.PLAN_12))

    # Twelve equal months would give 114,574 ppm: the real ones are not equal.
    assert found["annual"] == {
        "irr_ppm": 114_854, "simple_365_ppm": None, "headline_360_ppm": 113_195,
    }  # fmt: skip
    assert (found["total_fen"], found["cost_fen"]) == (1_060_000, 60_000)


def test_every_item_names_way_standard_collector_and_size():
    assert sheet(asked())["items"] == [
        {"item": "interest", "way": "daily", "standard_ppb": 500_000, "collector": "lender",
         "amount_fen": 15_000, "annual_ppm": 198_589},
        {"item": "plan_fee", "way": "never", "standard_ppb": 0, "collector": "lender",
         "amount_fen": 0, "annual_ppm": 0},
        {"item": "service_fee", "way": "never", "standard_ppb": 0, "collector": "lender",
         "amount_fen": 0, "annual_ppm": 0},
        {"item": "insurance", "way": "never", "standard_ppb": 0, "collector": "lender",
         "amount_fen": 0, "annual_ppm": 0},
    ]  # fmt: skip


def test_a_plan_names_its_flat_fee_in_place_of_interest():
    interest, fee, *_never = sheet(asked(Plan.PLAN_6))["items"]

    assert (interest["way"], interest["amount_fen"]) == ("never", 0)
    assert fee == {
        "item": "plan_fee", "way": "instalments", "standard_ppb": 30_000_000,
        "collector": "lender", "amount_fen": 30_000, "annual_ppm": fee["annual_ppm"],
    }  # fmt: skip
    assert fee["annual_ppm"] == sheet(asked(Plan.PLAN_6))["annual"]["irr_ppm"]


def test_contingent_costs_of_a_bullet_are_all_listed():
    assert sheet(asked())["contingent"] == [
        {"item": "late_fee", "ppm": 500},
        {"item": "penalty", "ppb": 1_000_000},
        {"item": "revolving", "factor_permille": 1_500},
        {"item": "prepayment_fee", "ppm": 5_000, "least_fen": 500, "is_in_part_too": True},
    ]
    assert sheet(asked())["cap_annual_ppm"] == 240_000
    assert sheet(asked())["is_nothing_else_charged"] is True


def test_a_plan_never_revolves():
    codes = [one["item"] for one in sheet(asked(Plan.PLAN_3))["contingent"]]

    assert codes == ["late_fee", "penalty", "prepayment_fee"]


def test_a_scenario_lowers_interest_and_names_what_its_loss_costs():
    price = Price(275, 900, Scenario.MEDICAL, date(2026, 9, 8))

    found = sheet(asked(price=price))

    assert found["rate"] == {
        "daily_ppm": 275, "scenario": "medical", "factor_permille": 900, "charged_ppb": 247_500,
    }  # fmt: skip
    assert found["schedule"][0]["interest_fen"] == 7_425  # 1,000,000 x 0.0002475 x 30
    assert found["contingent"][-1] == {
        "item": "scenario_lost", "ppm": 275, "proof_until": "2026-09-08",
    }  # fmt: skip


def test_interest_is_rounded_half_up_once():
    price = Price(275, 900, Scenario.MEDICAL)
    [row] = schedule(asked(Plan.BULLET, 1_000, price=price))

    assert row.interest_fen == 7  # 7.425
    [row] = schedule(asked(Plan.BULLET, 100, price=Price(500), first_due_on=DUE_ON))
    assert row.interest_fen == 2  # 1.5


@pytest.mark.parametrize(
    ("income_fen", "is_high"), [(2_030_000, False), (2_029_999, True), (None, False)]
)
def test_a_notice_is_due_above_half_of_the_income(income_fen, is_high):
    found = sheet(asked(burden=Burden(income_fen, {}, 500)))["affordability"]

    assert found == {
        "month": "2026-10", "new_fen": 1_015_000, "existing_fen": 0, "due_fen": 1_015_000,
        "income_fen": income_fen, "share_max_permille": 500, "is_high": is_high,
    }  # fmt: skip


def test_existing_bills_count_in_their_month_and_late_ones_in_the_first():
    due = {date(2026, 8, 1): 7, date(2026, 11, 1): 500, date(2027, 9, 1): 9_999}
    burden = Burden(1_000_000, due, 500)

    found = sheet(asked(Plan.PLAN_3, burden=burden))["affordability"]

    assert (found["month"], found["new_fen"], found["existing_fen"]) == ("2026-11", 338_333, 500)
    first = sheet(asked(Plan.PLAN_3, burden=burden._replace(due_fen={date(2026, 8, 1): 7})))
    assert (first["affordability"]["month"], first["affordability"]["due_fen"]) == (
        "2026-10", 338_340,
    )  # fmt: skip


def test_the_digest_is_that_of_canonical_json():
    texts = {"en": "text", "zh-hans": "正文"}
    content = '{"sheet":{"a":1,"b":[2]},"texts":{"en":"text","zh-hans":"正文"}}'

    assert canonical({"texts": texts, "sheet": {"b": [2], "a": 1}}) == content
    assert digest({"b": [2], "a": 1}, texts) == hashlib.sha256(content.encode()).hexdigest()


def test_a_sheet_comes_back_from_json_as_it_was():
    found = sheet(asked(price=Price(275, 900, Scenario.EDUCATION, date(2026, 9, 8))))

    assert json.loads(canonical(found)) == found


@pure
@given(st.integers(10_000, 30_000_000), st.sampled_from(list(Plan)), st.integers(200, 500))
def test_what_is_paid_is_principal_and_the_listed_items(principal_fen, plan, rate_ppm):
    question = asked(plan, principal_fen, price=Price(rate_ppm if plan == Plan.BULLET else 0))

    found = sheet(question)

    assert found["total_fen"] == sum(row["total_fen"] for row in found["schedule"])
    assert found["cost_fen"] == sum(item["amount_fen"] for item in found["items"])
    assert found["total_fen"] == principal_fen + found["cost_fen"]
    assert found["annual"]["headline_360_ppm"] < found["annual"]["irr_ppm"] < 240_000


def test_a_sheet_of_a_conversion_names_its_loans():
    loans = (SheetLoan("a", date(2026, 8, 1), 100_000), SheetLoan("b", DRAWN_ON, 200_000))

    found = sheet(asked(Plan.PLAN_3, 100_000, 200_000, loans=loans))

    assert found["loans"] == [
        {"id": "a", "drawn_on": "2026-08-01", "principal_fen": 100_000},
        {"id": "b", "drawn_on": "2026-09-01", "principal_fen": 200_000},
    ]


def never(item):
    return {
        "item": item, "way": "never", "standard_ppb": 0, "collector": "lender", "amount_fen": 0,
        "annual_ppm": 0,
    }  # fmt: skip


def test_the_sheet_of_a_bullet_in_full():
    assert sheet(asked()) == {
        "version": 3,
        "purpose": "drawdown",
        "annual": {"irr_ppm": 198_589, "simple_365_ppm": 182_500, "headline_360_ppm": 180_000},
        "amount_fen": 1_000_000,
        "plan": "bullet",
        "drawn_on": "2026-09-01",
        "rate": {
            "daily_ppm": 500, "scenario": None, "factor_permille": 1000, "charged_ppb": 500_000,
        },
        "schedule": [
            {"instalment": 1, "due_on": "2026-10-01", "nights": 30, "principal_fen": 1_000_000,
             "interest_fen": 15_000, "plan_fee_fen": 0, "total_fen": 1_015_000},
        ],
        "total_fen": 1_015_000,
        "cost_fen": 15_000,
        "items": [
            {"item": "interest", "way": "daily", "standard_ppb": 500_000, "collector": "lender",
             "amount_fen": 15_000, "annual_ppm": 198_589},
            never("plan_fee"), never("service_fee"), never("insurance"),
        ],
        "contingent": [
            {"item": "late_fee", "ppm": 500},
            {"item": "penalty", "ppb": 1_000_000},
            {"item": "revolving", "factor_permille": 1500},
            {"item": "prepayment_fee", "ppm": 5000, "least_fen": 500, "is_in_part_too": True},
        ],
        "cap_annual_ppm": 240_000,
        "is_nothing_else_charged": True,
        "affordability": {
            "month": "2026-10", "new_fen": 1_015_000, "existing_fen": 0, "due_fen": 1_015_000,
            "income_fen": None, "share_max_permille": 500, "is_high": False,
        },
    }  # fmt: skip


def test_the_sheet_of_a_plan_has_no_rate_and_names_the_heaviest_month():
    found = sheet(asked(Plan.PLAN_3, purpose=QuotePurpose.CONVERSION))

    assert (found["purpose"], found["plan"], found["rate"]) == ("conversion", "plan-3", None)
    assert found["annual"] == {
        "irr_ppm": 93_835, "simple_365_ppm": None, "headline_360_ppm": 92_492,
    }  # fmt: skip
    assert found["items"][1] == {
        "item": "plan_fee", "way": "instalments", "standard_ppb": 15_000_000,
        "collector": "lender", "amount_fen": 15_000, "annual_ppm": 93_835,
    }  # fmt: skip
    assert found["affordability"]["month"] == "2026-12"
    assert found["affordability"]["due_fen"] == 338_334
