"""Somebody who is logged in, at a moment that stands still."""

from tests.accounts.api.conftest import newcomer
from tests.accounts.conftest import stopped_clock

__all__ = ["newcomer", "stopped_clock"]
