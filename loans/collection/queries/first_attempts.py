"""How the first attempt at the opening bill of imported customers ended."""

from collections.abc import Sequence

from django.db import connection


def by_origin(origins: Sequence[str]) -> dict[str, str | None]:
    """Return the state of the first attempt's last try per origin, None before any order.

    The opening bill is the customer's oldest. Origins nobody was imported under are left out.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT customer.origin, attempt.state
            FROM accounts_customer AS customer
            LEFT JOIN LATERAL (
                SELECT bill.id FROM loans_bill AS bill
                WHERE bill.customer_id = customer.id
                ORDER BY bill.due_on LIMIT 1
            ) AS opening ON true
            LEFT JOIN LATERAL (
                SELECT debit.state FROM loans_debitorder AS debit
                WHERE debit.bill_id = opening.id AND debit.origin = 'auto'
                  AND debit.cycle = 1 AND debit.attempt = 1
                ORDER BY debit.id DESC LIMIT 1
            ) AS attempt ON true
            WHERE customer.origin = ANY(%s)
            """,
            [list(origins)],
        )
        return dict(cursor.fetchall())
