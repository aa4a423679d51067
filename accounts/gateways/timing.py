"""How long a provider took."""

from collections.abc import Callable
from time import monotonic
from typing import TypeVar

Answer = TypeVar("Answer")


def timed(ask: Callable[[], Answer]) -> tuple[Answer, int]:
    """Return what a provider answered, and the milliseconds it took."""
    began = monotonic()
    answer = ask()
    return answer, round((monotonic() - began) * 1000)
