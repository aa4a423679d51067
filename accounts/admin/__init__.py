"""Staff pages of people: the staff, and customers with identity masked."""

from accounts.admin import cards, customers, opening, privacy, proofs, staff
from accounts.admin.rows import CustomersRows, shown_name

__all__ = [
    "CustomersRows",
    "cards",
    "customers",
    "opening",
    "privacy",
    "proofs",
    "shown_name",
    "staff",
]
