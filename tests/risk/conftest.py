"""What the tests of risk share."""

from tests.accounts.conftest import cheap_hashing, stopped_clock

__all__ = ["cheap_hashing", "stopped_clock"]
