"""A loan whose money is on its way: reserved on the line, planned as a payout."""

from datetime import date, datetime

from django.db import transaction

from accounts.cards.operations import cards
from accounts.models import BankCard, Customer
from backoffice.core import clock, workflow
from backoffice.platform import outbox
from loans.accounting.operations.terms import signed_under
from loans.accounting.rules.codes import Accrual, LoanState, Plan
from loans.contracts.operations import disbursement
from loans.contracts.rules import plans
from loans.models import Instalment, Loan, Payout, PayoutKind
from loans.payouts.operations import payouts
from loans.payouts.operations.payouts import PayoutPlan
from loans.payouts.queries import number_of
from loans.policy import LoanTerms
from risk.lines.operations import counters as lines
from risk.lines.operations.imports import ImportedLine, record_import
from risk.models import CreditLine

DRAWN_AT = datetime(2026, 9, 1, 10, tzinfo=clock.SHANGHAI)
DRAWN_ON = DRAWN_AT.date()
FIRST_DUE_ON = date(2026, 10, 1)


def make_customer(n: int = 1, *, limit_fen: int = 30_000_000) -> tuple[Customer, BankCard]:
    """Make a customer with an active card ``acct-n`` and a line."""
    who = Customer.objects.create(
        state="registered", name="张三", id_number=f"11010119900307{n:04}",
        id_blind=n.to_bytes(16, "big"), registered_at=DRAWN_AT,
    )  # fmt: skip
    with transaction.atomic(), workflow.importing():
        card = BankCard.objects.create(
            customer=who, state="active", number=f"621700001000{n:07}",
            number_blind=n.to_bytes(16, "big"), last_four=f"{n:04}", bank="建设银行",
            account=f"acct-{n}", account_class="I", is_default=True, bound_at=who.registered_at,
        )  # fmt: skip
        line = CreditLine.objects.create(
            customer=who, limit_fen=limit_fen, buffer_permille=150, opened_on=date(2026, 1, 1)
        )
        imported = ImportedLine(who.pk, line.pk, line.limit_fen, "")
        record_import([imported], by="system:import", on=DRAWN_ON, at=DRAWN_AT)
    return who, card


def make_disbursing(
    who: Customer,
    card: BankCard,
    *,
    amount_fen: int = 1_000_000,
    plan: Plan = Plan.BULLET,
    rate_ppm: int = 500,
    factor_permille: int = 1000,
    proof_until_on: date | None = None,
    terms: LoanTerms | None = None,
    at: datetime = DRAWN_AT,
    first_due_on: date = FIRST_DUE_ON,
) -> Payout:
    """Make a loan that waits for the bank, as a drawdown leaves it; return its payout."""
    terms = terms or LoanTerms()
    line = CreditLine.objects.get(customer=who)
    on = clock.day_of(at)
    with transaction.atomic(), workflow.importing():
        lines.reserve(line.pk, amount_fen=amount_fen)
        loan = Loan.objects.create(
            customer=who, line=line, terms=signed_under(terms), state=LoanState.DISBURSING,
            plan=plan, principal_fen=amount_fen, daily_rate_ppm=rate_ppm, drawn_on=on,
            unpaid_principal_fen=0, accrued_on=on, card=card, purpose="daily",
            rate_factor_permille=factor_permille, proof_until_on=proof_until_on,
        )  # fmt: skip
        for row in plans.rows(amount_fen, plan, first_due_on=first_due_on, terms=terms):
            Instalment.objects.create(
                loan=loan, customer=who, number=row.number, due_on=row.due_on,
                principal_fen=row.principal_fen, plan_fee_fen=row.fee_fen,
                unpaid_principal_fen=0, accrual=Accrual.NONE, segment_on=on,
            )  # fmt: skip
        cards.hold(card.pk, holder=disbursement.holder_of(loan.pk), by="customer", at=at)
        number = number_of(PayoutKind.DISBURSEMENT, loan.pk, 1)
        [payout] = payouts.plan(
            [PayoutPlan(PayoutKind.DISBURSEMENT, number, who.pk, card.pk, amount_fen,
                        loan_id=loan.pk)],
            by="customer", on=on, at=at,
        )  # fmt: skip
        outbox.post([disbursement.message_of(payout)], at=at)
    return payout
