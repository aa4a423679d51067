"""Guide, glossary and comparison as anybody reads them (GEN-16, CMP-1, CMP-2)."""

from datetime import date

import pytest
from django.test import Client
from django.urls import resolve

from tests.policies import put_in_force

pytestmark = pytest.mark.django_db
ADDRESSES = ("guide", "glossary", "products/comparison")


def read(address, language="en"):
    answer = Client().get(f"/api/v1/{address}", headers={"accept-language": language})
    assert answer.status_code == 200, answer.content
    return answer.json()


def cells(reply):
    return {
        row["dimension"]: [cell["text"] for cell in row["cells"]] for row in reply["rows"]
    }  # fmt: skip


def test_the_table_has_the_four_rows_and_three_products_of_the_source():
    assert cells(read("products/comparison")) == {
        "decision-time": ["15 minutes", "3 working days", "30 minutes"],
        "annual-rate": [
            "7.3 % - 18.25 % of 365 days, that is 0.02 % - 0.05 % a day (7.2 % - 18 % of 360 days)",
            "4.5 % - 24 %", "6 % - 24 %",
        ],
        "limit-range": [
            "500 - 300,000 yuan", "50,000 - 500,000 yuan", "1,000 - 300,000 yuan",
        ],
        "risk-focus": [
            "payment behaviour 30 %, social relations 25 %", "credit report",
            "records of consumption",
        ],
    }  # fmt: skip


def test_only_the_own_cells_come_from_the_policy():
    reply = read("products/comparison")

    assert [one["product"] for one in reply["products"]] == ["own", "bank", "jiebei"]
    assert [[cell["is_from_policy"] for cell in row["cells"]] for row in reply["rows"]] == [
        [True, False, False]
    ] * 4
    assert (reply["version"], reply["origin"]["dated_on"]) == ("2026-11", "2023-12-31")


def test_the_weights_stand_where_the_source_contradicts_itself():
    reply = read("products/comparison")

    assert [(one["component"], one["percent"]) for one in reply["weights"]] == [
        ("payment", 30), ("social", 25), ("wealth", 20), ("consumption", 15), ("performance", 10),
    ]  # fmt: skip
    assert "larger weight" in reply["weights_note"]


def test_the_paragraphs_are_on_the_four_lenders_of_the_source():
    reply = read("products/comparison", "zh-hans")

    assert [one["title"] for one in reply["prose"]] == [
        "本产品", "支付宝借呗", "京东金条", "招联金融",
    ]  # fmt: skip
    assert "0.5 至 1 个百分点" in reply["prose"][2]["text"]
    assert "微信至少 6 个月" in reply["prose"][0]["text"]


def test_the_own_row_follows_a_change_of_the_policy(stopped_clock):
    put_in_force("assessments", {"decision_minutes": 10}, on=date(2026, 11, 1))
    put_in_force("accounts", {"lender_type": "MICRO"}, on=date(2026, 11, 1))

    found = cells(read("products/comparison"))

    assert found["decision-time"] == ["10 minutes", "3 working days", "30 minutes"]
    assert found["limit-range"][0] == "500 - 200,000 yuan"


def test_each_step_of_the_guide_can_be_called():
    steps = read("guide")["steps"]

    assert steps[0]["step"] == "login"
    for one in steps:
        view = resolve(one["endpoint"].replace("{purpose}", "social")).func.view_class
        assert hasattr(view, one["method"].lower()), one
        assert one["needs"] and one["aim"]


@pytest.mark.parametrize("address", ADDRESSES)
def test_it_is_read_in_chinese_and_in_english(address):
    chinese, english = (str(read(address, language)) for language in ("zh-hans", "en"))

    assert any("一" <= letter <= "鿿" for letter in chinese)
    own = english.replace("微信微贷粒怎么开通", "")  # the title of the source
    assert not any("一" <= letter <= "鿿" for letter in own)


def test_the_glossary_explains_the_buffer_in_the_number_of_the_policy():
    [buffer] = [one for one in read("glossary", "zh-hans")["terms"] if one["term"] == "buffer"]

    assert buffer["title"] == "额度缓冲"
    assert buffer["text"].startswith("额度与临时额度之和的 15%")
    assert buffer["rules"] == ["LIMIT-9"]


def test_an_unknown_parameter_is_refused():
    answer = Client().get("/api/v1/guide?lang=en")

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid-input")
