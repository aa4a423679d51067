"""A night of the whole portfolio: one transfer in closed form, or a posting to every loan."""

from django.db import connection, transaction

from loans.delinquency.operations import end_of_day
from tests.bench.day import NINE, ON

# What a system does that posts every night to every loan, as fast as one statement a table can:
# the own rate only, without the cap, which is less than the product does.
_TOUCH = (
    """
    CREATE TEMP TABLE night ON COMMIT DROP AS
    SELECT loan.id AS loan_id, part.id AS part_id, loan.customer_id,
           (2 * part.segment_base_fen * loan.daily_rate_ppm * (%(on)s - part.segment_on) + 1000000)
               / 2000000 - part.segment_posted_fen AS fen,
           loan.unpaid_principal_fen * (%(on)s - loan.accrued_on) AS principal_nights_fen
    FROM loans_loan AS loan JOIN loans_instalment AS part ON part.loan_id = loan.id
    WHERE loan.state IN ('active', 'overdue') AND loan.accrued_on < %(on)s
    """,
    """
    UPDATE loans_instalment AS part
    SET unpaid_interest_fen = unpaid_interest_fen + fen,
        segment_posted_fen = segment_posted_fen + fen
    FROM night WHERE part.id = part_id
    """,
    """
    UPDATE loans_loan AS loan
    SET accrued_on = %(on)s, charged_fen = charged_fen + fen,
        principal_nights_fen = loan.principal_nights_fen + night.principal_nights_fen
    FROM night WHERE loan.id = loan_id
    """,
    """
    INSERT INTO loans_transfer (business_date, debit_account, credit_account, amount_fen, kind,
                                cause_type, loan_id, customer_id, reverses, funder, at)
    SELECT %(on)s, 'interest', 'accrual_income', fen, 'accrual', 'night', loan_id, customer_id,
           '', 'own', %(at)s
    FROM night WHERE fen > 0
    """,
    "SELECT sum(fen) FROM night",
)


def closed_form() -> dict[str, int]:
    """Post the night of the whole portfolio; return its fen."""
    return {"fen": end_of_day.accrue_night(on=ON, at=NINE)}


def every_loan() -> dict[str, int]:
    """Post the night to every loan; return the sum in fen."""
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in _TOUCH:
            cursor.execute(statement, {"on": ON, "at": NINE})
        return {"fen": int(cursor.fetchone()[0])}
