"""The rulebook's worked examples of onboarding, read from their own words."""

import json
import re
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from stdnum import luhn

from accounts.cards.rules import card_numbers
from accounts.identity.rules import id_numbers
from accounts.onboarding.rules import cooling_off
from accounts.onboarding.rules.ages import is_of_age
from accounts.policy import AccountPolicy

POLICY = AccountPolicy()
DATA = Path(__file__).parents[1] / "data"
EXAMPLES = {
    example["n"]: example
    for example in json.loads((DATA / "examples.json").read_text())
    if example["rule"].startswith("ELIG-")
}
TESTED = (75, 76, 77, 78, 79, 80)


def examples(*numbers):
    return pytest.mark.parametrize(
        "example", [EXAMPLES[n] for n in numbers], ids=[f"EX-{n}" for n in numbers]
    )


def is_id_number(text):
    try:
        return id_numbers.parse(text, on=date(2026, 11, 23)).number == text
    except id_numbers.BadIdNumber:
        return False


@examples(75, 76)
def test_only_the_check_digit_of_the_rulebook_makes_an_id_number(example):
    accepted = [digit for digit in "0123456789X" if is_id_number(example["inputs"] + digit)]

    assert accepted == [example["result"]]


@examples(77)
def test_only_the_luhn_digit_of_the_rulebook_makes_a_card_number(example):
    number = example["inputs"] + example["result"]

    assert luhn.calc_check_digit(example["inputs"]) == example["result"]
    assert card_numbers.parse(number) == number


@examples(78, 79)
def test_the_birthday_itself_counts_on_both_bounds(example):
    born_on, *others = map(date.fromisoformat, re.findall(r"\d{4}-\d\d-\d\d", example["inputs"]))
    first_on = others[-1]
    month, day = map(int, re.search(r"/ (\d\d)-(\d\d)", example["inputs"]).groups())
    days = [first_on, first_on.replace(month=month, day=day)]

    within = [is_of_age(born_on, on, POLICY.age_min, POLICY.age_max) for on in days]

    assert within == [word == "eligible" for word in example["result"].split(" / ")]


@examples(80)
def test_the_cooling_off_ends_after_exactly_720_hours(example):
    registered_at = datetime.fromisoformat(example["inputs"].removeprefix("registered "))
    first_at = datetime.fromisoformat(example["result"].removeprefix("first instant for apply "))

    assert cooling_off.ends_at(registered_at, POLICY.cooling_off_hours) == first_at
    assert not cooling_off.is_cooling(registered_at, first_at, POLICY.cooling_off_hours)
    just_before = first_at - timedelta(microseconds=1)
    assert cooling_off.is_cooling(registered_at, just_before, POLICY.cooling_off_hours)


def test_every_example_of_opening_is_tested():
    assert {*TESTED} == {*EXAMPLES}
