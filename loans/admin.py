"""Staff pages of loans, registered with the admin when Django looks here."""

from loans.accounting import admin as accounting
from loans.billing import admin as billing
from loans.collection.admin import orders, run, transfers
from loans.contracts import admin as contracts
from loans.conversion import admin as conversion
from loans.delinquency import admin as delinquency
from loans.general_ledger.admin import closed_months
from loans.payouts import admin as payouts
from loans.repayment.admin import pages as repayment
from loans.repayment.admin import refunds, waivers
from loans.reporting import admin as reporting
from loans.statements import admin as statements

__all__ = [
    "accounting", "billing", "closed_months", "contracts", "conversion", "delinquency", "orders",
    "payouts", "refunds", "repayment", "reporting", "run", "statements", "transfers", "waivers",
]  # fmt: skip
