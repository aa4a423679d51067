"""What happens in a worked life on a day, as commands of the product."""

from collections.abc import Callable, Iterator
from datetime import date, datetime, time
from typing import Any

from accounts.models import BankCard, Staff
from backoffice.core import clock
from backoffice.core.errors import Refused
from backoffice.core.policy import current
from loans.accounting.queries.positions import position_of, terms_of
from loans.accounting.rules.codes import BillState
from loans.billing.operations import auto_debit, extensions
from loans.billing.operations.extensions import ExtensionRequest
from loans.collection.operations import payments, results
from loans.contracts.operations import preferred_rates
from loans.contracts.rules.scenarios import proof_until_on
from loans.models import Bill, DebitOrder, Loan
from loans.policy import QuotePolicy
from loans.repayment.rules.settlement import OPEN_STATES, EarlyQuote, prepayment_quote
from loans.settlement import operations as settlement
from loans.settlement import queries
from loans.settlement.operations import EarlyRequest
from tests.acceptance import drawdowns, reading
from tests.acceptance.conversions import convert
from tests.accounts.people import request_of
from tests.loans.collection.paying import transfer
from tests.loans.early import grant

# What arrives before the jobs of the night are over is received after them: rows show it then.
NIGHT_OVER = time(0, 21)
DRAWN_AT = 10
LAST_MINUTE = time(23, 59)
Command = Callable[[Any, datetime], None]


def moment(text: str) -> datetime:
    """Return ``2027-02-21 23:58`` in Shanghai."""
    day, _, at = text.partition(" ")
    return clock.moment_of(date.fromisoformat(day), time.fromisoformat(at))


def of_day(life: Any, today: date) -> Iterator[tuple[time, Command]]:
    """Yield what happens in a life on a day: drawdowns and proofs, then its events in their order.

    What is received later than it happened takes place twice: when money leaves, and when we learn
    of it (GEN-9).
    """
    for number, loan in enumerate(life.input["loans"]):
        drawn_on = date.fromisoformat(loan["date"])
        if drawn_on == today:
            yield time(DRAWN_AT, number), Drawdown(loan)
        if loan.get("proof") and proof_until_on(drawn_on, current(QuotePolicy, on=today)) == today:
            yield LAST_MINUTE, Proof(number)
    for event in life.events:
        at, received = moment(event["t"]), moment(event.get("received", event["t"]))
        if event["kind"] != "pay":
            if at.date() == today:
                yield max(at.time(), NIGHT_OVER), COMMANDS[event["kind"]](event)
            continue
        if at.date() == today:
            yield max(at.time(), NIGHT_OVER), life.payments.setdefault(event["t"], Pay(event)).offer
        if received.date() == today:
            yield max(received.time(), NIGHT_OVER), life.payments[event["t"]].receive


class Event:
    """Something the file has happen at a moment."""

    def __init__(self, event: dict[str, Any]) -> None:
        self.event = event


class Drawdown(Event):
    """A loan is drawn."""

    def __call__(self, life: Any, at: datetime) -> None:
        loan_id = drawdowns.draw(life.customer_id, self.event, channel=life.bank.by_hand, at=at)
        life.loan_ids.append(loan_id)


class Proof:
    """The use of a loan is proven in the last minute in which it counts (RATE-10)."""

    def __init__(self, number: int) -> None:
        self.number = number

    def __call__(self, life: Any, at: datetime) -> None:
        loan = Loan.objects.get(pk=life.loan_ids[self.number])
        if loan.state in OPEN_STATES:  # one that is repaid needs none
            preferred_rates.prove(loan.pk, by="staff", reason="invoice", on=at.date(), at=at)


class Pay(Event):
    """A payment by hand: the oldest bill first; what is not owed is refunded (REPAY-8).

    The customer orders it from a card, which needs no mandate (REPAY-12). Only a bank transfer
    brings more than is owed. The money is known when it is received (GEN-9).
    """

    def __init__(self, event: dict[str, Any]) -> None:
        super().__init__(event)
        self.success_at = moment(event["t"])
        self.on = self.success_at.date()
        self.number = ""

    def offer(self, life: Any, at: datetime) -> None:
        """Order what is offered; a transfer leaves without us."""
        owed = reading.payable(life.customer_id, on=self.on)
        if self.event["amount"] > sum(owed.values()):
            return
        [*_older, bill_id] = owed
        order = payments.request(
            Bill.objects.get(pk=bill_id), amount_fen=self.event["amount"],
            payer=BankCard.objects.get(customer=life.customer_id), key=self.event["t"],
            by="customer", on=self.on, at=at,
        )  # fmt: skip
        payments.release([order.pk], by="system:debit-channel", on=self.on, at=at)
        self.number = order.number

    def receive(self, life: Any, at: datetime) -> None:
        """Record the money, and keep where it went."""
        if self.number:
            answer = life.bank.take(self.number, self.event["amount"], at=self.success_at)
            results.record([answer], by="system:debit-channel", at=at)
        else:
            self._enter_transfer(life, at)
        life.done[self.on].append((self.success_at.time(), self))

    def _enter_transfer(self, life: Any, at: datetime) -> None:
        """Let two people enter the transfer; before any bill there is none that it could be for."""
        bills = Bill.objects.filter(customer=life.customer_id, billed_on__lte=self.on)
        bill = bills.order_by("due_on").last()
        if bill is None:
            return
        [approval] = transfer(
            bill, self.event["amount"], at=at, value_on=self.on,
            reference=f"{life.id}-{self.success_at:%Y%m%d%H%M}",
        )  # fmt: skip
        self.number = DebitOrder.objects.get(number=f"{bill.pk}-t-{approval.pk}").number

    @property
    def entry(self) -> list[Any]:
        """Return the payment as the file has it: what it settled as it holds now, and the rest."""
        amount_fen, found = self.event["amount"], reading.allocated([self.number])
        return ["pay", f"{self.success_at:%H:%M}", amount_fen, found,
                amount_fen - sum(found.values())]  # fmt: skip


