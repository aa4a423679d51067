"""Charges that the lender gives up: penalty, late fee, interest, plan fee; never principal.

An event of the engine, fresh or reprocessed. A waived charge stays charged for the cap of RATE-7,
so that it never comes back, and waived penalty leaves the base of later penalty (RATE-5).
"""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from loans.accounting.rules.allocation import Claim, allocate
from loans.accounting.rules.codes import Accrual
from loans.accounting.rules.debt import COMPONENTS, NOTHING, Debt
from loans.accounting.rules.ending import end_bill, end_loans
from loans.accounting.rules.engine import Run
from loans.accounting.rules.outcomes import Cause, WaivedCharge
from loans.accounting.rules.position import InstalmentPosition, restart_segment

WAIVABLE = tuple(name for name in COMPONENTS if name != "principal_fen")


class WaiveCharges(NamedTuple):
    """Charges of a bill given up on a day, in fen: at most what is unpaid of each component.

    More than that can only be approved where an earlier value date has paid some of it since.
    """

    waiver_id: int
    bill_id: int
    debt: Debt
    on: date

    def apply(self, run: Run) -> None:
        """Take the charges off what is owed under the bill, then close what owes nothing.

        What a later bill has taken over of it is waived there, like money would be (GEN-9). A plan
        fee that is waived before its due date is charged with the waiver (RATE-7).
        """
        asked = run.position.bills[self.bill_id]
        bill = run.position.holder_of(asked)
        rows = bill.rows
        if bill is not asked:
            rows = tuple(row for row in rows if row in asked.billed_rows)
        cause = Cause("waiver", self.waiver_id)
        run.accrue(bill, on=self.on, cause=cause)
        parts, waived_fen = spread(self.debt, run.claims(bill, rows)), 0
        waived_fees = [row for row, part in zip(rows, parts, strict=True) if part.plan_fee_fen]
        run.charge_plan_fees(waived_fees, on=self.on, cause=cause)
        for (loan_id, index), waived in zip(rows, parts, strict=True):
            if any(waived):
                loan = run.position.loans[loan_id]
                part = without(loan.parts[index], waived, on=loan.accrued_on)
                run.change_part(loan_id, index, part)
                run.waived.append(
                    WaivedCharge(self.waiver_id, loan_id, index, self.on, waived, bill.id)
                )
                waived_fen += waived.total_fen
        if waived_fen:
            bill = end_bill(run, bill, on=self.on, waived_fen=bill.waived_fen + waived_fen)
            end_loans(run, bill, on=self.on)


def spread(debt: Debt, claims: Sequence[Claim]) -> list[Debt]:
    """Return what a waiver takes off each claim: of a component the higher current rate first.

    No component is taken from another one, so that less than ``debt`` is waived where less is owed.
    """
    assert not debt.principal_fen, "principal is never waived"
    parts = [NOTHING] * len(claims)
    for name in WAIVABLE:
        alone = [
            one._replace(debt=NOTHING._replace(**{name: getattr(one.debt, name)}))
            for one in claims
        ]  # fmt: skip
        found, _left_fen = allocate(getattr(debt, name), alone)
        parts = [part + more for part, more in zip(parts, found, strict=True)]
    return parts


def without(part: InstalmentPosition, waived: Debt, *, on: date) -> InstalmentPosition:
    """Return an instalment after a waiver on the day up to which it is charged.

    Only waived penalty begins a new segment, on the base without it (RATE-5): interest bears on
    principal alone, and its segment ends with a payment or another rate (GEN-3).
    """
    part = part._replace(debt=part.debt - waived)
    if part.accrual == Accrual.PENALTY and waived.penalty_fen:
        return restart_segment(part, on=on)
    return part
