"""Whole lives of loans: days pass, banks answer as they like, customers pay, words come twice.

After every step the ledger must agree with itself, whatever happened.
"""

from datetime import time, timedelta

import pytest
from django.db import transaction
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from backoffice.core.models import JobRun
from loans import business_day
from loans.accounting.operations.batch import LoanBatch
from loans.billing.operations import issue
from loans.collection.operations import orders, results
from loans.collection.operations.notices import notify
from loans.collection.operations.offers import (
    NoMandateError,
    OverpaidError,
    PaymentUnderWayError,
)
from loans.collection.operations.orders import CollectionRequest
from loans.collection.queries import due, notices
from loans.delinquency.operations import end_of_day
from loans.gateways.channel import Answer, Outcome
from loans.models import Bill, BillState, DebitOrder, Mandate
from loans.models.debit import OPEN_ORDER_STATES
from loans.reconciliation import queries as reconciliation
from tests.conftest import empty_tables
from tests.loans.conftest import FakeChannel, day, moment
from tests.profiles import lives
from tests.raw import contents, execute

TABLES = (
    "loans_bill", "loans_loan", "loans_instalment", "loans_debitorder", "loans_repayment",
    "loans_repaymentallocation", "loans_unappliedfunds", "loans_transfer", "loans_mandate",
    "loans_debitnotice", "backoffice_statechange", "risk_creditline", "risk_conduct",
)  # fmt: skip

CODES = ("SUCCESS", "NOTENOUGH", "BANKERROR", "TIMEOUT", "LOST", "CONTRACT_NOT_EXIST")
DAILY = st.sampled_from(["NOTENOUGH"] * 6 + ["BANKERROR"] * 2 + [*CODES[3:], "SUCCESS"])


class LateChannel(FakeChannel):
    """A bank that takes the money of a lost order only when somebody asks about it."""

    def __init__(self):
        super().__init__()
        self.now = moment(day(0))

    def query(self, numbers):
        found = super().query(numbers)
        return [answer and answer._replace(at=self.now) for answer in found]


