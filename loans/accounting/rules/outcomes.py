"""What events of the engine lead to: charges, money settled, waived or left over, and moves."""

from collections.abc import Mapping
from datetime import date
from typing import Any, NamedTuple

from loans.accounting.rules.codes import BillMove, LoanMove
from loans.accounting.rules.debt import Debt
from loans.accounting.rules.position import LoanPosition
from loans.contracts.rules.plans import PlanRow


class Cause(NamedTuple):
    """What led to a charge or a posting: the kind of cause, and the id of its row."""

    type: str
    id: int


class ComputedCharge(NamedTuple):
    """What was charged to one instalment for some nights or as a fee, in fen.

    ``from_on`` is the first night and ``to_on`` the day after the last one, on which the charge is
    posted; ``segment_on`` begins the segment (GEN-3). ``contract_fen`` is what the formula gives,
    ``charged_fen`` what the cap of RATE-7 left. ``rate_micro`` is the daily rate in ppm x permille.
    """

    loan_id: int
    part_index: int
    kind: str
    segment_on: date
    from_on: date
    to_on: date
    base_fen: int
    rate_micro: int
    contract_fen: int
    charged_fen: int
    cause: Cause
    is_off_books: bool = False  # of a charged-off loan: owed, but no income (OPS-3)


class Allocation(NamedTuple):
    """What a repayment settled of one instalment, and the bill that this stood under then.

    An instalment that is repaid before its bill is issued stands under none.
    """

    repayment_id: int
    loan_id: int
    part_index: int
    on: date
    debt: Debt
    bill_id: int | None
    is_recovery: bool = False  # money for a charged-off loan


class WaivedCharge(NamedTuple):
    """What a waiver took off one instalment, and the bill that this stood under then."""

    waiver_id: int
    loan_id: int
    part_index: int
    on: date
    debt: Debt
    bill_id: int
    is_off_books: bool = False


class ChargedOffLoan(NamedTuple):
    """A loan that left the balance sheet with what was charged and unpaid of it, in fen."""

    loan_id: int
    on: date
    amount_fen: int


class Surplus(NamedTuple):
    """What a repayment of a bill or of a loan brought beyond what was owed, in fen."""

    repayment_id: int
    bill_id: int | None
    on: date
    amount_fen: int
    loan_id: int | None = None


class Decision(NamedTuple):
    """A move of a bill or a loan: which transition, on which business day, and why.

    The reason is a code, alone or with the facts that its text names.
    """

    move: BillMove | LoanMove
    id: int
    on: date
    reason: str | tuple[str, Mapping[str, Any]]


class IssuedLoan(NamedTuple):
    """A loan as it stood when a bill was issued with instalments of it."""

    bill_id: int
    loan_id: int
    position: LoanPosition


class ConvertedLoan(NamedTuple):
    """The rows that a conversion made of a loan, and what its bill asked before, in fen.

    No rows where there was nothing to convert.
    """

    conversion_id: int
    loan_id: int
    rows: tuple[PlanRow, ...]
    printed_total_fen: int
    printed_minimum_fen: int
