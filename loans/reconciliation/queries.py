"""Comparing what must be equal: caches and ledger, bank and orders and ledger, accruals and rules.

Nothing is changed here; every disagreement is one ``Difference``.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from django.db import connection
from django.db.models import Max, Prefetch, Sum
from django.db.models.functions import Coalesce

from backoffice.core.policy import current
from loans.accounting.queries.positions import position_of, terms_of
from loans.accounting.queries.unposted import unposted
from loans.accounting.rules.cap import accrue
from loans.accounting.rules.debt import sql_total
from loans.models import (
    CauseType,
    DebitOrder,
    DebitOrderState,
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


def caches() -> Iterator[Difference]:
    """Compare the balances kept on instalments, loans and lines with the ledger."""
    for component, account in RECEIVABLES.items():
        column = f"unpaid_{component}"
        yield from _rows("loan", f"ledger {account}", _RECEIVABLE.format(column=column), [account])
    yield from _rows("loan", "principal of the parts", _PRINCIPAL)
    yield from _rows("loan", "charged to the loan", _CHARGED)
    yield from _rows("loan", "waived by the cap", _WAIVED)
    yield from _rows("loan", "charges = ledger", _CHARGES_POSTED)
    yield from _rows("line", "drawn on the line", _DRAWN)
    yield from _rows("bill", "paid on the bill", _PAID)
    yield from _rows("bill", "owed on a paid bill", _OWED)


def unbilled(*, on: date) -> Iterator[Difference]:
    """List principal that is owed and that no bill asks or is going to ask.

    Its own bill should have been issued before ``on``, or the bill that takes over what a closed
    one left (REPAY-2, 16): a month after it, ten days before its due date.
    """
    lead_days = current(LoanTerms, on=on).bill_lead_days
    yield from _rows("loan", "principal under no bill", _UNBILLED, [on, lead_days, on])


def unapplied_funds() -> Iterator[Difference]:
    """Compare each customer's waiting money with its account."""
    yield from _rows("customer", "unapplied funds", _UNAPPLIED)


def trial_balance() -> Iterator[Difference]:
    """Compare the sum of all debit with all credit balances."""
    total = sum(balance_fen(account) for account in Account.values)
    if total:
        yield Difference("trial balance", "all accounts", 0, total)


def balance_fen(account: str) -> int:
    """Return debits less credits of an account."""
    debits = Transfer.objects.filter(debit_account=account).aggregate(
        fen=Coalesce(Sum("amount_fen"), 0)
    )
    credits = Transfer.objects.filter(credit_account=account).aggregate(
        fen=Coalesce(Sum("amount_fen"), 0)
    )
    return int(debits["fen"] - credits["fen"])


def accruals(*, on: date) -> Iterator[Difference]:
    """Compare what is accrued and not posted: the rules loan by loan, the night's SQL, the ledger.

    The ledger follows with the night: while the one before ``on`` is not booked, and when money of
    an earlier day came after it, only what the night would post is compared with the rules.
    """
    by_rules = sum(map(_unposted_fen, _open_loans(), _repeat(on)))
    stands = unposted(on=on)
    if by_rules != stands.closed_form_fen:
        yield Difference("nightly accrual", f"as of {on}", by_rules, stands.closed_form_fen)
    if by_rules != stands.ledger_fen and _is_booked(on - timedelta(days=1)):
        yield Difference("accrued, not posted", f"as of {on}", by_rules, stands.ledger_fen)


def _is_booked(night: date) -> bool:
    """Say whether a night is the last one booked, and nothing earlier was posted after it."""
    last = Transfer.objects.filter(kind=TransferKind.NIGHT).aggregate(
        on=Max("business_date"), pk=Max("id")
    )
    if last["on"] != night:
        return False
    return not Transfer.objects.filter(pk__gt=last["pk"], business_date__lte=night).exists()


def _repeat(day: date) -> Iterator[date]:
    while True:
        yield day


def _open_loans() -> Iterable[Loan]:
    rows = Instalment.objects.order_by("number")
    return (
        Loan.objects.filter(state__in=[LoanState.ACTIVE, LoanState.OVERDUE])
        .prefetch_related(Prefetch("instalments", rows))
        .order_by("pk")
        .iterator(chunk_size=2_000)
    )


def _unposted_fen(loan: Loan, as_of: date) -> int:
    """Return what the rules say a loan has accrued and not posted."""
    if loan.accrued_on >= as_of:
        return 0
    position = position_of(loan, loan.instalments.all())
    ahead, _charges = accrue(position, on=as_of, terms=terms_of(loan.terms_id))
    return ahead.charged_fen - position.charged_fen


