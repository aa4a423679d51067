"""The one engine: bills and loans are a fold over what happened to them.

``run`` applies events in order to a position and returns where it ends, what was charged on the
way, where money went, and which states moved. The end of a day, a repayment, a reversed and
reprocessed value date, a statement and a quote all call it. An event is a value of the package
whose rule it follows (``EndOfDay``, ``Payment``): the engine knows none of them. Pure: no clock
and no rows.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple, Protocol

from loans.accounting.rules import cap
from loans.accounting.rules.accrual import rate_micro
from loans.accounting.rules.allocation import Claim
from loans.accounting.rules.cap import Charged
from loans.accounting.rules.codes import (
    BILL_TARGETS,
    LOAN_TARGETS,
    Accrual,
    BillMove,
    ChargeKind,
    LoanMove,
    LoanState,
)
from loans.accounting.rules.outcomes import (
    Allocation,
    Cause,
    ChargedOffLoan,
    ComputedCharge,
    ConvertedLoan,
    Decision,
    IssuedLoan,
    Surplus,
    WaivedCharge,
)
from loans.accounting.rules.position import (
    BillPosition,
    InstalmentKey,
    InstalmentPosition,
    LoanPosition,
    Position,
    start_segment,
)
from loans.policy import LoanTerms


class RunResult(NamedTuple):
    """Where a run ends, and what it led to, in order."""

    position: Position
    charges: list[ComputedCharge]
    decisions: list[Decision]
    allocations: list[Allocation]
    surpluses: list[Surplus]
    issued: list[IssuedLoan]
    waived: list[WaivedCharge]
    charged_off: list[ChargedOffLoan]
    converted: list[ConvertedLoan]


class Accrued(NamedTuple):
    """A loan charged up to a day: kept, so that the same question is computed once."""

    start: LoanPosition
    on: date
    end: LoanPosition
    charges: list[Charged]


class Event(Protocol):
    """Something that happened, and how it changes the bills and loans of a run."""

    def apply(self, run: "Run") -> None:
        """Change the run."""


def run(
    position: Position,
    events: Iterable[Event],
    terms: Mapping[int, LoanTerms],
    *,
    known: Mapping[int, Accrued] | None = None,
) -> RunResult:
    """Apply the events in order to the bills and loans of a position, which stays as it is.

    ``terms`` are those of each loan by id. ``known`` are accruals that were computed before from
    the same position; they are used where they answer the question.
    """
    under_way = Run(position, terms, known or {})
    for event in events:
        under_way.apply(event)
    return RunResult(
        under_way.position,
        under_way.charges,
        under_way.decisions,
        under_way.allocations,
        under_way.surpluses,
        under_way.issued,
        under_way.waived,
        under_way.charged_off,
        under_way.converted,
    )


def accrued(
    loan: LoanPosition, *, on: date, terms: LoanTerms, known: Accrued | None = None
) -> Accrued:
    """Return a loan charged its nights before ``on``, as it is known or computed now."""
    if known is not None and known.start is loan and known.on == on:
        return known
    return Accrued(loan, on, *cap.accrue(loan, on=on, terms=terms))


def nightly_charges(
    loan_id: int, accrued: Accrued, *, terms: LoanTerms, cause: Cause
) -> list[ComputedCharge]:
    """Return what the nights of an accrual charge to each instalment that bears something.

    Plan fees that fell due meanwhile are charged on their due dates.
    """
    loan, on, _end, charges = accrued
    if loan.accrued_on == on:
        return plan_fee_charges(loan_id, loan, charges, cause=cause)
    return [
        ComputedCharge(loan_id, index, part.accrual, part.segment_on,
               max(part.segment_on, loan.accrued_on), on, part.segment_base_fen,
               rate_micro(part.accrual, loan.rate_ppm, terms,
                          factor_permille=loan.factor_of(part)), charged.contract_fen,
               charged.debt.interest_fen + charged.debt.penalty_fen, cause)
        for index, (part, charged) in enumerate(zip(loan.parts, charges, strict=True))
        if part.accrual != Accrual.NONE
    ] + plan_fee_charges(loan_id, loan, charges, cause=cause)  # fmt: skip


def plan_fee_charges(
    loan_id: int,
    loan: LoanPosition,
    charges: Sequence[Charged],
    *,
    cause: Cause,
    on: date | None = None,
) -> list[ComputedCharge]:
    """Return what was charged as plan fees, on their due dates or, where they are paid, ``on``."""
    if loan.is_bullet:
        return []
    return [
        ComputedCharge(loan_id, index, ChargeKind.PLAN_FEE, day, day, day, 0, 0,
                       charged.plan_fee_contract_fen, charged.debt.plan_fee_fen, cause)
        for index, (part, charged) in enumerate(zip(loan.parts, charges, strict=True))
        if charged.plan_fee_contract_fen and (day := on or part.due_on)
    ]  # fmt: skip


def payable(loan: LoanPosition, indexes: Collection[int], *, terms: LoanTerms) -> LoanPosition:
    """Return the loan with the plan fees of some instalments charged: what paying them takes."""
    return cap.charge_plan_fees(loan, indexes, terms=terms)[0]


def payable_under(
    bill: BillPosition, loans: Mapping[int, LoanPosition], terms: Mapping[int, LoanTerms]
) -> dict[int, LoanPosition]:
    """Return the loans of a bill with the plan fees under it charged, as if paid now."""
    found = {}
    for loan_id in bill.loan_ids:
        loan = loans[loan_id]
        if not loan.is_bullet:  # a bullet has no plan fees: most loans stay as they are
            under = [index for owner, index in bill.rows if owner == loan_id]
            loan = payable(loan, under, terms=terms[loan_id])
        found[loan_id] = loan
    return found


def _is_preferred(part: InstalmentPosition, until: date) -> bool:
    """Say whether a part bears the own rate, once or 1.5 times, in a segment from before a day."""
    return part.segment_on < until and part.accrual in (Accrual.OWN, Accrual.REVOLVING)


class Run:
    """A run under way: the position so far, and what has followed from the events."""

    def __init__(
        self, position: Position, terms: Mapping[int, LoanTerms], known: Mapping[int, Accrued]
    ) -> None:
        self.position = Position(dict(position.bills), dict(position.loans))
        self.terms = terms
        self.charges: list[ComputedCharge] = []
        self.decisions: list[Decision] = []
        self.allocations: list[Allocation] = []
        self.surpluses: list[Surplus] = []
        self.issued: list[IssuedLoan] = []
        self.waived: list[WaivedCharge] = []
        self.charged_off: list[ChargedOffLoan] = []
        self.converted: list[ConvertedLoan] = []
        self._known = known
        self._off_books = {
            loan_id
            for loan_id, loan in position.loans.items()
            if loan.state == LoanState.CHARGED_OFF
        }

    def apply(self, event: Event) -> None:
        """Apply an event; mark what it changes of loans that were charged off before it (OPS-3)."""
        off_books = set(self._off_books)
        counts = len(self.charges), len(self.allocations), len(self.waived)
        event.apply(self)
        if off_books:
            _mark(self.charges, counts[0], off_books, "is_off_books")
            _mark(self.allocations, counts[1], off_books, "is_recovery")
            _mark(self.waived, counts[2], off_books, "is_off_books")

    def bill_terms(self, bill: BillPosition) -> LoanTerms:
        """Return the terms of a bill: those of its oldest loan."""
        assert bill.terms_id is not None, "a bill that never had a loan has no terms"
        return self.terms[bill.terms_id]

    def change_bill(self, bill_id: int, **changes: Any) -> BillPosition:
        """Change some values of a bill and return it."""
        bill = self.position.bills[bill_id]._replace(**changes)
        self.position.bills[bill_id] = bill
        return bill

    def change_part(self, loan_id: int, index: int, part: InstalmentPosition) -> None:
        """Replace one instalment of a loan."""
        loans = self.position.loans
        loans[loan_id] = loans[loan_id].with_part(index, part)

    def accrue(self, bill: BillPosition, *, on: date, cause: Cause) -> None:
        """Charge the loans of a bill their nights before ``on``, as far as not charged yet."""
        for loan_id in bill.loan_ids:
            self.accrue_loan(loan_id, on=on, cause=cause)

    def accrue_loan(self, loan_id: int, *, on: date, cause: Cause) -> None:
        """Charge a loan its nights before ``on``, as far as not charged yet."""
        self._end_preferred_rate(loan_id, on=on, cause=cause)
        loan = self.position.loans[loan_id]
        if loan.accrued_on < on:
            known = self._known.get(loan_id)
            self._post(loan_id, accrued(loan, on=on, terms=self.terms[loan_id], known=known), cause)

    def _end_preferred_rate(self, loan_id: int, *, on: date, cause: Cause) -> None:
        """Let a loan whose use was not proven bear the full rate from its night on (RATE-10).

        Its nights before are charged first: they keep the lower rate, and a new segment begins.
        """
        loan = self.position.loans[loan_id]
        from_on = loan.full_rate_on
        if on < from_on or not any(_is_preferred(part, from_on) for part in loan.parts):
            return
        if loan.accrued_on < from_on:
            self._post(loan_id, accrued(loan, on=from_on, terms=self.terms[loan_id]), cause)
        for index, part in enumerate(self.position.loans[loan_id].parts):
            if _is_preferred(part, from_on):
                self.change_part(loan_id, index, start_segment(part, part.accrual, on=from_on))

    def charge_late_fee(
        self, bill: BillPosition, fees_fen: Mapping[tuple[int, int], int], *, on: date, cause: Cause
    ) -> int:
        """Charge the loans of a bill their nights before ``on`` and its late fee per instalment.

        Returns what the cap left of the fee, in fen.
        """
        kept_fen = 0
        for loan_id in bill.loan_ids:
            self._end_preferred_rate(loan_id, on=on, cause=cause)
            loan, terms = self.position.loans[loan_id], self.terms[loan_id]
            fees = [fees_fen.get((loan_id, index), 0) for index in range(len(loan.parts))]
            end, charges = cap.accrue(loan, on=on, terms=terms, late_fees_fen=fees)
            self._post(loan_id, Accrued(loan, on, end, charges), cause)
            for index, (part, fee_fen, charged) in enumerate(
                zip(loan.parts, fees, charges, strict=True)
            ):
                if (loan_id, index) in fees_fen:
                    kept_fen += charged.debt.late_fee_fen
                    self.charges.append(
                        ComputedCharge(loan_id, index, ChargeKind.LATE_FEE, on, on, on,
                               part.late_fee_base_fen, terms.late_fee_ppm * 1000, fee_fen,
                               charged.debt.late_fee_fen, cause)
                    )  # fmt: skip
        return kept_fen

    def payable(self, bill: BillPosition) -> dict[int, LoanPosition]:
        """Return the loans of a bill with the plan fees under it charged, as if paid now."""
        return payable_under(bill, self.position.loans, self.terms)

    def claims(self, bill: BillPosition, rows: Sequence[InstalmentKey]) -> list[Claim]:
        """Return instalments under a bill as claims of their current daily rate (REPAY-8)."""
        found, loans = [], self.payable(bill)
        for loan_id, index in rows:
            loan = loans[loan_id]
            part = loan.parts[index]
            rate = rate_micro(
                part.accrual, loan.rate_ppm, self.terms[loan_id],
                factor_permille=loan.factor_of(part),
            )  # fmt: skip
            found.append(Claim(part.debt, rate, not loan.is_bullet, loan.drawn_on))
        return found

    def unpaid_fen(self, bill: BillPosition) -> int:
        """Return what is unpaid under a bill, plan fees included that are not charged yet."""
        loans = self.payable(bill)
        return sum(loans[loan_id].parts[index].debt.total_fen for loan_id, index in bill.rows)

    def charge_plan_fees(self, rows: Collection[InstalmentKey], *, on: date, cause: Cause) -> None:
        """Charge the plan fees of some instalments that are paid before their due date (RATE-7)."""
        for loan_id in sorted({row.loan_id for row in rows}):
            loan = self.position.loans[loan_id]
            indexes = [index for owner, index in rows if owner == loan_id]
            end, charges = cap.charge_plan_fees(loan, indexes, terms=self.terms[loan_id])
            self.position.loans[loan_id] = end
            self.charges += plan_fee_charges(loan_id, loan, charges, cause=cause, on=on)

    def _post(self, loan_id: int, accrued: Accrued, cause: Cause) -> None:
        """Put the loan where some nights leave it, and keep what they charged."""
        self.position.loans[loan_id] = accrued.end
        self.charges += nightly_charges(loan_id, accrued, terms=self.terms[loan_id], cause=cause)

    def start_segments(
        self,
        bill: BillPosition,
        accrual: str,
        *,
        on: date,
        only: str = "",
        loan_id: int | None = None,
    ) -> None:
        """Let instalments of a bill accrue in a new segment: all, of one accrual, of one loan."""
        for owner, index in bill.rows:
            part = self.position.loans[owner].parts[index]
            if (not only or part.accrual == only) and loan_id in (None, owner):
                self.change_part(owner, index, start_segment(part, accrual, on=on))

    def move_bill(
        self, bill_id: int, move: BillMove, *, on: date, reason: str, **changes: Any
    ) -> BillPosition:
        """Move a bill along one of its transitions, with the values that follow."""
        self.decisions.append(Decision(move, bill_id, on, reason))
        return self.change_bill(bill_id, state=BILL_TARGETS[move], **changes)

    def move_loan(
        self, loan_id: int, move: LoanMove, *, on: date, reason: str, **changes: Any
    ) -> None:
        """Move a loan along one of its transitions, with the values that follow."""
        self.decisions.append(Decision(move, loan_id, on, reason))
        loans = self.position.loans
        loans[loan_id] = loans[loan_id]._replace(state=LOAN_TARGETS[move], **changes)
        if move == LoanMove.CHARGE_OFF:
            self._off_books.add(loan_id)
        else:
            self._off_books.discard(loan_id)


def _mark(facts: list[Any], first: int, loan_ids: set[int], name: str) -> None:
    """Set a mark on the facts from a place on that are of some loans."""
    for place in range(first, len(facts)):
        if facts[place].loan_id in loan_ids:
            facts[place] = facts[place]._replace(**{name: True})
