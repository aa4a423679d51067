"""What the tests of people share."""

import pytest

from tests.accounts.hashers import CountingHasher
from tests.backoffice.conftest import together

__all__ = ["together"]


@pytest.fixture
def cheap_hashing(settings):
    """Let hashing a password cost nothing; which were looked at is counted from here on."""
    settings.PASSWORD_HASHERS = [f"{CountingHasher.__module__}.{CountingHasher.__qualname__}"]
    CountingHasher.looked_at.clear()
