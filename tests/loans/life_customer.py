"""One customer of a cohort: what happens to the loans, in the product and in the model at once.

An action makes the same thing happen in both; it returns False where there was nothing to do. What
it needs to know it draws: ``draw`` returns a value of a strategy.
"""

from collections import Counter
from copy import deepcopy
from types import SimpleNamespace

from django.db.models import Sum
from hypothesis import strategies as st

from accounts.models import BankCard, Customer, Staff
from backoffice.core import clock
from backoffice.core.errors import Refused
from loans.accounting.rules.debt import Debt
from loans.billing.operations import auto_debit, extensions
from loans.billing.operations.extensions import ExtensionRequest
from loans.collection.operations import payments, results
from loans.contracts.operations import preferred_rates
from loans.delinquency.operations import accelerations, charge_offs
from loans.gateways.channel import Answer, Outcome
from loans.models import Bill, DebitNotice, DebitOrder, Loan, Repayment
from loans.models.debit import OPEN_ORDER_STATES
from loans.repayment.operations import waivers
from loans.repayment.operations.reversals import RepaymentRefundedError
from loans.repayment.operations.waivers import ChargeWaiver
from loans.settlement import operations as settlement
from loans.settlement.operations import EarlyRequest
from risk.lines.operations import states as lines
from risk.models import CreditLine
from tests.acceptance import customers, drawdowns
from tests.accounts.people import request_of
from tests.loans.collection.paying import approved, reverse, transfer, wechat_account
from tests.loans.early import grant
from tests.loans.life_bank import COUNTED, DEAD, TAKEN
from tests.loans.life_loans import DAY, OPEN, RESTS
from tests.loans.life_model import Facts

KINDS = {"penalty": "penalty_fen", "late": "late_fee_fen", "interest": "interest_fen",
         "fee": "plan_fee_fen"}  # fmt: skip
CHANNEL = "system:debit-channel"


def which(draw, found):
    """Draw one of what was found; the first where a smaller example is looked for."""
    return found[draw(st.integers(0, len(found) - 1))]