def bank(stated: Mapping[str, int], *, on: date) -> Iterator[Difference]:
    """Compare what the channel states by order of a day, in fen, with our orders and the ledger."""
    orders = {
        repayment.order.number: repayment
        for repayment in Repayment.objects.filter(value_on=on).select_related("order")
    }
    booked = _booked_fen(on)
    for number in sorted(stated.keys() | orders.keys()):
        repayment = orders.get(number)
        ours = repayment.amount_fen if repayment else 0
        if stated.get(number, 0) != ours:
            yield Difference("bank = orders", f"order {number}", stated.get(number, 0), ours)
        if repayment and booked.get(repayment.pk, 0) != ours:
            found = booked.get(repayment.pk, 0)
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


def orders() -> Iterator[Difference]:
    """Compare each order with its repayment and what it asked for, and where the money went."""
    yield from _rows("order", "taken = repayment", _TAKEN, [DebitOrderState.SUCCEEDED])
    yield from _rows("order", "asked = taken", _ASKED, [DebitOrderState.SUCCEEDED])
    yield from _rows("repayment", "allocations = ledger", _ALLOCATED)


def days_with_orders() -> list[date]:
    """Return the days on which money was asked for or arrived."""
    asked = DebitOrder.objects.values_list("business_date", flat=True).distinct()
    valued = Repayment.objects.values_list("value_on", flat=True).distinct()
    return sorted(set(asked) | set(valued))


def _rows(
    kind: str, check: str, sql: str, values: Sequence[str | int | date] = ()
) -> Iterator[Difference]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        for subject, expected, found in cursor.fetchall():
            yield Difference(check, f"{kind} {subject}", int(expected), int(found))


