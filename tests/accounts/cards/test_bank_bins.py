"""The table of the BIN table is there after migrating, and how it is read."""

import pytest

from accounts.cards.queries import bank_of
from accounts.models import BankBin
from loans.migration.operations import people

pytestmark = pytest.mark.django_db


def test_the_table_of_the_release_is_loaded():
    assert BankBin.objects.count() == 345
    assert set(BankBin.objects.values_list("kind", flat=True)) == {"debit", "credit"}


@pytest.mark.parametrize(("bank", "beginning"), people._BANKS)
def test_every_card_of_the_book_is_a_debit_card_of_its_bank(bank, beginning):
    found = bank_of(beginning.ljust(19, "0"))

    assert (found.bank, found.kind, found.is_supported) == (bank, "debit", True)


def test_the_longest_beginning_that_fits_counts():
    shared = {"length": 19, "bank_en": "-", "code": "X", "kind": "debit"}
    BankBin.objects.create(prefix="990000", bank="short", **shared)
    BankBin.objects.create(prefix="99000011", bank="long", **shared)

    assert bank_of("9900001100000000000").bank == "long"
    assert bank_of("9900002200000000000").bank == "short"
    assert bank_of("990000110000000000") is None
