"""Mutants that behave as the original for every input, each with the reason.

No test can tell them apart, so they count neither as killed nor as survived.
"""

from typing import NamedTuple


class Equivalent(NamedTuple):
    """A change of one line of a function that changes nothing, and why."""

    function: str
    before: str
    after: str
    reason: str


EQUIVALENT: tuple[Equivalent, ...] = ()


def function_of(mutant: str) -> str:
    """Return the dotted name of a mutant's function or method.

    ``x_total__mutmut_1`` is a mutant of ``total``, and ``xǁTermsǁrate__mutmut_1`` one of the method
    ``Terms.rate``.
    """
    module, _dot, mangled = mutant.partition("__mutmut_")[0].rpartition(".")
    name = mangled[1:].replace("ǁ", ".").removeprefix(".") if "ǁ" in mangled else mangled[2:]
    return f"{module}.{name}"


def change(diff: str) -> tuple[str, str]:
    """Return the lines before and after of a unified diff, without the indentation."""
    body = [line for line in diff.splitlines() if not line.startswith(("---", "+++"))]
    before = [line[1:].strip() for line in body if line.startswith("-")]
    after = [line[1:].strip() for line in body if line.startswith("+")]
    return "\n".join(before), "\n".join(after)


def is_equivalent(mutant: str, diff: str) -> bool:
    """Return whether the mutant is one of those listed."""
    before, after = change(diff)
    return any(
        (each.function, each.before, each.after) == (function_of(mutant), before, after)
        for each in EQUIVALENT
    )
