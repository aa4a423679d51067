"""What a field of a policy may be: declared beside its default, checked when a policy is made.

A range may be widened, never narrowed: contracts that were signed before are read through it.
"""

from collections.abc import Sequence
from dataclasses import Field, field, fields
from datetime import time
from itertools import pairwise
from typing import Any, NamedTuple


class Range(NamedTuple):
    """The least and the most that a field may be."""

    least: int | time
    most: int | time

    def __str__(self) -> str:
        return f"{_shown(self.least)} – {_shown(self.most)}"


class FieldOptions(NamedTuple):
    """The values that a field may have."""

    values: tuple[str, ...]

    def __str__(self) -> str:
        return ", ".join(self.values)


class NotAllowedError(ValueError):
    """A field has a value that is out of its range or none of its options."""

    def __init__(self, name: str, value: Any, allowed: Range | FieldOptions) -> None:
        super().__init__(f"{name} = {value}: allowed is {allowed}")
        self.name, self.value, self.allowed = name, value, allowed


class FieldsCheck(NamedTuple):
    """What must hold between fields: whether it does, why, and the fields it is about."""

    holds: bool
    why: str
    names: tuple[str, ...]


class FieldsConflictError(ValueError):
    """Fields have values that cannot work together."""

    def __init__(self, why: str, names: tuple[str, ...]) -> None:
        super().__init__(f"{', '.join(names)}: {why}")
        self.why, self.names = why, names


def number(default: int, *, least: int, most: int) -> Any:
    """Return a field for a whole number with its range, both ends included."""
    return field(default=default, metadata={"allowed": Range(least, most)})


def hour(default: time, *, least: time, most: time, **metadata: Any) -> Any:
    """Return a field for an hour of the day with its range, both ends included."""
    return field(default=default, metadata={"allowed": Range(least, most), **metadata})


def option(default: str, options: tuple[str, ...]) -> Any:
    """Return a field for one of several codes."""
    return field(default=default, metadata={"allowed": FieldOptions(options)})


def allowed(one: "Field[Any]") -> Range | FieldOptions | None:
    """Return what a field may be, or None where nothing is declared."""
    found: Range | FieldOptions | None = one.metadata.get("allowed")
    return found


def check(policy: Any) -> None:
    """Check each field of a policy.

    Raises:
        NotAllowedError: a value is out of its range or none of its options.
    """
    for one in fields(policy):
        value, limits = getattr(policy, one.name), allowed(one)
        if limits is None:
            continue
        if isinstance(limits, FieldOptions):
            is_allowed = value in limits.values
        else:
            is_allowed = limits.least <= value <= limits.most
        if not is_allowed:
            raise NotAllowedError(one.name, value, limits)


def require(*checks: FieldsCheck) -> None:
    """Check what must hold between the fields of a policy.

    Raises:
        FieldsConflictError: the first check that does not hold.
    """
    for one in checks:
        if not one.holds:
            raise FieldsConflictError(one.why, one.names)


def is_sorted(values: Sequence[int]) -> bool:
    """Return whether no value is below the one before it."""
    return all(first <= second for first, second in pairwise(values))


def _shown(end: int | time) -> str:
    return end.isoformat("minutes") if isinstance(end, time) else str(end)