class LifeCustomer:
    """A customer with a card, a WeChat account, a mandate and a line."""

    def __init__(self, number, *, mode, calendar, bank):
        self.calendar, self.bank = calendar, bank
        today = calendar.today
        life = SimpleNamespace(input={"mode": mode})
        customers.create(life, number=number, on=today - DAY)
        self.record = Customer.objects.get(pk=life.customer_id)
        self.pk, self.account = life.customer_id, life.account
        self.card = BankCard.objects.get(customer=self.record)
        self.wechat = wechat_account(self.record, f"openid-{number}")
        self.facts, self.loans, self.known = Facts(today), [], {}
        self.facts.add(today, "choose", mode)

    def __repr__(self):
        """Return what happened, by value date: what a failure must show."""
        facts = [f"{on} {name} {values}" for on, name, values in self.facts.happened]
        return "\n".join([f"customer {self.pk} on {self.today}, loans {self.loans}", *facts])

    @property
    def life(self):
        return self.facts.life

    @property
    def today(self):
        return self.calendar.today

    @property
    def now(self):
        return self.calendar.now

    @property
    def line(self):
        return CreditLine.objects.get(customer=self.record)

    def bills(self):
        return list(Bill.objects.filter(customer=self.record).order_by("due_on"))

    def coming(self):
        """Return the days from now on on which something falls due."""
        parts = [part for loan in self.life.loans for part in loan.parts if part.total]
        days = {part.due for part in parts} | {bill.due for bill in self.life.bills}
        return {day for day in days if day > self.today}

    def asking(self):
        """Return the bills that ask for something, also those that left something to the next."""
        return [bill for bill in self.life.bills if bill.state in OPEN + RESTS and bill.owed()]

    def in_state(self, *states):
        return [bill for bill in self.life.bills if bill.state in states]

    def open_orders(self):
        return [number for number, state in self.known.items() if state in OPEN_ORDER_STATES]

    def is_pending(self):
        return bool(self.open_orders())

    def has_early_since(self, on):
        """Say whether a loan was repaid early since a day: its money would settle less."""
        return any(day >= on and name == "early" for day, name, _values in self.facts.happened)

    # Direct debits

    def follow(self, order):
        """Compare a new order with what the model asks, and let it know a new answer."""
        if self.known.get(order.number) == order.state:
            return False
        billed = order.bill.billed_on
        if order.number not in self.known:
            bill = self.life.bill(billed)
            notice = DebitNotice.objects.filter(
                bill=order.bill, first_on__lte=self.today, last_on__gte=self.today
            ).aggregate(most=Sum("maximum_fen"))["most"]
            assert not self.is_pending(), (order, self)
            assert order.amount_fen == min(self.life.asked(bill), notice or 10**12), self
        was, self.known[order.number] = self.known.get(order.number), order.state
        if order.state == "succeeded":
            if was == "failed":
                self.facts.remove(order.number)
            self.facts.add(order.repayment.value_on, "debit", billed, order.taken_fen, "ok",
                           order.business_date, order.number)  # fmt: skip
        elif order.state == "failed" and order.code in (COUNTED, DEAD):
            answer = "refused" if order.code == COUNTED else "nomandate"
            self.facts.add(self.today, "debit", billed, 0, answer, order.business_date,
                           order.number)  # fmt: skip
        return True

    def asks_no_other(self, tried):
        """Let the model ask no bill that has no order today; an unclear order delays the others."""
        if not self.is_pending():
            for bill in self.life.bills:
                assert bill.billed in tried or not self.life.asked(bill), (bill.due, self)

    def check_notice(self, notice):
        """Compare a notice of the day with the model, run to the last day of the window."""
        ahead = deepcopy(self.life)
        bill = ahead.bill(notice.bill.billed_on)
        bill.refused_on = bill.refused_on or notice.first_on
        while ahead.today < notice.last_on:
            ahead.begin(ahead.today + DAY)
        assert notice.maximum_fen == (bill.unpaid if bill.state in OPEN else 0), self

    def answer_late(self, states, *, is_taken):
        orders = DebitOrder.objects.filter(customer=self.record, origin="auto", state__in=states)
        order = orders.exclude(code=DEAD).order_by("-pk").first()
        if order is None or self.has_early_since(order.business_date):
            return False
        answer = self.bank.taken.get(order.number)
        if answer is None or answer.outcome != Outcome.SUCCEEDED:
            answer = Answer(
                order.number, Outcome.SUCCEEDED if is_taken else Outcome.FAILED,
                TAKEN if is_taken else COUNTED, order.amount_fen if is_taken else 0,
                f"ref-{order.number}" if is_taken else "", order.asked_at,
            )  # fmt: skip
        self.bank.taken[order.number] = answer
        results.record([answer], by=CHANNEL, at=self.now)
        self.follow(DebitOrder.objects.get(pk=order.pk))
        return True

    # Loans

    def draw(self, drawn):
        """Draw a loan; return False where the rules have none for the customer now."""
        is_late = bool(self.in_state("GRACE", "OVERDUE"))
        is_open = self.line.state == "active"
        asked = {name: value for name, value in drawn.items() if name != "plan" or value}
        if drawn["plan"]:
            del asked["factor"]
        try:
            loan_id = drawdowns.draw(self.pk, asked, channel=self.bank.by_hand, at=self.now)
        except Refused:
            assert is_late or not is_open or self.is_pending()
            return False
        assert is_open and not is_late and not self.is_pending()
        self.loans.append(loan_id)
        self.facts.add(self.today, "draw", drawn["p"], drawn["ppm"], drawn["plan"],
                       asked.get("factor", 1000))  # fmt: skip
        return True

    def prove_use(self, number):
        try:
            preferred_rates.prove(
                self.loans[number], by="li", reason="invoice", on=self.today, at=self.now
            )
        except Refused:
            return False
        self.facts.add(self.today, "prove", number)
        return True

    def repay_early(self, number, prepaid):
        """Settle a loan, or prepay some principal of a bullet."""
        loan, at = Loan.objects.get(pk=self.loans[number]), self.now
        total = sum(deepcopy(self.life).early(number, prepaid, "", 0).values())
        mine = self.life.loans[number]
        is_open = mine.state in ("active", "overdue")
        if prepaid is not None:
            is_open = is_open and not mine.plan and mine.parts[0].bill is None
            is_open = is_open and prepaid < mine.principal
        permit = grant(loan, max(total, 1)).public_id
        ask = EarlyRequest(self.record, loan, self.card, permit, str(at), prepaid)
        try:
            order = settlement.request(
                ask, by="customer", on=self.today, at=at, wall_at=clock.wall()
            )
        except Refused:
            assert not is_open
            return False
        assert is_open
        assert order.amount_fen == total
        settlement.send([order.pk], by=CHANNEL, channel=self.bank.by_hand, at=at)
        self.facts.add(self.today, "early", number, prepaid, order.number, total)
        return True

    # Money by hand

    def pay(self, bill, amount_fen, *, in_wechat):
        """Pay with the card, or confirm the payment in WeChat."""
        at = self.now
        order = payments.request(
            bill, amount_fen=amount_fen, payer=self.wechat if in_wechat else self.card,
            key=str(at), by="customer", on=self.today, at=at,
        )  # fmt: skip
        payments.send([order.pk], by=CHANNEL, channel=self.bank.by_hand, at=at)
        if in_wechat:
            self.bank.by_hand.confirm(order.number, at=at)
            results.record(self.bank.by_hand.query([order.number]), by=CHANNEL, at=at)
        self.facts.add(self.today, "pay", bill.billed_on, amount_fen, order.number)
        return True

    def transfer(self, bill, amount_fen, value_on):
        at = self.now
        reference = f"BANK-{self.pk}-{at:%m%d%H%M%S}"
        [made] = transfer(bill, amount_fen, at=at, value_on=value_on, reference=reference)
        self.facts.add(value_on, "pay", bill.billed_on, amount_fen, f"{bill.pk}-t-{made.pk}")
        return True

    def take_money_back(self, draw):
        by_hand = Repayment.objects.filter(
            customer=self.record, reversal=None, bill__isnull=False
        ).exclude(order__origin="auto")
        found = list(by_hand.order_by("pk"))
        if not found:
            return False
        repayment = which(draw, found)
        ahead = deepcopy(self.facts)
        ahead.remove(repayment.order.number)
        asked = {bill.billed for bill in self.life.bills}
        # What stood under no bill, being paid, is asked by the next one, not by one long ago.
        is_new = any(bill.billed not in asked for bill in ahead.life.bills)
        if is_new or self.has_early_since(repayment.value_on):
            return False
        try:
            reverse(repayment, at=self.now)
        except RepaymentRefundedError:
            return False
        self.facts.remove(repayment.order.number)
        return True

    # What the customer and the staff decide

    def choose(self, mode):
        if not self.life.has_mandate:
            self.facts.add(self.today, "mandate", True)
        auto_debit.choose(
            self.pk, mode=mode.lower(), card_id=self.card.pk, by="customer", on=self.today,
            at=self.now,
        )  # fmt: skip
        self.facts.add(self.today, "choose", mode)
        return True

    def revoke(self):
        if not self.life.has_mandate:
            return False
        auto_debit.revoke(self.pk, by="customer", reason="revoked", at=self.now)
        self.facts.add(self.today, "mandate", False)
        return True

    def extend(self, days):
        open_bills = [bill for bill in self.bills() if bill.state in ("billed", "grace")]
        if not open_bills:
            return False
        bill, at = open_bills[0], self.now
        context = request_of(self.record, at=at, wall_at=clock.wall())
        asked = ExtensionRequest(bill.public_id, days, "wages come late")
        try:
            extension = extensions.request(asked, context=context)
        except Refused:
            return False
        staff, _is_new = Staff.objects.get_or_create(username="manager")
        extensions.approve([extension.pk], by=staff, on=self.today, reason="agreed", at=at)
        self.facts.add(self.today, "extend", bill.billed_on, days)
        return True

    def is_extended(self):
        return any(name == "extend" for _on, name, _values in self.facts.happened)

    def waive(self, bill, kind, share):
        unpaid = bill.owed(kind)
        fen = unpaid if share == 1 else min(unpaid, unpaid // share + 1)
        if not fen:
            return False
        record = Bill.objects.get(customer=self.record, billed_on=bill.billed)
        waiver, at = ChargeWaiver(record.pk, Debt(**{KINDS[kind]: fen})), self.now
        approved(
            lambda maker: waivers.propose([waiver], by=maker, on=self.today, reason="hard", at=at)
        )
        self.facts.add(self.today, "waive", bill.billed, Counter({kind: fen}))
        return True

    def accelerate(self, bill):
        record = Bill.objects.get(customer=self.record, billed_on=bill.billed)
        try:
            accelerations.accelerate(
                [record.pk], by="li", on=self.today, reason="long overdue", at=self.now
            )
        except Refused:
            return False
        self.facts.add(self.today, "accelerate", bill.billed)
        return True

    def charge_off(self, number):
        at = self.now
        approved(
            lambda maker: charge_offs.propose([self.loans[number]], by=maker, reason="gone", at=at)
        )
        self.facts.add(self.today, "charge_off", number)
        return True

    def freeze_or_lift(self):
        line, at = self.line, self.now
        if line.state == "active":
            lines.freeze(line.pk, by="risk", reason="case", at=at)
        elif line.state == "frozen":
            lines.unfreeze(line.pk, by="risk", reason="closed", at=at)
        else:
            return False
        return True
