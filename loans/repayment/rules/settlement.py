"""A loan repaid before it is due: early settlement, and prepayment of a bullet (REPAY-3, REPAY-4).

Events of the engine, fresh or reprocessed, and the quote, which is the same computation without a
payment. The prepayment fee is no component of a debt: nobody owes it before paying, it is never
billed, bears nothing and has no turn in REPAY-8. It is charged and paid at one moment, outside of
the cap of RATE-7, and stands in the statement of charges (RATE-9).
"""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, timedelta
from functools import reduce
from operator import add
from typing import NamedTuple

from backoffice.core.money import divide_half_up
from loans.accounting.rules.allocation import allocate
from loans.accounting.rules.codes import BillMove, ChargeKind, LoanMove, LoanState, OrderPurpose
from loans.accounting.rules.debt import Debt
from loans.accounting.rules.ending import PAYABLE, end_loans
from loans.accounting.rules.engine import Run, payable
from loans.accounting.rules.outcomes import Allocation, Cause, ComputedCharge, Surplus
from loans.accounting.rules.position import InstalmentKey, LoanPosition, Position
from loans.accounting.rules.reasons import LoanReason
from loans.policy import LoanTerms
from loans.repayment.rules.payment import claim_of, pay_part

OPEN_STATES = (LoanState.ACTIVE, LoanState.OVERDUE)
_QUOTED = Cause("", 0)
_PPM = 1_000_000


class EarlyQuote(NamedTuple):
    """What repaying a loan early takes on a day, in fen.

    ``debt`` is settled of it; ``waived_fen`` is what the cap took off the fee of the started period
    that the settlement itself brings forward (RATE-7).
    """

    debt: Debt
    prepayment_fee_fen: int
    waived_fen: int = 0

    @property
    def total_fen(self) -> int:
        """Return what the customer pays."""
        return self.debt.total_fen + self.prepayment_fee_fen


def prepayment_fee_fen(principal_fen: int, terms: LoanTerms) -> int:
    """Return the fee on principal that is repaid before it is due: 0.5 %, at least 5.00 (REPAY-3).

    Half-up to the fen; nothing where nothing is repaid early.
    """
    if not principal_fen:
        return 0
    share_fen = divide_half_up(principal_fen * terms.prepayment_fee_ppm, _PPM)
    return max(terms.prepayment_fee_min_fen, share_fen)


def principal_within(money_fen: int, terms: LoanTerms) -> int:
    """Return the most principal that an amount repays early with the fee on it, in fen."""
    fen = min(
        money_fen - terms.prepayment_fee_min_fen,
        money_fen * _PPM // (_PPM + terms.prepayment_fee_ppm) + 1,
    )
    while fen > 0 and fen + prepayment_fee_fen(fen, terms) > money_fen:
        fen -= 1
    return max(0, fen)


def undue_fen(loan: LoanPosition) -> int:
    """Return the principal that no bill asks for yet: a bill's is not early any more (REPAY-3)."""
    return sum(part.debt.principal_fen for part in loan.parts if part.bill_id is None)


def settlement_quote(
    position: Position, loan_id: int, *, on: date, terms: Mapping[int, LoanTerms]
) -> EarlyQuote:
    """Return what settling a loan takes on a day, charges of that day included (REPAY-4)."""
    return _charge_to_settle(Run(position, terms, {}), loan_id, on=on, cause=_QUOTED)


def prepayment_quote(
    loan: LoanPosition, principal_fen: int, *, on: date, terms: LoanTerms
) -> EarlyQuote:
    """Return what prepaying principal of a bullet takes: it, all interest, the fee (REPAY-4)."""
    run = Run(Position({}, {0: loan}), {0: terms}, {})
    run.accrue_loan(0, on=on, cause=_QUOTED)
    charged = run.position.loans[0].parts[0].debt
    return EarlyQuote(
        charged._replace(principal_fen=principal_fen), prepayment_fee_fen(principal_fen, terms)
    )


