"""Accounts of the staff: whoever manages them changes any but the own one."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Staff
from backoffice.core.models import StateChange

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

    change(client, other, username="renamed", is_active="on", is_staff="on", reason="new surname")

    assert Staff.objects.get(pk=other.pk).username == "renamed"
    noted = StateChange.objects.get(subject_type="accounts.staff", subject_id=other.pk)
    assert (noted.transition, noted.actor, noted.facts) == (
        "change_account", "admin", {"text": "new surname"},
    )  # fmt: skip
    page = client.get(reverse("admin:accounts_staff_change", args=[other.pk]))
    assert "new surname" in page.content.decode()


@pytest.mark.parametrize("reason", ["", "abcd", "x" * 201])
def test_an_account_is_not_changed_without_a_reason(client, reason):
    other = Staff.objects.create_user("other", is_staff=True)

    page = change(client, other, username="renamed", is_active="on", reason=reason)

    assert page.status_code == 200  # the form again
    found = Staff.objects.get(pk=other.pk)
    assert (found.username, found.is_staff) == ("other", True)
    assert not StateChange.objects.exists()


@pytest.mark.parametrize(("reason", "created"), [("joins support", True), ("", False)])
def test_an_account_is_created_with_a_reason(client, reason, created):
    password = "A-long-password-1"
    given = {"username": "newcomer", "password1": password, "password2": password}

    client.post(reverse("admin:accounts_staff_add"), given | {"reason": reason})

    assert Staff.objects.filter(username="newcomer").exists() is created
    assert StateChange.objects.filter(transition="create_account").exists() is created
