"""A customer's ID number, card, phone and password are where they belong, and nowhere else."""

import logging

import pytest
import redis
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse

from accounts.models import Staff
from accounts.staff.rules import GROUPS
from tests import migrated
from tests.accounts.api.conftest import Phone, wait
from tests.canary import PASSWORD, SPELLINGS, WHO, Listener, found_in


@pytest.fixture
def onboarded(committed_db, stopped_clock):
    """Somebody who went all the way, with what goes wrong on it, committed."""
    root = logging.getLogger()
    root.setLevel(logging.DEBUG)
    phone = Phone("canary").log_in()
    wait(30)
    phone.identify(WHO, name="张不符", face_token="first look")
    assert phone.identify(WHO, face_token="second look").status_code == 200
    phone.bind(WHO, number=WHO.card_number[:-1] + "x")
    assert phone.bind(WHO).status_code == 201
    for purpose in ("agreement", "bureau", "payment"):
        phone.put(f"me/consents/{purpose}", {"granted": True})
    phone.put("me/profile", {"monthly_income_fen": 800_000, "occupation": "employee"})
    assert phone.put("me/transaction-password", {"password": PASSWORD}).status_code == 200
    grant = {"purpose": "drawdown", "amount_fen": 100}
    phone.post("me/authorisations", {"password": f"{PASSWORD}x", **grant})
    assert phone.post("me/authorisations", {"password": PASSWORD, **grant}).status_code == 201
    spelled = " ; ".join(SPELLINGS)
    for text in (spelled[n : n + 1800] for n in range(0, len(spelled), 1800)):
        assert phone.post("me/complaints", {"text": text}).status_code == 201
    yield phone
    root.setLevel(logging.WARNING)


def dump(database):
    """Yield every table of a database, as a dump writes it."""
    with migrated.owner(database) as owner:
        tables = owner.execute(
            "SELECT oid::regclass::text FROM pg_class "
            "WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        ).fetchall()
        for (table,) in tables:
            with owner.cursor().copy(f"COPY {table} TO STDOUT") as rows:
                yield table, b"".join(bytes(row) for row in rows)


def test_a_dump_of_the_database_holds_none_of_it(onboarded, database_name):
    found = {table: found_in(rows) for table, rows in dump(database_name)}

    assert {table: values for table, values in found.items() if values} == {}
    assert len(found) > 40


def test_what_the_broker_holds_has_none_of_it(onboarded):
    broker = redis.from_url(settings.CELERY_BROKER_URL)
    with broker:
        for key in broker.scan_iter():
            value = broker.dump(key) or b""
            assert found_in(key) == found_in(value) == []


@pytest.mark.parametrize("form", ["application/json", "text/html"])
def test_a_copy_of_the_data_has_none_of_it(onboarded, form):
    assert found_in(onboarded.get("me/export", accept=form).content) == []


@pytest.mark.parametrize("path", ["me", "me/identity", "me/cards", "me/profile", "auth/sessions"])
def test_no_reply_repeats_it(onboarded, path):
    assert found_in(onboarded.get(path).content) == []


def pages():
    """Every list and every record's page of the staff."""
    for model in admin.site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        yield reverse(f"{name}_changelist")
        for pk in model._default_manager.values_list("pk", flat=True)[:5]:
            yield reverse(f"{name}_change", args=[pk])


@pytest.mark.parametrize("group", sorted(GROUPS))
def test_no_page_of_the_staff_shows_it(onboarded, group):
    person = Staff.objects.create_user("clerk", is_staff=True)
    person.groups.add(Group.objects.get(name=group))
    client = Client()
    client.force_login(person)

    shown = {address: client.get(address) for address in pages()}

    assert {
        address: found for address, page in shown.items() if (found := found_in(page.content))
    } == {}
    assert sum(page.status_code == 200 for page in shown.values()) > 5


def test_an_error_of_ours_logs_lines_and_not_values(onboarded, monkeypatch, caplog):
    listener = Listener()
    root = logging.getLogger()
    root.addHandler(listener)
    monkeypatch.setattr("accounts.login.operations.session_of", None)  # nothing works any more
    try:
        answer = onboarded.put("me/transaction-password", {"password": PASSWORD})
    finally:
        root.removeHandler(listener)

    assert answer.status_code == 500
    assert found_in(answer.content) == listener.leaks == []
    assert "Traceback" in caplog.text
