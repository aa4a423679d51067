"""Refusals: a stable code, message and remedy with their facts, in two languages."""

import pytest
from django.utils.translation import gettext_lazy, override

from backoffice.core.errors import Refused, by_code, without_facts


class ShelfEmptyError(Refused):
    code = "shelf-empty"
    message = "Shelf {number} holds {held} of {wanted}."
    remedy = "Ask for at most {held}."


class RequiredError(Refused):
    code = "required"
    message = gettext_lazy("This field is required.")


def test_message_and_remedy_carry_the_facts():
    refused = ShelfEmptyError(number=7, held=2, wanted=3)

    assert str(refused) == "Shelf 7 holds 2 of 3. Ask for at most 2."
    assert refused.facts == {"number": 7, "held": 2, "wanted": 3}
    assert refused.code == "shelf-empty"


class FullWidthError(ShelfEmptyError):
    code = "full-width"
    message = "货架 {number} 已空。"
    remedy = "请另选货架。"


def test_no_space_follows_full_width_punctuation():
    assert str(FullWidthError(number=7, held=0)) == "货架 7 已空。请另选货架。"


def test_a_refusal_without_a_remedy_ends_after_its_message():
    with override("en"):
        assert str(RequiredError()) == "This field is required."


def test_the_message_follows_the_active_language():
    refused = RequiredError()

    with override("zh-hans"):
        assert str(refused) == "该字段是必填项。"


def test_a_terminal_shows_the_code_and_both_languages():
    assert RequiredError().in_both_languages() == (
        "[required] 该字段是必填项。 / This field is required."
    )


def test_a_fact_with_braces_is_shown_as_it_is():
    refused = ShelfEmptyError(number="{held}", held=2, wanted="{0}")

    assert str(refused) == "Shelf {held} holds 2 of {0}. Ask for at most 2."


def test_every_refusal_is_caught_as_one():
    with pytest.raises(Refused):
        raise ShelfEmptyError(number=1, held=0, wanted=1)


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        ("2026-12-24T15:00:00+08:00", "2026-12-24 15:00"),
        ("2026-12-24T15:00:00.123456+08:00", "2026-12-24 15:01"),
        ("2026-12-31T23:59:30+08:00", "2027-01-01 00:00"),
        ("2026-12-24", "2026-12-24"),
    ],
)
def test_a_moment_is_worded_to_the_full_minute_that_is_not_too_early(moment, words):
    refused = ShelfEmptyError(number=1, held=moment, wanted=1)

    assert str(refused) == f"Shelf 1 holds {words} of 1. Ask for at most {words}."
    assert refused.facts["held"] == moment


class ShelfTooHighError(ShelfEmptyError):
    """A base of others: it has no code of its own."""


def test_each_refusal_is_found_by_its_code():
    assert by_code()["shelf-empty"] is ShelfEmptyError
    assert by_code()["refused"] is Refused


def test_a_message_stands_without_its_facts():
    assert without_facts(ShelfEmptyError.message) == "Shelf … holds … of …."
