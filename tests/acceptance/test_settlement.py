"""Settlements, prepayments and conversions in worked cases, each taken by the product to the fen.

The cases come from an independent model of the rulebook (``tests/data/settlement.json``; another
file of the same form is read where ``SETTLEMENTS`` names it). Each is a life of one customer that
ends with the event: loans, nights, bills and debits run through the product's own operations, and
what is quoted is compared with what the money then settled.
"""

import json
import os
from collections import Counter
from datetime import date, time, timedelta
from pathlib import Path

import pytest

from accounts.models import BankCard
from backoffice.core import clock
from backoffice.core.models import SandboxClock
from loans.accounting.rules.codes import COLLECTED_STATES, ChargeKind
from loans.accounting.rules.debt import COMPONENTS
from loans.billing.operations import auto_debit, issue
from loans.collection.operations import collection
from loans.collection.operations.orders import CollectionRequest
from loans.conversion.operations import conversions
from loans.delinquency.operations import end_of_day
from loans.models import Bill, Charge, DebitOrder, Instalment, Loan, Plan, RepaymentAllocation
from loans.reconciliation import queries as reconciliation
from loans.settlement import operations, queries
from loans.settlement.operations import EarlyRequest
from tests.acceptance.conversions import convert, converted_on
from tests.loans.conftest import FakeChannel, make_loan, moment  # noqa: F401 - a fixture
from tests.loans.early import grant

pytestmark = pytest.mark.usefixtures("committed_db")
FILE = Path(os.environ.get("SETTLEMENTS", Path(__file__).parents[1] / "data" / "settlement.json"))
CASES = {case["id"]: case for case in json.loads(FILE.read_text())}
CODES = {"ok": "SUCCESS", "refused": "NOTENOUGH"}
LEAD_DAYS = 10


def set_clock(at):
    """Let the sandbox's clock stand at a moment, a past one too."""
    SandboxClock.objects.update(ahead=at - clock.wall())


class Life:
    """The customer of a case, day by day, and what happened on the last one."""

    def __init__(self, case, draw) -> None:
        self.input, self.make_loan = case["input"], draw
        self.loans: list[Loan] = []
        self.channel = FakeChannel()
        self.done: list = []

    def run(self):
        """Live every day up to the last; return what it did."""
        on, until = date.fromisoformat(self.input["loans"][0]["date"]), self.until
        while on <= until:
            self.done = []
            set_clock(moment(on, time(0, 5)))
            self._night(on)
            self._draw(on)
            events = [one for one in self.input["events"] if one["t"][:10] == str(on)]
            for event in [one for one in events if one["t"][11:] < "09:00"]:
                self._happens(event, on)
            self._debit(on)
            for event in [one for one in events if one["t"][11:] >= "09:00"]:
                self._happens(event, on)
            on += timedelta(days=1)
        return self.done

    @property
    def until(self):
        return date.fromisoformat(self.input["until"])

    def _draw(self, on):
        for drawn in self.input["loans"]:
            if drawn["date"] == str(on):
                loan = self.make_loan(
                    principal_fen=drawn["p"], rate_ppm=drawn["ppm"], drawn_on=on,
                    plan=Plan(f"plan-{drawn['plan']}" if "plan" in drawn else "bullet"),
                    customer=self.loans[0].customer if self.loans else None,
                )  # fmt: skip
                if not self.loans:
                    self._open(loan, on)
                self.loans.append(loan)

    def _open(self, loan, on):
        card = BankCard.objects.get(customer=loan.customer_id)
        answers = [*self.input.get("bank", []), self.input.get("bank_default", "ok")]
        self.channel.will_answer(card.account, *(CODES[one] for one in answers))
        mode = self.input.get("mode", "FULL").lower()
        if mode != "full":
            auto_debit.choose(
                loan.customer_id, mode=mode, card_id=card.pk, by="customer", on=on, at=moment(on)
            )

    def _night(self, on):
        """The 00:05 batch and the bills of the day, where the day has something for them."""
        if not self.loans:
            return
        customer_id, at = self.loans[0].customer_id, moment(on, time(0, 5))
        bills = Bill.objects.filter(customer=customer_id, due_on__lte=on)
        open_ids = list(bills.filter(state__in=COLLECTED_STATES).values_list("pk", flat=True))
        conversions.take_effect(open_ids, by="system:end-of-day", on=on, at=at)
        if open_ids:
            end_of_day.close(open_ids, by="system:end-of-day", on=on, at=at)
        due_on = on + timedelta(days=LEAD_DAYS)
        if Instalment.objects.filter(customer=customer_id, due_on=due_on).exists():
            issue.issue([customer_id], by="system:billing", on=on, at=at)
            for bill in Bill.objects.filter(customer=customer_id, due_on=due_on):
                self.done.append(["bill", str(due_on), bill.total_fen, bill.minimum_fen])

    def _debit(self, on):
        if not self.loans:
            return
        numbers = {loan.pk: number for number, loan in enumerate(self.loans)}
        for _customer, loan_id, *found in converted_on([self.loans[0].customer_id], on=on):
            self.done.append(["converted", found[0], numbers[loan_id], *found[1:]])
        bills = Bill.objects.filter(
            customer=self.loans[0].customer_id, debit_on__lte=on, state__in=COLLECTED_STATES
        )
        for bill_id in bills.order_by("due_on").values_list("pk", flat=True):
            collection.collect(
                [CollectionRequest(bill_id)], by="system:debit-channel", channel=self.channel,
                on=on, at=moment(on),
            )  # fmt: skip
            for order in DebitOrder.objects.filter(bill=bill_id, business_date=on):
                due, is_taken = str(order.bill.due_on), order.state == "succeeded"
                answer = "ok" if is_taken else "refused"
                self.done.append(["debit", due, "09:00", order.amount_fen, answer])
                if is_taken:
                    self.done.append(["alloc", due, settled_by(order)])

    def _happens(self, event, on):
        loan = Loan.objects.get(pk=self.loans[event["loan"]].pk)
        principal_fen = event.get("amount")
        at = moment(on, time.fromisoformat(event["t"][11:]))
        set_clock(at)
        if event["kind"] == "convert":
            convert(loan, event["plan"], at=at)
            return
        try:
            found = self._repay(loan, principal_fen, on, at)
        except operations.Refused:
            found = {"refused": True}
        self.done.append([event["kind"], event["loan"], found])

    def _repay(self, loan, principal_fen, on, at):
        """Quote, order and take; return the components, which are those of the quote."""
        quote = queries.quote_of(loan, on=on)
        if quote is None:  # nothing is owed any more
            return dict.fromkeys(
                ("penalty", "late", "interest", "revolve", "fee", "p", "waived", "early_fee",
                 "total"), 0,
            )  # fmt: skip
        card = BankCard.objects.get(customer=loan.customer_id)
        amount_fen = self._amount(loan, quote, principal_fen, on)
        ask = EarlyRequest(
            loan.customer, loan, card, grant(loan, amount_fen).public_id, at.isoformat(),
            principal_fen,
        )  # fmt: skip
        order = operations.request(ask, by="customer", on=on, at=at, wall_at=clock.wall())
        # The answers of the bank in a case are those to direct debits.
        operations.send([order.pk], by="system:debit-channel", channel=FakeChannel(), at=at)
        order = DebitOrder.objects.get(pk=order.pk)
        assert order.state == "succeeded"
        taken, fee_fen = settled_by(order), fee_of(order)
        if principal_fen is not None:
            return {
                "p": taken.get("p", 0), "interest": taken.get("interest", 0),
                "early_fee": fee_fen, "total": order.taken_fen,
            }  # fmt: skip
        assert (quote.total_fen, quote.prepayment_fee_fen) == (order.taken_fen, fee_fen)
        parts = {
            name: taken.get(name, 0)
            for name in ("penalty", "late", "interest", "revolve", "fee", "p")
        }
        return {
            **parts, "waived": quote.waived_fen, "early_fee": fee_fen, "total": order.taken_fen,
        }  # fmt: skip

    def _amount(self, loan, quote, principal_fen, on):
        if principal_fen is None:
            return quote.total_fen
        asked = operations.prepayment_quote(
            queries.position_of(loan, loan.instalments.all()), principal_fen, on=on,
            terms=queries.terms_of(loan.terms_id),
        )  # fmt: skip
        return asked.total_fen


