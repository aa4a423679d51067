"""The text of a cost sheet in both languages (LAW-1, LAW-2)."""

import re
from datetime import date

import pytest
from django.utils.translation import override

from loans.accounting.rules.codes import Plan
from loans.contracts import sheet_text
from loans.contracts.rules.codes import QuotePurpose, Scenario
from loans.contracts.rules.cost_sheet import Burden, Price, SheetQuestion, sheet
from tests.loans.cases import TERMS

BULLET = SheetQuestion(
    QuotePurpose.DRAWDOWN, (1_000_000,), Plan.BULLET, date(2026, 9, 1), date(2026, 10, 1),
    Price(500), TERMS, Burden(1_000_000, {}, 500),
)  # fmt: skip


def lines(question, language="en"):
    with override(language):
        return sheet_text.text(sheet(question)).split("\n")


def test_the_yearly_cost_stands_first_and_the_smaller_figure_beside_it():
    assert lines(BULLET)[:4] == [
        "Cost sheet: drawdown",
        "Yearly cost of this loan, all items together: 19.86% (compound, by the real days of its"
        " payments, 365 days a year).",
        "As a simple rate (daily rate x 365 days): 18.25%.",
        "By a year of 360 days it would be 18.00%: that figure is smaller and is shown for"
        " comparison only.",
    ]


def test_every_item_is_written_with_way_standard_and_collector():
    found = lines(BULLET)
    at = found.index("Cost items:")

    assert found[at + 1 : at + 5] == [
        "interest: 150.00 yuan; by the night on the unpaid principal, paid on the due date;"
        " standard: 0.05% a day; collected by the lender; a year: 19.86%",
        "instalment fee: 0.00 yuan; not charged; standard: none; collected by the lender;"
        " a year: 0.00%",
        "service fee: 0.00 yuan; not charged; standard: none; collected by the lender;"
        " a year: 0.00%",
        "insurance: 0.00 yuan; not charged; standard: none; collected by the lender; a year: 0.00%",
    ]


def test_every_contingent_cost_and_the_cap_are_written():
    found = lines(BULLET)
    at = found.index("Only if it is not paid as agreed, or paid early:")

    assert found[at + 1 :] == [
        "Late fee: 0.05% of what is unpaid when the due date ends, once a bill.",
        "Penalty interest from the overdue record on: 0.1% a day on overdue principal and unpaid"
        " penalty interest, compounded nightly, in place of interest (36.50% a year before the"
        " cap).",
        "After a minimum payment the unpaid principal bears 1.5 times the daily rate.",
        "Early settlement and partial prepayment: 0.5% of the principal that is repaid before it is"
        " billed, at least 5.00 yuan each time.",
        "All charges together never exceed 24% a year of the outstanding principal; the excess is"
        " waived. The fee for repaying early is your choice and is not part of it.",
        "Nothing else is charged, by anybody.",
        "Notice: in 2026-10 you would pay 10,150.00 yuan, more than 50% of your verified monthly"
        " income of 10,000.00 yuan. Borrow only what you can repay.",
    ]


def test_a_plan_is_repaid_early_as_a_whole():
    question = BULLET._replace(plan=Plan.PLAN_3, price=Price(0))

    assert [line for line in lines(question) if line.startswith("Early settlement")] == [
        "Early settlement: 0.5% of the principal that is not billed yet, at least 5.00 yuan."
    ]


def test_without_a_high_share_there_is_no_notice():
    question = BULLET._replace(burden=Burden(None, {}, 500))

    assert lines(question)[-1] == "Nothing else is charged, by anybody."


def test_each_payment_of_a_plan_is_a_line():
    question = BULLET._replace(plan=Plan.PLAN_3, price=Price(0))

    assert [line for line in lines(question) if re.match(r"\d\. ", line)] == [
        "1. 2026-10-01: 3,383.33 yuan = principal 3,333.33 + interest 0.00 + instalment fee 50.00",
        "2. 2026-11-01: 3,383.33 yuan = principal 3,333.33 + interest 0.00 + instalment fee 50.00",
        "3. 2026-12-01: 3,383.34 yuan = principal 3,333.34 + interest 0.00 + instalment fee 50.00",
    ]
    assert "0.05% a day" not in "\n".join(lines(question))


def test_a_scenario_names_the_exact_rate_and_its_loss():
    price = Price(275, 900, Scenario.MEDICAL, date(2026, 9, 8))
    found = "\n".join(lines(BULLET._replace(price=price)))

    assert "standard: 0.02475% a day" in found
    assert (
        "Without a proof of the purpose by the end of 2026-09-08 the rate is 0.0275% a day for the"
        " nights after it." in found
    )


def test_the_chinese_text_has_every_line_of_the_english_one():
    chinese, english = lines(BULLET, "zh-hans"), lines(BULLET)

    assert len(chinese) == len(english)
    assert chinese[0] == "综合融资成本明示表（支用）"
    assert "年化综合融资成本：19.86%" in chinese[1]
    assert all(re.search(r"[\u4e00-\u9fff]", line) for line in chinese)


@pytest.mark.parametrize(
    ("ppm", "words"), [(0, "0.00%"), (114_854, "11.49%"), (99_950, "10.00%"), (182_500, "18.25%")]
)
def test_a_yearly_rate_has_two_decimals_half_up(ppm, words):
    assert sheet_text.rate(ppm) == words
