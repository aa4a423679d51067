"""What became of the mutants, as a table a package and a module, with the survivors' diffs."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from math import sqrt
from typing import NamedTuple

Z_95 = 1.959964
KILLED = frozenset({"killed", "caught by type check"})
TIMED_OUT = frozenset({"timeout", "segfault"})  # mutmut gives the latter name to its own SIGKILL


class Tally(NamedTuple):
    """Mutants by what became of them. Those that no test reaches have survived."""

    killed: int = 0
    timed_out: int = 0
    survived: int = 0
    equivalent: int = 0

    @property
    def mutants(self) -> int:
        return sum(self)

    @property
    def tried(self) -> int:
        return self.killed + self.timed_out + self.survived

    @property
    def found(self) -> int:
        return self.killed + self.timed_out

    @property
    def score(self) -> float | None:
        """The share of those that could be found; None without any."""
        return self.found / self.tried if self.tried else None


def is_found(verdict: str | None) -> bool:
    """Return whether the tests have noticed the mutant."""
    return verdict in KILLED | TIMED_OUT


def outcome(verdict: str, *, is_equivalent: bool) -> str:
    """Return the column of a verdict of mutmut.

    An equivalent mutant is left out only while it survives: one that a test kills was none.
    """
    if verdict in KILLED:
        return "killed"
    if verdict in TIMED_OUT:
        return "timed_out"
    return "equivalent" if is_equivalent else "survived"


def tally(outcomes: Mapping[str, str], group: Callable[[str], str]) -> dict[str, Tally]:
    """Count the outcomes of the mutants of each group."""
    counted: dict[str, Counter[str]] = {}
    for mutant, each in sorted(outcomes.items()):
        counted.setdefault(group(mutant), Counter())[each] += 1
    return {name: Tally(**counter) for name, counter in counted.items()}


def wilson(found: int, tried: int) -> tuple[float, float]:
    """Return the 95 % interval of a share after Wilson (1927)."""
    if tried == 0:
        return 0.0, 1.0
    share, square = found / tried, Z_95**2
    centre = (share + square / (2 * tried)) / (1 + square / tried)
    spread = Z_95 * sqrt(share * (1 - share) / tried + square / (4 * tried**2))
    half = spread / (1 + square / tried)
    return max(0.0, centre - half), min(1.0, centre + half)


def line(name: str, counted: Tally, *, is_sample: bool) -> str:
    """Write one row; the interval is that of a sample."""
    score = "" if counted.score is None else f"{counted.score:7.1%}"
    row = (
        f"{name:<46}{counted.mutants:>8}{counted.killed:>8}{counted.timed_out:>8}"
        f"{counted.survived:>9}{counted.equivalent:>11}{score:>8}"
    )
    if is_sample and counted.tried:
        low, high = wilson(counted.found, counted.tried)
        row += f"  ({low:.1%} to {high:.1%})"
    return row


HEADING = (
    f"{'':<46}{'mutants':>8}{'killed':>8}{'timed':>8}{'survived':>9}{'equivalent':>11}{'score':>8}"
)


def table(outcomes: Mapping[str, str], groups: Iterable[Callable[[str], str]], *, is_sample: bool):
    """Yield the rows of each grouping, one after the other."""
    for group in groups:
        yield HEADING
        for name, counted in tally(outcomes, group).items():
            yield line(name, counted, is_sample=is_sample)
        yield ""
