"""Consents as operations: the order of steps, versions, and what a face check gives."""

import pytest

from accounts.consents.operations import consents
from accounts.models import Consent, Customer
from accounts.onboarding import operations as onboarding
from tests.accounts.cards.cards import ONE, bound, customer
from tests.accounts.people import AT, request_of

pytestmark = pytest.mark.django_db


def ready_for_consents():
    owner = customer()
    bound(owner, account_class=ONE)
    return owner


def give(owner, purpose):
    return consents.give(request_of(owner), purpose=purpose)


def test_a_consent_in_force_stands_and_is_not_given_twice():
    owner = ready_for_consents()

    assert give(owner, "bureau") == give(owner, "bureau")
    assert Consent.objects.count() == 1


def test_a_new_version_ends_the_old_consent_and_names_who_did_it(monkeypatch):
    owner = ready_for_consents()
    old = give(owner, "bureau")
    newer = consents.PURPOSES["bureau"]._replace(version="2030-01")
    monkeypatch.setitem(consents.PURPOSES, "bureau", newer)

    new = give(owner, "bureau")

    old = Consent.objects.get(pk=old.pk)
    assert (old.withdrawn_at, old.withdrawn_by) == (AT, "customer")
    assert (new.withdrawn_at, new.version) == (None, "2030-01")


def test_the_last_required_consent_moves_the_customer():
    owner = ready_for_consents()
    for purpose in ("agreement", "bureau", "payment"):
        give(owner, purpose)

    assert Customer.objects.get().state == "consented"


@pytest.mark.parametrize("purpose", ["nonsense", "BUREAU"])
def test_a_purpose_that_does_not_exist_is_refused(purpose):
    owner = ready_for_consents()

    with pytest.raises(consents.UnknownPurposeError):
        give(owner, purpose)
    with pytest.raises(consents.UnknownPurposeError):
        consents.withdraw(owner, purpose=purpose, by="customer", at=AT)

    assert not Consent.objects.exists()


def test_before_the_card_only_the_face_may_be_consented_to():
    owner = customer()

    with pytest.raises(onboarding.StepMissingError) as refused:
        give(owner, "bureau")

    assert refused.value.facts["missing_step"] == "card"
    assert give(owner, "biometrics").purpose == "biometrics"
    assert Consent.objects.count() == 1


def test_a_face_check_gives_its_consent_once():
    locked = request_of(customer()).locked()
    consents.give_with_face(locked, by="session:1")
    consents.give_with_face(locked.of(locked.customer), by="session:2")

    assert [one.given_by for one in Consent.objects.all()] == ["session:1"]


def test_a_withdrawn_consent_is_not_given_by_a_face_check():
    owner = customer()
    give(owner, "biometrics")
    consents.withdraw(owner, purpose="biometrics", by="customer", at=AT)

    with pytest.raises(consents.WithdrawnError):
        consents.give_with_face(request_of(owner).locked(), by="session:1")

    assert not Consent.objects.filter(withdrawn_at=None).exists()


def test_what_was_never_given_cannot_be_withdrawn():
    assert consents.withdraw(customer(), purpose="social", by="customer", at=AT) is None