NAMES = {
    "penalty_fen": "penalty", "late_fee_fen": "late", "interest_fen": "interest",
    "plan_fee_fen": "fee", "principal_fen": "p",
}  # fmt: skip


def settled_by(order):
    """What an order settled, by component; interest at 1.5 times the rate stands by itself."""
    found: Counter[str] = Counter()
    for part in RepaymentAllocation.objects.filter(repayment__order=order):
        for name in COMPONENTS:
            found[NAMES[name]] += getattr(part, name)
        charges = Charge.objects.filter(instalment_id=part.instalment_id)
        kinds = charges.values_list("kind", "charged_fen")
        at_factor = sum(fen for kind, fen in kinds if kind == ChargeKind.REVOLVING)
        before = RepaymentAllocation.objects.filter(
            instalment=part.instalment_id, repayment__lt=part.repayment_id
        )
        own = sum(fen for kind, fen in kinds if kind == ChargeKind.OWN)
        own_left = max(0, own - sum(before.values_list("interest_fen", flat=True)))
        if at_factor and part.interest_fen > own_left:
            found["revolve"] += part.interest_fen - own_left
            found["interest"] -= part.interest_fen - own_left
    return {name: fen for name, fen in found.items() if fen}


def rows_of_plan(loan):
    """The rows that a loan was converted into: number, due date, principal, fee."""
    rows = Instalment.objects.filter(loan=loan, number__gt=1).order_by("number")
    return [
        (row.number - 1, row.due_on.isoformat(), row.principal_fen, row.plan_fee_fen)
        for row in rows
    ]


def fee_of(order):
    fees = Charge.objects.filter(cause_id=order.repayment.pk, kind=ChargeKind.PREPAYMENT)
    return sum(fees.values_list("charged_fen", flat=True))


@pytest.mark.parametrize("name", CASES)
def test_a_loan_is_repaid_early_or_converted_as_the_model_computes_it(name, make_loan):  # noqa: F811
    case = CASES[name]
    life = Life(case, make_loan)

    assert life.run() == case["expect"]["do"]

    if "rows" in case["expect"]:
        rows = [list(row) for loan in life.loans for row in rows_of_plan(loan)]
        assert rows == case["expect"]["rows"]

    unequal = [
        *reconciliation.caches(), *reconciliation.orders(), *reconciliation.unapplied_funds(),
        *reconciliation.account_balances(),
    ]  # fmt: skip
    assert unequal == []
