"""What each code of the card check means for a customer."""

import pytest

from accounts.cards.rules import card_refusals
from accounts.gateways import codes
from accounts.gateways.identity import Verdict


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("-1", "card-mismatch"),
        ("-5", "card-wrong-phone"),
        ("-6", "card-other-holder"),
        ("-8", "card-lost"),
        ("-12", "card-lost"),
        ("-13", "card-lost"),
        ("-11", "card-dormant"),
        ("-14", "card-expired"),
        ("-15", "card-frozen"),
        ("-17", "card-bank-unsupported"),
        ("NO_ANSWER", "card-no-answer"),
        ("CLASS_THREE", "card-class-three"),
        ("-99", "card-unconfirmed"),
    ],
)
def test_a_code_has_its_reason(code, reason):
    assert card_refusals.of(code).reason == reason


def test_every_refusal_of_the_provider_has_words_of_its_own():
    refusing = [
        code
        for code, verdict in codes.CARD.items()
        if verdict in (Verdict.MISMATCH, Verdict.INVALID)
    ]

    assert len(refusing) == 19
    assert set(refusing) <= set(card_refusals.REFUSALS)


def test_every_refusal_says_what_to_do():
    assert all(one.words and one.remedy for one in card_refusals.REFUSALS.values())
