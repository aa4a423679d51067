"""Pages of errors: in the person's language, with a way back, and messages shown once."""

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse

from accounts.models import Staff

pytestmark = pytest.mark.django_db

LANGUAGES = pytest.mark.parametrize("language", ["zh-hans", "en"])
TITLES = {
    "403": {"zh-hans": "没有权限", "en": "No permission"},
    "404": {"zh-hans": "页面不存在", "en": "Page not found"},
    "csrf": {"zh-hans": "表单已过期", "en": "The form has expired"},
    "500": {"zh-hans": "系统出错", "en": "Something went wrong"},
}


def person(group=None, **options):
    staff = Staff.objects.create_user(group or "admin", is_staff=True, is_superuser=group is None)
    if group:
        staff.groups.add(Group.objects.get(name=group))
    client = Client(**options)
    client.force_login(staff)
    return client


def check(answer, status, kind, language):
    page = answer.content.decode()
    assert answer.status_code == status
    assert f'<html lang="{language}">' in page
    assert TITLES[kind][language] in page
    assert f'href="{reverse("admin:index")}"' in page


@LANGUAGES
def test_a_page_without_the_right_says_so_and_leads_back(language):
    answer = person("support").get(
        reverse("admin:loans_transfer_changelist"), headers={"accept-language": language}
    )

    check(answer, 403, "403", language)
    assert "support" in answer.content.decode()


@LANGUAGES
def test_an_unknown_address_leads_back(language):
    check(person().get("/nowhere/", headers={"accept-language": language}), 404, "404", language)


@LANGUAGES
def test_a_form_that_has_expired_leads_back(language):
    client = person(enforce_csrf_checks=True)

    answer = client.post(reverse("admin:loans_run_action"), headers={"accept-language": language})

    check(answer, 403, "csrf", language)


@LANGUAGES
def test_an_error_of_ours_leads_back(language, monkeypatch):
    monkeypatch.setattr("backoffice.dashboard.waiting.proofs_in_review", None)
    client = person(raise_request_exception=False)

    answer = client.get(reverse("admin:index"), headers={"accept-language": language})

    check(answer, 500, "500", language)


def test_a_message_is_shown_once_on_the_overview():
    client = person()
    missing = reverse("admin:loans_bill_change", args=[42])

    page = client.get(missing, headers={"accept-language": "en"}, follow=True)

    assert page.request["PATH_INFO"] == reverse("admin:index")
    assert page.content.decode().count("doesn’t exist") == 1


def test_a_refusal_is_shown_on_the_page_of_the_run_and_in_its_dialog_once_each():
    client, data = person(), {"action": "pause", "job": "10:00", "reason": ""}

    page = client.post(
        reverse("admin:loans_run_action"), data, headers={"accept-language": "en"}, follow=True
    )

    text = page.content.decode()
    assert text.count("Enter a reason of at least") == 2
    assert text.count('<p class="refusal" role="alert">Enter a reason of at least') == 1


def test_results_of_the_search_are_in_the_language_of_each_request():
    client, address = person(), reverse("admin:search")

    first = client.get(address, {"s": "loans"}, headers={"accept-language": "en"})
    second = client.get(address, {"s": "loans"}, headers={"accept-language": "zh-hans"})

    assert "Instalments" in first.content.decode()
    assert "Instalments" not in second.content.decode()
