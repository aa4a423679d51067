"""Whole lives of customers, day by day through the product's jobs, against a model of the rules.

The customers of a cohort share a database and its days, as in the product: a job of the day takes
all of them in one batch. In each step something happens to every one of them, then all are compared
with ``life_model``, which computes the same lives from the rulebook alone: every loan, bill and
refund; and the database must agree with itself. Conversions of bills are not among the steps: they
have worked cases of their own (``tests/acceptance``). Left out as well is the bank's later word on
a refused debit once a due date was put off, or where its mandate was gone; and money taken back
after the day of a bill that was not issued, because nothing was owed then: the product asks the
amount under its next bill, where the model would have issued one on that day.
"""

from collections import Counter, defaultdict
from datetime import date

from django.db.models import Q, Sum
from hypothesis import seed
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from loans.models import Bill, DebitNotice, DebitOrder, Loan, UnappliedFunds
from loans.reconciliation import queries as reconciliation
from tests.acceptance import reading
from tests.conftest import empty_tables
from tests.loans.life_actions import ACTIONS, LOANS, MODES, possible
from tests.loans.life_bank import SELDOM, LifelongBank
from tests.loans.life_calendar import LifeCalendar
from tests.loans.life_customer import LifeCustomer, which
from tests.loans.life_laws import LAWS
from tests.loans.life_loans import DAY
from tests.profiles import COHORT, IS_LONG, whole_lives
from tests.raw import execute

ANSWERS = st.sampled_from(("ok",) * 3 + ("refused",) * 6 + SELDOM)
CHARGES = ("own", "revolve", "fee", "late", "penalty")


