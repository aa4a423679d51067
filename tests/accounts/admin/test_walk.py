"""A walk through every page of every model as each group: nothing sealed is ever shown."""

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.db.models import BinaryField
from django.test import Client

from accounts.login import operations as logins
from accounts.models import (
    AssetFile,
    AssetProof,
    LoginSession,
    ProfileReview,
    Staff,
    TransactionPassword,
)
from accounts.staff.rules import GROUPS
from backoffice.core import clock
from backoffice.web.readonly_admin import address_of, list_address
from tests.accounts.admin.conftest import (
    ADDRESS,
    CARD_PHONE,
    EMPLOYER,
    OPENID,
    WHO,
    client_of,
    page_of,
    perform,
)
from tests.accounts.uploads import PDF

pytestmark = pytest.mark.django_db

DIGEST = "argon2$argon2id$v=19$m=102400,t=2,p=8$secret"
SEALED = (WHO.name, WHO.id_number, WHO.card_number, WHO.phone, CARD_PHONE, ADDRESS, EMPLOYER,
          f"sandbox:{OPENID}", f"face of {OPENID}", DIGEST)  # fmt: skip
MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)


@pytest.fixture
def everything(onboarded):
    """The customer of the tests, with a password, a proof of an asset and a reported history."""
    customer = onboarded.customer
    proof = AssetProof.objects.create(
        customer=customer, kind="house", content_type="application/pdf", size=len(PDF),
        digest=b"x" * 32, uploaded_at=clock.now(),
    )  # fmt: skip
    ProfileReview.objects.create(
        customer=customer, occupation="student", monthly_income_fen=0, requested_at=clock.now()
    )
    AssetFile.objects.create(proof=proof, content=PDF)
    TransactionPassword.objects.create(customer=customer, digest=DIGEST, set_at=clock.now())
    logins.record_history(
        customer.wechat_accounts.get(), since=clock.business_date(), by="support",
        reason="a bill of 2020", at=clock.now(),
    )  # fmt: skip
    return onboarded


def pages():
    """Every list, and the page of every record."""
    for model in MODELS:
        yield list_address(model)
        for key in model._default_manager.values_list("pk", flat=True)[:10]:
            yield address_of(model, key)


def blinds():
    """Every index and digest in the database, as it would be printed."""
    for model in MODELS:
        for field in model._meta.concrete_fields:
            if isinstance(field, BinaryField):
                for raw in model._default_manager.values_list(field.attname, flat=True):
                    if isinstance(raw, bytes | memoryview):
                        yield bytes(raw).hex()


@pytest.mark.parametrize("group", [*GROUPS, "superuser"])
def test_no_page_shows_what_is_sealed(as_group, everything, group):
    client = client_of(Staff.objects.create_superuser("root")) if group == "superuser" else (
        as_group(group)
    )  # fmt: skip
    secrets = (*SEALED, everything.token, *blinds())
    seen = 0

    for address in pages():
        answer = client.get(address)
        assert answer.status_code in (200, 403), address
        seen += answer.status_code == 200
        words = answer.content.decode()
        assert [secret for secret in secrets if secret in words] == [], address

    assert seen > 10


@pytest.mark.parametrize("term", [WHO.id_number, CARD_PHONE])
def test_a_search_repeats_only_what_was_typed(as_group, everything, term):
    words = as_group("support").get(list_address(type(everything.customer)), {"q": term})

    others = {WHO.id_number, WHO.phone, WHO.card_number, CARD_PHONE} - {term}
    assert [other for other in others if other in words.content.decode()] == []


def test_the_auditor_may_open_every_page(as_group, everything):
    client = as_group("auditor")

    assert [address for address in pages() if client.get(address).status_code != 200] == []


# Every admin action of every page of accounts, and a form that would do for each.
RECORD_ACTIONS = [
    (model, one)
    for model in MODELS
    for one in getattr(admin.site._registry[model], "record_actions", ())
    if model._meta.app_label == "accounts"
]
FORM = {
    "kind": "block", "holder": "nobody", "fields": "phone", "since": "2020-01-01",
    "words": "an answer", "account_class": "I", "reason": "because of the test",
}  # fmt: skip


def rows():
    """Return every row of the tables of accounts that have pages."""
    return {
        model._meta.label: list(model._default_manager.order_by("pk").values())
        for model in MODELS
        if model._meta.app_label == "accounts" and model is not Staff
    }


@pytest.mark.parametrize("group", GROUPS)
def test_a_forged_form_of_who_may_not_changes_nothing(as_group, everything, group):
    forbidden = [
        (model, one) for model, one in RECORD_ACTIONS if one.permission not in GROUPS[group]
    ]
    client = as_group(group)
    before = rows()

    for model, one in forbidden:
        record = model._default_manager.first()
        assert record is not None, model
        assert perform(client, record, one.code, **FORM).status_code == 403, one
        assert f"/action/{one.code}/" not in client.get(page_of(record)).content.decode()

    assert forbidden
    assert rows() == before


def test_a_right_without_the_right_to_look_is_not_enough(everything):
    staff = Staff.objects.create_user("half", is_staff=True)
    staff.user_permissions.set(Permission.objects.filter(codename="unmask_customer"))
    before = rows()

    answer = perform(client_of(staff), everything.customer, "unmask", **FORM)

    assert (answer.status_code, rows()) == (403, before)


def test_a_form_of_another_site_changes_nothing(everything):
    client = Client(enforce_csrf_checks=True)
    client.force_login(Staff.objects.create_superuser("root"))
    before = rows()

    answer = perform(client, everything.customer, "hold", **FORM)

    assert (answer.status_code, rows()) == (403, before)


def test_a_link_does_nothing(admin_client, everything):
    session = LoginSession.objects.latest("pk")
    before = rows()

    answer = admin_client.get(f"{page_of(session).removesuffix('change/')}action/revoke/")

    assert (answer.status_code, rows()) == (405, before)
