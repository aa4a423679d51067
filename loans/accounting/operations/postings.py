"""Which transfers each business event posts: one named function per event, amounts in fen."""

from collections.abc import Iterator
from datetime import date

from loans.accounting.operations.ledger import Entry
from loans.accounting.rules.codes import ChargeKind
from loans.accounting.rules.debt import Debt
from loans.accounting.rules.engine import Allocation, ComputedCharge, Surplus
from loans.models import Account, CauseType, TransferKind
from loans.models.ledger import RECEIVABLES

# What a charge is owed on, where it comes from, and as what it is posted.
_CHARGED = {
    ChargeKind.OWN: (Account.INTEREST, Account.ACCRUED_UNPOSTED, TransferKind.ACCRUAL),
    ChargeKind.REVOLVING: (Account.INTEREST, Account.ACCRUED_UNPOSTED, TransferKind.ACCRUAL),
    ChargeKind.PENALTY: (Account.PENALTY, Account.ACCRUED_UNPOSTED, TransferKind.ACCRUAL),
    ChargeKind.LATE_FEE: (Account.LATE_FEE, Account.LATE_FEE_INCOME, TransferKind.LATE_FEE),
    ChargeKind.PLAN_FEE: (Account.PLAN_FEE, Account.PLAN_FEE_INCOME, TransferKind.PLAN_FEE),
    # Paid at the moment it is charged: nobody owes it.
    ChargeKind.PREPAYMENT: (Account.BANK, Account.PREPAYMENT_INCOME, TransferKind.PREPAYMENT),
}


def charged(charge: ComputedCharge, *, customer_id: int) -> Entry:
    """Return the transfer of a charge: what the cap left of it is owed from its day on."""
    debit, credit, kind = _CHARGED[charge.kind]  # type: ignore[index]  # a code equals its text
    return Entry(charge.to_on, debit, credit, charge.charged_fen, kind, *charge.cause,
                 charge.loan_id, customer_id)  # fmt: skip


def repaid(allocation: Allocation, *, customer_id: int) -> Iterator[Entry]:
    """Return the transfers of what a repayment settled: one for each component of the debt."""
    for account, amount_fen in zip(RECEIVABLES.values(), allocation.debt, strict=True):
        if amount_fen:
            yield Entry(allocation.on, Account.BANK, account, amount_fen, TransferKind.REPAYMENT,
                        CauseType.REPAYMENT, allocation.repayment_id, allocation.loan_id,
                        customer_id)  # fmt: skip


def left_over(surplus: Surplus, *, customer_id: int) -> Entry:
    """Return the transfer of money that is not owed: it is the customer's."""
    return Entry(surplus.on, Account.BANK, Account.UNAPPLIED_FUNDS, surplus.amount_fen,
                 TransferKind.UNAPPLIED, CauseType.REPAYMENT, surplus.repayment_id, None,
                 customer_id)  # fmt: skip


def disbursed(
    amount_fen: int, *, on: date, payout_id: int, loan_id: int, customer_id: int
) -> Entry:
    """Return the transfer of a loan that was paid out: the bank's money is owed from then on."""
    return Entry(on, Account.LOAN_PRINCIPAL, Account.BANK, amount_fen, TransferKind.DRAWDOWN,
                 CauseType.PAYOUT, payout_id, loan_id, customer_id)  # fmt: skip


def refunded(amount_fen: int, *, on: date, payout_id: int, customer_id: int) -> Entry:
    """Return the transfer of money that went back to the customer whose it is."""
    return Entry(on, Account.UNAPPLIED_FUNDS, Account.BANK, amount_fen, TransferKind.REFUND,
                 CauseType.PAYOUT, payout_id, None, customer_id)  # fmt: skip


def night(amount_fen: int, *, on: date) -> Entry:
    """Return the transfer of a night over all loans; a negative amount goes back from income."""
    debit, credit = Account.ACCRUED_UNPOSTED, Account.ACCRUAL_INCOME
    if amount_fen < 0:
        debit, credit = credit, debit
    return Entry(on, debit, credit, abs(amount_fen), TransferKind.NIGHT, CauseType.NIGHT, None,
                 None, None)  # fmt: skip


def migrated(debt: Debt, *, on: date, loan_id: int, customer_id: int) -> list[Entry]:
    """Return the opening balances of a loan that was migrated or made in a portfolio."""
    return [
        Entry(on, account, Account.OPENING_BALANCE, amount_fen, TransferKind.OPENING,
              CauseType.MIGRATION, loan_id, loan_id, customer_id)
        for account, amount_fen in zip(RECEIVABLES.values(), debt, strict=True)
    ]  # fmt: skip


def reversed_of(entry: Entry, *, amount_fen: int) -> Entry:
    """Return the transfer that takes back an amount of another one."""
    return entry._replace(
        debit=entry.credit,
        credit=entry.debit,
        amount_fen=amount_fen,
        kind=TransferKind.REVERSAL,
        reverses=entry.kind,
    )
