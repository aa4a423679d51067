"""An identity in full: only with a right and a reason, recorded first, shown once."""

import pytest
from django.urls import reverse

from accounts.models import AccessRecord
from accounts.privacy.operations import unmasking
from tests.accounts.admin.conftest import CARD_PHONE, WHO, messages_of, page_of, perform

pytestmark = pytest.mark.django_db

REASON = "the customer calls about a card"
ALL = ("name", "id_number", "phone", "card_numbers")


def unmask(client, customer, *fields, reason=REASON):
    return perform(client, customer, "unmask", fields=fields, reason=reason)


def shown(answer):
    words = answer.content.decode()
    return [one for one in (WHO.name, WHO.id_number, WHO.phone, WHO.card_number) if one in words]


def test_what_was_chosen_is_shown_in_full(as_group, onboarded):
    answer = unmask(as_group("support"), onboarded.customer, *ALL)

    assert shown(answer) == [WHO.name, WHO.id_number, WHO.phone, WHO.card_number]
    assert CARD_PHONE not in answer.content.decode()


def test_what_was_not_chosen_stays_masked(as_group, onboarded):
    assert shown(unmask(as_group("support"), onboarded.customer, "phone")) == [WHO.phone]


def test_who_saw_what_and_why_is_recorded(as_group, onboarded):
    unmask(as_group("support"), onboarded.customer, "phone", "id_number")

    record = AccessRecord.objects.get()
    assert (record.customer, record.staff.username) == (onboarded.customer, "support")
    assert (record.fields, record.reason) == ("id_number, phone", REASON)


def test_the_record_is_committed_before_anything_is_shown(as_group, onboarded, monkeypatch):
    monkeypatch.setattr(unmasking, "values", fails)

    with pytest.raises(ZeroDivisionError):
        unmask(as_group("support"), onboarded.customer, "phone")

    assert AccessRecord.objects.count() == 1


def fails(record):
    raise ZeroDivisionError


def test_the_page_is_kept_nowhere_and_hides_by_itself(as_group, onboarded):
    answer = unmask(as_group("support"), onboarded.customer, "phone")

    assert "no-store" in answer.headers["Cache-Control"]
    assert answer.headers["Refresh"] == f"60; url={page_of(onboarded.customer)}"


def test_a_reload_shows_nothing_and_records_nothing(as_group, onboarded):
    client = as_group("support")
    first = unmask(client, onboarded.customer, *ALL)

    again = client.get(first.request["PATH_INFO"], follow=True)

    assert shown(again) == []
    assert messages_of(again) == ["It was shown once. Say why to see it again."]
    assert AccessRecord.objects.count() == 1


def test_the_page_of_another_customer_shows_nothing(as_group, onboarded):
    client = as_group("support")
    address = reverse("admin:accounts_customer_action", args=[onboarded.customer.pk, "unmask"])
    client.post(address, {"fields": "phone", "reason": REASON})

    answer = client.get(reverse("admin:accounts_customer_unmasked", args=[999_999]))

    assert answer.status_code == 302
    assert shown(answer) == []


def test_no_value_is_kept_in_the_session(as_group, onboarded):
    client = as_group("support")
    address = reverse("admin:accounts_customer_action", args=[onboarded.customer.pk, "unmask"])

    client.post(address, {"fields": ALL, "reason": REASON})

    assert client.session["unmasked"] == AccessRecord.objects.get().pk
    assert WHO.phone not in str(dict(client.session))


@pytest.mark.parametrize("reason", ["", "    ", "1234", "  12  "])
def test_without_a_reason_nothing_is_shown(as_group, onboarded, reason):
    answer = unmask(as_group("support"), onboarded.customer, "phone", reason=reason)

    assert shown(answer) == []
    assert messages_of(answer)[0].startswith("Enter a reason of at least 5 characters.")
    assert not AccessRecord.objects.exists()


@pytest.mark.parametrize("fields", [(), ("openid",), ("",)])
def test_what_is_not_on_offer_is_not_shown(as_group, onboarded, fields):
    answer = unmask(as_group("support"), onboarded.customer, *fields)

    assert messages_of(answer)[0].startswith("what: select")
    assert not AccessRecord.objects.exists()


@pytest.mark.parametrize("group", ["auditor", "collections", "finance"])
def test_who_may_not_is_shown_nothing(as_group, onboarded, group):
    client = as_group(group)

    answers = [
        unmask(client, onboarded.customer, "phone"),
        client.get(reverse("admin:accounts_customer_unmasked", args=[onboarded.customer.pk])),
    ]

    assert [(one.status_code, shown(one)) for one in answers] == [(403, [])] * 2
    assert not AccessRecord.objects.exists()


@pytest.mark.parametrize("group", ["auditor", "manager"])
def test_the_records_are_looked_at_by_others(as_group, onboarded, group):
    unmask(as_group("support"), onboarded.customer, "phone")

    pages = [reverse("admin:accounts_accessrecord_changelist"), page_of(onboarded.customer)]

    assert all(REASON in as_group(group).get(page).content.decode() for page in pages)


def test_who_looked_does_not_see_who_else_looked(as_group, onboarded):
    client = as_group("support")
    unmask(client, onboarded.customer, "phone")

    assert client.get(reverse("admin:accounts_accessrecord_changelist")).status_code == 403
    assert REASON not in client.get(page_of(onboarded.customer)).content.decode()
