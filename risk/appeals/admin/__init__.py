"""Staff pages of appeals."""

from risk.appeals.admin import pages

__all__ = ["pages"]
