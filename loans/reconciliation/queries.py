"""Comparing what must be equal: caches and ledger, bank and orders and ledger, accruals and rules.

Nothing is changed here; every disagreement is one ``Difference``.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Max, QuerySet, Sum

from backoffice.core import bulk
from backoffice.core.policy import current
from loans.accounting.queries.positions import positions_of
from loans.accounting.queries.unposted import unposted, unposted_of
from loans.accounting.rules.cap import accrued_fen
from loans.accounting.rules.debt import sql_total
from loans.models import (
    CauseType,
    DebitOrder,
    Instalment,
    Loan,
    LoanState,
    Repayment,
    Transfer,
    TransferKind,
)
from loans.models.ledger import RECEIVABLES, Account
from loans.policy import LoanTerms


class Difference(NamedTuple):
    """Two figures that should be equal, in fen: where, of what, and both values."""

    check: str
    subject: str
    expected_fen: int
    found_fen: int


class Scope(NamedTuple):
    """Whose records a check reads: some customers with all their loans, or everybody's."""

    customer_ids: Sequence[int] | None = None
    loan_ids: Sequence[int] | None = None


EVERYBODY = Scope()


def to_check() -> tuple[list[int], list[int]]:
    """Return every loan, and the customer of each, those of one customer together."""
    pairs = bulk.rows(Loan.objects.order_by("customer_id", "pk"), "pk", "customer_id")
    return [loan_id for loan_id, _ in pairs], [customer_id for _, customer_id in pairs]


def scope_of(loan_ids: Sequence[int]) -> Scope:
    """Return the customers of some loans, with every loan they have by now."""
    planned = Loan.objects.filter(pk__any=bulk.Of(loan_ids))
    customer_ids = sorted({customer_id for (customer_id,) in bulk.rows(planned, "customer_id")})
    theirs = Loan.objects.filter(customer_id__any=bulk.Of(customer_ids)).order_by("pk")
    return Scope(customer_ids, [loan_id for (loan_id,) in bulk.rows(theirs, "pk")])


def caches(of: Scope = EVERYBODY) -> Iterator[Difference]:
    """Compare the balances kept on instalments, loans, lines and bills with the ledger."""
    yield from _rows("loan", _LOANS, of)
    yield from _rows("line", _DRAWN, of)
    yield from _rows("bill", _BILLS, of)


def unbilled(of: Scope = EVERYBODY, *, on: date) -> Iterator[Difference]:
    """List principal that is owed and that no bill asks or is going to ask.

    Its own bill should have been issued before ``on``, or the bill that takes over what a closed
    one left (REPAY-2, 16): a month after it, ten days before its due date.
    """
    lead_days = current(LoanTerms, on=on).bill_lead_days
    yield from _rows("loan", _UNBILLED, of, on=on, lead_days=lead_days)


def unapplied_funds(of: Scope = EVERYBODY) -> Iterator[Difference]:
    """Compare each customer's waiting money with its account."""
    yield from _rows("customer", _UNAPPLIED, of)


def orders(of: Scope = EVERYBODY) -> Iterator[Difference]:
    """Compare each order with its repayment and what it asked for, and where the money went."""
    yield from _rows("order", _ORDERS, of)
    yield from _rows("repayment", _ALLOCATED, of)


def account_balances() -> Iterator[Difference]:
    """Compare the balance of each account with the records of what stands on it.

    Both sides are written apart from each other: a transfer balances by itself, so that debits and
    credits are equal whatever is wrong. What is accrued has its own check (``accruals``).
    """
    ledger = balances()
    with connection.cursor() as cursor:
        cursor.execute(_SOURCES)
        for account, source, fen in cursor.fetchall():
            if ledger[account] != fen:
                check, subject = f"ledger = {source}", f"account {account}"
                yield Difference(check, subject, int(fen), ledger[account])


