"""Large purchases hold a part of the line until the special review passes or 72 hours are over."""

from datetime import timedelta

import pytest

from backoffice.core.models import OutboxMessage
from backoffice.platform import outbox
from risk import tasks
from risk.decisions.operations import purchases, special_reviews
from risk.facts.operations import events
from risk.lines.operations import holds
from risk.models import CreditLine, ReserveHold, SpecialReview
from tests.accounts.people import AT
from tests.risk.decisions.conftest import People
from tests.risk.people import payment

OCCURRED = "2026-11-24T12:00:00+08:00"


@pytest.fixture
def line(db, bureau):
    """The line of somebody average whose payments are reported."""
    People().assessed("average-1", bureau=bureau)
    return CreditLine.objects.get()


def report(line, event_id="big-1", amount_fen=600_000, **other):
    openid = line.customer.wechat_accounts.get().openid
    sent = payment(event_id, openid=openid, occurred_at=OCCURRED, amount_fen=amount_fen, **other)
    received = events.receive([sent], partner="pay", by="partner:pay", at=AT)
    assert received.refused == []


def messages():
    return [one.payload for one in OutboxMessage.objects.filter(topic=purchases.TOPIC)]


def hold_all(at=AT):
    return sum(purchases.hold(one, by="system:limits", at=at) for one in messages())


def held_fen(line):
    return CreditLine.objects.get(pk=line.pk).held_fen


def test_a_large_purchase_holds_80_percent_once(line):
    report(line)

    assert (hold_all(), hold_all()) == (1, 0)

    assert (ReserveHold.objects.get().source, held_fen(line)) == ("pay:big-1", 480_000)


@pytest.mark.parametrize(
    "other",
    [
        {"amount_fen": 500_000},
        {"category": "transfer"},
        {"category": "investment"},
        {"result": "failed"},
        {"direction": "in", "category": "salary"},
    ],
)
def test_only_large_purchases_are_announced(line, other):
    report(line, **other)

    assert messages() == []


def test_a_review_that_passes_releases_the_hold(line):
    report(line)
    hold_all()

    special_reviews.decide(
        SpecialReview.objects.get().pk, is_suspicious=False, by="li", reason="a fridge", at=AT
    )

    hold = ReserveHold.objects.get()
    assert (held_fen(line), hold.release, hold.released_by) == (0, "review", "li")


def test_a_suspicious_purchase_stays_held(line):
    report(line)
    hold_all()

    special_reviews.decide(
        SpecialReview.objects.get().pk, is_suspicious=True, by="li", reason="no shop", at=AT
    )

    assert held_fen(line) == 480_000


def test_a_purchase_that_was_reviewed_before_holds_nothing(line):
    report(line)
    special_reviews.decide(
        SpecialReview.objects.get().pk, is_suspicious=False, by="li", reason="a fridge", at=AT
    )

    assert (hold_all(), held_fen(line)) == (0, 0)


@pytest.mark.parametrize(("hours", "placed"), [(71, 1), (72, 0)])
def test_a_purchase_reported_after_72_hours_holds_nothing(line, hours, placed):
    report(line)
    bought = AT.replace(hour=12, minute=0, second=0)

    assert hold_all(at=bought + timedelta(hours=hours)) == placed


def test_after_72_hours_the_next_minute_releases(line):
    report(line)
    hold_all()
    over = ReserveHold.objects.get().until_at

    assert holds.release_expired(by="system:limits", at=over - timedelta(seconds=1)) == 0
    assert holds.release_expired(by="system:limits", at=over) == 1

    assert (held_fen(line), ReserveHold.objects.get().release) == (0, "time")


def test_the_outbox_places_the_hold(committed_db, bureau, stopped_clock):
    People().assessed("average-1", bureau=bureau)
    line = CreditLine.objects.get()
    report(line)

    delivered = outbox.deliver()

    assert (delivered.done, delivered.failed) == (len(messages()), 0)
    assert held_fen(line) == 480_000
    tasks.hold_purchase(messages()[0], key="again")
    assert ReserveHold.objects.count() == 1
