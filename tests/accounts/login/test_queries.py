"""Whom else a device has served (ELIG-9)."""

from datetime import timedelta

import pytest

from accounts.login import queries as devices
from accounts.login.queries import Company
from accounts.models import Device, DeviceLink
from tests.accounts.identity.operations.test_people import session
from tests.accounts.people import AT

pytestmark = pytest.mark.django_db


def share(device, *numbers):
    for number in numbers:
        DeviceLink.objects.filter(account=session(number).account).update(device=device)


def people_on(device):
    return Device.objects.annotate(people=devices.people_on(device.pk)).get(pk=device.pk).people


def test_the_busiest_device_counts_accounts_of_late_and_people_ever():
    quiet, busy = session(1).device, session(2).device
    share(busy, 3, 4)
    since = AT + timedelta(seconds=1)

    assert devices.company([quiet.pk, busy.pk], AT) == Company(accounts=3, people=3)
    assert devices.company([quiet.pk, busy.pk], since) == Company(accounts=0, people=3)
    assert devices.company([], AT) == Company(0, 0)


def test_two_accounts_of_one_person_are_one_person():
    device = session(1).device
    share(device, 2)
    assert people_on(device) == 2

    first, second = (link.account for link in DeviceLink.objects.filter(device=device))
    second.customer = first.customer
    second.seat = 2
    second.save(update_fields=["customer", "seat"])

    assert people_on(device) == 1
