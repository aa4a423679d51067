"""The plain way: a loan at a time, its objects read, changed and saved, as most systems do it.

It writes the same rows as the product, decides by the same rules and asks the same channel; each
loan has one transaction before the channel is asked and one after.
"""

from datetime import timedelta

from django.db import transaction
from django.db.models import F

from backoffice.core.models import StateChange
from loans.accounting.rules.accrual import interest_fen
from loans.collection.queries.due import to_debit
from loans.gateways.channel import Answer, DebitRequest, Outcome
from loans.models import (
    Account,
    Bill,
    Charge,
    DebitOrder,
    Instalment,
    Loan,
    Mandate,
    Repayment,
    RepaymentAllocation,
    Transfer,
    TransferKind,
)
from risk.models import Conduct, CreditLine
from tests.bench.day import NINE, ON
from tests.bench.fixed_channel import FixedChannel


def run(sample: int) -> dict[str, int]:
    """Collect the first bills of the plan one by one; return how many."""
    channel = FixedChannel()
    bill_ids = to_debit(on=ON).ids[:sample]
    for bill_id in bill_ids:
        order = prepare(bill_id)
        request = DebitRequest(order.number, order.card.account, order.amount_fen, NINE)
        [answer] = channel.submit([request])
        record(order.pk, answer)
    return {"bills": len(bill_ids)}


@transaction.atomic
def prepare(bill_id: int) -> DebitOrder:
    """Create the order of one bill and mark it sent."""
    bill = Bill.objects.select_for_update().get(pk=bill_id)
    part = Instalment.objects.get(bill=bill)
    loan = Loan.objects.select_for_update().get(pk=part.loan_id)
    mandate = Mandate.objects.select_related("card").get(customer=bill.customer, state="signed")
    order = DebitOrder.objects.create(
        number=f"{bill.pk}-{bill.cycle}-{bill.refusals + 1}-{bill.tries + 1}",
        bill=bill,
        customer_id=bill.customer_id,
        card=mandate.card,
        origin="auto",
        cycle=bill.cycle,
        attempt=bill.refusals + 1,
        business_date=ON,
        amount_fen=part.unpaid_principal_fen + part.unpaid_interest_fen + accrued_fen(loan, part),
        asked_at=NINE,
    )
    DebitOrder.objects.filter(pk=order.pk).update(state="sent")
    trace(order, "send", "planned", "sent")
    return order


def accrued_fen(loan: Loan, part: Instalment) -> int:
    """Return the interest of the nights not charged yet."""
    nights = (ON - part.segment_on).days
    posted_fen = part.segment_posted_fen
    return interest_fen(part.segment_base_fen, loan.daily_rate_ppm, nights) - posted_fen


@transaction.atomic
def record(order_id: int, answer: Answer) -> None:
    """Store the answer of one order and apply the money."""
    order = DebitOrder.objects.select_for_update().get(pk=order_id)
    bill = Bill.objects.select_for_update().get(pk=order.bill_id)
    is_taken = answer.outcome == Outcome.SUCCEEDED
    target = "succeeded" if is_taken else "failed"
    order.code, order.reference = answer.code, answer.reference
    order.taken_fen, order.answered_at = answer.amount_fen, NINE
    DebitOrder.objects.filter(pk=order.pk).update(
        state=target, code=order.code, reference=order.reference, taken_fen=order.taken_fen,
        answered_at=NINE,
    )  # fmt: skip
    trace(order, "succeed" if is_taken else "fail", "sent", target)
    if is_taken:
        apply(order, bill)
    else:
        bill.refusals, bill.tries, bill.refused_on = bill.refusals + 1, 0, ON
        bill.debit_on = ON + timedelta(days=1)
        bill.save(update_fields=["refusals", "tries", "refused_on", "debit_on"])


