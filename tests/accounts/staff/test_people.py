"""Accounts of the staff: whoever manages them changes any but the own one."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Staff

pytestmark = pytest.mark.django_db


@pytest.fixture
def superuser():
    return Staff.objects.create_superuser("admin")


@pytest.fixture
def client(superuser):
    client = Client()
    client.force_login(superuser)
    return client


def change(client, person, **given):
    return client.post(reverse("admin:accounts_staff_change", args=[person.pk]), given)


def test_nobody_renames_or_deactivates_the_own_account(client, superuser):
    assert change(client, superuser, username="renamed").status_code == 403

    found = Staff.objects.get(pk=superuser.pk)
    assert (found.username, found.is_active, found.is_superuser) == ("admin", True, True)


def test_nobody_deletes_the_own_account(client, superuser):
    address = reverse("admin:accounts_staff_delete", args=[superuser.pk])

    assert client.post(address, {"post": "yes"}).status_code == 403
    assert Staff.objects.filter(pk=superuser.pk).exists()


def test_the_page_of_the_own_account_is_still_shown(client, superuser):
    page = client.get(reverse("admin:accounts_staff_change", args=[superuser.pk]))

    assert page.status_code == 200
    assert not page.context["has_change_permission"]


def test_another_account_is_changed(client):
    other = Staff.objects.create_user("other", is_staff=True)

    change(client, other, username="renamed", is_active="on", is_staff="on")

    assert Staff.objects.get(pk=other.pk).username == "renamed"
