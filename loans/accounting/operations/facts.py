"""Adding the facts of loans, none of which is ever changed: charges, allocations, surpluses."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from backoffice.core import bulk
from loans.accounting.queries import snapshots
from loans.accounting.rules.debt import columns
from loans.accounting.rules.outcomes import (
    Allocation,
    ComputedCharge,
    IssuedLoan,
    Surplus,
    WaivedCharge,
)
from loans.models import BillSnapshot, Charge, RepaymentAllocation, UnappliedFunds, WaiverAllocation

_CHARGE_COLUMNS = (
    "posted_on", "loan_id", "instalment_id", "customer_id", "kind", "segment_on", "from_on",
    "to_on", "base_fen", "rate_micro", "contract_fen", "charged_fen", "cause_type", "cause_id",
    "reverses", "at",
)  # fmt: skip
_ALLOCATION_COLUMNS = ("repayment", "bill", "loan", "instalment", "revision", *columns())
_WAIVER_COLUMNS = (
    "waiver", "bill", "loan", "instalment", "revision", "penalty_fen", "late_fee_fen",
    "interest_fen", "plan_fee_fen",
)  # fmt: skip
_UNAPPLIED_COLUMNS = ("customer", "repayment", "amount_fen", "waiting_since")


class ChargeRow(NamedTuple):
    """A charge with the ids of its row; ``reverses`` is the id of the charge that it takes back."""

    charge: ComputedCharge
    instalment_id: int
    customer_id: int
    reverses: int | None = None


class AllocationRow(NamedTuple):
    """An allocation with the id of its instalment, under the revision that holds from now on."""

    allocation: Allocation
    instalment_id: int
    revision: int = 1


class WaiverRow(NamedTuple):
    """A waived charge with the id of its instalment, under the revision that holds from now on."""

    waived: WaivedCharge
    instalment_id: int
    revision: int = 1


def add_charges(rows: Sequence[ChargeRow], *, at: datetime) -> None:
    """Add charges in one COPY; a charge is posted on the day after its last night."""
    bulk.copy(
        Charge,
        _CHARGE_COLUMNS,
        [
            (charge.to_on, charge.loan_id, instalment_id, customer_id, charge.kind,
             charge.segment_on, charge.from_on, charge.to_on, charge.base_fen, charge.rate_micro,
             charge.contract_fen, charge.charged_fen, *charge.cause, reverses, at)
            for charge, instalment_id, customer_id, reverses in rows
        ],
    )  # fmt: skip


def add_allocations(rows: Sequence[AllocationRow]) -> None:
    """Add what repayments settled of instalments."""
    bulk.copy(
        RepaymentAllocation,
        _ALLOCATION_COLUMNS,
        [
            (one.repayment_id, one.bill_id, one.loan_id, instalment_id, revision, *one.debt)
            for one, instalment_id, revision in rows
        ],
    )


def add_waivers(rows: Sequence[WaiverRow]) -> None:
    """Add what waivers took off instalments."""
    bulk.copy(
        WaiverAllocation,
        _WAIVER_COLUMNS,
        [
            (one.waiver_id, one.bill_id, one.loan_id, instalment_id, revision,
             one.debt.penalty_fen, one.debt.late_fee_fen, one.debt.interest_fen,
             one.debt.plan_fee_fen)
            for one, instalment_id, revision in rows
        ],
    )  # fmt: skip


def add_snapshots(issued: Sequence[IssuedLoan]) -> None:
    """Add where loans stood when bills were issued, unless that is what is stored already."""
    held = snapshots.latest({one.bill_id for one in issued})
    rows = []
    for bill_id, loan_id, position in issued:
        last = held.get((bill_id, loan_id))
        row = snapshots.to_row(
            bill_id, loan_id, position, revision=last.revision + 1 if last else 1
        )
        if last is None or not snapshots.is_of(last, row):
            rows.append(row)
    bulk.copy(BillSnapshot, snapshots.SNAPSHOT_COLUMNS, rows)


def add_surpluses(rows: Sequence[tuple[Surplus, int]], *, at: datetime) -> None:
    """Add money that is not owed, for the customers whose ids stand beside it."""
    bulk.copy(
        UnappliedFunds,
        _UNAPPLIED_COLUMNS,
        [(customer_id, one.repayment_id, one.amount_fen, at) for one, customer_id in rows],
    )