def balances() -> dict[str, int]:
    """Return debits less credits of every account, from one reading of the ledger."""
    totals = dict.fromkeys(Account.values, 0)
    with connection.cursor() as cursor:
        cursor.execute(_BALANCES)
        for debit, credit, fen in cursor.fetchall():
            totals[debit] += int(fen)
            totals[credit] -= int(fen)
    return totals


def balance_fen(account: str) -> int:
    """Return debits less credits of an account."""
    return balances()[account]


def accruals(*, on: date) -> Iterator[Difference]:
    """Compare what is accrued and not posted: the rules loan by loan, the night's SQL, the ledger.

    The ledger follows with the night: while the one before ``on`` is not booked, and when money of
    an earlier day came after it, only what the night would post is compared with the rules.
    """
    by_rules = _by_rules_fen(Instalment.objects.all(), on=on)
    stands = unposted(on=on)
    yield from _nightly_accrual(f"as of {on}", by_rules, stands.closed_form_fen)
    yield from _posted_accruals(by_rules, stands.ledger_fen, on=on)


def loan_accruals(of: Scope, *, on: date) -> Iterator[Difference]:
    """Compare what some loans have accrued and not posted: the rules and the night's SQL."""
    ids = of.loan_ids or []
    theirs = Instalment.objects.filter(loan_id__any=bulk.Of(ids))
    subject = f"as of {on}, {len(ids)} loans from {min(ids, default=0)} to {max(ids, default=0)}"
    by_rules = _by_rules_fen(theirs, on=on)
    yield from _nightly_accrual(subject, by_rules, unposted_of(ids, on=on))


def posted_accruals(*, on: date) -> Iterator[Difference]:
    """Compare what is accrued and not posted, by the night's SQL, with the ledger."""
    stands = unposted(on=on)
    yield from _posted_accruals(stands.closed_form_fen, stands.ledger_fen, on=on)


def _by_rules_fen(instalments: QuerySet[Instalment], *, on: date) -> int:
    """Return what the rules say open loans have accrued and not posted."""
    still_open = instalments.filter(
        loan__state__in=[LoanState.ACTIVE, LoanState.OVERDUE], loan__accrued_on__lt=on
    )
    return sum(accrued_fen(loan, on=on, terms=terms) for terms, loan in positions_of(still_open))


def _nightly_accrual(subject: str, by_rules: int, by_sql: int) -> Iterator[Difference]:
    if by_rules != by_sql:
        yield Difference("nightly accrual", subject, by_rules, by_sql)


def _posted_accruals(accrued: int, ledger: int, *, on: date) -> Iterator[Difference]:
    """Compare the two accounts of the night with what is accrued, and with the charges."""
    if not _is_booked(on - timedelta(days=1)):
        return
    if accrued != ledger:
        yield Difference("accrued, not posted", f"as of {on}", accrued, ledger)
    with connection.cursor() as cursor:
        cursor.execute(_ACCRUAL_INCOME)
        charged, income = map(int, cursor.fetchone())
    if charged + accrued != income:
        yield Difference("accrual income", f"as of {on}", charged + accrued, income)


def _is_booked(night: date) -> bool:
    """Say whether a night is the last one booked, and nothing earlier was posted after it."""
    last = Transfer.objects.filter(kind=TransferKind.NIGHT).aggregate(
        on=Max("business_date"), pk=Max("id")
    )
    if last["on"] != night:
        return False
    return not Transfer.objects.filter(pk__gt=last["pk"], business_date__lte=night).exists()


def bank(stated: Mapping[str, int], *, on: date) -> Iterator[Difference]:
    """Compare what the channel states by order of a day, in fen, with our orders and the ledger."""
    of_day = Repayment.objects.filter(value_on=on)
    orders = {
        number: (repayment_id, amount_fen)
        for number, repayment_id, amount_fen in bulk.rows(
            of_day, "order__number", "pk", "amount_fen"
        )
    }
    booked = _booked_fen(on)
    for number in sorted(stated.keys() | orders.keys()):
        repayment_id, ours = orders.get(number, (None, 0))
        if stated.get(number, 0) != ours:
            yield Difference("bank = orders", f"order {number}", stated.get(number, 0), ours)
        if repayment_id and booked.get(repayment_id, 0) != ours:
            found = booked.get(repayment_id, 0)
            yield Difference("orders = ledger", f"order {number}", ours, found)


