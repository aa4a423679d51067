"""Staff pages of loans: the book, the bills, the debits, the money, and the run of the day."""

from loans.admin import bills, book, debits, money, run

__all__ = ["bills", "book", "debits", "money", "run"]
