"""Which transfers each business event posts: one named function per event, amounts in fen."""

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

from loans.accounting.operations.ledger import Entry
from loans.accounting.rules.codes import ChargeKind
from loans.accounting.rules.debt import Debt
from loans.accounting.rules.engine import RunResult
from loans.accounting.rules.outcomes import (
    Allocation,
    ChargedOffLoan,
    ComputedCharge,
    Surplus,
    WaivedCharge,
)
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


def of(result: RunResult, customer_of: Callable[[Any], int]) -> Iterator[Entry]:
    """Return the transfers of a run: of each fact, for the customer whom ``customer_of`` names."""
    for charge in result.charges:
        yield charged(charge, customer_id=customer_of(charge))
    for allocation in result.allocations:
        yield from repaid(allocation, customer_id=customer_of(allocation))
    for surplus in result.surpluses:
        yield left_over(surplus, customer_id=customer_of(surplus))
    for waiver in result.waived:
        yield from waived(waiver, customer_id=customer_of(waiver))
    for loan in result.charged_off:
        yield charged_off(loan, customer_id=customer_of(loan))


def charged(charge: ComputedCharge, *, customer_id: int) -> Entry:
    """Return the transfer of a charge: what the cap left of it is owed from its day on."""
    debit, credit, kind = _CHARGED[charge.kind]  # type: ignore[index]  # a code equals its text
    if charge.is_off_books:  # owed, but no income before it is paid
        credit = Account.CHARGED_OFF
    return Entry(charge.to_on, debit, credit, charge.charged_fen, kind, *charge.cause,
                 charge.loan_id, customer_id)  # fmt: skip


def repaid(allocation: Allocation, *, customer_id: int) -> Iterator[Entry]:
    """Return the transfers of what a repayment settled: one for each component of the debt.

    Money for a charged-off loan is recovery income besides: the claim is off the balance sheet.
    """
    for account, amount_fen in zip(RECEIVABLES.values(), allocation.debt, strict=True):
        if amount_fen:
            yield Entry(allocation.on, Account.BANK, account, amount_fen, TransferKind.REPAYMENT,
                        CauseType.REPAYMENT, allocation.repayment_id, allocation.loan_id,
                        customer_id)  # fmt: skip
    if allocation.is_recovery:
        yield Entry(allocation.on, Account.CHARGED_OFF, Account.RECOVERY_INCOME,
                    allocation.debt.total_fen, TransferKind.RECOVERY, CauseType.REPAYMENT,
                    allocation.repayment_id, allocation.loan_id, customer_id)  # fmt: skip


def waived(one: WaivedCharge, *, customer_id: int) -> Iterator[Entry]:
    """Return the transfers of a waiver: income goes back, or a claim off the balance sheet.

    The income of the nights stays as it was accrued: what is given back has an account of its own.
    """
    debit = Account.CHARGED_OFF if one.is_off_books else Account.CHARGES_WAIVED
    for account, amount_fen in zip(RECEIVABLES.values(), one.debt, strict=True):
        if amount_fen:
            yield Entry(one.on, debit, account, amount_fen, TransferKind.WAIVER, CauseType.WAIVER,
                        one.waiver_id, one.loan_id, customer_id)  # fmt: skip


def charged_off(one: ChargedOffLoan, *, customer_id: int) -> Entry:
    """Return the transfer of a charge-off: a loss against the contra account of the claim.

    The receivables stay, for the customer still owes them (OPS-3).
    """
    return Entry(one.on, Account.CHARGE_OFF_LOSS, Account.CHARGED_OFF, one.amount_fen,
                 TransferKind.CHARGE_OFF, CauseType.CHARGE_OFF, one.loan_id, one.loan_id,
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