def _booked_fen(on: date) -> dict[int, int]:
    rows = (
        Transfer.objects.filter(
            business_date=on, debit_account=Account.BANK, cause_type=CauseType.REPAYMENT
        )
        .values_list("cause_id")
        .annotate(fen=Sum("amount_fen"))
    )
    return dict(rows)


def days_with_orders() -> list[date]:
    """Return the days on which money was asked for or arrived."""
    asked = DebitOrder.objects.values_list("business_date", flat=True).distinct()
    valued = Repayment.objects.values_list("value_on", flat=True).distinct()
    return sorted(set(asked) | set(valued))


def _rows(kind: str, sql: str, of: Scope, **values: date | int) -> Iterator[Difference]:
    """Return the differences a statement finds: its rows are subject, check and both values."""
    scope: dict[str, Any] = {
        name: None if ids is None else bulk.array(ids)
        for name, ids in (("customers", of.customer_ids), ("loans", of.loan_ids))
    }
    with connection.cursor() as cursor:
        cursor.execute(sql, scope | values)
        for subject, check, expected, found in cursor.fetchall():
            yield Difference(check, f"{kind} {subject}", int(expected), int(found))


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
)  # fmt: skip
# One reading each of ledger, instalments and charges for all that is compared of a loan. What a
# migrated loan was charged before stands in its opening balance.
_LOANS = f"""
WITH moved AS (
    SELECT loan_id,
           {", ".join(f"{_moved(account)} AS {name}" for name, account in RECEIVABLES.items())},
           -{_moved(Account.ACCRUED_UNPOSTED, Account.LATE_FEE_INCOME)} AS posted_fen
    FROM loans_transfer WHERE loan_id IS NOT NULL AND {_OF_LOANS} GROUP BY loan_id
), part AS (
    SELECT loan_id, {", ".join(f"sum(unpaid_{name}) AS {name}" for name in RECEIVABLES)}
    FROM loans_instalment WHERE {_OF_LOANS} GROUP BY loan_id
), fact AS (
    SELECT loan_id, sum(charged_fen) AS charged_fen, sum(contract_fen - charged_fen) AS waived_fen,
           sum(charged_fen) FILTER (WHERE cause_type <> 'migration') AS posted_fen
    FROM loans_charge WHERE {_OF_LOANS} GROUP BY loan_id
), loan AS (
    SELECT id AS loan_id, unpaid_principal_fen, charged_fen, waived_fen
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
_DRAWN = f"""
SELECT line.id, 'drawn on the line', coalesce(sum(loan.unpaid_principal_fen), 0), line.drawn_fen
FROM risk_creditline AS line LEFT JOIN loans_loan AS loan
     ON loan.line_id = line.id AND {_OF_CUSTOMERS.format("loan.customer_id")}
