"""Storing contract terms: equal numbers are one row."""

from loans.accounting.queries.terms import digest, to_numbers
from loans.models import ContractTerms
from loans.policy import LoanTerms


def signed_under(policy: LoanTerms) -> ContractTerms:
    """Return the row that holds these numbers, creating it the first time."""
    numbers = to_numbers(policy)
    same = ContractTerms.objects.filter(digest=digest(numbers))
    stored = same.first()
    if stored is None:  # another request may store the same numbers at this moment
        new = ContractTerms(digest=digest(numbers), numbers=numbers)
        ContractTerms.objects.bulk_create([new], ignore_conflicts=True)
        stored = same.get()
    return stored