class Mode(Event):
    """The customer changes what may be debited."""

    def __call__(self, life: Any, at: datetime) -> None:
        auto_debit.choose(
            life.customer_id, mode=self.event["mode"].lower(), card_id=None, by="customer",
            on=at.date(), at=at,
        )  # fmt: skip


class MandateEnd(Event):
    """The customer takes the mandate back."""

    def __call__(self, life: Any, at: datetime) -> None:
        auto_debit.revoke(life.customer_id, by="customer", reason="revoked", at=at)


class Early(Event):
    """A loan is settled, or a part of a bullet prepaid: quoted, ordered and taken (REPAY-4)."""

    def __call__(self, life: Any, at: datetime) -> None:
        kind, number = self.event["kind"], self.event["loan"]
        try:
            found = self.repaid(life, Loan.objects.get(pk=life.loan_ids[number]), at)
        except Refused:
            found = {"refused": True}
        life.done[at.date()].append((at.time(), [kind, number, found]))

    def repaid(self, life: Any, loan: Loan, at: datetime) -> dict[str, int]:
        """Return the components of the quote, which are what the order settles."""
        quote, principal_fen = self.quote(loan, on=at.date()), self.event.get("amount")
        card = BankCard.objects.get(customer=loan.customer_id)
        permit = grant(loan, quote.total_fen).public_id
        ask = EarlyRequest(loan.customer, loan, card, permit, self.event["t"], principal_fen)
        order = settlement.request(ask, by="customer", on=at.date(), at=at, wall_at=clock.wall())
        settlement.send([order.pk], by="system:debit-channel", channel=life.bank.by_hand, at=at)
        found = reading.allocated([order.number])
        fee_fen = quote.prepayment_fee_fen
        whole = {"early_fee": fee_fen, "total": sum(found.values()) + fee_fen}
        assert whole["total"] == quote.total_fen == order.amount_fen
        return found | whole | ({"waived": quote.waived_fen} if quote.waived_fen else {})

    def quote(self, loan: Loan, *, on: date) -> EarlyQuote:
        """Return what repaying the loan takes on a day."""
        if self.event["kind"] == "settle":
            quote = queries.quote_of(loan, on=on)
            assert quote is not None
            return quote
        position = position_of(loan, loan.instalments.order_by("number"))
        terms = terms_of(loan.terms_id)
        return prepayment_quote(position, self.event["amount"], on=on, terms=terms)


class Extension(Event):
    """A customer asks for a later due date, and the staff approve it at once (FAQ-7)."""

    def __call__(self, life: Any, at: datetime) -> None:
        bill = Bill.objects.filter(
            customer=life.customer_id, state__in=[BillState.BILLED, BillState.GRACE]
        ).earliest("due_on")
        context = request_of(bill.customer, at=at, wall_at=clock.wall())
        asked = ExtensionRequest(bill.public_id, self.event["days"], "wages come late")
        extension = extensions.request(asked, context=context)
        staff, _is_new = Staff.objects.get_or_create(username="manager")
        extensions.approve([extension.pk], by=staff, on=at.date(), reason="agreed", at=at)
        entry = ["extended", extension.extended_to_on.isoformat()]
        life.done[at.date()].append((at.time(), entry))


class Conversion(Event):
    """The customer confirms the cost sheet of a conversion and asks for it (REPAY-6).

    What the day of its effect shows, ``reading`` finds.
    """

    def __call__(self, life: Any, at: datetime) -> None:
        loan = Loan.objects.get(pk=life.loan_ids[self.event["loan"]])
        convert(loan, self.event["plan"], at=at)


COMMANDS: dict[str, Callable[[dict[str, Any]], Command]] = {
    "mode": Mode,
    "convert": Conversion,
    "extend": Extension,
    "settle": Early,
    "prepay": Early,
    "mandate_end": MandateEnd,
}
