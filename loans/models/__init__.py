"""Loans, what falls due of them, who collects it, and the ledger of every fen."""

from loans.models.bill import Bill, BillState, DebitMode
from loans.models.debit import DebitOrder, DebitOrderState, Mandate, MandateState, Origin
from loans.models.ledger import Account, Transfer, TransferKind
from loans.models.loan import Accrual, ContractTerms, Instalment, Loan, LoanState, Opening, Plan
from loans.models.repayment import Repayment, RepaymentAllocation, UnappliedFunds

__all__ = [
    "Account",
    "Accrual",
    "Bill",
    "BillState",
    "ContractTerms",
    "DebitMode",
    "DebitOrder",
    "DebitOrderState",
    "Instalment",
    "Loan",
    "LoanState",
    "Mandate",
    "MandateState",
    "Opening",
    "Origin",
    "Plan",
    "Repayment",
    "RepaymentAllocation",
    "Transfer",
    "TransferKind",
    "UnappliedFunds",
]
