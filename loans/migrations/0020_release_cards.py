from django.db import migrations

# A loan relies on its card only until the bank has answered about the payout to it.
_RELEASE = """
DELETE FROM accounts_cardhold AS hold USING loans_loan AS loan
WHERE hold.holder = 'loan:' || loan.id AND hold.card_id = loan.card_id
  AND loan.state <> 'disbursing'
"""


class Migration(migrations.Migration):
    """Release the cards of loans that were paid out before."""

    dependencies = [
        ("accounts", "0001_initial"),
        ("loans", "0019_closed_months"),
    ]

    operations = [migrations.RunSQL(_RELEASE, migrations.RunSQL.noop)]
