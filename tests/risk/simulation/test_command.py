"""``simulate_policy``: a draft from a file or an open request; a bad one ends with exit code 1."""

import json
from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from backoffice.core import clock
from backoffice.platform import policy_changes
from backoffice.platform.policy_changes import PolicyChange
from tests.policies import two_people
from tests.risk.lines.making import granted

pytestmark = pytest.mark.django_db


def run(draft, folder, *arguments):
    output = StringIO()
    call_command(
        "simulate_policy", str(draft), "--csv", str(folder / "rows.csv"), "--processes", "1",
        *arguments, stdout=output,
    )  # fmt: skip
    return output.getvalue()


def test_a_file_is_simulated_and_all_lines_are_listed(tmp_path):
    line = granted()
    draft = tmp_path / "draft.json"
    draft.write_text('{"limits": {"income_permille": 2200, "reserve_hours": 48}}')

    found = json.loads(run(draft, tmp_path, "--on", "2026-10-02", "--json"))

    assert (found["on"], found["raised"], found["after_fen"]) == ("2026-10-02", 1, 1_540_000)
    assert found["changed"] == ["limits.income_permille", "limits.reserve_hours"]
    assert found["later_only"] == ["limits.reserve_hours"]
    rows = (tmp_path / "rows.csv").read_text().splitlines()
    assert rows[1] == f"{line.pk},{line.customer_id},1400000,1540000,140000,raised,,,,"


def test_people_read_sums_in_yuan(tmp_path, settings):
    granted()
    draft = tmp_path / "draft.json"
    draft.write_text('{"limits": {"income_permille": 2200}}')

    found = run(draft, tmp_path)

    assert "14,000.00" in found
    assert "15,400.00" in found


def test_an_open_request_is_a_draft_with_its_day(tmp_path):
    granted()
    maker, _checker = two_people()
    today = clock.business_date()
    change = PolicyChange("limits", {"income_permille": 2200}, today)
    [made] = policy_changes.propose([change], by=maker, reason="a test", at=clock.now())

    found = json.loads(run(made.pk, tmp_path, "--json"))

    assert (found["on"], found["raised"]) == (today.isoformat(), 1)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"limits": {"income": 1}}', "income"),
        ("[]", "draft-unreadable"),
        ("{", "draft-unreadable"),
        (None, "draft-unreadable"),
    ],
)
def test_a_bad_draft_ends_with_exit_code_1(tmp_path, text, words):
    draft = tmp_path / "draft.json"
    if text is not None:
        draft.write_text(text)

    with pytest.raises(CommandError, match=words) as refused:
        run(draft, tmp_path)

    assert refused.value.returncode == 1
    assert not (tmp_path / "rows.csv").exists()


def test_a_request_that_is_not_there_is_no_draft(tmp_path):
    with pytest.raises(CommandError, match="draft-unreadable"):
        run("4711", tmp_path)


def test_a_file_that_cannot_be_written_is_named(tmp_path):
    draft = tmp_path / "draft.json"
    draft.write_text('{"limits": {"income_permille": 2200}}')

    with pytest.raises(CommandError, match="csv-not-writable"):
        run(draft, tmp_path / "nowhere")


def test_what_is_no_day_is_refused_in_both_languages(tmp_path):
    draft = tmp_path / "draft.json"
    draft.write_text('{"limits": {"income_permille": 2200}}')

    with pytest.raises(CommandError) as refused:
        run(draft, tmp_path, "--on", "abc")

    assert str(refused.value) == (
        "[day-unreadable] abc 不是有效日期。请输入如 2026-11-24 的日期。 / "
        "abc is no day. Give a day such as 2026-11-24."
    )


def test_why_a_draft_is_none_is_in_both_languages(tmp_path):
    draft = tmp_path / "draft.json"
    draft.write_text("[]")

    with pytest.raises(CommandError) as refused:
        run(draft, tmp_path)

    assert "it holds no fields by app" in str(refused.value).rpartition(" / ")[2]
    assert "it holds" not in str(refused.value).rpartition(" / ")[0]
