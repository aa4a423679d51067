"""Codes that the rules decide on and the tables store; models add the labels."""

from enum import StrEnum


class Plan(StrEnum):
    """How a loan is repaid (REPAY-5)."""

    BULLET = "bullet"
    PLAN_3 = "plan-3"
    PLAN_6 = "plan-6"
    PLAN_12 = "plan-12"


class LoanState(StrEnum):
    """The state of a loan."""

    CREATED = "created"
    DISBURSING = "disbursing"
    ACTIVE = "active"
    OVERDUE = "overdue"
    SETTLED = "settled"
    CHARGED_OFF = "charged_off"
    RECOVERED = "recovered"
    CANCELLED = "cancelled"


class BillState(StrEnum):
    """The state of a bill; how it was paid is ``paid_on`` against ``due_on``."""

    OPEN = "open"
    BILLED = "billed"
    PAID = "paid"
    MIN_PAID = "min_paid"
    GRACE = "grace"
    CARRIED = "carried"
    CONVERTED = "converted"
    EXTENDED = "extended"
    OVERDUE = "overdue"


COLLECTED_STATES = (BillState.BILLED, BillState.GRACE, BillState.OVERDUE)
# A closed bill whose rest can be paid under it until the next bill takes it over.
REST_STATES = (BillState.MIN_PAID, BillState.CARRIED)
CLOSED_STATES = (BillState.PAID, BillState.MIN_PAID, BillState.CARRIED)


class DebitMode(StrEnum):
    """What the customer lets us debit (REPAY-10)."""

    FULL = "full"
    MINIMUM = "minimum"
    OFF = "off"


class OrderPurpose(StrEnum):
    """What an order asks money for: a bill, a whole loan early, or a part of a bullet early."""

    BILL = "bill"
    SETTLEMENT = "settlement"
    PREPAYMENT = "prepayment"


class Accrual(StrEnum):
    """What an instalment bears each night; exactly one of them (RATE-5)."""

    NONE = "none"
    OWN = "own"
    REVOLVING = "revolving"
    PENALTY = "penalty"


class ChargeKind(StrEnum):
    """What a charge is for: the nights of an accrual, a fee, or what came with a migrated loan."""

    OWN = "own"
    REVOLVING = "revolving"
    PENALTY = "penalty"
    LATE_FEE = "late_fee"
    PLAN_FEE = "plan_fee"
    PREPAYMENT = "prepayment"
    MIGRATED = "migrated"


class BillMove(StrEnum):
    """The transitions of a bill that the engine decides on."""

    PAY = "pay"
    SETTLE_MINIMUM = "settle_minimum"
    ENTER_GRACE = "enter_grace"
    CARRY = "carry"
    RECORD_OVERDUE = "record_overdue"
    EXTEND = "extend"
    CONVERT = "convert"
    ISSUE = "issue"
    REOPEN = "reopen"


class LoanMove(StrEnum):
    """The transitions of a loan that the engine decides on."""

    RECORD_OVERDUE = "record_overdue"
    CURE = "cure"
    SETTLE = "settle"
    CHARGE_OFF = "charge_off"
    RECOVER = "recover"
    REOPEN = "reopen"


# The state that each move leads to.
BILL_TARGETS = {
    BillMove.PAY: BillState.PAID,
    BillMove.SETTLE_MINIMUM: BillState.MIN_PAID,
    BillMove.ENTER_GRACE: BillState.GRACE,
    BillMove.CARRY: BillState.CARRIED,
    BillMove.RECORD_OVERDUE: BillState.OVERDUE,
    BillMove.EXTEND: BillState.EXTENDED,
    BillMove.CONVERT: BillState.CONVERTED,
    BillMove.ISSUE: BillState.BILLED,
    BillMove.REOPEN: BillState.BILLED,
}
LOAN_TARGETS = {
    LoanMove.RECORD_OVERDUE: LoanState.OVERDUE,
    LoanMove.CURE: LoanState.ACTIVE,
    LoanMove.SETTLE: LoanState.SETTLED,
    LoanMove.CHARGE_OFF: LoanState.CHARGED_OFF,
    LoanMove.RECOVER: LoanState.RECOVERED,
    LoanMove.REOPEN: LoanState.ACTIVE,
}
