"""The chart of a simulation: bars of lines by change of their target, in pixels."""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from risk.simulation.rules.figures import FALLS, RISES, UNCHANGED_BUCKET

PLOT_HEIGHT, BAR_WIDTH, BAR_GAP = 160, 56, 8
STEPS_MAX = 4


class ChartBar(NamedTuple):
    """A bar in pixels, with the lines it counts, its caption and its kind."""

    x: int
    y: int
    height: int
    lines: int
    caption: str
    kind: str


class ChartTick(NamedTuple):
    """A mark of the axis of counts: its height in pixels from the top, and its count."""

    y: int
    lines: int


def captions() -> list[str]:
    """Return the captions of the buckets in per cent, from the largest fall to the largest rise."""
    falls = [f"≤ {_signed(FALLS[0])}"]
    falls += [f"{_signed(low)} – {_signed(high)}" for low, high in pairwise(FALLS)]
    rises = [f"{_signed(low)} – {_signed(high)}" for low, high in pairwise(RISES)]
    return [*falls, "0", *rises, f"> {_signed(RISES[-1])}"]


def ticks(most: int) -> list[ChartTick]:
    """Return at most five marks from 0 to the first one that is not below the highest count.

    They are whole steps of 1, 2 or 5 times a power of ten.
    """
    step, factors = 1, (2, 5, 10)
    power = 1
    while step * STEPS_MAX < most:
        step = next(power * one for one in factors if power * one > step)
        power = step if step == 10 * power else power
    top = max(1, -(-most // step)) * step
    return [ChartTick(_y(lines, top), lines) for lines in range(0, top + 1, step)]


def bars(buckets: Sequence[int]) -> list[ChartBar]:
    """Return a bar for each bucket; a count above 0 is at least one pixel high."""
    top = ticks(max(buckets))[-1].lines
    found = []
    for number, (caption, lines) in enumerate(zip(captions(), buckets, strict=True)):
        y = min(_y(lines, top), PLOT_HEIGHT - 1 if lines else PLOT_HEIGHT)
        x = BAR_GAP + number * (BAR_WIDTH + BAR_GAP)
        found.append(ChartBar(x, y, PLOT_HEIGHT - y, lines, caption, _kind(number)))
    return found


def width() -> int:
    """Return the width of all bars and the gaps between them."""
    return len(captions()) * (BAR_WIDTH + BAR_GAP) + BAR_GAP


def _signed(percent: int) -> str:
    return f"{percent:+}".replace("-", "\u2212") if percent else "0"


def _kind(number: int) -> str:
    if number == UNCHANGED_BUCKET:
        return "same"
    return "fall" if number < UNCHANGED_BUCKET else "rise"


def _y(lines: int, top: int) -> int:
    return PLOT_HEIGHT - lines * PLOT_HEIGHT // top
