"""What commands say of arguments that they can do nothing with."""

import io
import json

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import models
from django.db.migrations.state import ModelState, ProjectState
from django.db.models.signals import class_prepared
from django_fsm import FSMField

from backoffice.management.commands import migrate

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (
            ["clock", "advance", "5"],
            "[not-a-span] 5 不是时长。请写成 5d、12h 或 30m。 / 5 is not a duration",
        ),
        (
            ["clock", "set", "noon"],
            "[not-a-moment] noon 不是时刻。请写成 2026-10-01T08:59。 / noon is",
        ),
        (
            ["clock", "set", "9999-12-31T23:59"],
            "[too-far-ahead] 9999-12-31 23:59:00+08:00 比业务时钟晚 1100 天以上。",
        ),
        (
            ["business_day", "--date", "2026-10-02", "--through", "2026-10-01"],
            "[days-backwards] 结束日 2026-10-01 早于开始日 2026-10-02。请对调 --date 与",
        ),
    ],
)
def test_a_bad_argument_is_reported_in_both_languages_with_its_remedy(words, shown):
    with pytest.raises(CommandError) as refused:
        call_command(*words)

    assert str(refused.value).startswith(shown)
    assert refused.value.returncode == 1


def test_a_day_that_has_not_come_is_refused_outside_a_sandbox(settings):
    settings.SANDBOX = False

    with pytest.raises(CommandError, match=r"\[day-not-come\] 2999-01-01 尚未到来") as refused:
        call_command("business_day", "--date", "2999-01-01")

    assert refused.value.returncode == 1


def test_the_clock_is_shown_to_the_second():
    output = io.StringIO()

    call_command("clock", "show", stdout=output)

    assert "." not in output.getvalue()
    assert output.getvalue().count("+08:00") == 2


@pytest.mark.parametrize("words", [["--json", "show"], ["show", "--json"]])
def test_the_clock_takes_json_before_and_after_its_action(words):
    output = io.StringIO()

    call_command("clock", *words, stdout=output)

    assert set(json.loads(output.getvalue())) == {"now", "wall", "runs"}


def test_migrations_release_the_state_fields_of_the_models_they_make():
    state = ProjectState()
    fields = [("id", models.AutoField(primary_key=True)), ("state", FSMField(default="open"))]
    state.add_model(ModelState("backoffice", "Door", fields))
    class_prepared.connect(migrate._release)
    known = len(class_prepared.receivers)

    assert state.apps.get_model("backoffice", "Door")().state == "open"
    assert len(class_prepared.receivers) == known
