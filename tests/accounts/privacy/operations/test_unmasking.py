"""Unmasking: on record before anything is shown."""

import pytest

from accounts.models import AccessRecord, Staff
from accounts.privacy.operations import unmasking
from tests.accounts.cards.cards import ONE, bound, customer
from tests.accounts.people import AT, person

pytestmark = pytest.mark.django_db


def unmask(owner, *fields):
    staff = Staff.objects.create_user("support")
    return unmasking.unmask(owner, fields=fields, by=staff, reason="called back", at=AT)


def test_what_is_shown_is_what_was_recorded():
    owner = customer()
    bound(owner, account_class=ONE)

    record = unmask(owner, "card_numbers", "name")

    assert (record.staff.username, record.reason, record.at) == ("support", "called back", AT)
    shown = unmasking.values(record)
    assert shown == {"name": ["张三丰"], "card_numbers": [person().card_number]}


@pytest.mark.parametrize("fields", [(), ("password",)])
def test_nothing_that_can_be_shown_is_refused(fields):
    with pytest.raises(unmasking.NothingChosenError):
        unmask(customer(), *fields)

    assert not AccessRecord.objects.exists()
