"""How the card numbers of each bank begin, as the table that comes with this release says."""

from pathlib import Path

from django.db import migrations

from accounts.cards.rules import bins

TABLE = Path(__file__).parents[1] / "data" / "bank_bins.csv"


def load(apps, schema_editor):
    model = apps.get_model("accounts", "BankBin")
    rows = bins.read(TABLE.read_text(encoding="utf-8"))
    model.objects.using(schema_editor.connection.alias).bulk_create(
        model(
            prefix=row.prefix,
            length=row.length,
            bank=row.bank,
            bank_en=row.bank_en,
            code=row.code,
            kind=row.kind.value,
        )
        for row in rows
    )


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_groups")]

    operations = [migrations.RunPython(load, migrations.RunPython.noop)]
