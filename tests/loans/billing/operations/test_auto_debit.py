"""What a customer has debited, from which card, and from when on (REPAY-10)."""

from datetime import date, time, timedelta

import pytest

from accounts.cards.operations.cards import CardNotBoundError
from accounts.models import BankCard, CardHold, Customer
from backoffice.core import workflow
from backoffice.core.models import StateChange
from loans.billing.operations import auto_debit
from loans.models import AutoDebit, Bill, Mandate
from tests.loans.conftest import DUE_ON, day, moment

pytestmark = pytest.mark.django_db

CHOSEN_ON = day(-5)
NOON = moment(CHOSEN_ON, time(12))


@pytest.fixture
def bill(make_bill):
    return make_bill()


@pytest.fixture
def other_card(bill):
    return card_of(bill.customer)


def card_of(customer, n=77, state="active"):
    with workflow.importing():
        return BankCard.objects.create(
        customer=customer, state=state, number=f"621700001000{n:07}",
        number_blind=n.to_bytes(16, "big"), last_four=f"{n:04}", bank="中国银行",
        account=f"acct-{n}", account_class="I", bound_at=customer.registered_at,
    )  # fmt: skip


def choose(customer, mode, card=None, *, on=CHOSEN_ON):
    return auto_debit.choose(
        customer.pk, mode=mode, card_id=card and card.pk, by=f"customer:{customer.pk}", on=on,
        at=moment(on, time(12)),
    )  # fmt: skip


def modes(customer):
    bills = Bill.objects.filter(customer=customer).order_by("due_on")
    return list(bills.values_list("mode", "debit_on"))


def steps(model):
    found = StateChange.objects.filter(subject_type=f"loans.{model}").order_by("pk")
    return [(one.transition, one.reason) for one in found]


def mandates(customer):
    found = Mandate.objects.filter(customer=customer).order_by("pk")
    return list(found.values_list("card__last_four", "state"))


def test_the_mode_of_an_issued_bill_follows_until_the_day_before_its_due_date(bill):
    choose(bill.customer, "minimum", on=day(-1))

    assert modes(bill.customer) == [("minimum", DUE_ON)]
    assert AutoDebit.objects.get().mode == "minimum"
    assert steps("bill") == [("change_mode", "debit-minimum")]


@pytest.mark.parametrize("on", [DUE_ON, day(1), day(30)])
def test_on_the_due_date_it_is_too_late_for_the_bill(bill, on):
    choose(bill.customer, "off", on=on)

    assert modes(bill.customer) == [("full", DUE_ON)]
    assert AutoDebit.objects.get().mode == "off"


def test_only_the_bills_that_fall_due_later_follow(bill, make_bill):
    make_bill(due_on=date(2026, 11, 1), customer=bill.customer)

    choose(bill.customer, "off", on=DUE_ON)

    assert modes(bill.customer) == [("full", DUE_ON), ("off", None)]


def test_off_takes_a_bill_from_the_debits_and_back_again(bill):
    choose(bill.customer, "off")
    assert modes(bill.customer) == [("off", None)]

    choose(bill.customer, "full")
    assert modes(bill.customer) == [("full", DUE_ON)]
    assert mandates(bill.customer) == [("0001", "signed")]


def test_choosing_the_same_again_changes_nothing(bill):
    choose(bill.customer, "minimum")
    before = list(StateChange.objects.values())

    choose(bill.customer, "minimum", on=day(-2))

    assert list(StateChange.objects.values()) == before
    assert AutoDebit.objects.get().changed_at == NOON


def test_another_card_is_another_mandate_and_holds_the_card(bill, other_card):
    choose(bill.customer, "full", other_card)

    assert mandates(bill.customer) == [("0001", "terminated"), ("0077", "signed")]
    assert list(CardHold.objects.values_list("card", "holder")) == [(other_card.pk, "auto-debit")]
    assert steps("mandate") == [("terminate", "another-card"), ("sign", "signed-by-customer")]
    assert modes(bill.customer) == [("full", DUE_ON)]


def test_the_same_card_again_is_the_same_mandate(bill):
    card = BankCard.objects.get()

    choose(bill.customer, "full", card)

    assert mandates(bill.customer) == [("0001", "signed")]
    assert steps("mandate") == []


def test_a_first_mandate_is_signed(make_bill):
    customer = make_bill(with_mandate=False).customer

    choose(customer, "minimum", card_of(customer))

    assert mandates(customer) == [("0077", "signed")]


@pytest.mark.parametrize("mode", ["full", "minimum"])
def test_without_a_card_nothing_can_be_debited(make_bill, mode):
    bill = make_bill(with_mandate=False, mode="off")

    with pytest.raises(auto_debit.MandateCardMissingError):
        choose(bill.customer, mode)

    assert not AutoDebit.objects.exists()
    assert not Mandate.objects.exists()
    assert Bill.objects.get().mode == "off"


def test_off_needs_no_card(make_bill):
    bill = make_bill(with_mandate=False)

    choose(bill.customer, "off")

    assert modes(bill.customer) == [("off", None)]


@pytest.mark.parametrize("state", ["pending", "rejected", "unbound"])
def test_a_card_that_is_not_in_use_is_refused(bill, state):
    with workflow.importing():
        card = card_of(bill.customer, state=state)

    with pytest.raises(CardNotBoundError):
        choose(bill.customer, "minimum", card)

    assert mandates(bill.customer) == [("0001", "signed")]
    assert modes(bill.customer) == [("full", DUE_ON)]
    assert not AutoDebit.objects.exists()


def test_a_closed_bill_keeps_its_mode(bill):
    with workflow.importing():
        Bill.objects.filter(pk=bill.pk).update(state="paid")

    choose(bill.customer, "off")

    assert modes(bill.customer) == [("full", DUE_ON)]


def test_another_customer_s_bills_are_left_alone(bill, make_bill):
    other = make_bill()

    choose(bill.customer, "off")

    assert modes(other.customer) == [("full", DUE_ON)]


def revoke(customer, at=NOON):
    return auto_debit.revoke(
        customer.pk, by=f"customer:{customer.pk}", reason="mandate-ended", at=at
    )


def test_a_revoked_mandate_is_over_at_once_and_its_card_free(bill, other_card):
    choose(bill.customer, "full", other_card)

    revoke(bill.customer)

    assert mandates(bill.customer)[-1] == ("0077", "terminated")
    assert Mandate.objects.latest("pk").terminated_at == NOON
    assert not CardHold.objects.exists()
    assert modes(bill.customer) == [("full", DUE_ON)]  # nobody can be debited all the same


def test_there_is_nothing_to_revoke_twice(bill):
    revoke(bill.customer)
    before = StateChange.objects.count()

    with pytest.raises(auto_debit.NoMandateToEndError):
        revoke(bill.customer, at=NOON + timedelta(1))

    assert StateChange.objects.count() == before


def test_ending_for_nobody_does_nothing():
    assert auto_debit.end([], by="test", reason="", at=NOON) == []
    assert not Customer.objects.exists()