_RECEIVABLE = """
WITH moved AS (
    SELECT loan_id, sum(CASE WHEN debit_account = account.code THEN amount_fen
                             ELSE -amount_fen END) AS fen
    FROM loans_transfer, (SELECT %s AS code) AS account
    WHERE account.code IN (debit_account, credit_account) GROUP BY loan_id
), kept AS (
    SELECT loan_id, sum({column}) AS fen FROM loans_instalment GROUP BY loan_id
)
SELECT coalesce(moved.loan_id, kept.loan_id), coalesce(moved.fen, 0), coalesce(kept.fen, 0)
FROM moved FULL JOIN kept ON kept.loan_id = moved.loan_id
WHERE coalesce(moved.fen, 0) <> coalesce(kept.fen, 0) ORDER BY 1
"""
_PRINCIPAL = """
SELECT loan.id, sum(part.unpaid_principal_fen), loan.unpaid_principal_fen
FROM loans_loan AS loan JOIN loans_instalment AS part ON part.loan_id = loan.id
GROUP BY loan.id HAVING sum(part.unpaid_principal_fen) <> loan.unpaid_principal_fen ORDER BY 1
"""
_DRAWN = """
SELECT line.id, coalesce(sum(loan.unpaid_principal_fen), 0), line.drawn_fen
FROM risk_creditline AS line LEFT JOIN loans_loan AS loan ON loan.line_id = line.id
GROUP BY line.id
HAVING coalesce(sum(loan.unpaid_principal_fen), 0) <> line.drawn_fen ORDER BY 1
"""
_UNBILLED = """
SELECT part.loan_id, 0, sum(part.unpaid_principal_fen)
FROM loans_instalment AS part LEFT JOIN loans_bill AS bill ON bill.id = part.bill_id
WHERE part.unpaid_principal_fen > 0 AND (
    (bill.id IS NULL AND part.due_on < %s::date + %s)
    OR bill.state = 'converted'
    OR (bill.state IN ('min_paid', 'carried')
        AND bill.billed_on + interval '1 month' < %s)
)
GROUP BY part.loan_id ORDER BY 1
"""
_PAID = f"""
WITH applied AS (
    SELECT part.bill_id, sum({sql_total("", table="part")}) AS fen
    FROM loans_repaymentallocation AS part
    WHERE part.revision = (SELECT max(revision) FROM loans_repaymentallocation AS latest
                           WHERE latest.repayment_id = part.repayment_id)
    GROUP BY part.bill_id
)
SELECT bill.id, coalesce(applied.fen, 0), bill.paid_fen
FROM loans_bill AS bill LEFT JOIN applied ON applied.bill_id = bill.id
WHERE bill.paid_fen <> coalesce(applied.fen, 0) ORDER BY 1
"""  # nosec B608: column names of our own
_OWED = f"""
SELECT bill.id, 0, sum({sql_total("unpaid_", table="part")}) AS fen
FROM loans_bill AS bill JOIN loans_instalment AS part ON part.bill_id = bill.id
WHERE bill.state = 'paid' GROUP BY bill.id
HAVING sum({sql_total("unpaid_", table="part")}) <> 0 ORDER BY 1
"""  # nosec B608: column names of our own
_TAKEN = """
WITH answered AS (
    SELECT id, number, CASE WHEN state = %s THEN taken_fen ELSE 0 END AS fen
    FROM loans_debitorder
)
SELECT answered.number, answered.fen, coalesce(repayment.amount_fen, 0)
FROM answered LEFT JOIN loans_repayment AS repayment ON repayment.order_id = answered.id
WHERE answered.fen <> coalesce(repayment.amount_fen, 0) ORDER BY 1
"""
_ASKED = """
SELECT number, amount_fen, taken_fen FROM loans_debitorder
WHERE state = %s AND amount_fen <> taken_fen ORDER BY 1
"""
_CHARGED = """
WITH facts AS (SELECT loan_id, sum(charged_fen) AS fen FROM loans_charge GROUP BY loan_id)
SELECT loan.id, coalesce(facts.fen, 0), loan.charged_fen
FROM loans_loan AS loan LEFT JOIN facts ON facts.loan_id = loan.id
WHERE coalesce(facts.fen, 0) <> loan.charged_fen ORDER BY 1
"""
_WAIVED = """
WITH facts AS (
    SELECT loan_id, sum(contract_fen - charged_fen) AS fen FROM loans_charge GROUP BY loan_id
)
SELECT loan.id, coalesce(facts.fen, 0), loan.waived_fen
FROM loans_loan AS loan LEFT JOIN facts ON facts.loan_id = loan.id
WHERE coalesce(facts.fen, 0) <> loan.waived_fen ORDER BY 1
"""
# What a migrated loan was charged before stands in its opening balance.
_CHARGES_POSTED = """
WITH facts AS (
    SELECT loan_id, sum(charged_fen) AS fen FROM loans_charge
    WHERE cause_type <> 'migration'
    GROUP BY loan_id
), posted AS (
    SELECT loan_id, sum(CASE WHEN credit_account IN ('accrued_unposted', 'late_fee_income')
                             THEN amount_fen ELSE -amount_fen END) AS fen
    FROM loans_transfer
    WHERE loan_id IS NOT NULL
      AND ('accrued_unposted' IN (debit_account, credit_account)
           OR 'late_fee_income' IN (debit_account, credit_account))
    GROUP BY loan_id
)
SELECT coalesce(facts.loan_id, posted.loan_id), coalesce(facts.fen, 0), coalesce(posted.fen, 0)
FROM facts FULL JOIN posted ON posted.loan_id = facts.loan_id
WHERE coalesce(facts.fen, 0) <> coalesce(posted.fen, 0) ORDER BY 1
"""
_UNAPPLIED = """
WITH waiting AS (
    SELECT customer_id, sum(amount_fen) AS fen FROM loans_unappliedfunds
    WHERE refunded_at IS NULL GROUP BY customer_id
), held AS (
    SELECT customer_id, sum(CASE WHEN credit_account = 'unapplied_funds' THEN amount_fen
                                 ELSE -amount_fen END) AS fen
    FROM loans_transfer WHERE 'unapplied_funds' IN (debit_account, credit_account)
    GROUP BY customer_id
)
SELECT coalesce(waiting.customer_id, held.customer_id), coalesce(waiting.fen, 0),
       coalesce(held.fen, 0)
FROM waiting FULL JOIN held ON held.customer_id = waiting.customer_id
WHERE coalesce(waiting.fen, 0) <> coalesce(held.fen, 0) ORDER BY 1
"""
_ALLOCATED = """
WITH kept AS (
    SELECT part.repayment_id, account.code, sum(account.fen) AS fen
    FROM loans_repaymentallocation AS part
    JOIN (SELECT repayment_id, max(revision) AS revision FROM loans_repaymentallocation
          GROUP BY repayment_id) AS holding USING (repayment_id, revision),
    LATERAL (VALUES ('penalty', penalty_fen), ('late_fee', late_fee_fen),
                    ('interest', interest_fen), ('plan_fee', plan_fee_fen),
                    ('loan_principal', principal_fen)) AS account (code, fen)
    GROUP BY part.repayment_id, account.code
    UNION ALL
    SELECT repayment_id, 'unapplied_funds', amount_fen FROM loans_unappliedfunds
), moved AS (
    SELECT cause_id AS repayment_id,
           CASE WHEN debit_account = 'bank' THEN credit_account ELSE debit_account END AS code,
           sum(CASE WHEN debit_account = 'bank' THEN amount_fen ELSE -amount_fen END) AS fen
    FROM loans_transfer
    WHERE 'bank' IN (debit_account, credit_account) AND cause_type = 'repayment'
    GROUP BY 1, 2
)
SELECT coalesce(kept.repayment_id, moved.repayment_id) || ' ' || coalesce(kept.code, moved.code),
       coalesce(kept.fen, 0), coalesce(moved.fen, 0)
FROM kept FULL JOIN moved ON moved.repayment_id = kept.repayment_id AND moved.code = kept.code
WHERE coalesce(kept.fen, 0) <> coalesce(moved.fen, 0) ORDER BY 1
"""
