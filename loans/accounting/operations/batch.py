"""A batch of bills and the loans behind them: locked, run through the engine, written.

Every movement of money works on a ``LoanBatch``. It alone turns rows into positions and back,
knows what changed on each record, and writes it: bills, loans, instalments, moves, charges,
ledger, allocations, restored lines. Lock order: bills, then loans, each by ascending id;
instalments are covered by their loan's lock.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from itertools import chain, groupby
from operator import attrgetter
from typing import Any, Self

from django.db import models, transaction
from django.db.models import QuerySet

from backoffice.core import bulk, workflow
from loans.accounting.operations import column_changes, facts, ledger, plan_rows, postings
from loans.accounting.operations.facts import AllocationRow, ChargeRow, WaiverRow
from loans.accounting.operations.ledger import Entry
from loans.accounting.operations.loan_snapshots import BillRows, LoanSnapshot
from loans.accounting.queries import snapshots
from loans.accounting.queries.positions import (
    BILL_COLUMNS,
    LOAN_COLUMNS,
    PART_COLUMNS,
    bill_position_of,
    bill_values,
    loan_values,
    part_values,
    terms_of,
)
from loans.accounting.rules import engine
from loans.accounting.rules.codes import REST_STATES, BillMove, BillState, LoanMove
from loans.accounting.rules.engine import Accrued, Event, RunResult, accrued
from loans.accounting.rules.outcomes import ConvertedLoan, Decision, IssuedLoan, Surplus
from loans.accounting.rules.position import BillPosition, InstalmentKey, Position
from loans.accounting.rules.reasons import LoanReason
from loans.models import Bill, Instalment, Loan
from risk.lines import operations as lines

# Transitions whose bodies take the business day of the move.
_MOVES_WITH_A_DAY = {
    BillMove.RECORD_OVERDUE, LoanMove.RECORD_OVERDUE, LoanMove.SETTLE, LoanMove.CHARGE_OFF,
    LoanMove.RECOVER,
}  # fmt: skip


# What the bodies of transitions set: written with each step of a record that takes several.
BILL_STEP_COLUMNS = ("overdue_on", "paid_on")
LOAN_STEP_COLUMNS = ("overdue_on", "ended_on")


class LoanBatch:
    """Bills with everything behind them, the bills locked in this transaction unless only read."""

    def __init__(
        self,
        bill_ids: Iterable[int],
        *,
        loans: QuerySet[Loan],
        seen: Self | None = None,
        loan_ids: Iterable[int] = (),
        bills: QuerySet[Bill] | None = None,
    ) -> None:
        every = Bill.objects.select_for_update() if bills is None else bills
        locked = every.filter(pk__any=bulk.Of(bill_ids)).order_by("pk")
        self.bill_rows: BillRows = (
            seen.bill_rows.read_if_changed(locked) if seen else BillRows.read(locked)
        )
        self.bills = dict(self.bill_rows.bills)
        in_bills = Instalment.objects.filter(bill_id__any=bulk.Of(self.bills.keys()))
        behind_bills = {loan_id for (loan_id,) in bulk.rows(in_bills, "loan_id")}
        # By ids: for a join the planner reads all loans.
        behind = loans.filter(pk__any=bulk.Of(behind_bills.union(loan_ids))).order_by("pk")
        self.snapshot: LoanSnapshot = (
            seen.snapshot.read_if_changed(behind) if seen else LoanSnapshot.read(behind)
        )
        self.loans, self.instalments = self.snapshot.loans, self.snapshot.instalments
        self.terms = {loan.id: terms_of(loan.terms_id) for loan in self.loans.values()}
        self.position = Position(self._bills(seen), dict(self.snapshot.positions))
        self._loaded = Position(dict(self.position.bills), dict(self.position.loans))
        self.known: dict[int, Accrued] = seen.known if seen else {}
        self._decisions: list[Decision] = []
        self._charges: list[ChargeRow] = []
        self._entries: list[Entry] = []
        self._allocations: list[AllocationRow] = []
        self._surpluses: list[Surplus] = []
        self._issued: list[IssuedLoan] = []
        self._new: list[Bill] = []
        self._waivers: list[WaiverRow] = []
        self._converted: list[ConvertedLoan] = []

    @classmethod
    def lock(
        cls, bill_ids: Iterable[int], *, seen: Self | None = None, loan_ids: Iterable[int] = ()
    ) -> Self:
        """Lock the bills and the loans behind them, in order, for a movement of money.

        Bills and loans that another batch has ``seen`` are not read again while nobody has
        changed them.
        ``loan_ids`` are further loans: those with instalments that stand under no bill.
        """
        return cls(bill_ids, loans=Loan.objects.select_for_update(), seen=seen, loan_ids=loan_ids)

    @classmethod
    def lock_loans(
        cls, loan_ids: Collection[int], *, bill_ids: Iterable[int] = (), seen: Self | None = None
    ) -> Self:
        """Lock loans with every bill that their instalments stand under, and further bills."""
        bills = set(bill_ids)
        while loan_ids:
            # A bill may be issued before its loan is locked, and bills are locked first: then the
            # savepoint gives back what was locked, and everything is locked again in order.
            with transaction.atomic():
                theirs = Instalment.objects.filter(loan_id__any=bulk.Of(loan_ids))
                under = theirs.filter(bill__isnull=False)
                bills.update(bill_id for (bill_id,) in bulk.rows(under, "bill_id"))
                batch = cls.lock(bills, seen=seen, loan_ids=loan_ids)
                rows = chain.from_iterable(batch.instalments.get(one, ()) for one in loan_ids)
                if batch.bills.keys() >= {row.bill_id for row in rows} - {None}:
                    return batch
                transaction.set_rollback(True)
        return cls.lock(bills, seen=seen)

    @classmethod
    def lock_bills(cls, bill_ids: Iterable[int]) -> Self:
        """Lock the bills alone, to compute what is owed under them."""
        return cls(bill_ids, loans=Loan.objects.all())

    @classmethod
    def read(cls, bill_ids: Iterable[int], *, loan_ids: Iterable[int]) -> Self:
        """Read bills and loans without a lock, to compute what is not kept."""
        return cls(bill_ids, loans=Loan.objects.all(), loan_ids=loan_ids, bills=Bill.objects.all())

    def _bills(self, seen: Self | None) -> dict[int, BillPosition]:
        """Return the positions of the bills: which instalments stand under which.

        What another batch has ``seen`` of a bill that is as it was read needs no second look.
        """
        under: dict[int, list[InstalmentKey]] = defaultdict(list)
        for row in chain.from_iterable(self.instalments.values()):
            if row.bill_id is not None:
                under[row.bill_id].append(InstalmentKey(row.loan_id, row.number - 1))
        found = {}
        for bill_id, bill in self.bills.items():
            rows = tuple(under.get(bill_id, ()))
            if seen and rows and seen.bills.get(bill_id) is bill:
                known = seen.position.bills[bill_id]
                if known.rows == rows:
                    found[bill_id] = known
                    continue
            ids = self.loan_ids_of(rows)
            found[bill_id] = bill_position_of(bill, rows, ids, terms_id=ids[0] if ids else None)
        taken_over = [one.id for one in found.values() if one.state in REST_STATES and not one.rows]
        for (bill_id, loan_id), snapshot in snapshots.latest(taken_over).items():
            if loan_id in self.loans:  # the bill that took it over is in the batch
                rows = (*found[bill_id].billed_rows, *snapshots.billed_rows(snapshot))
                found[bill_id] = found[bill_id]._replace(
                    billed_rows=rows, terms_id=self.loan_ids_of(rows)[0]
                )
        return found

    def loan_ids_of(self, rows: Sequence[InstalmentKey]) -> tuple[int, ...]:
        """Return the loans of some instalments, the oldest drawdown first."""
        if len(rows) == 1:
            return (rows[0].loan_id,)
        ids = {loan_id for loan_id, _index in rows}
        return tuple(sorted(ids, key=lambda one: (self.loans[one].drawn_on, one)))

    def bill_terms(self, bill_id: int) -> Any:
        """Return the terms of a bill: those of its oldest loan."""
        terms_id = self.position.bills[bill_id].terms_id
        assert terms_id is not None, "a bill that never had a loan has no terms"
        return self.terms[terms_id]

    def preview(self, bill_id: int, *, on: date) -> Position:
        """Return a bill with its loans as a payment on a day meets them, without keeping that.

        They are charged up to the day, and the plan fees under the bill with the payment.
        """
        bill = self.position.bills[bill_id]
        loans = {}
        for loan_id in bill.loan_ids:
            known = accrued(
                self.position.loans[loan_id],
                on=on,
                terms=self.terms[loan_id],
                known=self.known.get(loan_id),
            )
            self.known[loan_id] = known
            loans[loan_id] = known.end
        return Position({bill_id: bill}, engine.payable_under(bill, loans, self.terms))

    def change_bill(self, bill_id: int, **changes: Any) -> BillPosition:
        """Change values of a bill that no event of the engine decides on."""
        bill = self.position.bills[bill_id]._replace(**changes)
        self.position.bills[bill_id] = bill
        return bill

    def add_bill(self, record: Bill, *, rows: tuple[InstalmentKey, ...]) -> None:
        """Take a new bill into the batch, to be issued with these instalments among others.

        The record has an id and no row yet: ``write`` inserts it and moves it to BILLED.
        """
        self.bills[record.id] = record
        self._new.append(record)
        position = bill_position_of(record, (), (), terms_id=None)
        self.position.bills[record.id] = position._replace(state=BillState.BILLED, billed_rows=rows)

    def add_rows(self, loan_id: int, count: int) -> None:
        """Give a bullet blank rows for a plan, so that it can be converted to it (REPAY-6)."""
        rows = self.instalments[loan_id]
        rows += plan_rows.blank_rows(rows[0], count=count - len(rows) + 1)
        loan = plan_rows.with_blanks(self.position.loans[loan_id], len(rows))
        self.position.loans[loan_id] = self._loaded.loans[loan_id] = loan

    def run(self, events: Iterable[Event]) -> RunResult:
        """Run events through the engine; the batch keeps where they lead and what they charge."""
        result = engine.run(self.position, events, self.terms, known=self.known)
        self.position = result.position
        self._decisions += result.decisions
        self._surpluses += result.surpluses
        self._issued += result.issued
        self._converted += result.converted
        for charge in result.charges:
            loan = self.loans[charge.loan_id]
            self._charges.append(ChargeRow(charge, self._instalment_id(charge), loan.customer_id))
        for allocation in result.allocations:
            self._allocations.append(AllocationRow(allocation, self._instalment_id(allocation)))
        self._waivers += [WaiverRow(one, self._instalment_id(one)) for one in result.waived]
        self._entries += postings.of(result, self._customer_of)
        return result

    def rerun(
        self, position: Position, events: Iterable[Event], decisions: Iterable[Decision]
    ) -> RunResult:
        """Run events from an earlier position, after the decisions that led back to it.

        The batch keeps where they lead, and stores what bills were issued with now; which other
        facts must be corrected is the caller's to find (``correct``).
        """
        result = engine.run(position, events, self.terms)
        self.position.bills.update(result.position.bills)
        self.position.loans.update(result.position.loans)
        self._decisions += [*decisions, *result.decisions]
        self._issued += result.issued
        self._converted += result.converted
        return result

    def correct(
        self,
        *,
        charges: Iterable[ChargeRow],
        entries: Iterable[Entry],
        allocations: Iterable[AllocationRow],
        surpluses: Iterable[Surplus],
        waivers: Iterable[WaiverRow] = (),
    ) -> None:
        """Add the facts that correct those of an earlier run."""
        self._waivers += waivers
        self._charges += charges
        self._entries += entries
        self._allocations += allocations
        self._surpluses += surpluses

    def _customer_of(self, fact: Any) -> int:
        of_bill = fact.loan_id is None
        return (self.bills[fact.bill_id] if of_bill else self.loans[fact.loan_id]).customer_id

    def _instalment_id(self, fact: Any) -> int:
        instalment_id: int = self.instalments[fact.loan_id][fact.part_index].id
        return instalment_id

    def write(self, *, by: str, at: datetime) -> None:
        """Write everything that changed: one UPDATE a table and step of moves, one COPY a fact.

        ``by`` is the actor of the state changes.
        """
        self._insert_new(by=by, at=at)
        is_stepped = self._move(by=by, at=at)
        bills = list(column_changes.changed(self._loaded.bills, self.position.bills, self.bills))
        loans = list(column_changes.changed(self._loaded.loans, self.position.loans, self.loans))
        self._restore_lines(loan for loan, _old, _new in loans)
        column_changes.save(
            [(record, bill_values(old), bill_values(new)) for record, old, new in bills],
            BILL_COLUMNS,
            written=BILL_STEP_COLUMNS if is_stepped else (),
        )
        column_changes.save(
            [(record, loan_values(old), loan_values(new)) for record, old, new in loans],
            LOAN_COLUMNS,
            written=LOAN_STEP_COLUMNS if is_stepped else (),
        )
        agreed = plan_rows.write(self._converted, self.instalments)
        column_changes.update(
            [
                (row, part_values(old), part_values(new))
                for loan, before, after in loans
                for row, old, new in zip(
                    self.instalments[loan.id], before.parts, after.parts, strict=True
                )
                if old is not new
            ],
            PART_COLUMNS,
            written=agreed,
        )
        facts.add_charges(self._charges, at=at)
        ledger.post(self._entries, at=at)
        facts.add_allocations(self._allocations)
        facts.add_surpluses([(one, self._customer_of(one)) for one in self._surpluses], at=at)
        facts.add_snapshots(self._issued)
        facts.add_waivers(self._waivers)
        self._start_over()

    def _start_over(self) -> None:
        """Begin again from what is written now."""
        self._loaded = Position(dict(self.position.bills), dict(self.position.loans))
        for waiting in (self._decisions, self._charges, self._entries, self._allocations,
                        self._surpluses, self._issued, self._new, self._waivers,
                        self._converted):  # fmt: skip
            waiting.clear()

    def _insert_new(self, *, by: str, at: datetime) -> None:
        """Issue the bills that are new, and insert them in the state they are then in."""
        for record in self._new:
            position = self.position.bills[record.id]
            record.__dict__.update(zip(BILL_COLUMNS, bill_values(position), strict=True))
            self._loaded.bills[record.id] = position
        for billed_on, records in groupby(self._new, key=attrgetter("billed_on")):
            workflow.move(list(records), "issue", by=by, reason=LoanReason.BILL_DATE, at=at,
                          effective_on=billed_on)  # fmt: skip
        bulk.insert(self._new, ("id", "customer", "state", *BILL_COLUMNS))
        workflow.save_changes(self._new)

    def _move(self, *, by: str, at: datetime) -> bool:
        """Perform the decisions on the records, each record one step at a time.

        The database follows each step of a machine, so a record with several moves is written
        after each of them but the last, which is written with everything else. Returns whether
        any record was written on the way.
        """
        is_stepped = False
        waiting: dict[tuple[str, int], list[Decision]] = defaultdict(list)
        for decision in self._decisions:
            waiting[type(decision.move).__name__, decision.id].append(decision)
        while waiting:
            step = [decisions.pop(0) for decisions in waiting.values()]
            waiting = {key: decisions for key, decisions in waiting.items() if decisions}
            grouped: dict[tuple[Any, ...], list[models.Model]] = defaultdict(list)
            words: dict[str, Any] = {}
            for move, record_id, on, reason in step:
                record = self._record(type(move).__name__, record_id)
                words[str(reason)] = reason  # its facts are no part of a key
                grouped[type(record), move, on, str(reason)].append(record)
            for (_model, move, on, reason), records in grouped.items():
                taken = {"on": on} if move in _MOVES_WITH_A_DAY else {}
                workflow.move(records, move.value, by=by, reason=words[reason], at=at,
                              effective_on=on, **taken)  # fmt: skip
            more = [self._record(*key) for key in waiting]
            workflow.save([one for one in more if isinstance(one, Bill)], *BILL_STEP_COLUMNS)
            workflow.save([one for one in more if isinstance(one, Loan)], *LOAN_STEP_COLUMNS)
            is_stepped = is_stepped or bool(more)
        return is_stepped

    def _record(self, move: str, record_id: int) -> models.Model:
        return self.bills[record_id] if move == BillMove.__name__ else self.loans[record_id]

    def _restore_lines(self, loans: Iterable[Loan]) -> None:
        """Give principal that was repaid back to the lines, and take back what a rerun undid."""
        before, after = self._loaded.loans, self.position.loans
        lines.restore(
            [
                lines.Restoration(loan.line_id, change_fen)
                for loan in loans
                if (change_fen := before[loan.id].principal_fen - after[loan.id].principal_fen)
            ]
        )
