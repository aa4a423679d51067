"""Whole lives of a customer, day by day through the product's jobs, against a model of the rules.

``life_model`` computes the same life from the rulebook alone. After every step both agree on every
loan, bill and refund, and the database agrees with itself. Conversions of bills are not among the
steps: they have worked cases of their own (``tests/acceptance``). Left out as well is the bank's
later word on a refused debit once a due date was put off, or where its mandate was gone.
"""

from collections import Counter
from copy import deepcopy
from datetime import date, time, timedelta
from types import SimpleNamespace

from django.db.models import Sum
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from accounts.models import BankCard, Customer, Staff
from backoffice.core import clock
from backoffice.core.errors import Refused
from backoffice.platform import jobs
from loans.accounting.rules.debt import Debt
from loans.billing.operations import auto_debit, extensions
from loans.billing.operations.extensions import ExtensionRequest
from loans.collection.operations import payments, results
from loans.contracts.operations import preferred_rates
from loans.delinquency.operations import accelerations, charge_offs
from loans.gateways.channel import Answer, Outcome
from loans.models import Bill, DebitNotice, DebitOrder, Loan, Repayment, UnappliedFunds
from loans.models.debit import OPEN_ORDER_STATES
from loans.reconciliation import queries as reconciliation
from loans.repayment.operations import waivers
from loans.repayment.operations.reversals import RepaymentRefundedError
from loans.repayment.operations.waivers import ChargeWaiver
from loans.settlement import operations as settlement
from loans.settlement.operations import EarlyRequest
from loans.tasks import debit_jobs
from risk.lines.operations import states as lines
from risk.models import CreditLine
from tests.acceptance import customers, drawdowns, reading, world
from tests.accounts.people import request_of
from tests.conftest import empty_tables
from tests.loans.collection.paying import approved, reverse, transfer
from tests.loans.early import grant
from tests.loans.life_bank import COUNTED, DEAD, SELDOM, TAKEN, LifelongBank
from tests.loans.life_laws import LAWS
from tests.loans.life_model import DAY, OPEN, RESTS, Facts
from tests.profiles import whole_lives
from tests.raw import execute

words = st.lists(st.sampled_from(("ok",) * 3 + ("refused",) * 6 + SELDOM), min_size=2, max_size=2)
# What passes before something happens: days, what the bank answers on each, and whether it is
# still morning then.
waits = st.tuples(st.sampled_from([0, 0, 0, 1, 1, 2, 3, 6]), words, st.booleans())
draws = st.fixed_dictionaries(
    {
        "p": st.sampled_from([10_000, 33_300, 250_000, 1_000_000, 3_000_000]),
        "ppm": st.sampled_from([200, 350, 500]),
        "plan": st.sampled_from([0, 0, 0, 3, 6, 12]),
        "factor": st.sampled_from([1000, 1000, 900]),
    }
)
CHARGES = ("own", "revolve", "fee", "late", "penalty")
KINDS = {"penalty": "penalty_fen", "late": "late_fee_fen", "interest": "interest_fen",
         "fee": "plan_fee_fen"}  # fmt: skip
MORNING, EVENING = time(6, 31), time(21, 31)


