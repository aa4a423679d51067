"""What a loan may be used for, and what it may not be (LAW-22)."""

from enum import StrEnum


class LoanPurpose(StrEnum):
    """What a customer states to use a loan for."""

    EDUCATION = "education"
    MEDICAL = "medical"
    RENOVATION = "renovation"
    APPLIANCES = "appliances"
    TRAVEL = "travel"
    WEDDING = "wedding"
    DAILY = "daily"
    PROPERTY = "property"
    STOCKS = "stocks"
    INVESTMENT = "investment"
    OTHER_LOANS = "other-loans"


# LAW-22: not for property, stocks, investment or the repayment of other loans.
FORBIDDEN = frozenset(
    {LoanPurpose.PROPERTY, LoanPurpose.STOCKS, LoanPurpose.INVESTMENT, LoanPurpose.OTHER_LOANS}
)


def is_allowed(purpose: LoanPurpose) -> bool:
    """Return whether a loan may be used for a purpose (LAW-22)."""
    return purpose not in FORBIDDEN
