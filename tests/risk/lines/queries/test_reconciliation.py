"""Every figure of a line that is kept twice is compared; each check can fail."""

from datetime import timedelta

import pytest
from django.db import connection

from risk.lines import operations as lines
from risk.lines.operations import temporary
from risk.lines.operations.growth import apply_conduct
from risk.lines.queries.reconciliation import differences
from tests import migrated
from tests.risk.lines.making import BY, ON, day, granted, moment, report

LINE = "UPDATE risk_creditline SET "


@pytest.fixture
def line(committed_db):
    """A line with a hold, a temporary limit, a growth step and two changes."""
    line = granted()
    for n in (90, 60, 30):
        report(line, ON - timedelta(n))
    temporary.request(line.customer, amount_fen=100, days=3, by=BY, on=ON, at=moment(ON))
    purchase = lines.Purchase(line.customer_id, "payment:1", 600_000, moment(ON))
    lines.hold_for_purchase([purchase], by=BY, on=ON)
    report(line, day(4))
    apply_conduct([line.pk], by=BY, on=day(5), at=moment(day(5)))
    return line


def broken(statement):
    """Write past the triggers, as a bug or a person with the owner's role might."""
    name = str(connection.settings_dict["NAME"])
    with migrated.owner(name) as session:
        session.execute("SET session_replication_role = replica")
        session.execute(statement)


def test_a_line_kept_by_commands_has_no_difference(line):
    assert list(differences()) == list(differences([line.customer_id])) == []


@pytest.mark.parametrize(
    ("statement", "check"),
    [
        (f"{LINE} limit_fen = limit_fen + 1", "limit = last change"),
        (f"{LINE} held_fen = held_fen + 1", "holds"),
        (f"{LINE} temporary_fen = 0", "temporary limit"),
        (f"{LINE} growth = '2'", "growth factor = last step"),
        ("UPDATE risk_growthchange SET before = '2'", "growth steps follow each other"),
        ("UPDATE risk_limitchange SET old_fen = 7 WHERE old_fen > 0", "changes follow each other"),
        ("DELETE FROM risk_limitchange", "limit = last change"),
    ],
)
def test_each_check_finds_its_difference(line, statement, check):
    broken(statement)

    assert [found.check for found in differences()] == [check]
    assert list(differences([line.customer_id + 1])) == []
