"""What happens in a worked life on a day, as commands of the product."""

from collections.abc import Callable, Iterator
from datetime import date, datetime, time
from typing import Any

from accounts.models import BankCard, Staff
from backoffice.core import clock
from backoffice.core.errors import Refused
from loans.accounting.queries.positions import position_of, terms_of
from loans.accounting.rules.codes import BillState
from loans.billing.operations import auto_debit, extensions
from loans.billing.operations.extensions import ExtensionRequest
from loans.collection.operations import orders, results
from loans.collection.operations.orders import CollectionRequest
from loans.gateways.channel import Answer, Outcome
from loans.models import Bill, Loan
from loans.repayment.rules.settlement import EarlyQuote, prepayment_quote
from loans.settlement import operations as settlement
from loans.settlement import queries
from loans.settlement.operations import EarlyRequest
from tests.acceptance import drawdowns, reading
from tests.accounts.people import request_of
from tests.loans.conftest import FakeChannel
from tests.loans.early import grant

# What arrives before the jobs of the night are over is received after them: rows show it then.
NIGHT_OVER = time(0, 21)
DRAWN_AT = 10
Command = Callable[[Any, datetime], None]


def moment(text: str) -> datetime:
    """Return ``2027-02-21 23:58`` in Shanghai."""
    day, _, at = text.partition(" ")
    return clock.moment_of(date.fromisoformat(day), time.fromisoformat(at))


def of_day(life: Any, today: date) -> Iterator[tuple[time, Command]]:
    """Yield what happens in a life on a day: drawdowns, then its events, each at its time."""
    for number, loan in enumerate(life.input["loans"]):
        if date.fromisoformat(loan["date"]) == today:
            yield time(DRAWN_AT, number), Drawdown(loan)
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
        loan_id = drawdowns.draw(life.customer_id, self.event, at=at)
        life.loan_ids.append(loan_id)


class Pay(Event):
    """A payment by hand: the oldest bill first; what is not owed waits for its refund (REPAY-8).

    The order is prepared when the customer pays; the money is known when it is received (GEN-9).
    """

    def __init__(self, event: dict[str, Any]) -> None:
        super().__init__(event)
        self.success_at = moment(event["t"])
        self.on = self.success_at.date()
        self.parts: list[tuple[str, int]] = []

    def offer(self, life: Any, at: datetime) -> None:
        """Prepare an order for what is owed under each bill; the last takes all that is left."""
        left_fen = self.event["amount"]
        for bill_id, owed_fen in reading.payable(life.customer_id, on=self.on):
            part_fen = min(left_fen, owed_fen)
            if part_fen:
                request = CollectionRequest(bill_id, part_fen, "customer", self.event["t"])
                [made] = orders.prepare([request], by="customer", on=self.on, at=at)
                self.parts.append((made.order.number, part_fen))
                left_fen -= part_fen
        if self.parts and left_fen:
            number, part_fen = self.parts.pop()
            self.parts.append((number, part_fen + left_fen))

    def receive(self, life: Any, at: datetime) -> None:
        """Record what the channel reports, and compare where the money went."""
        answers = [
            Answer(number, Outcome.SUCCEEDED, "SUCCESS", fen, f"ref-{number}", self.success_at)
            for number, fen in self.parts
        ]
        if answers:
            results.record(answers, by="system:debit-channel", at=at)
        found = reading.allocated([number for number, _fen in self.parts])
        refunded_fen = self.event["amount"] - sum(found.values())
        entry = ["pay", f"{self.success_at:%H:%M}", self.event["amount"], found, refunded_fen]
        if at.date() == self.on:
            life.done[self.on].append((self.success_at.time(), entry))
            return
        expected = [one for one in life.rows[self.on]["do"] if one[0] == "pay"]
        if reading.normal(expected) != reading.normal([entry]):
            life.differs(self.on, "late payment", expected, entry)


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
            found = self.repaid(Loan.objects.get(pk=life.loan_ids[number]), at)
        except Refused:
            found = {"refused": True}
        life.done[at.date()].append((at.time(), [kind, number, found]))

    def repaid(self, loan: Loan, at: datetime) -> dict[str, int]:
        """Return the components of the quote, which are what the order settles."""
        quote, principal_fen = self.quote(loan, on=at.date()), self.event.get("amount")
        card = BankCard.objects.get(customer=loan.customer_id)
        permit = grant(loan, quote.total_fen).public_id
        ask = EarlyRequest(loan.customer, loan, card, permit, self.event["t"], principal_fen)
        order = settlement.request(ask, by="customer", on=at.date(), at=at, wall_at=clock.wall())
        settlement.send([order.pk], by="system:debit-channel", channel=FakeChannel(), at=at)
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


COMMANDS: dict[str, Callable[[dict[str, Any]], Command]] = {
    "mode": Mode,
    "extend": Extension,
    "settle": Early,
    "prepay": Early,
    "mandate_end": MandateEnd,
}


def is_possible(scenario: dict[str, Any]) -> bool:
    """Say whether the product has a command for everything that happens in a life."""
    inputs = scenario["input"]
    kinds = {event["kind"] for event in inputs.get("events", [])}
    if "nomandate" in inputs.get("bank", []) and "pay" in kinds:
        return False  # who has no mandate cannot pay by hand yet
    return kinds <= {"pay", *COMMANDS} and not any("factor" in loan for loan in inputs["loans"])
