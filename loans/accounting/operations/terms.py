"""Storing contract terms: equal numbers are one row."""

from loans.accounting.queries.terms import digest, to_numbers
from loans.models import ContractTerms
from loans.policy import LoanTerms


def signed_under(policy: LoanTerms) -> ContractTerms:
    """Return the row that holds these numbers, creating it the first time."""
    numbers = to_numbers(policy)
    ContractTerms.objects.bulk_create(
        [ContractTerms(digest=digest(numbers), numbers=numbers)], ignore_conflicts=True
    )
    return ContractTerms.objects.get(digest=digest(numbers))
