"""The SQL of the checks: each row is a subject, the check, and both values, only where they differ.

The values are ``customers`` and ``loans``, arrays of ids or NULL for everybody's.
"""

from loans.accounting.queries.ledger_totals import MOVED
from loans.accounting.rules.debt import sql_total
from loans.models.ledger import RECEIVABLES, Account


def _moved(*accounts: str) -> str:
    """Return the SQL sum of debits less credits of some accounts."""
    named = ", ".join(f"'{account}'" for account in accounts)
    return (
        f"sum(CASE WHEN debit_account IN ({named}) THEN amount_fen "
        f"WHEN credit_account IN ({named}) THEN -amount_fen END)"
    )


# Every statement reads everybody's rows, or those of a scope: a scope of NULL drops its condition
# when the statement is planned.
_OF_LOANS = "(%(loans)s::bigint[] IS NULL OR loan_id = ANY (%(loans)s::bigint[]))"
_OF_CUSTOMERS = "(%(customers)s::bigint[] IS NULL OR {} = ANY (%(customers)s::bigint[]))"
_OF_BILLS = _OF_CUSTOMERS.format("bill.customer_id")
# What is compared of a loan: the check, and both values.
_OF_A_LOAN = (
    *((f"ledger {account}", f"moved.{name}", f"part.{name}")
      for name, account in RECEIVABLES.items()),
    ("principal of the parts", "part.principal_fen", "loan.unpaid_principal_fen"),
    ("charged to the loan", "fact.charged_fen", "loan.charged_fen"),
    ("waived by the cap", "fact.waived_fen", "loan.waived_fen"),
    ("charges = ledger", "fact.posted_fen", "moved.posted_fen"),
    ("charged-off claim", "loan.charged_off_fen", "moved.charged_off_fen"),
)  # fmt: skip
# What was posted for charges, whatever it is income of: a charged-off loan has none (OPS-3).
_CHARGED = (
    "sum(CASE WHEN kind IN ('accrual', 'late_fee', 'plan_fee') THEN amount_fen "
    "WHEN reverses IN ('accrual', 'late_fee', 'plan_fee') THEN -amount_fen END)"
)
# One reading each of ledger, instalments and charges for all that is compared of a loan. What a
# migrated loan was charged before stands in its opening balance.
LOANS = f"""
WITH moved AS (
    SELECT loan_id,
           {", ".join(f"{_moved(account)} AS {name}" for name, account in RECEIVABLES.items())},
           {_CHARGED} AS posted_fen, -{_moved(Account.CHARGED_OFF)} AS charged_off_fen
    FROM loans_transfer WHERE loan_id IS NOT NULL AND {_OF_LOANS} GROUP BY loan_id
), part AS (
    SELECT loan_id, {", ".join(f"sum(unpaid_{name}) AS {name}" for name in RECEIVABLES)}
    FROM loans_instalment WHERE {_OF_LOANS} GROUP BY loan_id
), fact AS (
    SELECT loan_id, sum(charged_fen) AS charged_fen, sum(contract_fen - charged_fen) AS waived_fen,
           sum(charged_fen) FILTER (WHERE cause_type <> 'migration') AS posted_fen
    FROM loans_charge WHERE kind <> 'prepayment' AND {_OF_LOANS} GROUP BY loan_id
), loan AS (
    SELECT id AS loan_id, unpaid_principal_fen, charged_fen, waived_fen,
           CASE WHEN state = 'charged_off' THEN (
               SELECT sum({sql_total("unpaid_", table="owed")}) FROM loans_instalment AS owed
               WHERE owed.loan_id = loans_loan.id) END AS charged_off_fen
    FROM loans_loan WHERE (%(loans)s::bigint[] IS NULL OR id = ANY (%(loans)s::bigint[]))
)
SELECT loan_id, name, coalesce(expected, 0), coalesce(found, 0)
FROM moved FULL JOIN part USING (loan_id) FULL JOIN fact USING (loan_id)
     FULL JOIN loan USING (loan_id),
     LATERAL (VALUES {
    ", ".join(
        f"({n}, '{name}', {expected}, {found})"
        for n, (name, expected, found) in enumerate(_OF_A_LOAN)
    )
}
     ) AS compared (place, name, expected, found)
WHERE ({
    " OR ".join(
        f"coalesce({expected}, 0) <> coalesce({found}, 0)" for _name, expected, found in _OF_A_LOAN
    )
})
  AND coalesce(expected, 0) <> coalesce(found, 0) ORDER BY place, loan_id
"""  # nosec B608: column names of our own
DRAWN = f"""
SELECT line.id, 'drawn on the line', coalesce(sum(loan.unpaid_principal_fen), 0), line.drawn_fen
FROM risk_creditline AS line LEFT JOIN loans_loan AS loan
     ON loan.line_id = line.id AND {_OF_CUSTOMERS.format("loan.customer_id")}
WHERE {_OF_CUSTOMERS.format("line.customer_id")}
GROUP BY line.id
HAVING coalesce(sum(loan.unpaid_principal_fen), 0) <> line.drawn_fen ORDER BY 1
"""  # nosec B608: column names of our own
UNBILLED = f"""
SELECT part.loan_id, 'principal under no bill', 0, sum(part.unpaid_principal_fen)
FROM loans_instalment AS part LEFT JOIN loans_bill AS bill ON bill.id = part.bill_id
WHERE part.unpaid_principal_fen > 0 AND {_OF_LOANS} AND (
    (bill.id IS NULL AND part.due_on < %(on)s::date + %(lead_days)s)
    OR bill.state = 'converted'
    OR (bill.state IN ('min_paid', 'carried')
        AND bill.due_on + interval '1 month' - interval '1 day' * %(lead_days)s <= %(on)s
        -- A bill that was put off closes after the date of the next one: the one after it counts.
        AND (bill.due_on - bill.billed_on <= %(lead_days)s
             OR bill.closed_through + interval '1 month' < %(on)s))
)
GROUP BY part.loan_id ORDER BY 1
"""  # nosec B608: column names of our own
# The highest revision of a repayment is the one that holds.
_HOLDING = f"""
    SELECT * FROM loans_repaymentallocation AS part
    WHERE {_OF_LOANS}
      AND part.revision = (SELECT max(revision) FROM loans_repaymentallocation AS latest
                           WHERE latest.repayment_id = part.repayment_id)
"""  # nosec B608: column names of our own
_WAIVED = """
    SELECT * FROM loans_waiverallocation AS part
    WHERE part.revision = (SELECT max(revision) FROM loans_waiverallocation AS latest
                           WHERE latest.waiver_id = part.waiver_id)
"""
BILLS = f"""
WITH applied AS (
    SELECT bill_id, sum({sql_total("", table="part")}) AS fen
    FROM ({_HOLDING}) AS part GROUP BY bill_id
)
SELECT bill.id, 'paid on the bill', coalesce(applied.fen, 0), bill.paid_fen
FROM loans_bill AS bill LEFT JOIN applied ON applied.bill_id = bill.id
WHERE bill.paid_fen <> coalesce(applied.fen, 0) AND {_OF_BILLS}
UNION ALL
SELECT bill.id, 'waived on the bill', coalesce(waived.fen, 0), bill.waived_fen
FROM loans_bill AS bill LEFT JOIN (
    SELECT bill_id, sum(penalty_fen + late_fee_fen + interest_fen + plan_fee_fen) AS fen
    FROM ({_WAIVED}) AS part GROUP BY bill_id
) AS waived ON waived.bill_id = bill.id
WHERE bill.waived_fen <> coalesce(waived.fen, 0) AND {_OF_BILLS}
UNION ALL
SELECT bill.id, 'owed on a paid bill', 0, sum({sql_total("unpaid_", table="part")}) AS fen
FROM loans_bill AS bill JOIN loans_instalment AS part ON part.bill_id = bill.id
WHERE bill.state = 'paid' AND {_OF_BILLS} GROUP BY bill.id
HAVING sum({sql_total("unpaid_", table="part")}) <> 0 ORDER BY 2 DESC, 1
"""  # nosec B608: column names of our own
# What was collected by an order that succeeded; nothing by any other.
ORDERS = f"""
WITH debit AS (  -- orders are found through what they ask for
    SELECT debit.* FROM loans_bill AS bill JOIN loans_debitorder AS debit ON debit.bill_id = bill.id
    WHERE {_OF_BILLS}
    UNION ALL
    SELECT debit.* FROM loans_loan AS loan JOIN loans_debitorder AS debit ON debit.loan_id = loan.id
    WHERE {_OF_CUSTOMERS.format("loan.customer_id")}
)
SELECT number, name, expected, found
FROM debit LEFT JOIN loans_repayment AS repayment ON repayment.order_id = debit.id,
LATERAL (VALUES
    ('taken = repayment', CASE WHEN debit.state = 'succeeded' THEN taken_fen ELSE 0 END,
     coalesce(repayment.amount_fen, 0)),
    ('asked = taken', CASE WHEN debit.state = 'succeeded' THEN debit.amount_fen END, taken_fen)
) AS compared (name, expected, found)
WHERE expected <> found ORDER BY name DESC, number
"""  # nosec B608: column names of our own
# What was paid out is what was asked for, and what the ledger moved for it.
PAYOUTS = f"""
WITH moved AS (
    SELECT cause_id AS payout_id,
           sum(CASE WHEN credit_account = 'bank' THEN amount_fen ELSE -amount_fen END) AS fen
    FROM loans_transfer
    WHERE cause_type = 'payout' AND {_OF_CUSTOMERS.format("customer_id")} GROUP BY 1
)
SELECT number, name, expected, found
FROM loans_payout AS payout FULL JOIN moved ON moved.payout_id = payout.id,
LATERAL (VALUES
    ('asked = paid out', CASE WHEN payout.state = 'succeeded' THEN payout.amount_fen ELSE 0 END,
     coalesce(payout.paid_fen, 0)),
    ('payouts = ledger', coalesce(payout.paid_fen, 0), coalesce(moved.fen, 0))
) AS compared (name, expected, found)
WHERE expected <> found AND {_OF_CUSTOMERS.format("payout.customer_id")} ORDER BY name, number
"""  # nosec B608: column names of our own
# What two people approved of a bank transfer, which its number names: reference and value date.
TRANSFERS = f"""
SELECT number, name, expected, found FROM (
SELECT debit.number, 'approved = transfer' AS name, coalesce((
    SELECT sum((agreed.payload->>'amount_fen')::bigint) FROM backoffice_approval AS agreed
    WHERE agreed.id = substring(debit.number FROM '[0-9]+$')::bigint
      AND agreed.kind = 'bank-transfer' AND agreed.state = 'approved'
      AND agreed.payload->>'reference' = debit.reference
      AND (agreed.payload->>'bill')::bigint = debit.bill_id
      AND (agreed.payload->>'value_on')::date = repayment.value_on
 ), 0) AS expected, repayment.amount_fen AS found
FROM loans_bill AS bill JOIN loans_debitorder AS debit ON debit.bill_id = bill.id
JOIN loans_repayment AS repayment ON repayment.order_id = debit.id
WHERE debit.origin = 'transfer' AND {_OF_BILLS}
) AS compared WHERE expected <> found ORDER BY 1
"""  # nosec B608: column names of our own
UNAPPLIED = f"""
WITH waiting AS (
    SELECT customer_id, sum(amount_fen) AS fen FROM loans_unappliedfunds
    WHERE refunded_at IS NULL AND {_OF_CUSTOMERS.format("customer_id")} GROUP BY customer_id
), held AS (
    SELECT customer_id, -{_moved(Account.UNAPPLIED_FUNDS)} AS fen
    FROM loans_transfer
    WHERE loan_id IS NULL AND 'unapplied_funds' IN (debit_account, credit_account)
      AND {_OF_CUSTOMERS.format("customer_id")}
    GROUP BY customer_id
)
SELECT coalesce(waiting.customer_id, held.customer_id), 'unapplied funds',
       coalesce(waiting.fen, 0), coalesce(held.fen, 0)
FROM waiting FULL JOIN held ON held.customer_id = waiting.customer_id
WHERE coalesce(waiting.fen, 0) <> coalesce(held.fen, 0) ORDER BY 1
"""  # nosec B608: column names of our own
ALLOCATED = f"""
WITH kept AS (
    SELECT part.repayment_id, account.code, sum(account.fen) AS fen
    FROM ({_HOLDING}) AS part,
    LATERAL (VALUES {", ".join(f"('{code}', {name})" for name, code in RECEIVABLES.items())}
    ) AS account (code, fen)
    GROUP BY part.repayment_id, account.code
    UNION ALL
    SELECT repayment_id, 'unapplied_funds', sum(amount_fen) FROM loans_unappliedfunds
    WHERE {_OF_CUSTOMERS.format("customer_id")} GROUP BY repayment_id
    UNION ALL
    SELECT cause_id, 'prepayment_income', sum(charged_fen) FROM loans_charge
    WHERE kind = 'prepayment' AND {_OF_LOANS} GROUP BY cause_id
), moved AS (
    SELECT cause_id AS repayment_id,
           CASE WHEN debit_account = 'bank' THEN credit_account ELSE debit_account END AS code,
           sum(CASE WHEN debit_account = 'bank' THEN amount_fen ELSE -amount_fen END) AS fen
    FROM loans_transfer
    WHERE 'bank' IN (debit_account, credit_account) AND cause_type = 'repayment'
      AND ({_OF_LOANS} OR (loan_id IS NULL AND {_OF_CUSTOMERS.format("customer_id")}))
    GROUP BY 1, 2
)
SELECT coalesce(kept.repayment_id, moved.repayment_id) || ' ' || coalesce(kept.code, moved.code),
       'allocations = ledger', coalesce(kept.fen, 0), coalesce(moved.fen, 0)
FROM kept FULL JOIN moved ON moved.repayment_id = kept.repayment_id AND moved.code = kept.code
WHERE coalesce(kept.fen, 0) <> coalesce(moved.fen, 0) ORDER BY 1
"""  # nosec B608: column names of our own
BALANCES = f"""
SELECT debit_account, credit_account, sum(amount_fen) FROM {MOVED} GROUP BY 1, 2
"""  # nosec B608: a statement of our own
# Loans whose charge-off stands: an earlier value date may have cured one before it.
_GIVEN_UP = """(
    SELECT loan_id, charged_off_on, at
    FROM loans_chargeoff JOIN loans_loan ON loans_loan.id = loan_id
    WHERE state IN ('charged_off', 'recovered')
) AS given_up"""
# A charge of a loan that was charged off before it: owed, but no income.
_IS_OFF_BOOKS = f"""EXISTS (
    SELECT FROM {_GIVEN_UP}
    WHERE given_up.loan_id = charge.loan_id AND charge.posted_on > charged_off_on
)"""  # nosec B608: column names of our own
# The records of what stands on each account, debits less credits: an account, where it is recorded,
# and the sum. Nothing here reads the ledger. A loan that was not paid out here was opened with its
# principal and what an earlier lender had charged.
SOURCES = f"""
SELECT 'bank', 'orders and payouts',
       coalesce((SELECT sum(taken_fen) FROM loans_debitorder WHERE state = 'succeeded'), 0)
       - coalesce((SELECT sum(paid_fen) FROM loans_payout), 0)
       - coalesce((SELECT sum(repayment.amount_fen) FROM loans_repaymentreversal AS reversal
                   JOIN loans_repayment AS repayment ON repayment.id = reversal.repayment_id), 0)
UNION ALL
SELECT account.code, 'instalments', coalesce(sum(account.fen), 0)
FROM (SELECT {", ".join(f"sum(unpaid_{name}) AS {name}" for name in RECEIVABLES)}
      FROM loans_instalment) AS part,
LATERAL (VALUES {", ".join(f"('{code}', {name})" for name, code in RECEIVABLES.items())}
) AS account (code, fen) GROUP BY account.code
UNION ALL
SELECT 'loan_principal', 'loans', coalesce(sum(unpaid_principal_fen), 0) FROM loans_loan
UNION ALL
SELECT 'loan_principal', 'lines', coalesce(sum(drawn_fen), 0) FROM risk_creditline
UNION ALL
SELECT 'unapplied_funds', 'unapplied funds', -coalesce(sum(amount_fen), 0)
FROM loans_unappliedfunds WHERE refunded_at IS NULL
UNION ALL
SELECT kind || '_income', 'charges', -coalesce(sum(charged_fen), 0)
FROM (VALUES ('late_fee'), ('plan_fee'), ('prepayment')) AS fee (kind)
LEFT JOIN loans_charge AS charge USING (kind)
WHERE coalesce(cause_type, '') <> 'migration' AND NOT {_IS_OFF_BOOKS} GROUP BY kind
UNION ALL
SELECT 'charged_off', 'charged-off loans', -coalesce(sum({sql_total("unpaid_", table="part")}), 0)
FROM loans_instalment AS part JOIN loans_loan AS loan ON loan.id = part.loan_id
WHERE loan.state = 'charged_off'
UNION ALL
SELECT 'charges_waived', 'waivers',
       coalesce(sum(part.penalty_fen + part.late_fee_fen + part.interest_fen
                    + part.plan_fee_fen), 0)
FROM ({_WAIVED}) AS part JOIN loans_waiver AS waiver ON waiver.id = part.waiver_id
LEFT JOIN {_GIVEN_UP} ON given_up.loan_id = part.loan_id
WHERE given_up.at IS NULL OR (waived_on, waiver.at) < (charged_off_on, given_up.at)
UNION ALL
SELECT 'recovery_income', 'repayments', -coalesce(sum({sql_total("", table="part")}), 0)
FROM {_GIVEN_UP} JOIN loans_repaymentallocation AS part ON part.loan_id = given_up.loan_id
JOIN loans_repayment AS repayment ON repayment.id = part.repayment_id
WHERE (value_on, recorded_at) > (charged_off_on, given_up.at)
  AND part.revision = (SELECT max(revision) FROM loans_repaymentallocation AS latest
                       WHERE latest.repayment_id = part.repayment_id)
UNION ALL
SELECT 'opening_balance', 'opened loans',
       -coalesce((SELECT sum(principal_fen) FROM loans_loan
                  WHERE NOT EXISTS (SELECT FROM loans_payout WHERE loan_id = loans_loan.id)), 0)
       -coalesce((SELECT sum(charged_fen) FROM loans_charge WHERE cause_type = 'migration'), 0)
"""  # nosec B608: column names of our own
ACCRUAL_INCOME = f"""
SELECT (SELECT coalesce(sum(charged_fen), 0) FROM loans_charge AS charge
        WHERE kind NOT IN ('late_fee', 'plan_fee', 'prepayment') AND cause_type <> 'migration'
          AND NOT {_IS_OFF_BOOKS}),
       (SELECT -coalesce({_moved(Account.ACCRUAL_INCOME)}, 0) FROM {MOVED}
        WHERE 'accrual_income' IN (debit_account, credit_account))
"""  # nosec B608: column names of our own
