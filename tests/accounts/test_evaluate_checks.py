"""The command that measures the checks on a labelled set."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

pytestmark = pytest.mark.django_db
HEAD = "check,label,answer\n"
GOOD = "device,genuine,accepted\n" * 1_000 + "face,attack,refused\n" * 30_000


def run(tmp_path, text, *options):
    file = tmp_path / "cases.csv"
    file.write_text(text, encoding="utf-8")
    output = StringIO()
    try:
        call_command("evaluate_checks", str(file), *options, stdout=output)
    except SystemExit as end:
        return end.code, output.getvalue()
    return 0, output.getvalue()


def test_what_is_promised_is_met(tmp_path):
    code, output = run(tmp_path, HEAD + GOOD, "--json")

    figures = json.loads(output)
    assert code == 0
    assert (figures["device"]["accuracy_ppm"], figures["face"]["attacks"]) == (1_000_000, 30_000)
    assert figures["device"]["is_met"] is figures["face"]["is_met"] is True


@pytest.mark.parametrize("bad", ["device,genuine,refused\n" * 4, "face,attack,accepted\n"])
def test_what_is_missed_ends_with_one(tmp_path, bad):
    code, output = run(tmp_path, HEAD + GOOD + bad)

    assert code == 1
    assert len(output.splitlines()) == 2


@pytest.mark.parametrize(
    ("text", "line"),
    [("", 1), ("a,b\n", 1), (f"{HEAD}device,genuine\n", 2), (f"{HEAD}door,genuine,accepted\n", 2),
     (f"{HEAD}face,attack,refused\nface,maybe,refused\n", 3)],
)  # fmt: skip
def test_a_file_that_is_none_is_refused_with_its_line(tmp_path, text, line):
    with pytest.raises(CommandError, match=f"labelled-set-bad.*line {line}"):
        run(tmp_path, text)