def apply(order: DebitOrder, bill: Bill) -> None:
    """Settle the loan of a paid bill."""
    part = Instalment.objects.get(bill=bill)
    loan = Loan.objects.select_for_update().get(pk=part.loan_id)
    line = CreditLine.objects.select_for_update().get(pk=loan.line_id)
    repayment = Repayment.objects.create(
        order=order, bill=bill, customer_id=bill.customer_id, amount_fen=order.taken_fen,
        value_on=ON, recorded_at=NINE,
    )  # fmt: skip
    charge(loan, part, repayment)
    pay(loan, part, repayment)
    line.drawn_fen = F("drawn_fen") - loan.principal_fen
    line.save(update_fields=["drawn_fen"])
    bill.paid_fen, bill.last_paid_on, bill.shortfall_fen = order.taken_fen, ON, 0
    bill.save(update_fields=["paid_fen", "last_paid_on", "shortfall_fen"])
    Bill.objects.filter(pk=bill.pk).update(state="paid", paid_on=ON)
    trace(bill, "pay", "billed", "paid")
    Conduct.objects.create(
        customer_id=bill.customer_id, source=f"bill:{bill.pk}", due_on=bill.due_on,
        total_fen=bill.total_fen, minimum_fen=bill.minimum_fen, paid_fen=bill.paid_fen,
        outcome="paid", recorded_at=NINE,
    )  # fmt: skip


def charge(loan: Loan, part: Instalment, repayment: Repayment) -> None:
    """Charge the loan the nights up to the day."""
    more_fen = accrued_fen(loan, part)
    loan.principal_nights_fen += loan.unpaid_principal_fen * (ON - loan.accrued_on).days
    loan.charged_fen, loan.accrued_on = loan.charged_fen + more_fen, ON
    part.unpaid_interest_fen += more_fen
    Charge.objects.create(
        posted_on=ON, loan_id=loan.pk, instalment_id=part.pk, customer_id=loan.customer_id,
        kind=part.accrual, segment_on=part.segment_on, from_on=part.segment_on, to_on=ON,
        base_fen=part.segment_base_fen, rate_micro=loan.daily_rate_ppm * 1000,
        contract_fen=more_fen, charged_fen=more_fen, cause_type="repayment",
        cause_id=repayment.pk, at=NINE,
    )  # fmt: skip
    enter(loan, repayment, Account.INTEREST, Account.ACCRUED_UNPOSTED, more_fen, "accrual")


def pay(loan: Loan, part: Instalment, repayment: Repayment) -> None:
    """Take the money off the loan and settle it."""
    interest, principal = part.unpaid_interest_fen, part.unpaid_principal_fen
    RepaymentAllocation.objects.create(
        repayment=repayment, bill_id=repayment.bill_id, loan=loan, instalment=part,
        penalty_fen=0, late_fee_fen=0,
        interest_fen=interest, plan_fee_fen=0, principal_fen=principal,
    )  # fmt: skip
    kind = TransferKind.REPAYMENT
    enter(loan, repayment, Account.BANK, Account.INTEREST, interest, kind)
    enter(loan, repayment, Account.BANK, Account.LOAN_PRINCIPAL, principal, kind)
    part.unpaid_interest_fen = part.unpaid_principal_fen = part.segment_base_fen = 0
    part.accrual, part.segment_on, part.segment_posted_fen = "none", ON, 0
    part.save()
    loan.unpaid_principal_fen = 0
    loan.save(
        update_fields=["unpaid_principal_fen", "principal_nights_fen", "charged_fen", "accrued_on"]
    )
    Loan.objects.filter(pk=loan.pk).update(state="settled", ended_on=ON)
    trace(loan, "settle", "active", "settled")


def enter(
    loan: Loan, repayment: Repayment, debit: str, credit: str, amount_fen: int, kind: str
) -> None:
    """Add one transfer."""
    if amount_fen:
        Transfer.objects.create(
            business_date=ON, debit_account=debit, credit_account=credit, amount_fen=amount_fen,
            kind=kind, cause_type="repayment", cause_id=repayment.pk, loan_id=loan.pk,
            customer_id=loan.customer_id, at=NINE,
        )  # fmt: skip


def trace(record: Bill | DebitOrder | Loan, transition: str, source: str, target: str) -> None:
    """Write down one move."""
    StateChange.objects.create(
        subject_type=record._meta.label_lower, subject_id=record.pk, transition=transition,
        source=source, target=target, actor="bench", reason="due", effective_on=ON, at=NINE,
    )  # fmt: skip
