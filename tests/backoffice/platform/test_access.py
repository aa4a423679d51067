"""Access to personal data in full is recorded by what an app has registered, or not possible."""

from datetime import UTC, datetime

import pytest

from backoffice.platform import access

GIVEN = {
    "shown": "X1: name",
    "by": None,
    "reason": "a test",
    "at": datetime(2026, 10, 1, tzinfo=UTC),
}


@pytest.fixture(autouse=True)
def nobody(monkeypatch):
    monkeypatch.setattr(access, "_recorders", [])


def test_every_recorder_receives_whose_data_is_shown():
    records = []
    access.register(lambda owner_ids, **given: records.append((owner_ids, given)))

    access.record([1, 2], **GIVEN)

    assert records == [([1, 2], GIVEN)]


def test_without_a_recorder_nothing_is_shown():
    with pytest.raises(AssertionError, match="no app records"):
        access.record([1], **GIVEN)
