"""Customers with a line and a score, who convert bills."""

from tests.loans.contracts.conftest import borrower, newcomer, stopped_clock

__all__ = ["borrower", "newcomer", "stopped_clock"]
