"""Whether customers pay what they owe: reported by the app of loans, shown on customers' pages."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple


class DebtState(NamedTuple):
    """The state of a customer's debt in words, with the state whose colour it is shown in."""

    text: Any
    colour_of: str


Report = Callable[..., Mapping[int, DebtState]]

_reports: list[Report] = []


def register(report: Report) -> None:
    """Add the function ``report(customer_ids, on=day)`` of an app above, when it is ready."""
    _reports.append(report)


def states(customer_ids: Sequence[int], *, on: date) -> dict[int, DebtState]:
    """Return the state of the debt of each customer on a day; who owes nothing is left out."""
    found: dict[int, DebtState] = {}
    for report in _reports:
        found |= report(customer_ids, on=on)
    return found