class WholeLife(RuleBasedStateMachine):
    """A customer, a bank and two people of the staff."""

    def __init__(self, database, bank):
        super().__init__()
        self.database, self.bank = database, bank
        self.known = {}

    def teardown(self):
        empty_tables(self.database)

    @initialize(
        first=st.sampled_from([date(2026, 9, 1), date(2027, 1, 31), date(2028, 2, 12)]),
        mode=st.sampled_from(["FULL", "FULL", "MINIMUM", "OFF"]),
        drawn=st.lists(draws, min_size=1, max_size=2),
        days=st.sampled_from([9, 12, 20, 21, 28, 29, 30]),
    )
    def begin(self, first, mode, drawn, days):
        self.today, self.minutes, self.is_debited = first, 0, True
        life = SimpleNamespace(input={"mode": mode})
        customers.create(life, number=1, on=first - DAY)
        self.customer = Customer.objects.get(pk=life.customer_id)
        self.card = BankCard.objects.get()
        self.bank.begin(["ok", "ok"])
        self.facts, self.loans = Facts(first), []
        self.facts.add(first, "choose", mode)
        clock.move_to(self.now, is_back_allowed=True)
        for one in drawn:
            self.draw(one)
        self.wait((days, ["ok", "ok"], True))

    @property
    def life(self):
        return self.facts.life

    @property
    def now(self):
        """A moment of today, after every one before."""
        self.minutes += 1
        start = clock.moment_of(self.today, EVENING if self.is_debited else MORNING)
        return start + timedelta(minutes=self.minutes)

    def bills(self):
        return list(Bill.objects.filter(customer=self.customer).order_by("due_on"))

    # Days

    @rule(days=st.sampled_from([1, 1, 2, 3, 7, 11, 31]), answers=words, is_morning=st.booleans())
    def days_pass(self, days, answers, is_morning):
        self.wait((days, answers, is_morning))

    @precondition(lambda self: self.coming())
    @rule(answers=words, which=st.integers(0, 1), before=st.sampled_from([10, 2, 1, 0, 0]))
    def a_due_date_comes(self, answers, which, before):
        due = self.coming()
        days = (due[which % len(due)] - before * DAY - self.today).days
        self.wait((max(0, days), answers, True))

    def coming(self):
        parts = [part for loan in self.life.loans for part in loan.parts if part.total]
        days = {part.due for part in parts} | {bill.due for bill in self.life.bills}
        return sorted(day for day in days if day > self.today)[:2]

    def wait(self, waits):
        days, answers, is_morning = waits
        for _day in range(days):
            self.end_day(answers)
            self.begin_day()
        if not is_morning:
            self.end_day(answers)

    def begin_day(self):
        self.today, self.minutes, self.is_debited = self.today + DAY, 0, False
        self.facts.begin(self.today)
        clock.move_to(self.now, is_back_allowed=True)
        for job in jobs.in_order(on=self.today):
            if job.at <= MORNING and world.is_run(job):
                world.work(job, clock.moment_of(self.today, job.at))
        self.notices_project_the_window()

    def end_day(self, answers):
        if self.is_debited:
            return
        self.is_debited, self.minutes = True, 0
        self.bank.begin(answers)
        hours = {job.name for job in debit_jobs(self.today)}
        for job in jobs.in_order(on=self.today):
            if job.at > MORNING and world.is_run(job):
                at = clock.moment_of(self.today, job.at)
                world.work(job, at, is_retry=job.name in hours)
                if job.name in hours:
                    self.orders_follow()
                    self.no_other_bill_is_asked()

    def orders_follow(self):
        """Compare each new order with what the model asks, and let it know the answers."""
        for order in DebitOrder.objects.filter(origin="auto").order_by("pk"):
            if self.known.get(order.number) == order.state:
                continue
            billed = order.bill.billed_on
            if order.number not in self.known:
                bill = self.life.bill(billed)
                notice = DebitNotice.objects.filter(
                    bill=order.bill, first_on__lte=self.today, last_on__gte=self.today
                ).aggregate(most=Sum("maximum_fen"))["most"]
                assert not self.is_pending()
                assert order.amount_fen == min(self.life.asked(bill), notice or 10**12)
            was, self.known[order.number] = self.known.get(order.number), order.state
            if order.state == "succeeded":
                value_on = order.repayment.value_on
                if was == "failed":
                    self.facts.happened = [
                        fact for fact in self.facts.happened if order.number not in fact[2]
                    ]
                    self.facts.again()
                self.facts.add(value_on, "debit", billed, order.taken_fen, "ok",
                               order.business_date, order.number)  # fmt: skip
            elif order.state == "failed" and order.code in (COUNTED, DEAD):
                answer = "refused" if order.code == COUNTED else "nomandate"
                self.facts.add(self.today, "debit", billed, 0, answer, order.business_date,
                               order.number)  # fmt: skip

    def no_other_bill_is_asked(self):
        """Let the model ask no bill that has no order today; an unclear order delays the others."""
        tried = DebitOrder.objects.filter(origin="auto", business_date=self.today).values("bill")
        if not self.is_pending():
            for bill in self.bills():
                mine = self.life.bill(bill.billed_on)
                if mine is not None and not tried.filter(bill=bill).exists():
                    assert not self.life.asked(mine), f"{bill} is debited"

    def is_pending(self):
        return any(state in OPEN_ORDER_STATES for state in self.known.values())

    def notices_project_the_window(self):
        """Compare the notices of the day with the model, run to the last day of the window."""
        for notice in DebitNotice.objects.filter(notified_on=self.today).select_related("bill"):
            ahead = deepcopy(self.life)
            bill = ahead.bill(notice.bill.billed_on)
            bill.refused_on = bill.refused_on or notice.first_on
            while ahead.today < notice.last_on:
                ahead.begin(ahead.today + DAY)
            assert notice.maximum_fen == (bill.unpaid if bill.state in OPEN else 0), notice

    # The customer

    @precondition(lambda self: len(self.loans) < 3)
    @rule(drawn=draws, wait=waits)
    def draws(self, drawn, wait):
        self.wait(wait)
        self.draw(drawn)

    def draw(self, drawn):
        is_late = any(bill.state in ("GRACE", "OVERDUE") for bill in self.life.bills)
        is_open = CreditLine.objects.get().state == "active"
        asked = {name: value for name, value in drawn.items() if name != "plan" or value}
        if drawn["plan"]:
            del asked["factor"]
        try:
            loan_id = drawdowns.draw(
                self.customer.pk, asked, channel=self.bank.by_hand, at=self.now
            )
        except Refused:
            assert is_late or not is_open or self.is_pending()
            return
        assert is_open and not is_late and not self.is_pending()
        self.loans.append(loan_id)
        self.facts.add(
            self.today, "draw", drawn["p"], drawn["ppm"], drawn["plan"], asked.get("factor", 1000)
        )

    @precondition(lambda self: any(not loan.is_proven for loan in self.life.loans))
    @rule(which=st.integers(0, 2))
    def the_use_is_proven(self, which):
        if which < len(self.loans):
            try:
                preferred_rates.prove(
                    self.loans[which], by="li", reason="invoice", on=self.today, at=self.now
                )
            except Refused:
                return
            self.facts.add(self.today, "prove", which)

    @precondition(lambda self: self.asked())
    @rule(
        share=st.sampled_from(["1", "5000", "minimum", "-1001", "-1000", "-1", "-0", "+777"]),
        wait=waits,
    )
    def pays(self, share, wait):
        self.wait(wait)
        owed = reading.payable(self.customer.pk, on=self.today)
        if not owed:
            return
        total_fen, [*_older, bill_id] = sum(owed.values()), owed
        bill = Bill.objects.get(pk=bill_id)
        if share == "minimum":
            amount_fen = bill.minimum_fen + bill.past_due_fen + bill.late_fee_fen
        else:
            amount_fen = total_fen + int(share) if share[0] in "+-" else int(share)
        if amount_fen > total_fen:
            self.transfers(bill, amount_fen, self.today)
        elif amount_fen > 0:
            self.pay(bill, amount_fen)

    def pay(self, bill, amount_fen):
        at = self.now
        order = payments.request(
            bill, amount_fen=amount_fen, payer=self.card, key=str(at), by="customer",
            on=self.today, at=at,
        )  # fmt: skip
        payments.send([order.pk], by="system:debit-channel", channel=self.bank.by_hand, at=at)
        self.facts.add(self.today, "pay", bill.billed_on, amount_fen, order.number)

    def asked(self):
        """Return the bills that ask for something, also those that left something to the next."""
        return [bill for bill in self.life.bills if bill.state in OPEN + RESTS and bill.owed()]

    def transfers(self, bill, amount_fen, value_on):
        at = self.now
        reference = f"BANK-{at:%m%d%H%M}"
        [made] = transfer(bill, amount_fen, at=at, value_on=value_on, reference=reference)
        self.facts.add(value_on, "pay", bill.billed_on, amount_fen, f"{bill.pk}-t-{made.pk}")

    @precondition(lambda self: self.life.bills)
    @rule(
        days_ago=st.sampled_from([1, 2, 3, 4, 5, 8, 13, 21, 34]),
        amount_fen=st.sampled_from([100, 5_000, 60_000, 3_000_000]),
        wait=waits,
    )
    def money_of_an_earlier_day_is_entered(self, days_ago, amount_fen, wait):
        self.wait(wait)
        value_on = self.today - days_ago * DAY
        bill = Bill.objects.filter(billed_on__lte=value_on).order_by("due_on").last()
        if bill is not None and not self.has_early_since(value_on):
            self.transfers(bill, amount_fen, value_on)

    def has_early_since(self, on):
        """Say whether a loan was repaid early since a day: its money would settle less."""
        return any(day >= on and name == "early" for day, name, _values in self.facts.happened)

    @precondition(lambda self: any(loan.principal for loan in self.life.loans))
    @rule(which=st.integers(0, 2), prepaid=st.sampled_from([None, 10_000, 50_000]), wait=waits)
    def repays_early(self, which, prepaid, wait):
        self.wait(wait)
        number = which % len(self.loans)
        loan, at = Loan.objects.get(pk=self.loans[number]), self.now
        ahead = deepcopy(self.life)
        whole = ahead.early(number, prepaid, "", 0)
        total = sum(whole.values())
        mine = self.life.loans[number]
        is_open = mine.state in ("active", "overdue")
        if prepaid is not None:
            is_open = is_open and not mine.plan and mine.parts[0].bill is None
            is_open = is_open and prepaid < mine.principal
        permit = grant(loan, max(total, 1)).public_id
        ask = EarlyRequest(self.customer, loan, self.card, permit, str(at), prepaid)
        try:
            order = settlement.request(
                ask, by="customer", on=self.today, at=at, wall_at=clock.wall()
            )
        except Refused:
            assert not is_open
            return
        assert is_open
        assert order.amount_fen == total
        settlement.send([order.pk], by="system:debit-channel", channel=self.bank.by_hand, at=at)
        self.facts.add(self.today, "early", number, prepaid, order.number, total)

    @rule(mode=st.sampled_from(["FULL", "MINIMUM", "OFF", "revoked"]), wait=waits)
    def chooses_what_is_debited(self, mode, wait):
        self.wait(wait)
        if mode == "revoked":
            if self.life.has_mandate:
                auto_debit.revoke(self.customer.pk, by="customer", reason="revoked", at=self.now)
                self.facts.add(self.today, "mandate", False)
            return
        if not self.life.has_mandate:
            self.facts.add(self.today, "mandate", True)
        auto_debit.choose(
            self.customer.pk, mode=mode.lower(), card_id=self.card.pk, by="customer",
            on=self.today, at=self.now,
        )  # fmt: skip
        self.facts.add(self.today, "choose", mode)

    @precondition(lambda self: any(bill.state in ("BILLED", "GRACE") for bill in self.life.bills))
    @rule(days=st.sampled_from([1, 5, 15]), wait=waits)
    def is_given_a_later_due_date(self, days, wait):
        self.wait(wait)
        open_bills = [bill for bill in self.bills() if bill.state in ("billed", "grace")]
        if not open_bills:
            return
        bill, at = open_bills[0], self.now
        context = request_of(self.customer, at=at, wall_at=clock.wall())
        asked = ExtensionRequest(bill.public_id, days, "wages come late")
        try:
            extension = extensions.request(asked, context=context)
        except Refused:
            return
        staff, _is_new = Staff.objects.get_or_create(username="manager")
        extensions.approve([extension.pk], by=staff, on=self.today, reason="agreed", at=at)
        self.facts.add(self.today, "extend", bill.billed_on, days)

    # The bank and the staff

    @precondition(lambda self: self.is_pending())
    @rule(is_taken=st.booleans(), wait=waits)
    def a_late_answer_arrives(self, is_taken, wait):
        self.wait(wait)
        self.answer_late(OPEN_ORDER_STATES, is_taken=is_taken)

    @precondition(lambda self: "failed" in self.known.values() and not self.is_extended())
    @rule(wait=waits)
    def a_refused_debit_was_taken(self, wait):
        self.wait(wait)
        self.answer_late(["failed"], is_taken=True)

    def is_extended(self):
        return any(name == "extend" for _on, name, _values in self.facts.happened)

    def answer_late(self, states, *, is_taken):
        orders = DebitOrder.objects.filter(origin="auto", state__in=states).exclude(code=DEAD)
        order = orders.order_by("-pk").first()
        if order is None or self.has_early_since(order.business_date):
            return
        answer = self.bank.taken.get(order.number)
        if answer is None or answer.outcome != Outcome.SUCCEEDED:
            answer = Answer(
                order.number, Outcome.SUCCEEDED if is_taken else Outcome.FAILED,
                TAKEN if is_taken else COUNTED, order.amount_fen if is_taken else 0,
                f"ref-{order.number}" if is_taken else "", order.asked_at,
            )  # fmt: skip
        self.bank.taken[order.number] = answer
        results.record([answer], by="system:debit-channel", at=self.now)
        self.orders_follow()

    @precondition(lambda self: any(name == "pay" for _on, name, _is in self.facts.happened))
    @rule(which=st.integers(0, 5), wait=waits)
    def money_is_taken_back(self, which, wait):
        self.wait(wait)
        by_hand = Repayment.objects.filter(reversal=None, bill__isnull=False).exclude(
            order__origin="auto"
        )
        found = list(by_hand.order_by("pk"))
        if not found:
            return
        repayment = found[which % len(found)]
        if self.has_early_since(repayment.value_on):
            return
        try:
            reverse(repayment, at=self.now)
        except RepaymentRefundedError:
            return
        self.facts.remove(repayment.order.number)

    @precondition(lambda self: self.asked())
    @rule(
        kind=st.sampled_from([*KINDS]), which=st.integers(0, 2),
        share=st.sampled_from([1, 2, 100]), wait=waits,
    )  # fmt: skip
    def charges_are_waived(self, kind, which, share, wait):
        self.wait(wait)
        asked = self.asked()
        if not asked:
            return
        bill = asked[which % len(asked)]
        unpaid = bill.owed(kind)
        fen = unpaid if share == 1 else min(unpaid, unpaid // share + 1)
        if not fen:
            return
        record, at = Bill.objects.get(billed_on=bill.billed), self.now
        waiver = ChargeWaiver(record.pk, Debt(**{KINDS[kind]: fen}))
        approved(
            lambda maker: waivers.propose([waiver], by=maker, on=self.today, reason="hard", at=at)
        )
        self.facts.add(self.today, "waive", bill.billed, Counter({kind: fen}))

    @precondition(lambda self: any(bill.state == "OVERDUE" for bill in self.life.bills))
    @rule(which=st.integers(0, 2))
    def later_rows_are_called_due(self, which):
        late = [bill for bill in self.bills() if bill.state == "overdue"]
        if not late:
            return
        bill = late[which % len(late)]
        try:
            accelerations.accelerate(
                [bill.pk], by="li", on=self.today, reason="long overdue", at=self.now
            )
        except Refused:
            return
        self.facts.add(self.today, "accelerate", bill.billed_on)

    @precondition(lambda self: any(loan.state == "overdue" for loan in self.life.loans))
    @rule(which=st.integers(0, 2))
    def a_loan_is_given_up(self, which):
        late = [n for n, loan in enumerate(self.life.loans) if loan.state == "overdue"]
        number, at = late[which % len(late)], self.now
        approved(
            lambda maker: charge_offs.propose([self.loans[number]], by=maker, reason="gone", at=at)
        )
        self.facts.add(self.today, "charge_off", number)

    @rule(wait=waits)
    def the_line_is_frozen_or_lifted(self, wait):
        self.wait(wait)
        line, at = CreditLine.objects.get(), self.now
        if line.state == "active":
            lines.freeze(line.pk, by="risk", reason="case", at=at)
        elif line.state == "frozen":
            lines.unfreeze(line.pk, by="risk", reason="closed", at=at)

    # What must hold after every step

    @invariant()
    def every_loan_is_as_the_model_has_it(self):
        shown, unpaid = reading.read_loans([self.customer.pk], on=self.today)
        states = dict(Loan.objects.values_list("pk", "state"))
        for number, (loan_id, loan) in enumerate(zip(self.loans, self.life.loans, strict=True)):
            assert states[loan_id] == loan.state, number
            if loan_id in shown:
                kinds = [loan.contract[kind] for kind in CHARGES]
                mine = [loan.principal, *kinds, loan.waived, sum(kinds)]
                assert shown[loan_id][:8] == mine, number
                assert shown[loan_id][9] == loan.charged, number
        for bill in self.bills():
            mine = self.life.bill(bill.billed_on)
            found = (bill.state.upper(), bill.due_on, bill.total_fen, bill.minimum_fen,
                     bill.past_due_fen, bill.paid_fen, bill.waived_fen, bill.late_fee_fen,
                     unpaid[bill.pk])  # fmt: skip
            if mine is None:
                assert (found[0], found[-1]) == ("PAID", 0)
            else:
                # An extension of a bill that an earlier value date has paid leaves it a later date.
                due = bill.due_on if mine.state == "PAID" else mine.due
                assert found == (
                    mine.state, due, mine.total, mine.minimum, mine.past_due, mine.paid,
                    mine.waived, mine.late, mine.unpaid if mine.parts else 0,
                )  # fmt: skip
        waiting = UnappliedFunds.objects.aggregate(fen=Sum("amount_fen", default=0))["fen"]
        assert waiting == sum(self.life.refunds.values())

    @invariant()
    def nothing_is_unequal(self):
        found = (
            *reconciliation.caches(), *reconciliation.orders(), *reconciliation.payouts(),
            *reconciliation.unapplied_funds(), *reconciliation.account_balances(),
            *reconciliation.accruals(on=self.today), *reconciliation.unbilled(on=self.today),
        )  # fmt: skip
        assert list(found) == []

    @invariant()
    def the_database_agrees_with_itself(self):
        for law in LAWS:
            assert not execute(law), law


def test_whole_lives_are_as_the_model_has_them(committed_db, monkeypatch, database_name):
    bank = LifelongBank()
    monkeypatch.setattr("loans.tasks.debit_channel", lambda: bank)
    run_state_machine_as_test(lambda: WholeLife(database_name, bank), settings=whole_lives)