WHERE {_OF_CUSTOMERS.format("line.customer_id")}
GROUP BY line.id
HAVING coalesce(sum(loan.unpaid_principal_fen), 0) <> line.drawn_fen ORDER BY 1
"""  # nosec B608: column names of our own
_UNBILLED = f"""
SELECT part.loan_id, 'principal under no bill', 0, sum(part.unpaid_principal_fen)
FROM loans_instalment AS part LEFT JOIN loans_bill AS bill ON bill.id = part.bill_id
WHERE part.unpaid_principal_fen > 0 AND {_OF_LOANS} AND (
    (bill.id IS NULL AND part.due_on < %(on)s::date + %(lead_days)s)
    OR bill.state = 'converted'
    OR (bill.state IN ('min_paid', 'carried')
        AND bill.billed_on + interval '1 month' < %(on)s)
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
_BILLS = f"""
WITH applied AS (
    SELECT bill_id, sum({sql_total("", table="part")}) AS fen
    FROM ({_HOLDING}) AS part GROUP BY bill_id
)
SELECT bill.id, 'paid on the bill', coalesce(applied.fen, 0), bill.paid_fen
FROM loans_bill AS bill LEFT JOIN applied ON applied.bill_id = bill.id
WHERE bill.paid_fen <> coalesce(applied.fen, 0) AND {_OF_BILLS}
UNION ALL
SELECT bill.id, 'owed on a paid bill', 0, sum({sql_total("unpaid_", table="part")}) AS fen
FROM loans_bill AS bill JOIN loans_instalment AS part ON part.bill_id = bill.id
WHERE bill.state = 'paid' AND {_OF_BILLS} GROUP BY bill.id
HAVING sum({sql_total("unpaid_", table="part")}) <> 0 ORDER BY 2 DESC, 1
"""  # nosec B608: column names of our own
# What was collected by an order that succeeded; nothing by any other.
_ORDERS = f"""
SELECT number, name, expected, found
FROM loans_bill AS bill JOIN loans_debitorder AS debit ON debit.bill_id = bill.id
LEFT JOIN loans_repayment AS repayment ON repayment.order_id = debit.id,
LATERAL (VALUES
    ('taken = repayment', CASE WHEN debit.state = 'succeeded' THEN taken_fen ELSE 0 END,
     coalesce(repayment.amount_fen, 0)),
    ('asked = taken', CASE WHEN debit.state = 'succeeded' THEN debit.amount_fen END, taken_fen)
) AS compared (name, expected, found)
WHERE expected <> found AND {_OF_BILLS} ORDER BY name DESC, number
"""  # nosec B608: column names of our own
_UNAPPLIED = f"""
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
_ALLOCATED = f"""
WITH kept AS (
    SELECT part.repayment_id, account.code, sum(account.fen) AS fen
    FROM ({_HOLDING}) AS part,
    LATERAL (VALUES {", ".join(f"('{code}', {name})" for name, code in RECEIVABLES.items())}
    ) AS account (code, fen)
    GROUP BY part.repayment_id, account.code
    UNION ALL
    SELECT repayment_id, 'unapplied_funds', amount_fen FROM loans_unappliedfunds
    WHERE {_OF_CUSTOMERS.format("customer_id")}
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
_BALANCES = """
SELECT debit_account, credit_account, sum(amount_fen) FROM loans_transfer GROUP BY 1, 2
"""
# The records of what stands on each account, debits less credits: an account, where it is recorded,
# and the sum. Nothing here reads the ledger. Every loan so far was opened with its principal and
# what an earlier lender had charged.
_SOURCES = f"""
SELECT 'bank', 'orders', coalesce(sum(taken_fen), 0) FROM loans_debitorder
WHERE state = 'succeeded'
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
SELECT 'late_fee_income', 'charges', -coalesce(sum(charged_fen), 0) FROM loans_charge
WHERE kind = 'late_fee' AND cause_type <> 'migration'
UNION ALL
SELECT 'opening_balance', 'opened loans',
       -coalesce((SELECT sum(principal_fen) FROM loans_loan), 0)
       -coalesce((SELECT sum(charged_fen) FROM loans_charge WHERE cause_type = 'migration'), 0)
"""  # nosec B608: column names of our own
_ACCRUAL_INCOME = f"""
SELECT (SELECT coalesce(sum(charged_fen), 0) FROM loans_charge
        WHERE kind <> 'late_fee' AND cause_type <> 'migration'),
       (SELECT -coalesce({_moved(Account.ACCRUAL_INCOME)}, 0) FROM loans_transfer
        WHERE 'accrual_income' IN (debit_account, credit_account))
"""  # nosec B608: column names of our own
