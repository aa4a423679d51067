"""Which bank a card is of, what it waits for, and who has no default card."""

import pytest

from accounts.cards import queries as cards
from accounts.models import BankBin, BankCard
from tests.accounts.cards.cards import ONE, UNKNOWN, ask_bank, bound, customer, refuses, sent
from tests.accounts.people import AT, person

pytestmark = pytest.mark.django_db


def test_the_longest_beginning_of_the_right_length_names_the_bank():
    known = cards.bank_of(person().card_number)
    assert known is not None

    longer = BankBin.objects.create(
        prefix=person().card_number[:10], length=19, bank="别家", bank_en="Other", kind="debit",
        is_supported=True,
    )  # fmt: skip

    assert cards.bank_of(person().card_number) == longer
    assert cards.bank_of(person().card_number[:-1]) != longer
    assert cards.bank_of("0" * 19) is None


def test_a_card_waits_for_its_bank_and_then_for_evidence_of_its_class():
    card = sent(customer())
    assert (cards.waits_for_bank(card), cards.needs_proof(card)) == (True, False)

    card = bound(card.customer, 2, account_class=UNKNOWN)

    assert (cards.waits_for_bank(card), cards.needs_proof(card)) == (False, True)
    assert list(BankCard.objects.filter(cards.NEEDS_PROOF)) == [card]


def test_the_oldest_active_card_is_chosen_where_none_is_the_default():
    owner = customer()
    first, second = bound(owner, 1, account_class=ONE), bound(owner, 2, account_class=ONE)
    assert list(cards.without_default([owner.pk])) == []

    BankCard.objects.update(is_default=False)

    assert list(cards.without_default([owner.pk])) == [first.pk]
    assert second.pk != first.pk


def test_a_rejected_card_is_never_chosen():
    owner = customer()
    ask_bank(sent(owner).pk, checks=refuses(), at=AT)

    assert list(cards.without_default([owner.pk])) == []
