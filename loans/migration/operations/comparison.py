"""Our classification of the past bills against the lender's own status, under several policies."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from loans.migration.operations.debts import classify, past_bills
from loans.migration.operations.reading import STATUS_COLUMNS, ClientRow
from loans.policy import LoanTerms
from risk.models import ConductOutcome

NO_USE, PAID, MINIMUM, LATE = -2, -1, 0, 1
NO_BILL = "no_bill"
OUTCOMES = (*ConductOutcome.values, NO_BILL)
# Our outcomes that agree with the lender's status; a small balance agrees with both.
_AGREES: Mapping[int, frozenset[str]] = {
    PAID: frozenset({ConductOutcome.PAID, ConductOutcome.CARRIED}),
    MINIMUM: frozenset({ConductOutcome.MIN_PAID, ConductOutcome.CARRIED}),
    LATE: frozenset({ConductOutcome.OVERDUE}),
}


class Month(NamedTuple):
    """One month under one policy: how many customers by the lender's status and our outcome."""

    column: str
    minimum_permille: int
    counts: Counter[tuple[int, str]]

    @property
    def compared(self) -> int:
        """Return how many bills both sides have a word on."""
        return sum(n for (status, ours), n in self.counts.items() if _is_comparable(status, ours))

    @property
    def agreed(self) -> int:
        """Return how many of them both sides call the same."""
        return sum(
            n
            for (status, ours), n in self.counts.items()
            if _is_comparable(status, ours) and ours in _AGREES[min(status, LATE)]
        )

    @property
    def agreed_permille(self) -> int:
        """Return the share of agreement, floored."""
        return self.agreed * 1000 // self.compared if self.compared else 0

    def by_status(self) -> dict[int, Counter[str]]:
        """Return our outcomes per lender's status, everything late under ``LATE``."""
        table: dict[int, Counter[str]] = {}
        for (status, ours), n in self.counts.items():
            table.setdefault(min(status, LATE), Counter())[ours] += n
        return dict(sorted(table.items()))


def _is_comparable(status: int, ours: str) -> bool:
    return status > NO_USE and ours != NO_BILL


class Comparison:
    """Counts rows as they are read; nothing of a row is kept."""

    def __init__(self, policies: Iterable[LoanTerms]) -> None:
        self._policies = tuple(policies)
        self.months = [
            [Month(column, terms.minimum_permille, Counter()) for column in STATUS_COLUMNS[:5]]
            for terms in self._policies
        ]

    def add(self, row: ClientRow) -> None:
        """Count the past bills of a row: the status of a column is about the bill before it."""
        bills = {bill.number: bill for bill in past_bills(row)}
        for terms, months in zip(self._policies, self.months, strict=True):
            for number, (month, status) in enumerate(
                zip(months, row.statuses, strict=False), start=2
            ):
                bill = bills.get(number)
                ours = classify(bill, terms=terms)[1] if bill else NO_BILL
                month.counts[status, ours] += 1
