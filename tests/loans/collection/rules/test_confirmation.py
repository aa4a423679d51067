from datetime import datetime, timedelta

from loans.collection.rules.confirmation import expires_at

MIDNIGHT = datetime.fromisoformat("2026-10-02T00:00+08:00")


def test_a_payment_may_be_confirmed_for_some_minutes():
    at = MIDNIGHT - timedelta(hours=2)

    assert expires_at(at, minutes=30, day_ends_at=MIDNIGHT) == at + timedelta(minutes=30)


def test_a_payment_is_not_confirmed_on_the_next_day():
    for minutes_left in (1, 29, 30):
        at = MIDNIGHT - timedelta(minutes=minutes_left)

        assert expires_at(at, minutes=30, day_ends_at=MIDNIGHT) == MIDNIGHT