class Settlement(NamedTuple):
    """Money taken to settle a loan early, in fen, on the day the channel took it (GEN-9)."""

    repayment_id: int
    loan_id: int
    amount_fen: int
    on: date

    def apply(self, run: Run) -> None:
        """Settle the loan with its share of every open bill; what is too much waits (REPAY-4).

        Where a day has passed since the quote and the money is not enough, it pays what bills ask
        of the loan, and as much of a bullet as a prepayment may; a plan is settled whole or not.
        """
        loan = run.position.loans[self.loan_id]
        quote = settlement_quote(run.position, self.loan_id, on=self.on, terms=run.terms)
        if loan.state not in OPEN_STATES or self.amount_fen < quote.total_fen:
            _pay_in_part(run, self, principal_max_fen=loan.principal_fen)
            return
        cause = Cause("repayment", self.repayment_id)
        _charge_to_settle(run, self.loan_id, on=self.on, cause=cause)
        _charge_fee(run, self.loan_id, undue_fen(loan), on=self.on, cause=cause)
        loan = run.position.loans[self.loan_id]
        paid = {index: part.debt for index, part in enumerate(loan.parts) if any(part.debt)}
        _pay(run, self, paid, left_fen=self.amount_fen - quote.total_fen)


class Prepayment(NamedTuple):
    """Money taken to repay a part of a bullet early, in fen, on the day the channel took it.

    ``principal_fen`` is what it was asked for beside interest and fee.
    """

    repayment_id: int
    loan_id: int
    amount_fen: int
    on: date
    principal_fen: int

    def apply(self, run: Run) -> None:
        """Pay the interest to the day and the principal with its fee; the surplus waits (REPAY-4).

        Money that is not enough any more repays as much principal as it covers with the fee.
        """
        _pay_in_part(run, self, principal_max_fen=self.principal_fen)


def money_for_loan(
    purpose: OrderPurpose,
    repayment_id: int,
    loan_id: int,
    amount_fen: int,
    on: date,
    *,
    principal_fen: int | None,
) -> Settlement | Prepayment:
    """Return the money of an order for a loan as the event of its purpose."""
    if purpose == OrderPurpose.SETTLEMENT:
        return Settlement(repayment_id, loan_id, amount_fen, on)
    assert principal_fen is not None, "a prepayment names the principal that it repays"
    return Prepayment(repayment_id, loan_id, amount_fen, on, principal_fen)


def _charge_to_settle(run: Run, loan_id: int, *, on: date, cause: Cause) -> EarlyQuote:
    """Charge a loan what a settlement of the day brings forward; return what settling takes.

    The fee of the started period is due, those of later ones are not (REPAY-4); it passes through
    the cap of the nights up to that day. On the day of the drawdown one night counts, for interest
    and for the cap (GEN-6): it is charged like every night, on the day after it.
    """
    before = run.position.loans[loan_id]
    run.accrue_loan(loan_id, on=max(on, before.drawn_on + timedelta(days=1)), cause=cause)
    accrued = run.position.loans[loan_id]
    started = _started(accrued, on=on)
    run.charge_plan_fees([InstalmentKey(loan_id, index) for index in started], on=on, cause=cause)
    loan = run.position.loans[loan_id]
    debt = reduce(add, (part.debt for part in loan.parts))
    fee_fen = prepayment_fee_fen(undue_fen(loan), run.terms[loan_id])
    return EarlyQuote(debt, fee_fen, loan.waived_fen - accrued.waived_fen)


def _started(loan: LoanPosition, *, on: date) -> list[int]:
    """Return the row of the period that a day is in: the first one due on it or later (REPAY-4).

    What the bill of a conversion kept is no row of the plan, nor are rows of nothing.
    """
    first = 1 if loan.converted_on else 0
    coming = [
        (part.due_on, index)
        for index, part in enumerate(loan.parts)
        if index >= first and part.due_on >= on
    ]
    return [min(coming)[1]] if coming else []


def _charge_fee(run: Run, loan_id: int, principal_fen: int, *, on: date, cause: Cause) -> int:
    """Charge the prepayment fee on principal, if there is one; return it in fen."""
    terms = run.terms[loan_id]
    fee_fen = prepayment_fee_fen(principal_fen, terms)
    if fee_fen:
        parts = run.position.loans[loan_id].parts
        index = next(n for n, part in enumerate(parts) if part.bill_id is None and any(part.debt))
        run.charges.append(
            ComputedCharge(loan_id, index, ChargeKind.PREPAYMENT, on, on, on, principal_fen,
                           terms.prepayment_fee_ppm * 1000, fee_fen, fee_fen, cause)
        )  # fmt: skip
    return fee_fen


