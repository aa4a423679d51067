"""Bills with everything behind them, and a channel that answers what the test says."""

from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, time, timedelta

import pytest
from django.db import transaction

from accounts.models import BankCard, BankCardState, Customer, CustomerState
from backoffice.core import bulk, clock, workflow
from loans.accounting.operations import ledger, postings
from loans.accounting.operations.terms import signed_under
from loans.accounting.queries.positions import position_of
from loans.accounting.queries.snapshots import SNAPSHOT_COLUMNS, to_row
from loans.accounting.rules.accrual import interest_fen
from loans.accounting.rules.debt import Debt
from loans.billing.rules.minimum import minimum_fen
from loans.contracts.rules.due_dates import first_due_on, repayment_day
from loans.contracts.rules.plans import rows
from loans.gateways.channel import (
    Answer,
    DebitRequest,
    Outcome,
    PayoutRequest,
    PrepayRequest,
    RefundRequest,
    SheetParameters,
    StatementLine,
)
from loans.models import (
    Accrual,
    Bill,
    BillSnapshot,
    BillState,
    Instalment,
    Loan,
    LoanState,
    Mandate,
    Plan,
)
from loans.policy import LoanTerms
from risk.lines.operations.imports import ImportedLine, record_import
from risk.models import CreditLine, CreditLineState

DUE_ON = date(2026, 10, 1)
NINE = time(9, 0)


def moment(day: date, at: time = NINE) -> datetime:
    return clock.moment_of(day, at)


def day(n: int) -> date:
    """D+n."""
    return DUE_ON + timedelta(days=n)


SHEET = SheetParameters("wx1", "1788233400", "nonce", "prepay_id=wx2", "RSA", "signature")


def waits(number: str) -> Answer:
    """Return the answer for a payment that its customer has not confirmed."""
    return Answer(number, Outcome.UNKNOWN, "NOTPAY", 0, "", None, SHEET)


class FakeChannel:
    """Answers each order by its account's script; dedups by number like a real channel."""

    def __init__(self) -> None:
        self.codes: dict[str, list[str]] = {}
        self.taken: dict[str, Answer] = {}
        self.submitted: list[DebitRequest] = []
        self.paid: dict[str, Answer] = {}
        self.sent_out: list[PayoutRequest] = []
        self.prepaid: list[PrepayRequest] = []
        self.closed: list[str] = []
        self.refunded: list[RefundRequest] = []

    def will_answer(self, account: str, *codes: str) -> None:
        """Answer with these codes in turn, the last for ever; TIMEOUT means: never seen."""
        self.codes[account] = list(codes)

    def submit(self, requests: Sequence[DebitRequest]) -> list[Answer]:
        self.submitted += requests
        return [self._answer(request, self.taken) for request in requests]

    def prepay(self, requests: Sequence[PrepayRequest]) -> list[Answer]:
        self.prepaid += requests
        return [self._prepaid(request) for request in requests]

    def _prepaid(self, request: PrepayRequest) -> Answer:
        if self.codes.get(request.openid):
            asked = DebitRequest(
                request.number, request.openid, request.amount_fen, request.asked_at
            )
            return self._answer(asked, self.taken)
        return self.taken.setdefault(request.number, waits(request.number))

    def confirm(self, number: str, *, at: datetime, amount_fen: int | None = None) -> None:
        """Pay a prepared payment as its customer, also one that is closed: learned of late."""
        [asked] = [one for one in self.prepaid if one.number == number]
        fen = asked.amount_fen if amount_fen is None else amount_fen
        self.taken[number] = Answer(number, Outcome.SUCCEEDED, "SUCCESS", fen, f"ref-{number}", at)

    def close_payments(self, numbers: Sequence[str], *, at: datetime) -> list[Answer | None]:
        self.closed += numbers
        for number in numbers:
            if number in self.taken and self.taken[number].code == "NOTPAY":
                self.taken[number] = Answer(number, Outcome.FAILED, "CLOSED", 0, "", at)
        return self.query(numbers)

    def refund(self, requests: Sequence[RefundRequest]) -> list[Answer]:
        self.refunded += requests
        asked = [PayoutRequest(one.number, "wechat", *one[2:]) for one in requests]
        return [self._answer(request, self.paid) for request in asked]

    def pay_out(self, requests: Sequence[PayoutRequest]) -> list[Answer]:
        self.sent_out += requests
        return [self._answer(request, self.paid) for request in requests]

    def query_payouts(self, numbers: Sequence[str]) -> list[Answer | None]:
        return [self.paid.get(number) for number in numbers]

    def payout_statement(self, on: date) -> Iterator[StatementLine]:
        return self._lines(self.paid, on)

    def query(self, numbers: Sequence[str]) -> list[Answer | None]:
        return [self.taken.get(number) for number in numbers]

    def statement(self, on: date) -> Iterator[StatementLine]:
        return self._lines(self.taken, on)

    def _lines(self, known: dict[str, Answer], on: date) -> Iterator[StatementLine]:
        for answer in known.values():
            if answer.outcome == Outcome.SUCCEEDED and clock.day_of(answer.at) == on:
                yield StatementLine(answer.number, answer.reference, answer.amount_fen, answer.at)

    def _answer(self, request: DebitRequest | PayoutRequest, known: dict[str, Answer]) -> Answer:
        if request.number in known:
            return known[request.number]
        codes = self.codes.get(request.account, ["SUCCESS"])
        code = codes.pop(0) if len(codes) > 1 else codes[0]
        if code == "TIMEOUT":
            return Answer(request.number, Outcome.UNKNOWN, "TIMEOUT", 0, "", None)
        if code == "ORDER_ACCEPTED":  # worked on for ever
            known[request.number] = Answer(request.number, Outcome.UNKNOWN, code, 0, "", None)
            return known[request.number]
        taken = code in ("SUCCESS", "LOST")
        answer = Answer(
            request.number,
            Outcome.SUCCEEDED if taken else Outcome.FAILED,
            "SUCCESS" if taken else code,
            request.amount_fen if taken else 0,
            f"ref-{request.number}" if taken else "",
            request.asked_at,
        )
        known[request.number] = answer
        if code == "LOST":  # executed, but the reply never arrives
            return Answer(request.number, Outcome.UNKNOWN, "TIMEOUT", 0, "", None)
        return answer


