"""Credit lines: every counter in one statement, every state by a recorded move."""

from datetime import date

import pytest
from django.db import IntegrityError, transaction

from accounts.models import Customer
from backoffice.core import workflow
from backoffice.core.models import StateChange
from risk.lines import operations as lines
from risk.lines.operations import LineExhaustedError, Restoration
from risk.models import CreditLine
from tests.accounts.people import AT


def make(**amounts):
    """Make a line of 1,000.00 with 150 permille kept back: 850.00 are available."""
    customer = Customer.objects.create(registered_at=AT)
    numbers = {"limit_fen": 100_000, "buffer_permille": 150, "opened_on": date(2026, 10, 1)}
    return CreditLine.objects.create(customer=customer, **numbers | amounts)


def counters(line):
    return CreditLine.objects.values_list("reserved_fen", "drawn_fen").get(pk=line.pk)


def state(line):
    return CreditLine.objects.get(pk=line.pk).state


def move(line, *transitions):
    found = CreditLine.objects.get(pk=line.pk)
    for transition in transitions:
        workflow.move([found], transition, by="test", reason="x", at=AT)
        workflow.save([found])


@pytest.mark.django_db
def test_an_amount_is_reserved_up_to_what_is_available():
    line, other = make(), make()

    lines.reserve(line.pk, amount_fen=85_000)

    assert counters(line) == (85_000, 0)
    assert counters(other) == (0, 0)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("amounts", "available_fen"),
    [
        ({}, 85_000),
        ({"limit_fen": 99_999}, 84_999),  # 84,999.15: the buffer is never rounded away
        ({"temporary_fen": 10_000}, 93_500),
        ({"held_fen": 1}, 84_999),
        ({"drawn_fen": 80_000}, 5_000),
        ({"reserved_fen": 84_999}, 1),
        ({"buffer_permille": 0}, 100_000),
    ],
)
def test_what_is_available_is_the_limit_less_the_buffer_and_all_that_uses_it(
    amounts, available_fen
):
    line = make(**amounts)
    before = counters(line)

    with pytest.raises(LineExhaustedError):
        lines.reserve(line.pk, amount_fen=available_fen + 1)
    assert counters(line) == before
    lines.reserve(line.pk, amount_fen=available_fen)

    assert counters(line) == (before[0] + available_fen, before[1])


@pytest.mark.django_db
@pytest.mark.parametrize("way", [["suspend"], ["freeze"], ["close"]])
def test_nothing_is_reserved_on_a_line_that_is_not_active(way):
    line = make()
    move(line, *way)

    with pytest.raises(LineExhaustedError):
        lines.reserve(line.pk, amount_fen=1)

    assert counters(line) == (0, 0)


@pytest.mark.django_db
def test_a_line_that_does_not_exist_has_nothing_available():
    with pytest.raises(LineExhaustedError):
        lines.reserve(404, amount_fen=1)


def test_many_drawdowns_at_once_never_pass_what_is_available(together):
    line = make()

    def reserve(_n):
        try:
            lines.reserve(line.pk, amount_fen=30_000)
        except LineExhaustedError:
            return "refused"
        return "reserved"

    assert sorted(together(6, reserve)) == ["refused"] * 4 + ["reserved"] * 2
    assert counters(line) == (60_000, 0)


@pytest.mark.django_db
def test_a_payout_turns_the_reservation_into_principal():
    line, other = make(reserved_fen=50_000, drawn_fen=1_000), make(reserved_fen=50_000)

    lines.draw(line.pk, amount_fen=30_000)

    assert counters(line) == (20_000, 31_000)
    assert counters(other) == (50_000, 0)


@pytest.mark.django_db
def test_a_payout_that_did_not_happen_frees_its_reservation():
    line, other = make(reserved_fen=50_000, drawn_fen=1_000), make(reserved_fen=50_000)

    lines.release(line.pk, amount_fen=30_000)

    assert counters(line) == (20_000, 1_000)
    assert counters(other) == (50_000, 0)


@pytest.mark.django_db
@pytest.mark.parametrize("command", [lines.draw, lines.release])
def test_no_more_than_was_reserved_is_used_or_freed(command):
    line = make(reserved_fen=50_000)

    with pytest.raises(IntegrityError), transaction.atomic():
        command(line.pk, amount_fen=50_001)

    assert counters(line) == (50_000, 0)


@pytest.mark.django_db
def test_repaid_principal_is_restored_and_summed_by_line():
    line, second, other = (make(drawn_fen=50_000) for _ in range(3))
    repaid = [(second.pk, 7), (line.pk, 30_000), (line.pk, 1)]

    lines.restore([Restoration(*one) for one in repaid])

    assert [counters(one)[1] for one in (line, second, other)] == [19_999, 49_993, 50_000]


@pytest.mark.django_db
def test_a_repayment_taken_back_draws_again_also_on_a_suspended_line():
    line = make(drawn_fen=84_000)
    move(line, "suspend")

    lines.restore([Restoration(line.pk, -2_000)])

    assert counters(line) == (0, 86_000)


@pytest.mark.django_db
def test_a_batch_that_restores_too_much_of_one_line_restores_nothing():
    line, other = make(drawn_fen=50_000), make(drawn_fen=50_000)
    batch = [Restoration(line.pk, 50_001), Restoration(other.pk, 1)]

    with pytest.raises(IntegrityError), transaction.atomic():
        lines.restore(batch)

    assert counters(line) == counters(other) == (0, 50_000)


@pytest.mark.django_db
def test_nothing_repaid_restores_nothing():
    line = make(drawn_fen=50_000)

    lines.restore([])

    assert counters(line) == (0, 50_000)


@pytest.mark.django_db
def test_only_active_lines_of_these_customers_are_suspended():
    line, other, frozen = make(), make(), make()
    move(frozen, "freeze")

    customers = [line.customer_id, frozen.customer_id]
    for _ in "12":
        lines.suspend(customers, by="system", reason="overdue", at=AT)

    assert [state(one) for one in (line, other, frozen)] == ["suspended", "active", "frozen"]
    change = StateChange.objects.get(transition="suspend")
    assert (change.subject_id, change.source, change.target) == (line.pk, "active", "suspended")
    assert (change.actor, change.facts, change.at) == ("system", {"text": "overdue"}, AT)


@pytest.mark.django_db
def test_only_suspended_lines_of_these_customers_resume():
    line, other, frozen = make(), make(), make()
    move(line, "suspend")
    move(other, "suspend")
    move(frozen, "suspend", "freeze")

    for _ in "12":
        lines.resume([line.customer_id, frozen.customer_id], by="system", reason="cured", at=AT)

    assert [state(one) for one in (line, other, frozen)] == ["active", "suspended", "frozen"]
    change = StateChange.objects.get(transition="resume")
    assert (change.subject_id, change.actor, change.facts) == (line.pk, "system", {"text": "cured"})


@pytest.mark.django_db
@pytest.mark.parametrize("command", [lines.suspend, lines.resume])
def test_without_customers_no_line_moves(command):
    line, suspended = make(), make()
    move(suspended, "suspend")

    command([], by="system", reason="x", at=AT)

    assert (state(line), state(suspended)) == ("active", "suspended")


def test_many_who_suspend_at_once_record_one_change(together):
    line = make()

    together(4, lambda _n: lines.suspend([line.customer_id], by="system", reason="overdue", at=AT))

    assert state(line) == "suspended"
    assert StateChange.objects.filter(transition="suspend").count() == 1
