"""Codes of providers' calls as staff read them: of both apps, and unknown ones as they are."""

import pytest
from django.utils.translation import override

from accounts.customer_page.queries import provider_words
from accounts.gateways.identity import Verdict
from risk.bureau.operations import ACTION
from risk.gateways.bureau import BureauVerdict


@pytest.mark.parametrize(
    ("action", "verdict", "words"),
    [
        ("identity", "match", ("ID check", "matches")),
        ("face", "mismatch", ("face check", "does not match")),
        ("card", "", ("card check", "")),
        ("bureau", "found", ("credit report", "report received")),
        ("bureau", "no_file", ("credit report", "no file")),
        ("other", "new", ("other", "new")),
    ],
)
def test_a_call_is_named_in_words(action, verdict, words):
    with override("en"):
        assert (provider_words.action(action), provider_words.verdict(verdict)) == words


def test_every_answer_that_a_provider_can_give_has_words():
    assert {*Verdict, *BureauVerdict} == provider_words.verdicts().keys()
    assert ACTION in provider_words.actions()