@pytest.fixture
def channel() -> FakeChannel:
    return FakeChannel()


MakeBill = Callable[..., Bill]


@pytest.fixture
def make_bill() -> MakeBill:
    """Make a customer with card, mandate, line, one bullet loan and its bill, as imported."""
    made = 0

    def make(
        *,
        principal_fen: int = 1_000_000,
        rate_ppm: int = 500,
        drawn_on: date = date(2026, 9, 1),
        due_on: date = DUE_ON,
        mode: str = "full",
        policy: LoanTerms | None = None,
        with_mandate: bool = True,
        customer: Customer | None = None,
    ) -> Bill:
        nonlocal made
        made += 1
        terms = policy or LoanTerms()
        with transaction.atomic(), workflow.importing():
            who = customer or _customer(made)
            if with_mandate and customer is None:
                _mandate(who, made)
            line, is_new = CreditLine.objects.get_or_create(
                customer=who,
                defaults={
                    "state": CreditLineState.ACTIVE,
                    "limit_fen": 30_000_000,
                    "buffer_permille": 150,
                    "opened_on": drawn_on,
                },
            )
            if is_new:
                first = ImportedLine(who.pk, line.pk, line.limit_fen, "")
                record_import([first], by="system:import", on=drawn_on, at=moment(drawn_on))
            CreditLine.objects.filter(pk=line.pk).update(drawn_fen=line.drawn_fen + principal_fen)
            return _bill(who, line, terms, principal_fen, rate_ppm, drawn_on, due_on, mode)

    return make


MakeLoan = Callable[..., Loan]


@pytest.fixture
def make_loan() -> MakeLoan:
    """Make a customer with card, line and one loan that no bill asks for yet."""
    return loan_maker()


def loan_maker() -> MakeLoan:
    """Return what makes loans, each with a customer of its own unless one is given."""
    made = 0

    def make(
        *,
        principal_fen: int = 1_000_000,
        rate_ppm: int = 500,
        drawn_on: date = date(2026, 9, 1),
        plan: Plan = Plan.BULLET,
        policy: LoanTerms | None = None,
        customer: Customer | None = None,
    ) -> Loan:
        nonlocal made
        made += 1
        terms = policy or LoanTerms()
        with transaction.atomic(), workflow.importing():
            who = customer or _customer(900 + made)
            if customer is None:
                _mandate(who, 900 + made)
            line, is_new = CreditLine.objects.get_or_create(
                customer=who,
                defaults={
                    "state": CreditLineState.ACTIVE,
                    "limit_fen": 30_000_000,
                    "buffer_permille": 150,
                    "opened_on": drawn_on,
                },
            )
            if is_new:
                first = ImportedLine(who.pk, line.pk, line.limit_fen, "")
                record_import([first], by="system:import", on=drawn_on, at=moment(drawn_on))
            drawn_fen = CreditLine.objects.get(pk=line.pk).drawn_fen + principal_fen
            CreditLine.objects.filter(pk=line.pk).update(drawn_fen=drawn_fen)
            first_on = min((one.drawn_on for one in who.loans.all()), default=drawn_on)
            return _loan(
                who, line, terms, principal_fen, rate_ppm, drawn_on, plan, repayment_day(first_on)
            )

    return make


