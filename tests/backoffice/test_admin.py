"""Laws over every registered staff page."""

from datetime import timedelta

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db import connection
from django.urls import reverse
from unfold.admin import ModelAdmin

from accounts.models import BankBin, Staff
from backoffice.core.crypto import SealedField
from backoffice.core.models import Approval, JobRun, OutboxMessage, StateChange
from backoffice.web.readonly_admin import ReadOnlyAdmin
from tests.loans.conftest import DUE_ON, moment

PAGES = sorted(admin.site._registry.items(), key=lambda item: item[0]._meta.label)
WRITTEN = (Staff, BankBin)  # what staff keep up to date in forms
READ_ONLY = [(model, page) for model, page in PAGES if model not in WRITTEN]
NAMES = [model._meta.label for model, _page in PAGES]


@pytest.fixture
def staff(client, db):
    client.force_login(Staff.objects.create_superuser("admin"))
    return client


@pytest.mark.parametrize(("model", "page"), PAGES, ids=NAMES)
def test_every_page_is_unfolds(model, page):
    assert isinstance(page, ModelAdmin)


@pytest.mark.parametrize(("model", "page"), PAGES, ids=NAMES)
def test_every_action_names_its_permission_and_has_a_dialog(model, page):
    names = [
        name
        for place in ("actions_list", "actions_row", "actions_detail", "actions_submit_line")
        for name in page._extract_action_names(getattr(page, place))
    ]
    for name in names:
        action = getattr(page, name)
        assert getattr(action, "allowed_permissions", None), f"{model._meta.label}.{name}"
        assert getattr(action, "dialog", None), f"{model._meta.label}.{name}"
    assert not page.actions


@pytest.mark.parametrize(("model", "page"), READ_ONLY, ids=[m._meta.label for m, _ in READ_ONLY])
def test_nobody_writes_rows_through_a_page(model, page, rf):
    request = rf.get("/")
    request.user = Staff(is_superuser=True, is_active=True)

    assert isinstance(page, ReadOnlyAdmin)
    assert not page.has_add_permission(request)
    assert not page.has_change_permission(request)
    assert not page.has_delete_permission(request)


@pytest.mark.parametrize(("model", "page"), READ_ONLY, ids=[m._meta.label for m, _ in READ_ONLY])
def test_no_sealed_column_is_ever_derived(model, page):
    sealed = {f.name for f in model._meta.concrete_fields if isinstance(f, SealedField)}

    assert not sealed & set(page.columns)


@pytest.mark.parametrize("name", [model._meta.label_lower.replace(".", "_") for model, _ in PAGES])
def test_every_list_opens_empty_and_searched(staff, name):
    address = reverse(f"admin:{name}_changelist")

    assert staff.get(address).status_code == 200
    assert staff.get(address, {"q": "42"}).status_code == 200
    assert staff.get(address, {"q": "C42"}).status_code == 200


def test_a_list_is_never_counted(staff):
    JobRun.objects.bulk_create(_run(n) for n in range(60))
    with_queries = _queries(staff, reverse("admin:backoffice_jobrun_changelist"))

    assert [sql for sql in with_queries if "COUNT(" in sql.upper()] == []


def _queries(client, address):
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as found:
        assert client.get(address).status_code == 200
    return [query["sql"] for query in found]


def _run(n: int) -> JobRun:
    return JobRun(
        business_date=DUE_ON, job=f"s{n}", started_at=moment(DUE_ON), heartbeat_at=moment(DUE_ON)
    )


def test_pages_go_by_key_there_and_back(staff):
    JobRun.objects.bulk_create(_run(n) for n in range(120))
    address = reverse("admin:backoffice_jobrun_changelist")
    keys = list(JobRun.objects.order_by("-pk").values_list("pk", flat=True))

    first = staff.get(address).context["cl"]
    second = staff.get(address + first.older_address).context["cl"]
    third = staff.get(address + second.older_address).context["cl"]
    back = staff.get(address + third.newer_address).context["cl"]

    assert [row.pk for page in (first, second, third) for row in page.result_list] == keys
    assert (first.newer_address, third.older_address) == ("", "")
    assert [row.pk for row in back.result_list] == [row.pk for row in second.result_list]


def test_going_back_to_the_first_page_ends_there(staff):
    JobRun.objects.bulk_create(_run(n) for n in range(60))
    address = reverse("admin:backoffice_jobrun_changelist")
    first = staff.get(address).context["cl"]
    second = staff.get(address + first.older_address).context["cl"]

    back = staff.get(address + second.newer_address).context["cl"]

    assert back.newer_address == ""
    assert [row.pk for row in back.result_list] == [row.pk for row in first.result_list]


def test_a_filter_survives_the_page_and_a_bad_day_shows_nothing(staff):
    JobRun.objects.bulk_create(_run(n) for n in range(60))
    address = reverse("admin:backoffice_jobrun_changelist")

    found = staff.get(address, {"business_date": DUE_ON}).context["cl"]
    nothing = staff.get(address, {"business_date": "yesterday"}).context["cl"]

    assert f"business_date={DUE_ON}" in found.older_address
    assert nothing.result_list == []


def test_what_a_message_carries_is_not_shown(staff):
    message = OutboxMessage.objects.create(
        topic="t", key="k", payload={"name": "张三丰"}, created_at=moment(DUE_ON)
    )

    page = staff.get(reverse("admin:backoffice_outboxmessage_change", args=[message.pk]))

    assert "张三丰" not in page.content.decode()


def test_a_move_is_found_by_its_record_and_shown_in_words(staff):
    proposed = Approval.objects.create(
        kind="policy-change", reason="r", proposed_by=Staff.objects.get(),
        proposed_at=moment(DUE_ON), expires_at=moment(DUE_ON) + timedelta(days=1),
    )  # fmt: skip
    for subject in (proposed.pk, proposed.pk + 1):
        StateChange.objects.create(
            subject_type="backoffice.approval", subject_id=subject, transition="approve",
            source="proposed", target="approved", actor="a", reason="due", effective_on=DUE_ON,
            at=moment(DUE_ON),
        )  # fmt: skip
    address = reverse("admin:backoffice_statechange_changelist")

    page = staff.get(address, {"q": f"backoffice.approval {proposed.pk}"})

    [move] = page.context["cl"].result_list
    assert move.subject_id == proposed.pk
    assert "已批准" in page.content.decode()


@pytest.mark.parametrize("group", ["support", "finance", "auditor"])
def test_each_group_sees_the_first_page_and_only_its_own_links(client, db, group):
    person = Staff.objects.create_user(group, is_staff=True)
    person.groups.add(Group.objects.get(name=group))
    client.force_login(person)

    page = client.get(reverse("admin:index")).content.decode()

    assert reverse("admin:loans_bill_changelist") in page
    assert (reverse("admin:loans_transfer_changelist") in page) == (group != "support")
    assert (reverse("admin:accounts_staff_changelist") in page) == (group == "auditor")
