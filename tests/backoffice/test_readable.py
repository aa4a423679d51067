"""Requests that no browser sends are refused before a page reads them."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Staff
from backoffice.core.models import Approval, JobPause

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff():
    client = Client(raise_request_exception=False, headers={"accept-language": "en"})
    client.force_login(Staff.objects.create_superuser("admin"))
    return client


def is_refused(page):
    return page.status_code == 400 and page.content.decode().startswith("[unreadable-request]")


@pytest.mark.parametrize(
    "address",
    ["/admin/loans/bill/?state__exact=%00", "/admin/loans/bill/?%00=1", "/admin/loans/bill/%00/"],
)
def test_an_address_with_nul(staff, address):
    assert is_refused(staff.get(address))


@pytest.mark.parametrize(
    ("page", "fields"),
    [
        ("loans_run_action", {"action": "pause", "job": "09:00"}),
        ("backoffice_policyversion_propose",
         {"number": "loans.grace_days", "value": "2", "effective_on": "2099-01-01"}),
    ],
)  # fmt: skip
def test_a_reason_with_nul_changes_nothing(staff, page, fields):
    assert is_refused(staff.post(reverse(f"admin:{page}"), {**fields, "reason": "enough\0reason"}))

    assert not JobPause.objects.exists()
    assert not Approval.objects.exists()


@pytest.mark.parametrize("charset", ["gbk", "utf-16"])
def test_a_form_in_another_encoding(staff, charset):
    page = staff.generic(
        "POST",
        reverse("admin:loans_run_action"),
        b"action=pause&job=09%3A00&reason=%D7%A8%D2%BB",
        content_type=f"application/x-www-form-urlencoded; charset={charset}",
    )

    assert is_refused(page)
    assert not JobPause.objects.exists()


def test_a_form_in_utf_8_is_read(staff):
    fields = {"action": "pause", "job": "09:00", "reason": "银行维护中"}

    assert staff.post(reverse("admin:loans_run_action"), fields).status_code == 302
    assert JobPause.objects.get().reason == "银行维护中"
