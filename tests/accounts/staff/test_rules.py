"""Who may do what, as it stands in the database after a migration."""

import pytest
from django.contrib.auth.models import Group, Permission

from accounts.models import Staff
from accounts.staff.rules import GROUPS, TITLES

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("name", GROUPS)
def test_a_group_has_the_rights_of_the_table_and_no_others(name):
    rights = Group.objects.get(name=name).permissions.values_list(
        "content_type__app_label", "codename"
    )

    assert {f"{app}.{codename}" for app, codename in rights} == set(GROUPS[name])


def test_every_right_of_the_table_exists():
    known = {
        f"{app}.{codename}"
        for app, codename in Permission.objects.values_list("content_type__app_label", "codename")
    }

    assert {right for rights in GROUPS.values() for right in rights} <= known


def test_every_group_has_a_title():
    assert GROUPS.keys() == TITLES.keys()


def test_the_auditor_only_looks():
    assert {right.split(".")[1].split("_")[0] for right in GROUPS["auditor"]} == {"view"}


def test_the_auditor_sees_every_page():
    person = Staff.objects.create_user("auditor", is_staff=True)
    person.groups.add(Group.objects.get(name="auditor"))
    from django.contrib import admin

    hidden = [
        model._meta.label
        for model in admin.site._registry
        if not person.has_perm(f"{model._meta.app_label}.view_{model._meta.model_name}")
    ]

    assert hidden == []
