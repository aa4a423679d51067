"""What every chain of statements must hold: each month opens with what the one before closed."""

from datetime import timedelta

from loans.accounting.rules.debt import COMPONENTS, Debt
from loans.models import Instalment
from loans.models.ledger import RECEIVABLES
from loans.statements.queries import months_of, statement
from tests.raw import execute


def ledger(customer, *, before):
    """Return what the ledger says that a customer owes at the beginning of a day."""
    return Debt(
        *(
            execute(
                "SELECT coalesce(sum(CASE WHEN debit_account = %s THEN amount_fen "
                "ELSE -amount_fen END), 0) FROM loans_transfer WHERE customer_id = %s "
                "AND business_date < %s AND %s IN (debit_account, credit_account)",
                account,
                customer.pk,
                before,
                account,
            )[0][0]
            for account in RECEIVABLES.values()
        )
    )


def closings(customer, *, on):
    """Check that each month opens with what the one before it closed, and return the closings."""
    found = [statement(customer, month=one, on=on) for one in reversed(months_of(customer, on=on))]
    opening = Debt()
    for one in found:
        assert sum((each.opening for each in one.statement.loans), Debt()) == opening
        opening = sum((each.closing for each in one.statement.loans), Debt())
        assert opening == ledger(customer, before=one.period.last_on + timedelta(1))
    return [one.statement.totals.closing_fen for one in found]


def unpaid(customer):
    rows = Instalment.objects.filter(customer=customer)
    return Debt(*(sum(getattr(row, f"unpaid_{name}") for row in rows) for name in COMPONENTS))