class Cohort(RuleBasedStateMachine):
    """Some customers, their bank and the staff."""

    def __init__(self, database, bank, happened):
        super().__init__()
        self.database, self.bank, self.happened = database, bank, happened
        self.customers = []

    def teardown(self):
        empty_tables(self.database)

    @initialize(
        first=st.sampled_from([date(2026, 9, 1), date(2027, 1, 31), date(2028, 2, 12)]),
        size=st.integers(1, COHORT).map(lambda less: COHORT + 1 - less),
        days=st.sampled_from([9, 12, 20, 21, 28, 29, 30]),
        data=st.data(),
    )
    def begin(self, first, size, days, data):
        self.calendar = LifeCalendar(first)
        for number in range(1, size + 1):
            mode = data.draw(st.sampled_from(MODES))
            one = LifeCustomer(number, mode=mode, calendar=self.calendar, bank=self.bank)
            self.customers.append(one)
        self.of = {one.pk: one for one in self.customers}
        self.bank.begin({one.account: ["ok"] for one in self.customers})
        for one in self.customers:
            for drawn in data.draw(st.lists(LOANS, min_size=1, max_size=2)):
                one.draw(drawn)
        self.pass_days(days)

    # Days

    @rule(days=st.sampled_from([0, 1, 1, 2, 2, 3, 5, 8]), is_over=st.booleans(), data=st.data())
    def days_pass(self, days, is_over, data):
        self.step(days, data, is_over=is_over)

    @precondition(lambda self: self.coming())
    @rule(
        before=st.sampled_from([10, 2, 1, 0, 0]), later=st.integers(0, 1), is_over=st.booleans(),
        data=st.data(),
    )  # fmt: skip
    def a_due_date_comes(self, before, later, is_over, data):
        due = self.coming()
        days = (due[later % len(due)] - before * DAY - self.calendar.today).days
        self.step(max(0, days), data, is_over=is_over)

    def coming(self):
        return sorted(set().union(*(one.coming() for one in self.customers)))[:2]

    def step(self, days, data, *, is_over):
        """Let days pass, with the bank's words for each customer, then something to everyone."""
        self.bank.begin({
            one.account: [data.draw(ANSWERS), data.draw(ANSWERS)] for one in self.customers
        })  # fmt: skip
        self.pass_days(days)
        if is_over:
            self.end_day()
        for one in self.customers:
            action = which(data.draw, possible(one))
            if action.run(one, data.draw):
                self.happened[action.run.__name__] += 1

    def pass_days(self, days):
        for _day in range(days):
            self.end_day()
            self.calendar.begin_day()
            for one in self.customers:
                one.facts.begin(self.calendar.today)
            for notice in DebitNotice.objects.filter(
                notified_on=self.calendar.today
            ).select_related("bill"):
                self.of[notice.customer_id].check_notice(notice)

    def end_day(self):
        if not self.calendar.is_debited:
            self.bank.begin(self.bank.words)
            for _debits in self.calendar.end_day():
                self.follow_orders()

    def follow_orders(self):
        """Compare the orders of the day, and let the model know the answers to older ones too."""
        today = self.calendar.today
        known = [number for one in self.customers for number in one.open_orders()]
        tried = defaultdict(set)
        orders = DebitOrder.objects.filter(
            Q(business_date=today) | Q(number__in=known), origin="auto"
        ).select_related("bill", "repayment")
        for order in orders.order_by("pk"):
            if order.business_date == today:
                tried[order.customer_id].add(order.bill.billed_on)
            if self.of[order.customer_id].follow(order):
                self.happened[order.state] += 1
        for one in self.customers:
            one.asks_no_other(tried[one.pk])

    # What must hold after every step

    @invariant()
    def every_loan_is_as_the_model_has_it(self):
        if not self.customers:
            return
        ids = [one.pk for one in self.customers]
        shown, unpaid = reading.read_loans(ids, on=self.calendar.today)
        states = dict(Loan.objects.values_list("pk", "state"))
        bills = defaultdict(list)
        for bill in Bill.objects.order_by("due_on"):
            bills[bill.customer_id].append(bill)
        waiting = Counter(dict(
            UnappliedFunds.objects.values_list("customer").annotate(Sum("amount_fen"))
        ))  # fmt: skip
        for one in self.customers:
            self.compare_loans(one, shown, states)
            for bill in bills[one.pk]:
                self.compare_bill(one, bill, unpaid[bill.pk])
            assert waiting[one.pk] == sum(one.life.refunds.values()), one

    def compare_loans(self, one, shown, states):
        for loan_id, loan in zip(one.loans, one.life.loans, strict=True):
            assert states[loan_id] == loan.state, (loan_id, one)
            self.happened[f"loan {loan.state}"] += 1
            if loan_id in shown:
                kinds = [loan.contract[kind] for kind in CHARGES]
                mine = [loan.principal, *kinds, loan.waived, sum(kinds)]
                assert shown[loan_id][:8] == mine, (loan_id, one)
                assert shown[loan_id][9] == loan.charged, (loan_id, one)

    def compare_bill(self, one, bill, unpaid):
        mine = one.life.bill(bill.billed_on)
        found = (bill.state.upper(), bill.due_on, bill.total_fen, bill.minimum_fen,
                 bill.past_due_fen, bill.paid_fen, bill.waived_fen, bill.late_fee_fen,
                 unpaid)  # fmt: skip
        self.happened[f"bill {bill.state}"] += 1
        if mine is None:
            assert (found[0], found[-1]) == ("PAID", 0), one
            return
        # An extension of a bill that an earlier value date has paid leaves it a later date.
        due = bill.due_on if mine.state == "PAID" else mine.due
        assert found == (
            mine.state, due, mine.total, mine.minimum, mine.past_due, mine.paid, mine.waived,
            mine.late, mine.unpaid if mine.parts else 0,
        ), one  # fmt: skip

    @invariant()
    def nothing_is_unequal(self):
        if not self.customers:
            return
        today = self.calendar.today
        found = (
            *reconciliation.caches(), *reconciliation.orders(), *reconciliation.payouts(),
            *reconciliation.unapplied_funds(), *reconciliation.account_balances(),
            *reconciliation.accruals(on=today), *reconciliation.unbilled(on=today),
        )  # fmt: skip
        assert list(found) == []

    @invariant()
    def the_database_agrees_with_itself(self):
        for law in LAWS:
            assert not execute(law), law


# What the short form must have met at least once, to prove anything. The proof of a use, called
# later rows, money for a charged-off loan, and steps that end in grace are for the long form.
SELDOM_REACHED = ("proves_the_use", "later_rows_are_called_due")
REACHED = (
    *(one.run.__name__ for one in ACTIONS if one.run.__name__ not in SELDOM_REACHED),
    *("failed", "succeeded", "unknown"),  # orders of direct debits
    *(f"bill {state}" for state in ("billed", "min_paid", "carried", "overdue", "paid")),
    *(f"loan {state}" for state in ("active", "overdue", "settled", "charged_off")),
)


def test_whole_lives_are_as_the_model_has_them(committed_db, monkeypatch, database_name):
    bank, happened = LifelongBank(), Counter()
    monkeypatch.setattr("loans.tasks.debit_channel", lambda: bank)

    def cohort():
        return Cohort(database_name, bank, happened)

    run_state_machine_as_test(cohort if IS_LONG else seed(1)(cohort), settings=whole_lives)

    assert [name for name in REACHED if not happened[name]] == []