class LifeOfALoan(RuleBasedStateMachine):
    """Up to three bills from the eve of their due date on."""

    def __init__(self, make_bill, database):
        super().__init__()
        self.make_bill, self.database = make_bill, database
        self.channel = LateChannel()
        self.answers = []
        self.today, self.minutes, self.wishes = -1, 0, 0

    def teardown(self):
        empty_tables(self.database)

    @initialize(
        principals=st.lists(
            st.sampled_from([900, 1_000, 5_000, 100_000, 1_000_000, 29_999_999]),
            min_size=1,
            max_size=3,
        ),
        rate_ppm=st.sampled_from([200, 350, 500]),
        mode=st.sampled_from(["full", "full", "minimum", "off"]),
        with_mandate=st.sampled_from([True, True, True, False]),
        is_one_person=st.booleans(),
    )
    def begin(self, principals, rate_ppm, mode, with_mandate, is_one_person):
        self.bills = []
        for number, principal_fen in enumerate(principals):
            again = is_one_person and self.bills
            bill = self.make_bill(
                principal_fen=principal_fen,
                rate_ppm=rate_ppm,
                mode=mode,
                with_mandate=with_mandate,
                customer=self.bills[0].customer if again else None,
                due_on=day(3 * number if again else 0),
            )
            self.bills.append(bill)
        end_of_day.accrue_night(on=day(-1), at=moment(day(-1), time(0, 30)))

    @property
    def now(self):
        """A moment of today after nine, later than the one before."""
        self.minutes += 1
        self.channel.now = moment(day(self.today)) + timedelta(minutes=self.minutes)
        return self.channel.now

    def script(self, codes):
        accounts = Mandate.objects.order_by("pk").values_list("card__account", flat=True)
        for account, code in zip(accounts, codes, strict=False):
            self.channel.will_answer(account, code)

    def record(self, answers):
        self.answers += answers
        return results.record(answers, by="system:debit-channel", at=self.now)

    @rule(answers=st.lists(st.lists(DAILY, min_size=3, max_size=3), min_size=1, max_size=6))
    def days_pass(self, answers):
        for codes in answers:
            self.a_day_passes(codes)

    def a_day_passes(self, codes):
        """Run the jobs of a day; those that only repeat must find nothing to do."""
        self.today, self.minutes = self.today + 1, 0
        on = day(self.today)
        self.close(on)
        assert self.close(on) == 0
        self.issue(on)
        assert self.issue(on) == 0
        self.notify(on)
        assert self.notify(on) == 0
        end_of_day.accrue_night(on=on, at=moment(on, time(0, 30)))
        assert end_of_day.accrue_night(on=on, at=moment(on, time(0, 31))) == 0
        self.debit("09:00", codes)

    def close(self, on):
        return end_of_day.close(
            due.to_close(on=on), by="system:end-of-day", on=on, at=moment(on, time(0, 5))
        )

    @precondition(lambda self: self.today >= 0 and self.minutes < 600)
    @rule(codes=st.lists(DAILY, min_size=3, max_size=3))
    def an_hour_later_the_debits_are_tried_again(self, codes):
        self.debit(f"again {self.minutes}", codes)

    def issue(self, on):
        """Issue the bills of a day for what closed ones left."""
        customers = {bill.customer_id for bill in self.bills}
        made = issue.issue(sorted(customers), by="test", on=on, at=moment(on, time(0, 6)))
        self.bills += Bill.objects.filter(billed_on=on) if made else []
        return made

    def notify(self, on):
        until = on + timedelta(days=2)
        ids = notices.to_notify(on=on, until=until)
        return notify(ids, until=until, by="test", on=on, at=moment(on, time(0, 15)))

    def debit(self, job, codes):
        at = self.now
        run = JobRun.objects.create(
            business_date=at.date(), job=job, started_at=at, heartbeat_at=at
        )
        self.script(codes)
        ids = due.to_debit(on=at.date()).ids
        business_day.debit(ids, run_id=run.pk, on=at.date(), at=at, channel=self.channel)

    @rule(
        which=st.integers(0, 2),
        share=st.sampled_from(["1", "1000", "minimum", "all-1001", "all-1000", "all-1", "all"]),
        code=st.sampled_from(["SUCCESS", "SUCCESS", "SUCCESS", "NOTENOUGH", "TIMEOUT", "LOST"]),
    )
    def a_customer_pays(self, which, share, code):
        bill = self.bills[which % len(self.bills)]
        at = self.now
        request = self.request(bill, share, on=at.date())
        if request is None:
            return
        self.script([code] * 3)
        try:
            prepared = orders.prepare([request], by="test", on=at.date(), at=at)
        except NoMandateError:
            assert not Mandate.objects.filter(customer=bill.customer_id, state="signed").exists()
            return
        except PaymentUnderWayError:
            mine = DebitOrder.objects.filter(customer=bill.customer_id)
            assert mine.filter(state__in=OPEN_ORDER_STATES).exists()
            return
        self.record(orders.ask(prepared, channel=self.channel, at=at))

    def request(self, bill, share, *, on):
        """Return what the customer offers: at least a fen, at most what is unpaid."""
        unpaid_fen = self.unpaid_fen(bill, on=on)
        amount_fen = {
            "1": 1,
            "1000": 1_000,
            "minimum": Bill.objects.get(pk=bill.pk).minimum_fen,
        }.get(share, unpaid_fen - int(share.partition("-")[2] or 0) if "all" in share else 0)
        if not 0 < amount_fen <= unpaid_fen:
            return None
        self.wishes += 1
        return CollectionRequest(bill.pk, amount_fen, origin="customer", key=str(self.wishes))

    def unpaid_fen(self, bill, *, on):
        with transaction.atomic():
            portfolio = LoanBatch.lock([bill.pk])
            return portfolio.preview(bill.pk, on=on).owed(bill.pk).total_fen

    @rule(which=st.integers(0, 2))
    def more_than_is_owed_is_not_accepted(self, which):
        bill, at = self.bills[which % len(self.bills)], self.now
        # Money for a bill settles the older ones of its customer first (REPAY-8).
        settled = [
            one for one in self.bills
            if one.customer_id == bill.customer_id and one.due_on <= bill.due_on
        ]  # fmt: skip
        too_much_fen = sum(self.unpaid_fen(one, on=at.date()) for one in settled) + 1
        before = contents(TABLES)
        with pytest.raises((OverpaidError, NoMandateError)):
            orders.prepare(
                [CollectionRequest(bill.pk, too_much_fen, origin="customer", key="too much")],
                by="test",
                on=at.date(),
                at=at,
            )
        assert contents(TABLES) == before

    @rule(takes=st.booleans(), code=st.sampled_from(["NOTENOUGH", "BANKERROR", "CONTRACTERROR"]))
    def a_late_answer_arrives(self, takes, code):
        order = DebitOrder.objects.filter(state__in=OPEN_ORDER_STATES).order_by("pk").first()
        if order is None:
            return
        known = self.channel.taken.get(order.number)
        if known is None:
            known = self.answer(order, Outcome.SUCCEEDED if takes else Outcome.FAILED, code)
            self.channel.taken[order.number] = known
        self.record([known._replace(at=self.now)])

    @rule(which=st.integers(0, 5))
    def the_bank_finds_money_it_had_refused(self, which):
        refused = list(DebitOrder.objects.filter(state="failed").order_by("pk"))
        if refused:
            order = refused[which % len(refused)]
            answer = self.answer(order, Outcome.SUCCEEDED, "SUCCESS")
            self.channel.taken[order.number] = answer
            self.record([answer])

    @rule(which=st.integers(0, 5), days_ago=st.integers(1, 12))
    def money_of_an_earlier_day_is_received(self, which, days_ago):
        """The bank had taken the money on its own day, whatever was closed since (GEN-9)."""
        refused = list(DebitOrder.objects.filter(state="failed").order_by("pk"))
        if not refused:
            return
        order = refused[which % len(refused)]
        taken_at = max(self.now - timedelta(days=days_ago), order.asked_at)
        answer = self.answer(order, Outcome.SUCCEEDED, "SUCCESS")._replace(at=taken_at)
        self.channel.taken[order.number] = answer
        self.record([answer])

    def answer(self, order, outcome, code):
        if outcome == Outcome.FAILED:
            return Answer(order.number, outcome, code, 0, "", self.now)
        reference = f"ref-{order.number}"
        return Answer(order.number, outcome, "SUCCESS", order.amount_fen, reference, self.now)

    @precondition(lambda self: self.answers)
    @rule(which=st.integers(0, 50))
    def an_answer_comes_again(self, which):
        answer = self.answers[which % len(self.answers)]
        order = DebitOrder.objects.get(number=answer.number)
        if order.state in OPEN_ORDER_STATES:
            return  # its own last word is still news
        if order.state == "failed" and answer.outcome == Outcome.SUCCEEDED:
            return
        before = contents(TABLES)
        results.record([answer, answer], by="system:debit-channel", at=self.now)
        assert contents(TABLES) == before

    @invariant()
    def the_books_agree(self):
        on = day(self.today)
        checks = (
            reconciliation.caches(),
            reconciliation.orders(),
            reconciliation.unapplied_funds(),
            reconciliation.account_balances(),
            reconciliation.accruals(on=on),
        )
        assert [difference for check in checks for difference in check] == []

    @invariant()
    def no_bill_is_asked_twice_at_once(self):
        assert not execute(
            "SELECT bill_id FROM loans_debitorder WHERE origin = 'auto' "
            "AND state IN ('planned', 'sent', 'unknown') GROUP BY 1 HAVING count(*) > 1"
        )

    @invariant()
    def every_fen_taken_is_applied_or_waits(self):
        [sums] = execute(
            "SELECT (SELECT coalesce(sum(taken_fen), 0) FROM loans_debitorder), "
            "(SELECT coalesce(sum(amount_fen), 0) FROM loans_repayment), "
            "(SELECT coalesce(sum(paid_fen), 0) FROM loans_bill) "
            "+ (SELECT coalesce(sum(amount_fen), 0) FROM loans_unappliedfunds)"
        )
        assert len({*sums}) == 1, sums

    @invariant()
    def what_owes_nothing_is_closed(self):
        assert not execute(
            "SELECT loan.id FROM loans_loan AS loan JOIN loans_instalment AS part "
            "ON part.loan_id = loan.id WHERE loan.state IN ('active', 'overdue') GROUP BY loan.id "
            "HAVING sum(part.unpaid_principal_fen + unpaid_interest_fen + unpaid_plan_fee_fen "
            "+ unpaid_late_fee_fen + unpaid_penalty_fen) = 0"
        )

    @invariant()
    def nothing_is_charged_above_the_cap(self):
        assert not execute(
            "SELECT id FROM loans_loan "
            "WHERE charged_fen > div(principal_nights_fen::numeric * 240000, 365000000)"
        )

    @invariant()
    def every_state_was_reached_step_by_step(self):
        assert not execute(
            "SELECT * FROM (SELECT source, lag(target) OVER (PARTITION BY subject_type, subject_id "
            "ORDER BY id) AS before FROM backoffice_statechange) AS step WHERE before <> source"
        )
        assert not execute(
            "SELECT bill.id FROM loans_bill AS bill JOIN LATERAL (SELECT target FROM "
            "backoffice_statechange WHERE subject_type = 'loans.bill' AND subject_id = bill.id "
            "ORDER BY id DESC LIMIT 1) AS last ON true WHERE last.target <> bill.state"
        )

    @invariant()
    def a_bill_is_overdue_only_after_grace_and_three_refusals(self):
        """Or seven days, or nobody to debit (REPAY-11, REPAY-12).

        A refusal counts also when the bank finds the money after the bill became overdue.
        """
        assert not execute(
            "SELECT bill.id FROM loans_bill AS bill WHERE bill.state = 'overdue' AND ("
            "bill.overdue_on < bill.due_on + 4 OR (bill.overdue_on < bill.due_on + 7 "
            "AND bill.mode <> 'off' AND EXISTS (SELECT FROM loans_mandate AS mandate "
            "WHERE mandate.customer_id = bill.customer_id AND mandate.state = 'signed') "
            "AND 3 > (SELECT count(*) FROM loans_debitorder AS debit WHERE debit.bill_id = bill.id "
            "AND debit.origin = 'auto' AND debit.cycle = 1 AND (debit.code = 'NOTENOUGH' "
            "OR EXISTS (SELECT FROM backoffice_statechange AS step WHERE step.subject_type = "
            "'loans.debitorder' AND step.subject_id = debit.id AND step.source = 'failed')))))"
        )

    @invariant()
    def a_line_is_drawn_by_what_its_loans_owe(self):
        assert not execute(
            "SELECT line.id FROM risk_creditline AS line JOIN loans_loan AS loan "
            "ON loan.line_id = line.id GROUP BY line.id "
            "HAVING line.drawn_fen + line.reserved_fen <> sum(loan.unpaid_principal_fen)"
        )

    @invariant()
    def a_debit_asks_no_more_than_was_notified(self):
        assert not execute(
            "SELECT debit.id FROM loans_debitorder AS debit JOIN loans_debitnotice AS notice "
            "ON notice.bill_id = debit.bill_id AND debit.business_date BETWEEN notice.first_on "
            "AND notice.last_on WHERE debit.origin = 'auto' GROUP BY debit.id "
            "HAVING debit.amount_fen > max(notice.maximum_fen)"
        )

    @invariant()
    def grace_does_not_last(self):
        assert not Bill.objects.filter(
            state__in=[BillState.BILLED, BillState.GRACE], due_on__lte=day(self.today - 7)
        ).exists()


def test_the_books_agree_whatever_happens_to_a_loan(committed_db, make_bill, database_name):
    run_state_machine_as_test(lambda: LifeOfALoan(make_bill, database_name), settings=lives)
