"""Staff pages of loans, registered with the admin when Django looks here."""

from loans.accounting import admin as accounting
from loans.billing import admin as billing
from loans.collection.admin import orders, run
from loans.contracts import admin as contracts

__all__ = ["accounting", "billing", "contracts", "orders", "run"]
