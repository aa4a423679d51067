"""What follows when the bank has paid a loan out, or has refused to (REPAY-2).

The money comes before the debt: nothing is owed until the bank reports success, and the drawdown
day of the loan is the day on which the bank paid.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import date, datetime
from functools import partial

from django.db import transaction

from accounts.cards.operations import cards
from backoffice.core import bulk, clock, workflow
from backoffice.platform import outbox
from loans.accounting.operations import ledger, postings
from loans.accounting.queries.positions import terms_of
from loans.accounting.rules.codes import Accrual, LoanState, Plan
from loans.accounting.rules.reasons import LoanActor, LoanReason
from loans.contracts.rules.schedule import due_dates_after
from loans.gateways.channel import Answer, Channel
from loans.models import Instalment, Loan, Payout, PayoutKind
from loans.payouts.operations import payouts
from risk.lines.operations import counters as lines

TOPIC = "loans.disbursement"

_LOAN_FIELDS = (
    "drawn_on", "accrued_on", "unpaid_principal_fen", "ended_on", "proof_until_on",
)  # fmt: skip
_PART_FIELDS = (
    "due_on", "unpaid_principal_fen", "uncharged_plan_fee_fen", "accrual", "segment_on",
    "segment_base_fen",
)  # fmt: skip


class StillUnpaidError(Exception):
    """The bank has not reported what became of a payout; the outbox comes again."""


def holder_of(loan_id: int) -> str:
    """Return the name under which a loan holds the card that it is being paid out to.

    It relies on the card no longer once the bank has answered: what is owed is debited from the
    card of the mandate, and a customer with a loan may change cards (FAQ-7).
    """
    return f"loan:{loan_id}"


def message_of(payout: Payout) -> outbox.Message:
    """Return the message that lets a payout be sent once its transaction has committed."""
    return outbox.Message(TOPIC, payout.number, {"id": payout.pk})


def send(payout_ids: Collection[int], *, channel: Channel, at: datetime) -> None:
    """Send or ask about disbursements, and record what the bank answers."""
    by = LoanActor.PAYOUTS
    payouts.pay(payout_ids, record=partial(record, by=by, at=at), channel=channel, by=by, at=at)


def deliver(payout_id: int, *, channel: Channel, at: datetime) -> None:
    """Send a disbursement for the outbox, which comes again as long as this raises.

    Raises:
        StillUnpaidError: the bank has not reported what became of it.
    """
    send([payout_id], channel=channel, at=at)
    if Payout.objects.filter(pk=payout_id, answered_at=None).exists():
        raise StillUnpaidError(f"payout {payout_id} has no final answer")


@transaction.atomic(durable=True)
def record(answers: Sequence[Answer], *, by: str, at: datetime) -> None:
    """Store each answer once; start the loans that were paid out, cancel those that were refused.

    A loan that was cancelled after a refusal starts after all when the bank later reports that it
    has paid: money that is out is owed, whatever the bank first answered.
    """
    by_number = {answer.number: answer for answer in answers}
    asked = Payout.objects.filter(
        number__any=bulk.Of(by_number.keys()), kind=PayoutKind.DISBURSEMENT
    )
    loan_ids = {loan_id for (loan_id,) in bulk.rows(asked, "loan_id")}
    locked = Loan.objects.select_for_update().filter(pk__any=bulk.Of(loan_ids)).order_by("pk")
    loans = {loan.pk: loan for loan in locked}

    numbers = {number: by_number[number] for (number,) in bulk.rows(asked, "number")}
    changed = payouts.store(numbers, by=by, at=at)

    _start(changed.succeeded, loans, by=by, at=at)
    _cancel(changed.failed, loans, by=by, at=at)


def _start(paid: Sequence[Payout], loans: dict[int, Loan], *, by: str, at: datetime) -> None:
    """Start loans as of the days on which the bank paid: principal, schedule, line and ledger."""
    if not paid:
        return
    reserved = {one.pk for one in loans.values() if one.state == LoanState.DISBURSING}
    days: dict[date, list[Loan]] = defaultdict(list)
    for payout in paid:
        assert payout.paid_on is not None and payout.loan_id is not None
        days[payout.paid_on].append(loans[payout.loan_id])
    for on, started in days.items():
        for loan in started:
            if loan.proof_until_on is not None:  # as many days after the money as were agreed
                loan.proof_until_on += on - loan.drawn_on
        workflow.move(
            started, "activate", by=by, reason=LoanReason.MONEY_PAID_OUT, at=at,
            effective_on=on, on=on,
        )  # fmt: skip
    moved = [loan for started in days.values() for loan in started]
    workflow.save(moved, *_LOAN_FIELDS)
    _start_parts(moved)
    for loan in sorted(moved, key=lambda one: one.line_id):
        if loan.pk in reserved:
            lines.draw(loan.line_id, amount_fen=loan.principal_fen)
            _release_card(loan, by=by, at=at)
        else:  # line and card were released when the loan was cancelled
            lines.restore([lines.Restoration(loan.line_id, -loan.principal_fen)])
    ledger.post(
        [
            postings.disbursed(
                payout.paid_fen, on=loans[payout.loan_id].drawn_on, payout_id=payout.pk,
                loan_id=payout.loan_id, customer_id=payout.customer_id,
            )
            for payout in paid if payout.loan_id is not None
        ],
        at=at,
    )  # fmt: skip


def _start_parts(loans: Sequence[Loan]) -> None:
    """Let instalments owe their principal and accrue from the drawdown day.

    Amounts stay those of the cost sheet, and due dates unless the bank paid very late.
    """
    rows: dict[int, list[Instalment]] = defaultdict(list)
    of_loans = Instalment.objects.filter(loan_id__any=bulk.Of(loan.pk for loan in loans))
    for row in of_loans.order_by("loan", "number"):
        rows[row.loan_id].append(row)
    for loan in loans:
        terms = terms_of(loan.terms_id)
        agreed = [row.due_on for row in rows[loan.pk]]
        dues = due_dates_after(agreed, loan.drawn_on, loan.proof_until_on, terms)
        for row, due_on in zip(rows[loan.pk], dues, strict=True):
            is_bullet = loan.plan == Plan.BULLET
            row.due_on, row.segment_on = due_on, loan.drawn_on
            row.unpaid_principal_fen = row.principal_fen
            row.uncharged_plan_fee_fen = row.plan_fee_fen  # charged when the row falls due (RATE-7)
            row.accrual = Accrual.OWN if is_bullet else Accrual.NONE
            row.segment_base_fen = row.principal_fen if is_bullet else 0
    bulk.update([row for of_loan in rows.values() for row in of_loan], _PART_FIELDS)


def _cancel(refused: Sequence[Payout], loans: dict[int, Loan], *, by: str, at: datetime) -> None:
    """Cancel loans whose money did not go out; line and card are free again."""
    cancelled = [loans[payout.loan_id] for payout in refused if payout.loan_id is not None]
    workflow.move(
        cancelled, "cancel", by=by, reason=LoanReason.NOT_PAID_OUT, at=at, on=clock.day_of(at)
    )
    workflow.save(cancelled, "ended_on")
    for loan in sorted(cancelled, key=lambda one: one.line_id):
        lines.release(loan.line_id, amount_fen=loan.principal_fen)
        _release_card(loan, by=by, at=at)


def _release_card(loan: Loan, *, by: str, at: datetime) -> None:
    """Let the customer unbind the card: the bank has answered about the payout to it."""
    assert loan.card_id is not None, "a loan is paid out to a card"
    cards.release([loan.card_id], holder=holder_of(loan.pk), by=by, at=at)
