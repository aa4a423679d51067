"""The onboarding status, read in one statement; with a sender also of device and face check."""

from datetime import timedelta

import pytest

from accounts.models import BankCard, Consent, Customer, DeviceLink, UsedFaceToken
from accounts.onboarding import operations as onboarding
from accounts.onboarding import queries as onboarding_status
from accounts.onboarding.queries import Sender
from accounts.onboarding.rules.onboarding import Identity
from backoffice.core.crypto import blind
from tests.accounts.cards.cards import ONE, ask_bank, bound, customer, says, sent
from tests.accounts.identity.operations.test_people import session
from tests.accounts.people import AT

pytestmark = pytest.mark.django_db
FACE = blind("a face", "face")


def read(owner, sender=None):
    policy = onboarding.numbers(on=AT.date())
    return onboarding_status.read(owner.pk, at=AT, policy=policy, sender=sender)


def test_each_card_counts_by_its_state():
    owner = customer()
    card = sent(owner)
    assert (read(owner).has_pending_card, read(owner).has_active_card) == (True, False)

    ask_bank(card.pk, checks=says(ONE), at=AT)

    assert (read(owner).has_pending_card, read(owner).has_active_card) == (False, True)


def test_consents_are_listed_by_what_became_of_them():
    owner = customer()
    given = {"customer": owner, "version": "1", "text_digest": b"x" * 32, "given_at": AT,
             "given_by": "x"}  # fmt: skip
    Consent.objects.create(purpose="bureau", **given)
    Consent.objects.create(purpose="social", withdrawn_at=AT, withdrawn_by="x", **given)

    status = read(owner)

    assert status.given_consents == ("bureau",)
    assert status.withdrawn_consents == ("social",)
    assert "bureau" not in status.missing_consents and "agreement" in status.missing_consents


def test_another_customer_changes_nothing():
    owner, other = customer(1), customer(2)
    bound(other, 2)

    assert read(owner).has_active_card is False
    assert BankCard.objects.count() == 1
    assert read(owner).identity is Identity.DONE


def test_a_customer_who_does_not_exist_is_an_error():
    with pytest.raises(Customer.DoesNotExist):
        read(Customer(pk=0))


def test_accounts_on_the_device_count_from_a_moment_on(django_assert_num_queries):
    one = session(1)
    for number in (2, 3):
        links = DeviceLink.objects.filter(account=session(number).account)
        links.update(device=one.device)
    owner = one.account.customer

    with django_assert_num_queries(2):  # the policy, and all the rest
        status = read(owner, Sender(one.device_id, AT))
    assert status.device_accounts == 3
    assert read(owner, Sender(one.device_id, AT + timedelta(seconds=1))).device_accounts == 0
    assert read(owner).device_accounts == 0


def test_a_face_check_used_by_anybody_is_used():
    owner, other = customer(1), customer(2)
    assert read(owner, Sender(0, AT, FACE)).is_face_used is False

    UsedFaceToken.objects.create(customer=other, face_blind=FACE, used_at=AT)

    assert read(owner, Sender(0, AT, FACE)).is_face_used is True
    assert read(owner, Sender(0, AT, blind("another", "face"))).is_face_used is False
