"""What the tests of people share."""

from collections.abc import Iterator

import pytest
import time_machine

from tests.accounts.hashers import CountingHasher
from tests.accounts.people import AT


@pytest.fixture
def cheap_hashing(settings):
    """Let hashing a password cost nothing; which were looked at is counted from here on."""
    settings.PASSWORD_HASHERS = [f"{CountingHasher.__module__}.{CountingHasher.__qualname__}"]
    CountingHasher.looked_at.clear()


@pytest.fixture
def stopped_clock() -> Iterator[time_machine.Traveller]:
    """The machine's time, standing still at ``AT``; product time goes with ``wait``."""
    with time_machine.travel(AT, tick=False) as traveller:
        yield traveller
