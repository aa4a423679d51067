"""Customers who came through the endpoints, as far as their onboarding went."""

from tests.accounts.api.conftest import another, carded, consented, identified, newcomer, waited

__all__ = ["another", "carded", "consented", "identified", "newcomer", "waited"]
