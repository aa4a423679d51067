"""Transaction passwords as operations: who may replace one, which are kept, how tries count."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from django.contrib.auth.hashers import check_password

from accounts.gateways.sandbox import SandboxIdentityChecks
from accounts.models import Authorisation, TransactionPassword
from accounts.passwords.operations import passwords
from accounts.passwords.operations.passwords import Change
from backoffice.core.models import ThrottleCount
from tests.accounts.cards.cards import customer
from tests.accounts.identity.operations.test_people import session
from tests.accounts.people import AT, request_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("cheap_hashing")]
FIRST, SECOND = "Abcdefg1", "Abcdefg2"


@pytest.fixture
def context():
    return request_of(customer())


def change(context, password, **evidence):
    wanted = Change(password, **evidence)
    return passwords.change(context, wanted=wanted, checks=SandboxIdentityChecks())


def newest(context):
    return passwords.newest(context.customer.pk)


def test_the_first_password_needs_no_evidence_and_the_next_one_does(context):
    change(context, FIRST)

    with pytest.raises(passwords.ProofMissingError):
        change(context, SECOND)

    assert check_password(FIRST, newest(context).digest)
    assert TransactionPassword.objects.count() == 1


def test_a_wrong_current_password_uses_a_try_and_changes_nothing(context):
    change(context, FIRST)

    with pytest.raises(passwords.PasswordWrongError) as refused:
        change(context, SECOND, current_password="Wrong123")

    assert refused.value.facts["left"] == 4
    assert check_password(FIRST, newest(context).digest)


def test_a_right_one_gives_its_try_back(context):
    change(context, FIRST)

    change(context, SECOND, current_password=FIRST)

    assert ThrottleCount.objects.get(scope=passwords.SCOPE).taken == 0
    assert check_password(SECOND, newest(context).digest)


def test_without_a_password_there_is_none_to_compare(context):
    with pytest.raises(passwords.NoPasswordError):
        change(context, FIRST, current_password=FIRST)
    with pytest.raises(passwords.NoPasswordError):
        newest(context)

    assert not ThrottleCount.objects.exists()


def test_the_last_four_are_kept_and_not_used_again(context):
    used = [f"Abcdefg{number}" for number in range(6)]
    change(context, used[0])
    for before, after in pairwise(used):
        change(context, after, current_password=before)

    assert TransactionPassword.objects.count() == 4
    with pytest.raises(passwords.PasswordUsedError):
        change(context, used[2], current_password=used[5])
    assert change(context, used[1], current_password=used[5]).pk == newest(context).pk


def test_a_change_ends_the_grants_of_the_password_before(context):
    login = session(1)
    granted = Authorisation.objects.create(
        customer=context.customer, session=login, purpose="drawdown", amount_fen=1,
        given_at=AT, expires_at=AT + timedelta(minutes=5),
    )  # fmt: skip

    change(replace(context, wall_at=AT + timedelta(minutes=1)), FIRST)

    assert Authorisation.objects.get(pk=granted.pk).expires_at == AT + timedelta(minutes=1)


def test_a_face_unlocks_what_wrong_tries_have_locked(context):
    change(context, FIRST)
    for _ in range(5):
        with pytest.raises(passwords.PasswordWrongError):
            change(context, SECOND, current_password="Wrong123")
    with pytest.raises(passwords.PasswordLockedError):
        change(context, SECOND, current_password=FIRST)

    passwords.unlock(context, face_token="a face", checks=SandboxIdentityChecks())

    change(context, SECOND, current_password=FIRST)
    assert check_password(SECOND, newest(context).digest)


def test_a_password_that_was_replaced_meanwhile_is_not_replaced_again(context, monkeypatch):
    change(context, FIRST)

    def replaced_meanwhile(password):
        TransactionPassword.objects.create(customer=context.customer, digest="x", set_at=AT)
        return "y"

    monkeypatch.setattr(passwords, "make_password", replaced_meanwhile)

    with pytest.raises(passwords.PasswordChangedError):
        change(context, SECOND, current_password=FIRST)

    assert newest(context).digest == "x"
