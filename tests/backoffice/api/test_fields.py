"""Input is taken as it is meant, or refused with the place of each fault."""

import pytest
from rest_framework import serializers

from backoffice.core.crypto import Sealed
from backoffice.web.api.fields import Body, Choice, Day, Fen, Flag, Secret, Text, Whole


class Inner(Body):
    flag = Flag()


class Outer(Body):
    text = Text(max_length=5)
    secret = Secret(required=False)
    whole = Whole(required=False)
    amount_fen = Fen(required=False)
    choice = Choice(choices=["a", "b"], required=False)
    day = Day(required=False, allow_null=True)
    inner = Inner(required=False)


def faults(data):
    form = Outer(data=data)
    assert not form.is_valid()
    return {name: [fault.code for fault in found] for name, found in form.errors.items()}


def test_what_is_as_it_must_be_is_taken():
    form = Outer(
        data={"text": " a ", "amount_fen": 5, "day": "2026-02-28", "inner": {"flag": True}}
    )

    assert form.is_valid()
    assert form.validated_data["text"] == "a"
    assert form.validated_data["amount_fen"] == 5
    assert form.validated_data["inner"] == {"flag": True}


def test_lines_and_tabs_are_text():
    assert Outer(data={"text": "a\n\tb"}).is_valid()


@pytest.mark.parametrize(
    ("data", "found"),
    [
        ({}, {"text": ["required"]}),
        ({"text": ""}, {"text": ["blank"]}),
        ({"text": None}, {"text": ["null"]}),
        ({"text": "123456"}, {"text": ["max_length"]}),
        ({"text": 1}, {"text": ["wrong_type"]}),
        ({"text": "a\x00"}, {"text": ["null_characters_not_allowed"]}),
        ({"text": "a\ud800"}, {"text": ["surrogate_characters_not_allowed"]}),
        ({"text": "a\x07"}, {"text": ["hidden"]}),
        ({"text": "a\u202eb"}, {"text": ["hidden"]}),
        ({"text": "a\u2066b"}, {"text": ["hidden"]}),
        ({"text": "a", "other": 1}, {"other": ["unknown"]}),
        ({"text": "a", "whole": True}, {"whole": ["wrong_type"]}),
        ({"text": "a", "whole": "1"}, {"whole": ["wrong_type"]}),
        ({"text": "a", "whole": 1.0}, {"whole": ["wrong_type"]}),
        ({"text": "a", "amount_fen": -1}, {"amount_fen": ["min_value"]}),
        ({"text": "a", "amount_fen": 10**15 + 1}, {"amount_fen": ["max_value"]}),
        ({"text": "a", "choice": "c"}, {"choice": ["invalid_choice"]}),
        ({"text": "a", "choice": 1}, {"choice": ["wrong_type"]}),
        ({"text": "a", "day": "2026-2-1"}, {"day": ["wrong_type"]}),
        ({"text": "a", "day": "2026-02-30"}, {"day": ["invalid"]}),
        ({"text": "a", "day": 20260228}, {"day": ["wrong_type"]}),
    ],
)  # fmt: skip
def test_what_is_not_is_named(data, found):
    assert faults(data) == found


@pytest.mark.parametrize("flag", ["true", 1, 0, "", None])
def test_a_flag_is_true_or_false(flag):
    form = Outer(data={"text": "a", "inner": {"flag": flag}})

    assert not form.is_valid()
    assert set(form.errors["inner"]) == {"flag"}


@pytest.mark.parametrize("data", [[], "text", 1, None, True])
def test_a_body_is_an_object(data):
    form = Outer(data=data)

    with pytest.raises(serializers.ValidationError):
        form.is_valid(raise_exception=True)


def test_a_secret_does_not_show_itself():
    form = Outer(data={"text": "a", "secret": "hush-hush"})

    assert form.is_valid()
    assert isinstance(form.validated_data["secret"], Sealed)
    assert "hush" not in repr(form.validated_data)


def test_a_refused_choice_lists_the_choices():
    form = Outer(data={"text": "a", "choice": "c"})

    assert not form.is_valid()
    assert all(code in form.errors["choice"][0] for code in form.fields["choice"].choices)


def test_a_text_is_as_long_as_it_was_sent():
    form = Outer(data={"text": " " * form_length() + "a"})

    assert not form.is_valid()
    assert form.errors["text"][0].code == "max_length"


def form_length():
    """The longest text of the form."""
    return Outer().fields["text"].max_length
