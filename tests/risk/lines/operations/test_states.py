"""Suspend, resume, freeze, close: each with its reason; two causes of a suspension."""

import pytest

from backoffice.core.models import StateChange
from risk.lines import operations as lines
from risk.lines.operations import states
from risk.lines.operations.states import LineBelowMinimumError, LineStateError
from risk.models import CreditLine
from tests.risk.lines.making import BY, ON, day, granted, moment, reread

pytestmark = pytest.mark.django_db

WHY = {"by": BY, "reason": "looked at", "at": moment(ON)}


def state(line):
    return reread(line).state


def income(line, fen, n=1):
    change = lines.InputsChange(line.pk, f"income {fen} {n}", income_fen=fen)
    lines.revise([change], by=BY, on=day(n), at=moment(day(n)))


def test_staff_suspend_and_resume_a_line():
    line, other = granted(), granted()

    states.suspend_line(line.pk, **WHY)
    assert (state(line), state(other)) == ("suspended", "active")
    states.resume_line(line.pk, **WHY)

    assert state(line) == "active"
    rows = StateChange.objects.filter(subject_id=line.pk).order_by("pk")
    assert [*rows.values_list("transition", "facts")] == [
        ("suspend", {"text": "looked at"}), ("resume", {"text": "looked at"}),
    ]  # fmt: skip


def test_a_cure_does_not_resume_a_line_whose_limit_is_too_low():
    line = granted()
    lines.suspend([line.customer_id], **WHY)
    income(line, 20_000)

    lines.resume([line.customer_id], **WHY)

    assert state(line) == "suspended"
    income(line, 700_000, 2)
    assert state(line) == "active"


def test_a_higher_limit_does_not_resume_a_line_that_was_stopped():
    line = granted()
    income(line, 20_000)
    lines.suspend([line.customer_id], **WHY)

    income(line, 700_000, 2)

    assert state(line) == "suspended"
    lines.resume([line.customer_id], **WHY)
    assert state(line) == "active"


def test_staff_cannot_resume_a_line_that_only_its_limit_suspends():
    line = granted()
    income(line, 20_000)

    with pytest.raises(LineBelowMinimumError):
        states.resume_line(line.pk, **WHY)

    assert state(line) == "suspended"


@pytest.mark.parametrize(("before", "after"), [([], "active"), (["suspend"], "suspended")])
def test_an_unfrozen_line_is_what_it_was(before, after):
    line = granted()
    if before:
        states.suspend_line(line.pk, **WHY)

    states.freeze(line.pk, **WHY)
    assert state(line) == "frozen"
    states.unfreeze(line.pk, **WHY)

    assert state(line) == after


@pytest.mark.parametrize("step", [states.resume_line, states.unfreeze])
def test_a_step_from_another_state_changes_nothing(step):
    line = granted()

    with pytest.raises(LineStateError):
        step(line.pk, **WHY)

    assert state(line) == "active"


@pytest.mark.parametrize("step", [states.suspend_line, states.freeze])
def test_a_step_on_a_frozen_line_changes_nothing(step):
    line = granted()
    states.freeze(line.pk, **WHY)

    with pytest.raises(LineStateError):
        step(line.pk, **WHY)

    assert state(line) == "frozen"


def test_a_line_is_stopped_once():
    line = granted()
    states.suspend_line(line.pk, **WHY)

    with pytest.raises(LineStateError):
        states.suspend_line(line.pk, **WHY)


def test_closing_ends_the_open_lines_of_these_customers():
    line, other = granted(), granted()

    for _ in "12":
        lines.close([line.customer_id], **WHY)

    assert (state(line), state(other)) == ("closed", "active")
    assert CreditLine.objects.count() == 2
