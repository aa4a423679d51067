"""Account holds: one of a kind for each holder, lifted once, and a block ends the logins."""

import pytest

from accounts.models import CustomerHold, LoginSession
from accounts.privacy.operations import holds
from tests.accounts.identity.operations.test_people import session
from tests.accounts.people import AT

pytestmark = pytest.mark.django_db
MOMENTS = {"at": AT, "wall_at": AT}


def place(customer, kind="block", holder="risk"):
    return holds.place(holds.Hold(customer, kind, holder), by="ann", reason="odd logins", **MOMENTS)


def test_a_block_is_on_record_and_ends_the_logins():
    login = session(1)

    held = place(login.account.customer)

    assert (held.holder, held.placed_by, held.placed_at) == ("risk", "ann", AT)
    ended = LoginSession.objects.get()
    assert (ended.revoked_at, ended.revoked_by) == (AT, "ann")
    assert (ended.revoked_reason, ended.revoked_facts) == ("held", {"holder": "risk"})


def test_a_legal_hold_leaves_the_logins():
    place(session(1).account.customer, kind="legal")

    assert LoginSession.objects.get().revoked_at is None


def test_a_holder_holds_once_and_another_holder_too():
    customer = session(1).account.customer
    place(customer)

    with pytest.raises(holds.HeldAlreadyError):
        place(customer)
    assert CustomerHold.objects.count() == 1

    assert place(customer, holder="court").holder == "court"


def test_a_hold_is_lifted_once():
    held = place(session(1).account.customer)
    holds.lift(held.pk, by="ben", reason="cleared", at=AT)

    with pytest.raises(holds.HoldNotInForceError):
        holds.lift(held.pk, by="carl", reason="again", at=AT)

    lifted = CustomerHold.objects.get()
    assert (lifted.lifted_by, lifted.lifted_reason, lifted.lifted_at) == ("ben", "cleared", AT)
