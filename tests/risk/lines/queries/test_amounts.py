"""What is usable, and the sentence that adds it up in both languages (LIMIT-9)."""

import re

import pytest
from django.utils.translation import override
from hypothesis import given
from hypothesis import strategies as st

from risk.lines.queries.amounts import open_line, sentence, summary, why
from risk.models import CreditLine, LimitChange
from tests.risk.lines.making import BY, ON, customer, granted, moment

fen = st.integers(0, 10**9)


def a_line(**amounts):
    plain = {"limit_fen": 1_000_000, "buffer_permille": 150, "state": "active"}
    return CreditLine(**plain | amounts)


def yuan_in(text):
    """Return the amounts of the sums in a sentence, in fen."""
    found = re.findall(r"-?[\d,]+\.\d\d", text)
    return [int(one.replace(",", "").replace(".", "")) for one in found]


def test_the_numbers_of_the_rulebook():
    found = summary(a_line(drawn_fen=300_000))

    assert (found.buffer_fen, found.usable_fen) == (150_000, 550_000)


@given(fen, fen, fen, fen, fen, st.integers(0, 1000))
def test_the_sentence_adds_up(limit, temporary, held, reserved, drawn, permille):
    line = a_line(limit_fen=limit, temporary_fen=temporary, held_fen=held, reserved_fen=reserved,
                  drawn_fen=drawn, buffer_permille=permille)  # fmt: skip
    found = summary(line)
    for language in ("en", "zh-hans"):
        with override(language):
            amounts = yuan_in(re.sub(r"\([^)]*%[^)]*\)|（[^）]*%[^）]*）", "", why(found)))

        assert amounts[0] + amounts[1] - sum(amounts[2:6]) == amounts[6] == found.left_fen
    assert found.usable_fen == max(0, found.left_fen)


@pytest.mark.parametrize(
    ("amounts", "end"),
    [
        ({}, "= 8,500.00 yuan, which can be drawn."),
        ({"drawn_fen": 900_000}, "= -500.00 yuan; nothing can be drawn until it is above 0."),
        ({"state": "frozen"}, "= 8,500.00 yuan; nothing can be drawn, because the line is frozen."),
    ],
)
def test_the_sentence_ends_with_what_follows(amounts, end):
    with override("en"):
        assert why(summary(a_line(**amounts))).endswith(end)


@pytest.mark.parametrize("state", ["suspended", "frozen", "closed"])
def test_nothing_is_usable_on_a_line_that_is_not_active(state):
    assert summary(a_line(state=state)).usable_fen == 0


@pytest.mark.django_db
def test_the_open_line_of_a_customer():
    line = granted()

    assert open_line(line.customer_id) == line
    assert open_line(customer().pk) is None


@pytest.mark.parametrize(
    ("old", "new", "english", "chinese"),
    [
        (100, 100, "The limit of 1.00 yuan goes to 3.00 yuan: ", "额度 1.00 元将调整至 3.00 元："),
        (0, 200, "The limit is 2.00 yuan: ", "额度为 2.00 元："),
        (100, 200, "The limit rose from 1.00 to 2.00 yuan: ", "额度由 1.00 元升至 2.00 元："),
        (200, 100, "The limit fell from 2.00 to 1.00 yuan: ", "额度由 2.00 元降至 1.00 元："),
    ],
)
def test_a_change_in_plain_words(old, new, english, chinese):
    change = LimitChange(
        old_fen=old, new_fen=new, target_fen=300, rule="LIMIT-10", reason="limit-bill-overdue",
        facts={"due_on": "2026-10-01"}, changed_by=BY, at=moment(ON),
    )  # fmt: skip

    with override("en"):
        words = "the bill due on 2026-10-01 became overdue (LIMIT-10)."
        assert sentence(change) == f"{english}{words}"
    with override("zh-hans"):
        assert sentence(change).startswith(chinese)
