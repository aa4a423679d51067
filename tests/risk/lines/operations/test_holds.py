"""A large purchase holds 80 % of itself once, until a review or 72 hours later (LIMIT-6)."""

from datetime import timedelta

import pytest

from risk.lines.operations import Purchase, hold_for_purchase, release_holds
from risk.lines.operations.holds import release_due
from risk.models import CreditLine, ReserveHold
from tests.raw import execute, refused
from tests.risk.lines.making import BY, ON, customer, granted, moment, reread

pytestmark = pytest.mark.django_db

AT = moment(ON)
LATER = AT + timedelta(hours=72)


def hold(line, *purchases):
    """Hold for payments of fen, each with its own number."""
    asked = [
        Purchase(line.customer_id, f"payment:{n}", fen, AT) for n, fen in enumerate(purchases, 1)
    ]
    return hold_for_purchase(asked, by=BY, on=ON)


def held(line):
    return reread(line).held_fen


def test_exactly_five_thousand_holds_nothing_and_a_fen_more_does():
    line = granted()

    assert hold(line, 500_000) == 0
    assert hold(line, 0, 500_001) == 1

    assert held(line) == 400_000
    one = ReserveHold.objects.get()
    assert (one.amount_fen, one.until_at, one.placed_by) == (400_000, LATER, BY)


def test_two_purchases_make_two_holds_up_to_what_is_available():
    line = granted()  # 14,000.00 less 15 % are 11,900.00

    assert hold(line, 800_000, 900_000) == 2

    amounts = ReserveHold.objects.order_by("pk").values_list("amount_fen", flat=True)
    assert [*amounts] == [640_000, 550_000]
    assert held(line) == 1_190_000


def test_a_payment_that_is_reported_again_holds_once():
    line = granted()

    assert [hold(line, 800_000), hold(line, 800_000)] == [1, 0]
    assert held(line) == 640_000


def test_a_customer_without_a_line_holds_nothing():
    asked = [Purchase(customer().pk, "payment:1", 800_000, AT)]

    assert hold_for_purchase(asked, by=BY, on=ON) == 0


def test_a_passed_review_releases_its_hold_alone():
    line = granted()
    hold(line, 600_000, 700_000)

    assert [release_holds(["payment:1"], by="reviewer", at=AT) for _ in "12"] == [1, 0]

    assert held(line) == 560_000
    one = ReserveHold.objects.get(source="payment:1")
    assert (one.release, one.released_by, one.released_at) == ("review", "reviewer", AT)


def test_a_hold_ends_after_72_hours_and_not_before():
    line, other = granted(), granted()
    hold(line, 600_000)
    hold(other, 600_000)

    assert release_due([line.pk], by=BY, at=LATER - timedelta(seconds=1)) == 0
    assert [release_due([line.pk], by=BY, at=LATER) for _ in "12"] == [1, 0]

    assert (held(line), held(other)) == (0, 480_000)


def test_a_released_hold_is_never_written_again():
    hold(granted(), 600_000)
    release_holds(["payment:1"], by=BY, at=AT)

    with refused("reserve_hold_released_once", "risk_reservehold"):
        execute("UPDATE risk_reservehold SET released_at = NULL, release = '', released_by = ''")


def test_what_is_held_cannot_be_reserved():
    from risk.lines import operations as lines

    line = granted()
    hold(line, 1_000_000)

    with pytest.raises(lines.LineExhaustedError):
        lines.reserve(line.pk, amount_fen=390_001)
    lines.reserve(line.pk, amount_fen=390_000)

    assert CreditLine.objects.get().reserved_fen == 390_000
