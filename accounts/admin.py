"""Staff pages of people, registered with the admin when Django looks here."""

from accounts.cards import admin as cards
from accounts.customer_page.admin import customers, onboarding
from accounts.privacy import admin as privacy
from accounts.proofs import admin as proofs
from accounts.staff.admin import people as staff

__all__ = ["cards", "customers", "onboarding", "privacy", "proofs", "staff"]
