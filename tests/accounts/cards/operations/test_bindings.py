"""A card as it is sent: what is stored, and what is refused before the bank is asked."""

from datetime import timedelta

import pytest
from stdnum import luhn

from accounts.cards.operations import bindings, cards
from accounts.models import BankBin, BankCard, Customer, CustomerHold
from accounts.onboarding import operations as onboarding
from backoffice.core.crypto import blind
from backoffice.platform import rate_limit
from tests.accounts.cards.cards import AT, ask_bank, bound, customer, refuses, sent
from tests.accounts.people import person

pytestmark = pytest.mark.django_db


def tries_left(owner) -> int:
    subject = f"customer:{owner.pk}"
    return rate_limit.left(scope="card", subject=subject, on=AT.date(), limit=5)


def test_a_card_is_stored_sealed_and_pending():
    owner = customer()

    card = sent(owner, number=f"{person().card_number[:6]} {person().card_number[6:]}")

    stored = BankCard.objects.get()
    assert (stored.state, stored.bank, stored.last_four) == (
        "pending", "建设银行", person().card_number[-4:],
    )  # fmt: skip
    assert stored.number == person().card_number
    assert bytes(stored.number_blind) == blind(person().card_number, "card")
    assert bytes(stored.phone_blind) == blind(person().phone, "phone")
    assert card.account.startswith("card-") and len(card.account) == 37
    assert (stored.account_class, stored.is_default, stored.bound_at) == ("unknown", False, AT)
    assert tries_left(owner) == 4


def test_the_same_card_again_is_the_card_there_is():
    owner = customer()
    first = bound(owner)

    again = sent(owner, phone="13900000000")

    assert again.pk == first.pk
    assert tries_left(owner) == 4
    assert BankCard.objects.get().phone == person().phone


def test_a_card_taken_away_can_come_again():
    owner = customer()
    first = cards.unbind(bound(owner), by="customer:1", at=AT)

    again = bound(owner)

    assert again.pk != first.pk
    assert (again.state, again.is_default) == ("active", True)


def test_two_customers_may_send_the_same_card():
    first, second = customer(1), customer(2)

    assert sent(first).pk != sent(second).pk


@pytest.mark.parametrize(
    ("typed", "refusal"),
    [
        ({"number": "6217000010001234567"}, bindings.CardNumberError),
        ({"number": "62170000100012345"[:15]}, bindings.CardNumberError),
        ({"number": "6217x00010001234567"}, bindings.CardNumberError),
        ({"phone": "12800000000"}, bindings.CardPhoneError),
        ({"phone": "138"}, bindings.CardPhoneError),
        ({"number": "9999990000000000006"}, bindings.UnknownBankError),
    ],
)
def test_what_cannot_be_a_card_is_refused(typed, refusal):
    owner = customer()

    with pytest.raises(refusal):
        sent(owner, **typed)

    assert not BankCard.objects.exists()
    assert tries_left(owner) == 5


@pytest.mark.parametrize(
    ("changed", "refusal"),
    [({"kind": "credit"}, bindings.CreditCardError),
     ({"is_supported": False}, bindings.UnsupportedBankError)],
)  # fmt: skip
def test_what_its_bank_does_not_offer_us_is_refused(changed, refusal):
    owner = customer()
    BankBin.objects.filter(prefix__startswith="6217").update(**changed)

    with pytest.raises(refusal) as refused:
        sent(owner)

    assert "建设银行" in str(refused.value)
    assert not BankCard.objects.exists()


def test_a_credit_card_of_the_table_is_refused():
    owner = customer()
    credit = BankBin.objects.filter(kind="credit", length=16).first()
    body = credit.prefix.ljust(15, "0")
    number = body + str(luhn.calc_check_digit(body))

    with pytest.raises(bindings.CreditCardError):
        sent(owner, number=number)

    assert not BankCard.objects.exists()


def test_a_card_comes_after_the_identity():
    owner = Customer.objects.create(registered_at=AT - timedelta(days=31))

    with pytest.raises(onboarding.StepMissingError):
        sent(owner)

    assert not BankCard.objects.exists()


@pytest.mark.parametrize("hours", [0, 719])
def test_nothing_is_bound_while_cooling_off(hours):
    owner = customer()
    Customer.objects.filter(pk=owner.pk).update(registered_at=AT - timedelta(hours=hours))

    with pytest.raises(onboarding.CoolingOffError):
        sent(Customer.objects.get())

    assert not BankCard.objects.exists()


def test_nothing_is_bound_on_hold():
    owner = customer()
    CustomerHold.objects.create(customer=owner, kind="block", holder="risk", reason="looked into",
                                placed_by="risk", placed_at=AT)  # fmt: skip

    with pytest.raises(onboarding.OnHoldError):
        sent(owner)

    assert not BankCard.objects.exists()


def test_the_tries_of_a_day_are_counted_in_machine_time():
    owner = customer()
    for n in range(5):
        ask_bank(sent(owner, n).pk, checks=refuses(), at=AT)

    with pytest.raises(bindings.TooManyCardTriesError):
        sent(owner, 5, at=AT + timedelta(days=1))
    assert BankCard.objects.count() == 5

    assert sent(owner, 5, wall_at=AT + timedelta(days=1)).state == "pending"


def test_ten_cards_are_enough():
    owner = customer()
    for n in range(10):
        sent(owner, n, wall_at=AT + timedelta(days=n))

    with pytest.raises(bindings.TooManyCardsError) as refused:
        sent(owner, 10, wall_at=AT + timedelta(days=10))

    assert refused.value.calls[0].endpoint == "/api/v1/me/cards/{id}"
    assert BankCard.objects.count() == 10
    cards.unbind(BankCard.objects.first(), by="customer:1", at=AT)
    assert sent(owner, 10, wall_at=AT + timedelta(days=10)).state == "pending"
