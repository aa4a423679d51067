"""What a command writes of its lines: changes first, then the lines, and their suspension."""

import pytest
from django.utils import translation

from backoffice.core.models import StateChange
from risk.lines.operations.batch import LineBatch, locked
from risk.lines.queries.amounts import sentence
from risk.lines.rules.grant import Capacity
from risk.lines.rules.reasons import LineReason
from risk.models import LimitChange
from tests.risk.lines.making import BY, ON, changes, day, granted, moment, reread

pytestmark = pytest.mark.django_db


def batch_of(line, *, n=1):
    return LineBatch(locked([line.pk]), by=BY, on=day(n), at=moment(day(n)))


def test_a_target_that_stays_is_no_change():
    line = granted()
    batch = batch_of(line)

    batch.retarget(batch.lines[line.pk], LineReason.RECOMPUTED)
    batch.write()

    assert len(changes(line)) == 1


def test_a_target_is_at_most_the_cap_of_the_lender():
    line = granted()
    batch = batch_of(line)
    batch.lines[line.pk].model_part = "50000000"

    batch.retarget(batch.lines[line.pk], LineReason.RECOMPUTED)
    batch.write()

    assert reread(line).target_fen == 30_000_000


def test_target_and_limit_of_one_command_are_two_changes_in_order():
    line = granted()
    batch = batch_of(line)
    of_batch = batch.lines[line.pk]
    of_batch.model_part = "1500000"

    batch.retarget(of_batch, LineReason.RECOMPUTED)
    batch.move(of_batch, 1_500_000, LineReason.WALKED)
    batch.write()

    assert [change[:3] for change in changes(line)[1:]] == [
        (1_400_000, 1_400_000, 1_500_000), (1_400_000, 1_500_000, 1_500_000),
    ]  # fmt: skip


def test_the_suspension_of_a_low_limit_has_its_reason_and_day():
    line = granted()
    batch = batch_of(line)
    batch.lines[line.pk].model_part = "1/3"

    batch.retarget(batch.lines[line.pk], LineReason.RECOMPUTED)
    batch.write()

    change = StateChange.objects.get(transition="suspend")
    assert (change.reason, change.facts) == ("limit-below-minimum", {"minimum": "500.00"})
    assert (change.effective_on, reread(line).is_below_minimum) == (day(1), True)


def test_a_suspension_at_the_lowest_limit_is_a_change_once():
    line = granted(Capacity(700_000, 1000, (), 1000), limit_fen=50_000)
    for n in (1, 2):
        batch = batch_of(line, n=n)
        batch.lines[line.pk].model_part = "1/3"
        batch.retarget(batch.lines[line.pk], LineReason.RECOMPUTED)
        batch.write()

    assert changes(line)[1:] == [(50_000, 50_000, 50_000, "LIMIT-1", "limit-below-minimum")]
    with translation.override("en"):
        words = sentence(LimitChange.objects.latest("pk"))
    assert words == (
        "The limit of 500.00 yuan stays: the computed limit is below 500.00 yuan (LIMIT-1)."
    )
    assert StateChange.objects.filter(transition="suspend").count() == 1


def test_closed_lines_are_left_out():
    from risk.lines import operations as lines

    line = granted()
    lines.close([line.customer_id], by=BY, reason="left", at=moment(ON))

    assert locked([line.pk]) == []
