"""The loans behind a batch of bills: locked, read as positions, charged, written back.

Every money movement works on a ``Book``, so there is one place that turns rows into positions,
charges into ledger entries, and positions back into rows. Lock order: bills, then loans, each by
ascending id; instalments are covered by their loan's lock.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from itertools import chain
from typing import NamedTuple, Self

from django.db.models import QuerySet

from backoffice.core import bulk, workflow
from loans.accounting.operations import ledger
from loans.accounting.operations.ledger import Entry
from loans.accounting.operations.loan_snapshots import Standing
from loans.accounting.queries.positions import (
    PART_FIELDS,
    terms_of,
)
from loans.accounting.rules.position import (
    Charge,
    Part,
    Position,
    accrue,
)
from loans.models import Account, Bill, BillState, Instalment, Loan, Opening, Plan, TransferKind
from loans.policy import LoanPolicy

POSITION_FIELDS = (
    "unpaid_principal_fen", "accrued_on", "principal_nights_fen", "charged_fen", "waived_fen",
    "overdue_on", "closed_on",
)  # fmt: skip


class Ahead(NamedTuple):
    """What the nights up to a day make of a position, reckoned without charging it."""

    position: Position
    on: date
    accrued: tuple[Position, list[Charge]]


class Book:
    """Bills with everything behind them, the bills locked in this transaction."""

    def __init__(
        self, bill_ids: Iterable[int], *, loans: QuerySet[Loan], seen: Self | None = None
    ) -> None:
        locked = Bill.objects.select_for_update().filter(pk__any=bulk.Of(bill_ids)).order_by("pk")
        self.bills: dict[int, Bill] = {bill.id: bill for bill in bulk.load(locked)}
        carried = self._carried()
        in_bills = Instalment.objects.filter(bill_id__any=bulk.Of(self.bills.keys()))
        loan_ids = {loan_id for (loan_id,) in bulk.rows(in_bills, "loan_id")} | carried.keys()
        # By ids: for a join the planner reads all loans.
        behind = loans.filter(pk__any=bulk.Of(loan_ids)).order_by("pk")
        self._standing: Standing = (
            seen._standing.read_again(behind) if seen else Standing.read(behind)
        )
        self.loans, self.instalments = self._standing.loans, self._standing.instalments
        self.positions = dict(self._standing.positions)
        self._ahead: dict[int, Ahead] = seen._ahead if seen else {}
        self._terms = {loan.id: terms_of(loan.terms_id) for loan in self.loans.values()}
        self.under: dict[int, list[Instalment]] = defaultdict(list)
        self._freed: dict[int, list[Instalment]] = defaultdict(list)
        for row in chain.from_iterable(self.instalments.values()):
            bill_id, loan_id = row.bill_id, row.loan_id
            if bill_id is not None:
                self.under[bill_id].append(row)
            elif loan_id in carried and row.due_on <= carried[loan_id].due_on:
                self._freed[carried[loan_id].id].append(row)
        self._loans_under = {bill_id: self._loans_of(rows) for bill_id, rows in self.under.items()}
        self.rolled: set[int] = set()  # bills whose debit cycle moved on
        self._touched: set[int] = set()
        self._entries: list[Entry] = []

    @classmethod
    def lock(cls, bill_ids: Iterable[int], *, seen: Self | None = None) -> Self:
        """Lock the bills and the loans behind them, in order, for a movement of money.

        Loans that a book has ``seen`` are not read again while nobody has changed them.
        """
        return cls(bill_ids, loans=Loan.objects.select_for_update(), seen=seen)

    @classmethod
    def look(cls, bill_ids: Iterable[int]) -> Self:
        """Lock the bills alone, to ask what is owed under them."""
        return cls(bill_ids, loans=Loan.objects.all())

    def _carried(self) -> dict[int, Bill]:
        """Return the bills whose rest was carried by loan, as their issue has it (GEN-9)."""
        carried = {bill.id for bill in self.bills.values() if bill.state == BillState.CARRIED}
        if not carried:
            return {}
        issued = Opening.objects.filter(bill_id__any=bulk.Of(carried)).order_by("bill__due_on")
        return {
            loan_id: self.bills[bill_id]
            for loan_id, bill_id in issued.values_list("loan_id", "bill_id")
        }

    def free(self, bill: Bill) -> None:
        """Let go of the instalments of a bill: they wait for the next one (REPAY-16)."""
        rows = self.under.pop(bill.id)
        for row in rows:
            row.bill = None
            self._touched.add(row.loan_id)
        self._freed[bill.id], self._loans_under[bill.id] = rows, []

    def take_back(self, bill: Bill) -> None:
        """Put the instalments a bill let go of under it again, to be lived through."""
        for row in self._freed.pop(bill.id, []):
            row.bill = bill
            self._touched.add(row.loan_id)
            self.under[bill.id].append(row)
        self._loans_under[bill.id] = self._loans_of(self.under[bill.id])

    def is_bare(self, bill: Bill) -> bool:
        """Say whether nothing stands in a bill any more: its rest is in a later one."""
        return not self.under[bill.id] and not self._freed[bill.id]

    def terms(self, loan_id: int) -> LoanPolicy:
        """Return the terms of a loan."""
        return self._terms[loan_id]

    def bill_terms(self, bill: Bill) -> LoanPolicy:
        """Return the terms of a bill: those of its oldest loan."""
        loans = self.loans_under(bill) or self._loans_of(self._freed[bill.id])
        return self.terms(min(loan.id for loan in loans))

    def loans_under(self, bill: Bill) -> list[Loan]:
        """Return the loans that stand in a bill, oldest drawdown first."""
        return self._loans_under.get(bill.id, [])

    def _loans_of(self, rows: Iterable[Instalment]) -> list[Loan]:
        loans = [self.loans[loan_id] for loan_id in {row.loan_id for row in rows}]
        return sorted(loans, key=lambda loan: (loan.drawn_on, loan.id))

    def part(self, row: Instalment) -> Part:
        """Return the part of an instalment as the book holds it now."""
        return self.positions[row.loan_id].parts[self._index(row)]

    def owed(self, bill: Bill, positions: Mapping[int, Position] | None = None) -> tuple[int, int]:
        """Return what is unpaid under a bill, and the mandatory part of it (REPAY-7).

        Mandatory are interest, fees and whole plan rows. ``positions`` stand in for the book's.
        """
        unpaid_fen = free_fen = 0
        for row in self.under[bill.id]:
            loan_id = row.loan_id
            part = (positions or self.positions)[loan_id].parts[self._index(row)]
            unpaid_fen += part.unpaid_fen
            if self.loans[loan_id].plan == Plan.BULLET:
                free_fen += part.principal_fen
        return unpaid_fen, unpaid_fen - free_fen

    def is_bullet(self, row: Instalment) -> bool:
        """Say whether an instalment is the one part of a bullet loan."""
        return self.loans[row.loan_id].plan == Plan.BULLET

    def preview(self, bill: Bill, *, on: date) -> dict[int, Position]:
        """Return the positions of the loans under a bill on a day, without charging them."""
        return {loan.id: self._accrued(loan.id, on=on)[0] for loan in self.loans_under(bill)}

    def _accrued(self, loan_id: int, *, on: date) -> tuple[Position, list[Charge]]:
        """Return a loan's position on a day and its charges; the same question is reckoned once."""
        position, ahead = self.positions[loan_id], self._ahead.get(loan_id)
        if ahead is None or ahead.position is not position or ahead.on != on:
            accrued = accrue(position, on=on, terms=self.terms(loan_id))
            ahead = self._ahead[loan_id] = Ahead(position, on, accrued)
        return ahead.accrued

    def charge(
        self,
        loan: Loan,
        *,
        on: date,
        cause: str,
        late_fees_fen: Mapping[int, int] | None = None,
    ) -> None:
        """Charge a loan its nights up to a day, with late fees per instalment id."""
        if late_fees_fen:
            fees_fen = [late_fees_fen.get(row.id, 0) for row in self.instalments[loan.id]]
            position, charges = accrue(
                self.positions[loan.id], on=on, terms=self.terms(loan.id), late_fees_fen=fees_fen
            )
        else:
            position, charges = self._accrued(loan.id, on=on)
        self._put(loan.id, position)
        self._enter_charges(loan, charges, on=on, cause=cause)

    def replace(self, row: Instalment, part: Part) -> None:
        """Put a changed part into the book."""
        position = self.positions[row.loan_id]
        parts = list(position.parts)
        parts[self._index(row)] = part
        self._put(row.loan_id, position._replace(parts=tuple(parts)))

    def enter(self, entries: Iterable[Entry]) -> None:
        """Add ledger entries to be posted with the book."""
        self._entries += entries

    def take_entries(self) -> list[Entry]:
        """Take out the ledger entries that wait to be posted."""
        entries, self._entries = self._entries, []
        return entries

    def rewind(self, loan: Loan, position: Position) -> None:
        """Put a loan back to an earlier position, to be lived through again."""
        self._put(loan.id, position)

    def write(self, *, at: datetime) -> None:
        """Write positions, states and ledger: one UPDATE a table, one COPY."""
        loans = [self.loans[loan_id] for loan_id in sorted(self._touched)]
        rows = [row for loan in loans for row in self.instalments[loan.id]]
        for loan in loans:
            self._write_back(loan)
        workflow.save(loans, *POSITION_FIELDS)
        bulk.update(rows, (*PART_FIELDS, "late_fee_base_fen", "bill"))
        ledger.post(self._entries, at=at)
        self._touched.clear()
        self._entries.clear()

    def touch(self, loan: Loan) -> None:
        """Have a loan and its instalments written, whatever changed on them."""
        self._touched.add(loan.id)

    @staticmethod
    def _index(row: Instalment) -> int:
        return row.number - 1

    def _put(self, loan_id: int, position: Position) -> None:
        self.positions[loan_id] = position
        self._touched.add(loan_id)

    def _write_back(self, loan: Loan) -> None:
        position = self.positions[loan.id]
        loan.unpaid_principal_fen = position.principal_fen
        loan.accrued_on = position.accrued_on
        loan.principal_nights_fen = position.principal_nights_fen
        loan.charged_fen, loan.waived_fen = position.charged_fen, position.waived_fen
        for row, part in zip(self.instalments[loan.id], position.parts, strict=True):
            for name, value in zip(PART_FIELDS, part, strict=True):
                setattr(row, name, value)

    def _enter_charges(
        self, loan: Loan, charges: Iterable[Charge], *, on: date, cause: str
    ) -> None:
        for charge in charges:
            for debit, credit, kind, amount_fen in (
                (Account.INTEREST, Account.ACCRUED_UNPOSTED, TransferKind.ACCRUAL,
                 charge.interest_fen),
                (Account.PENALTY, Account.ACCRUED_UNPOSTED, TransferKind.ACCRUAL,
                 charge.penalty_fen),
                (Account.LATE_FEE, Account.LATE_FEE_INCOME, TransferKind.LATE_FEE,
                 charge.late_fee_fen),
            ):  # fmt: skip
                if amount_fen:
                    self._entries.append(
                        Entry(on, debit, credit, amount_fen, kind, cause, loan.id, loan.customer_id)
                    )
