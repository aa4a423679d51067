"""Loans, what falls due of them, who collects it, and the ledger of every fen."""

from loans.accounting.rules.codes import (
    Accrual,
    BillState,
    ChargeKind,
    DebitMode,
    LoanState,
    OrderPurpose,
    Plan,
)
from loans.contracts.rules.codes import QuotePurpose, QuoteState, Scenario
from loans.models.agreement import LoanAgreement
from loans.models.auto_debit import AutoDebit
from loans.models.bill import Bill
from loans.models.charge import Charge
from loans.models.conversion import Conversion, ConversionState
from loans.models.debit import (
    DebitOrder,
    DebitOrderState,
    Mandate,
    MandateState,
    Origin,
    PaymentMethod,
)
from loans.models.extension import Extension, ExtensionState
from loans.models.ledger import (
    Account,
    CauseType,
    ClosedBalance,
    ClosedMonth,
    Transfer,
    TransferKind,
)
from loans.models.ledger_total import LedgerCheckpoint, LedgerTotal
from loans.models.loan import BillSnapshot, ContractTerms, Instalment, Loan
from loans.models.loss import Acceleration, ChargeOff
from loans.models.notice import DebitNotice
from loans.models.payment_sheet import PaymentSheet
from loans.models.payout import Payout, PayoutKind, PayoutState
from loans.models.quote import Quote
from loans.models.repayment import (
    Repayment,
    RepaymentAllocation,
    RepaymentReversal,
    ReversalCause,
    UnappliedFunds,
)
from loans.models.waiver import Waiver, WaiverAllocation

__all__ = [
    "Acceleration",
    "Account",
    "Accrual",
    "AutoDebit",
    "Bill",
    "BillSnapshot",
    "BillState",
    "CauseType",
    "Charge",
    "ChargeKind",
    "ChargeOff",
    "ClosedBalance",
    "ClosedMonth",
    "ContractTerms",
    "Conversion",
    "ConversionState",
    "DebitMode",
    "DebitNotice",
    "DebitOrder",
    "DebitOrderState",
    "Extension",
    "ExtensionState",
    "Instalment",
    "LedgerCheckpoint",
    "LedgerTotal",
    "Loan",
    "LoanAgreement",
    "LoanState",
    "Mandate",
    "MandateState",
    "OrderPurpose",
    "Origin",
    "PaymentMethod",
    "PaymentSheet",
    "Payout",
    "PayoutKind",
    "PayoutState",
    "Plan",
    "Quote",
    "QuotePurpose",
    "QuoteState",
    "Repayment",
    "RepaymentAllocation",
    "RepaymentReversal",
    "ReversalCause",
    "Scenario",
    "Transfer",
    "TransferKind",
    "UnappliedFunds",
    "Waiver",
    "WaiverAllocation",
]