def _loan(who, line, terms, principal_fen, rate_ppm, drawn_on, plan, due_day) -> Loan:
    is_bullet = plan == Plan.BULLET
    loan = Loan.objects.create(
        customer=who,
        line=line,
        terms=signed_under(terms),
        state=LoanState.ACTIVE,
        plan=plan,
        principal_fen=principal_fen,
        daily_rate_ppm=rate_ppm,
        drawn_on=drawn_on,
        unpaid_principal_fen=principal_fen,
        accrued_on=drawn_on,
    )
    first_on = first_due_on(drawn_on, due_day, terms)
    for row in rows(principal_fen, plan, first_due_on=first_on, terms=terms):
        Instalment.objects.create(
            loan=loan,
            customer=who,
            number=row.number,
            due_on=row.due_on,
            principal_fen=row.principal_fen,
            plan_fee_fen=row.fee_fen,
            uncharged_plan_fee_fen=row.fee_fen,
            unpaid_principal_fen=row.principal_fen,
            accrual=Accrual.OWN if is_bullet else Accrual.NONE,
            segment_on=drawn_on,
            segment_base_fen=row.principal_fen,
        )
    balances = postings.migrated(
        Debt(principal_fen=principal_fen), on=drawn_on, loan_id=loan.pk, customer_id=who.pk
    )
    ledger.post(balances, at=moment(drawn_on))
    return loan


def _customer(n: int) -> Customer:
    return Customer.objects.create(
        state=CustomerState.READY,
        name="张三",
        id_number=f"11010119900307{n:04}",
        id_blind=n.to_bytes(16, "big"),
        registered_at=moment(date(2026, 1, 1)),
    )


def _mandate(who: Customer, n: int) -> Mandate:
    card = BankCard.objects.create(
        customer=who,
        state=BankCardState.ACTIVE,
        number=f"621700001000{n:07}",
        number_blind=n.to_bytes(16, "big"),
        last_four=f"{n:04}",
        bank="建设银行",
        account=f"acct-{n}",
        account_class="I",
        is_default=True,
        bound_at=who.registered_at,
    )
    return Mandate.objects.create(customer=who, card=card, signed_at=who.registered_at)


def _bill(who, line, terms, principal_fen, rate_ppm, drawn_on, due_on, mode) -> Bill:
    nights = (due_on - drawn_on).days
    owed_interest_fen = interest_fen(principal_fen, rate_ppm, nights)
    total_fen = principal_fen + owed_interest_fen
    bill = Bill.objects.create(
        customer=who,
        state=BillState.BILLED,
        due_on=due_on,
        billed_on=due_on - timedelta(days=10),
        total_fen=total_fen,
        minimum_fen=minimum_fen(total_fen, mandatory_fen=owed_interest_fen, terms=terms),
        mode=mode,
        cycle_on=due_on,
        debit_on=due_on,
    )
    loan = Loan.objects.create(
        customer=who,
        line=line,
        terms=signed_under(terms),
        state=LoanState.ACTIVE,
        plan=Plan.BULLET,
        principal_fen=principal_fen,
        daily_rate_ppm=rate_ppm,
        drawn_on=drawn_on,
        unpaid_principal_fen=principal_fen,
        accrued_on=drawn_on,
    )
    Instalment.objects.create(
        loan=loan,
        customer=who,
        bill=bill,
        number=1,
        due_on=due_on,
        principal_fen=principal_fen,
        unpaid_principal_fen=principal_fen,
        accrual=Accrual.OWN,
        segment_on=drawn_on,
        segment_base_fen=principal_fen,
    )
    position = position_of(loan, Instalment.objects.filter(loan=loan))
    bulk.copy(BillSnapshot, SNAPSHOT_COLUMNS, [to_row(bill.pk, loan.pk, position)])
    balances = postings.migrated(
        Debt(principal_fen=principal_fen), on=drawn_on, loan_id=loan.pk, customer_id=who.pk
    )
    ledger.post(balances, at=moment(drawn_on))
    return bill
