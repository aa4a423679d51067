"""The records of a customer's onboarding: each kind oldest first, and nothing of others."""

import pytest

from accounts.customer_page.queries import records
from tests.accounts.cards.cards import ONE, bound, customer
from tests.accounts.identity.operations.test_people import check, session
from tests.accounts.identity.operations.test_submissions import submit
from tests.accounts.people import person

pytestmark = pytest.mark.django_db


def test_each_kind_is_read_oldest_first():
    owner, other = customer(1), customer(2)
    first, second = bound(owner, 1, account_class=ONE), bound(owner, 2, account_class=ONE)
    bound(other, 3, account_class=ONE)

    known = records.read(owner)

    assert known.cards == [first, second]
    assert [call.subject_id for call in known.calls] == [first.pk, second.pk]
    assert [move.transition for move in known.moves] == ["activate", "activate"]
    assert (known.profile, known.proof) == (None, None)


def test_the_verification_that_passed_comes_before_a_later_one():
    login = session(1)
    check(submit(login, face_token="sandbox:not-live").pk)
    passed = check(submit(login, person()).pk)

    known = records.read(login.account.customer)

    assert [one.state for one in known.proofs] == ["refused", "passed"]
    assert known.proof == passed


def test_nothing_sealed_is_read():
    owner = customer()
    bound(owner, account_class=ONE)

    [card] = records.read(owner).cards

    assert card.get_deferred_fields() == {"number", "phone"}
