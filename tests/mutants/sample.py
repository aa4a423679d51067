"""Which mutants are tried: all of them, or as many of each package as its share."""

import random
from collections import defaultdict
from collections.abc import Iterable

from backoffice.core import money


def app_of(mutant: str) -> str:
    """Return ``loans`` or ``risk``."""
    return mutant.partition(".")[0]


def package_of(mutant: str) -> str:
    """Return the package of ``loans.billing.rules.issue.x_f__mutmut_1``: ``loans.billing``."""
    return ".".join(mutant.split(".")[:2])


def module_of(mutant: str) -> str:
    """Return the module of the same mutant: ``loans.billing.rules.issue``."""
    return mutant.rpartition(".")[0]


def below(mutants: Iterable[str], only: Iterable[str]) -> list[str]:
    """Return the mutants below one of these dotted names, sorted; all of them without a name."""
    prefixes = tuple(f"{name}." for name in only)
    return sorted(each for each in mutants if not prefixes or each.startswith(prefixes))


def draw(mutants: Iterable[str], size: int, *, seed: int) -> list[str]:
    """Draw mutants, of each package its share and none twice; the same ones for the same seed."""
    strata = defaultdict(list)
    for mutant in sorted(mutants):
        strata[package_of(mutant)].append(mutant)
    total = sum(map(len, strata.values()))
    if size >= total:
        return sorted(each for stratum in strata.values() for each in stratum)
    generator = random.Random(seed)
    shares = money.split(size, [len(stratum) for stratum in strata.values()])
    return sorted(
        each
        for stratum, share in zip(strata.values(), shares, strict=True)
        for each in generator.sample(stratum, share)
    )
