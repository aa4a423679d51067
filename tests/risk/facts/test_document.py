"""docs/events.md: its examples are good, and it names every kind, field and code."""

import json
import re

from risk.facts import reading
from risk.facts.rules import CATEGORIES, EventKind
from tests.accounts.people import AT
from tests.source_tree import ROOT

TEXT = (ROOT / "docs" / "events.md").read_text()


def block(language):
    return re.search(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)[1]


def test_the_examples_can_be_read_and_show_every_kind():
    events = [reading.read(json.loads(line), at=AT) for line in block("jsonl").splitlines()]

    assert {event.kind for event in events} == {*EventKind}


def test_the_example_of_a_call_is_a_good_batch_with_the_secret_of_the_sandbox(settings):
    shell = block("sh")
    [sent] = json.loads(re.search(r"body='(.*?)'", shell, re.DOTALL)[1])["events"]

    assert reading.read(sent, at=AT).kind is EventKind.WECHAT_SINCE
    assert settings.PARTNER_SECRETS["sandbox"] == re.search(r"secret=(\S+)", shell)[1]


def test_each_kind_names_its_fields_and_each_code_is_there():
    for kind, fields in reading.FIELDS.items():
        row = next(line for line in TEXT.splitlines() if line.startswith(f"| `{kind.value}` |"))
        for name, field in fields.items():
            assert f"`{name}`" in row
            assert (f"`{name}`?" in row) is not field.is_required
    assert [fault for fault in reading.EventFault if f"`{fault.value}`" not in TEXT] == []
    for codes in CATEGORIES.values():
        for code in codes or ():
            assert f"`{code.value}`" in TEXT or code.value in ("R2", "R3", "R4")


def bounds(schema):
    """Return what a row of a field must say of its length or its range."""
    if "maxLength" in schema:
        return f"{schema['minLength']} to {schema['maxLength']} characters"
    if schema["type"] == "integer":
        return f"from {schema['minimum']} to {schema['maximum']}"
    return f"1 to {reading.ID_LENGTH_MAX} printable ASCII characters" if "pattern" in schema else ""


def test_each_length_and_range_that_is_checked_is_there():
    rows = [line for line in TEXT.splitlines() if line.startswith("| `")]
    for fields in (reading.COMMON, *reading.FIELDS.values()):
        for name, field in fields.items():
            found = [row for row in rows if f"`{name}`" in row.split("|")[1]]
            assert any(bounds(field.reader.schema) in row for row in found) or "enum" in (
                field.reader.schema
            ), name
