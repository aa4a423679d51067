"""The groups of the staff; their rights follow after every migration (accounts.apps)."""

from django.db import migrations

GROUPS = ("support", "credit", "risk", "collections", "finance", "auditor", "manager")


def create(apps, schema_editor):
    groups = apps.get_model("auth", "Group").objects.using(schema_editor.connection.alias)
    for name in GROUPS:
        groups.get_or_create(name=name)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial"), ("auth", "0012_alter_user_first_name_max_length")]

    operations = [migrations.RunPython(create, migrations.RunPython.noop)]
