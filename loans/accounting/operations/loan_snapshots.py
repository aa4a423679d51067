"""Bills and loans as they were read, and whether they are still as they were read."""

from typing import NamedTuple, Self

from django.db.models import QuerySet

from backoffice.core import bulk
from loans.accounting.queries.positions import position_of
from loans.accounting.rules.position import LoanPosition
from loans.models import Bill, Instalment, Loan


class BillRows(NamedTuple):
    """Bills by id: their rows, and their versions."""

    bills: dict[int, Bill]
    versions: dict[int, str]

    @classmethod
    def read(cls, bills: QuerySet[Bill]) -> Self:
        """Read the bills of a query, with its locks."""
        rows = bulk.load(bills.annotate(version=bulk.ROW_VERSION))
        return cls({row.id: row for row in rows}, {row.id: vars(row)["version"] for row in rows})

    def read_if_changed(self, bills: QuerySet[Bill]) -> "BillRows":
        """Read the bills of a query, with its locks, unless they are still as they were read."""
        versions: dict[int, str] = dict(bulk.rows(bills, "pk", bulk.ROW_VERSION))
        if not versions.items() <= self.versions.items():
            return BillRows.read(bills)
        return BillRows({bill_id: self.bills[bill_id] for bill_id in versions}, versions)


class LoanSnapshot(NamedTuple):
    """Loans by id: their rows, their instalments, the positions they are in, their versions."""

    loans: dict[int, Loan]
    instalments: dict[int, list[Instalment]]
    positions: dict[int, LoanPosition]
    versions: dict[int, str]

    @classmethod
    def read(cls, behind: QuerySet[Loan]) -> Self:
        """Read the loans of a query, with its locks."""
        rows = bulk.load(behind.annotate(version=bulk.ROW_VERSION))
        instalments: dict[int, list[Instalment]] = {loan.id: [] for loan in rows}
        parts = Instalment.objects.filter(loan_id__any=bulk.Of(instalments.keys()))
        for part in bulk.load(parts.order_by("loan", "number")):
            instalments[part.loan_id].append(part)
        return cls(
            {loan.id: loan for loan in rows},
            instalments,
            {loan.id: position_of(loan, instalments[loan.id]) for loan in rows},
            {loan.id: vars(loan)["version"] for loan in rows},
        )

    def read_if_changed(self, behind: QuerySet[Loan]) -> "LoanSnapshot":
        """Read the loans of a query, with its locks, unless they are still as they were read.

        An instalment never changes without its loan: the versions of the loans decide.
        """
        versions: dict[int, str] = dict(bulk.rows(behind, "pk", bulk.ROW_VERSION))
        if not versions.items() <= self.versions.items():
            return LoanSnapshot.read(behind)
        return LoanSnapshot(
            {loan_id: self.loans[loan_id] for loan_id in versions},
            {loan_id: self.instalments[loan_id] for loan_id in versions},
            {loan_id: self.positions[loan_id] for loan_id in versions},
            versions,
        )
