"""Every reason has words, and a rule where it changes a limit."""

from risk.lines.rules.reasons import RULES, TEXTS, LineActor, LineReason


def test_every_code_has_words():
    assert {*TEXTS} == {*LineReason, *LineActor}


def test_the_rules_are_those_of_limits():
    assert {*RULES} <= {*LineReason}
    assert all(rule.startswith(("LIMIT-", "SCORE-", "FAQ-")) for rule in RULES.values())
