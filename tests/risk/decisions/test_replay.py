"""``replay_assessment``: bit for bit, under the numbers of its day, with the differences."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from risk.decisions.operations import numbers
from risk.decisions.rules import decision
from tests.accounts.people import AT
from tests.policies import put_in_force

pytestmark = pytest.mark.django_db


def replay(*arguments):
    out = StringIO()
    code = 0
    try:
        call_command("replay_assessment", *arguments, "--json", stdout=out)
    except SystemExit as end:
        code = end.code
    return code, json.loads(out.getvalue())


def test_every_persona_is_computed_again_bit_for_bit(people, bureau):
    for persona in ("strong", "average", "thin", "overdue90", "nightgambler"):
        people.assessed(f"{persona}-1", bureau=bureau)

    assert replay("--all") == (0, {"replayed": 5, "differing": []})


def test_numbers_that_changed_since_do_not_change_a_replay(people, bureau):
    done = people.assessed("average-1", bureau=bureau)
    put_in_force("scoring", {"rate_a_ppm": 310}, on=AT.date())

    assert replay(str(done.pk)) == (0, {"replayed": 1, "differing": []})


def test_a_rule_that_changed_is_a_difference_with_its_place(people, bureau, monkeypatch):
    done = people.assessed("average-1", bureau=bureau)
    other = numbers.thaw(done.policies)
    changed = other._replace(scoring=decision.ScoringPolicy(rate_a_ppm=310))
    monkeypatch.setattr(numbers, "thaw", lambda _digests: changed)

    code, found = replay(str(done.pk))

    assert code == 1
    assert found["differing"] == [
        {"assessment": str(done), "differences": [
            {"place": "/rate_ppm", "stored": 300, "computed": 310}]}
    ]  # fmt: skip


def test_an_id_without_a_result_is_refused(people):
    asked = people.requested()

    with pytest.raises(CommandError, match="assessment-not-scored"):
        replay(str(asked.pk))
