"""Terms of contracts: equal numbers are one row, which stays as it was signed."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from django.db import DatabaseError, connection, transaction

from loans.accounting.operations.terms import signed_under
from loans.accounting.queries.terms import digest, to_numbers
from loans.models import ContractTerms
from tests.loans.cases import TERMS

CHEAPER = replace(TERMS, penalty_ppm=500)


def test_the_row_holds_the_numbers_and_their_digest(db):
    row = signed_under(CHEAPER)

    assert row.numbers == to_numbers(CHEAPER)
    assert row.digest == digest(to_numbers(CHEAPER))


def test_equal_numbers_are_one_row(db):
    first = signed_under(TERMS)

    assert signed_under(replace(CHEAPER, penalty_ppm=TERMS.penalty_ppm)) == first
    assert ContractTerms.objects.count() == 1


def test_other_numbers_are_another_row_and_leave_the_first(db):
    first, other = signed_under(TERMS), signed_under(CHEAPER)

    assert first != other
    assert ContractTerms.objects.get(pk=first.pk).numbers == to_numbers(TERMS)


def test_stored_numbers_are_never_changed(db):
    row = signed_under(TERMS)

    with pytest.raises(DatabaseError), transaction.atomic():
        ContractTerms.objects.filter(pk=row.pk).update(numbers=to_numbers(CHEAPER))

    assert ContractTerms.objects.get().numbers == to_numbers(TERMS)


def test_two_who_sign_at_once_share_the_row(committed_db):
    def sign(_number):
        try:
            return signed_under(CHEAPER).pk
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        signed = set(pool.map(sign, range(8)))

    assert signed == {ContractTerms.objects.get().pk}