def _pay_in_part(run: Run, money: Settlement | Prepayment, *, principal_max_fen: int) -> None:
    """Pay what bills ask of a loan, then as much of a bullet as the money covers with its fee."""
    loan_id, on = money.loan_id, money.on
    if run.position.loans[loan_id].state not in OPEN_STATES:
        _pay(run, money, {}, left_fen=money.amount_fen)
        return
    cause, terms = Cause("repayment", money.repayment_id), run.terms[loan_id]
    run.accrue_loan(loan_id, on=on, cause=cause)
    loan = run.position.loans[loan_id]
    billed = [index for index, part in enumerate(loan.parts) if part.bill_id is not None]
    rows = [InstalmentKey(loan_id, index) for index in billed]
    asked = [claim_of(payable(loan, billed, terms=terms), row, terms) for row in rows]
    if isinstance(money, Prepayment):  # of principal, no more than was named
        asked = [one._replace(debt=_at_most(one.debt, principal_max_fen)) for one in asked]
    parts, left_fen = allocate(money.amount_fen, asked)
    paid = {index: debt for index, debt in zip(billed, parts, strict=True) if any(debt)}
    fees = [InstalmentKey(loan_id, index) for index, debt in paid.items() if debt.plan_fee_fen]
    run.charge_plan_fees(fees, on=on, cause=cause)
    if loan.is_bullet and not billed:
        charged = loan.parts[0].debt._replace(principal_fen=0)
        covered_fen = principal_within(left_fen - charged.total_fen, terms)
        principal_fen = min(covered_fen, principal_max_fen, loan.principal_fen)
        if principal_fen >= terms.prepayment_min_fen:
            paid = {0: charged._replace(principal_fen=principal_fen)}
            fee_fen = _charge_fee(run, loan_id, principal_fen, on=on, cause=cause)
            left_fen -= paid[0].total_fen + fee_fen
    _pay(run, money, paid, left_fen=left_fen)


def _at_most(debt: Debt, principal_fen: int) -> Debt:
    return debt._replace(principal_fen=min(debt.principal_fen, principal_fen))


def _pay(
    run: Run, money: Settlement | Prepayment, paid: Mapping[int, Debt], *, left_fen: int
) -> None:
    """Take what was paid off the instalments and their bills, and end what owes nothing."""
    loan_id, on = money.loan_id, money.on
    by_bill: dict[int, int] = defaultdict(int)
    for index, debt in paid.items():
        bill_id = run.position.loans[loan_id].parts[index].bill_id
        pay_part(run, loan_id, index, debt)
        run.allocations.append(Allocation(money.repayment_id, loan_id, index, on, debt, bill_id))
        if bill_id is not None:
            by_bill[bill_id] += debt.total_fen
    if left_fen:
        run.surpluses.append(Surplus(money.repayment_id, None, on, left_fen, loan_id))
    loan = run.position.loans[loan_id]
    if paid and not loan.owes:
        parts = tuple(part._replace(uncharged_plan_fee_fen=0) for part in loan.parts)
        run.move_loan(
            loan_id,
            LoanMove.SETTLE,
            on=on,
            reason=LoanReason.SETTLED_EARLY,
            ended_on=on,
            parts=parts,  # without the fees of periods that never start
        )
    for bill_id, paid_fen in by_bill.items():
        _pay_bill(run, bill_id, paid_fen, on=on)
        end_loans(run, run.position.bills[bill_id], on=on)


def _pay_bill(run: Run, bill_id: int, paid_fen: int, *, on: date) -> None:
    """Count what was paid of a bill's instalments; it is paid when nothing else is owed under it.

    Its total stays as it was printed.
    """
    bill = run.position.bills[bill_id]
    owing = run.payable(bill)
    owed_fen = sum(owing[loan_id].parts[index].debt.total_fen for loan_id, index in bill.rows)
    bill = run.change_bill(
        bill_id, paid_fen=bill.paid_fen + paid_fen, last_paid_on=on, shortfall_fen=owed_fen
    )
    if bill.state in PAYABLE and not owed_fen:
        run.move_bill(bill_id, BillMove.PAY, on=on, reason=LoanReason.PAID_IN_FULL, paid_on=on)
