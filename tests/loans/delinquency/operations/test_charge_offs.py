"""Charge-off by two people: the balance sheet changes, the debt does not; recovery (OPS-3)."""

from datetime import time

import pytest
from django.db.models import F, Sum

from accounts.models import Authorisation, BankCard
from backoffice.core import clock
from loans.billing.operations import issue
from loans.collection.operations import results
from loans.contracts.queries import loan_schedule
from loans.delinquency import queries
from loans.delinquency.operations import end_of_day
from loans.delinquency.operations.charge_offs import LoanNotOverdueError
from loans.models import Bill, ChargeOff, DebitOrder, Loan, Transfer
from loans.reconciliation import queries as reconciliation
from loans.settlement import operations as early
from loans.settlement import queries as settlement
from loans.settlement.operations import EarlyRequest, LoanChargedOffError
from tests.loans.conftest import day, moment
from tests.loans.delinquency.plans import as_plan
from tests.loans.delinquency.test_overdue_life import live, pay, payoff_fen, reread
from tests.loans.early import grant
from tests.loans.repayment.operations.test_reprocess import (
    differences,
    late_success,
    unheard_of,
)
from tests.loans.staff import REASON, approve, charge_off, propose_charge_off, waive
from tests.raw import execute, refused

pytestmark = pytest.mark.usefixtures("committed_db")

OWED_FEN = 1_027_553  # on D+14, table 1.9


@pytest.fixture
def overdue(make_bill, channel):
    """The bill of the table 1.9 on D+14."""
    bill = make_bill()
    channel.will_answer("acct-1", "NOTENOUGH")
    live(bill, channel, until=14)
    return bill


def balance(account: str) -> int:
    return reconciliation.balance_fen(account)


def test_the_claim_leaves_the_books_and_the_debt_stays(overdue):
    charge_off(Loan.objects.get(), on=day(14))

    loan = Loan.objects.get()
    assert (loan.state, loan.ended_on, loan.unpaid_principal_fen) == (
        "charged_off", day(14), 1_000_000,
    )  # fmt: skip
    assert balance("charge_off_loss") == OWED_FEN
    assert balance("charged_off") == -OWED_FEN
    receivables = ("loan_principal", "interest", "late_fee", "penalty")
    assert sum(map(balance, receivables)) == OWED_FEN
    assert payoff_fen(overdue, day(14)) == OWED_FEN
    fact = ChargeOff.objects.get()
    assert (fact.charged_off_on, fact.reason) == (day(14), REASON)
    assert differences() == []


def test_the_penalty_goes_on_and_is_no_income(overdue, channel):
    income_fen = balance("accrual_income")
    charge_off(Loan.objects.get(), on=day(14))

    live(overdue, channel, first=15, until=16)
    pay(overdue, channel, 1_000, at=moment(day(16)))

    # Two nights on 1,010,045 of principal and unpaid penalty, of the segment since D+4: 2,021.
    assert payoff_fen(overdue, day(16)) == OWED_FEN + 2_021 - 1_000
    assert balance("accrual_income") == income_fen
    assert balance("recovery_income") == -1_000
    assert balance("charged_off") == -(OWED_FEN + 2_021 - 1_000)
    assert differences() == []
    assert list(reconciliation.accruals(on=day(16))) == []


def test_the_loan_owes_what_its_bill_asks(overdue):
    charge_off(Loan.objects.get(), on=day(14))

    loan = Loan.objects.get()
    owed_fen = payoff_fen(overdue, day(20))
    [row] = loan_schedule.rows_of(loan, on=day(20))
    assert owed_fen > OWED_FEN
    assert loan_schedule.owed_fen([loan], on=day(20)) == {loan.pk: owed_fen}
    assert row.owed_fen == owed_fen


def test_it_is_repaid_through_its_bill(overdue):
    charge_off(Loan.objects.get(), on=day(14))
    loan = Loan.objects.get()
    authorisation, orders = grant(loan, OWED_FEN), DebitOrder.objects.count()
    card = BankCard.objects.get(customer=loan.customer)
    ask = EarlyRequest(loan.customer, loan, card, authorisation.public_id, "a")

    with pytest.raises(LoanChargedOffError) as early_refused:
        early.request(
            ask, by="customer", on=day(14), at=moment(day(14), time(12)), wall_at=clock.wall()
        )
    with pytest.raises(LoanChargedOffError):
        early.quote_prepayment(loan, principal_fen=100_000, on=day(14))

    assert [call.step for call in early_refused.value.calls] == ["list-bills", "pay-bill"]
    assert DebitOrder.objects.count() == orders
    assert Authorisation.objects.get().used_at is None
    assert settlement.quote_of(loan, on=day(14)) is None


def test_its_cycles_go_on_until_payment(overdue, channel):
    """REPAY-18; only the transfer of a debt would end them (OPS-3)."""
    charge_off(Loan.objects.get(), on=day(14))
    channel.will_answer("acct-1", "SUCCESS")

    live(overdue, channel, first=15, until=15)

    last = DebitOrder.objects.order_by("pk").last()
    assert (last.business_date, last.taken_fen) == (day(15), OWED_FEN + 1_010)
    assert (Loan.objects.get().state, reread(overdue).state) == ("recovered", "paid")
    assert balance("recovery_income") == -(OWED_FEN + 1_010)
    assert balance("charged_off") == 0
    assert differences() == []


def test_everything_paid_is_recovered(overdue, channel):
    charge_off(Loan.objects.get(), on=day(14))

    pay(overdue, channel, payoff_fen(overdue, day(15)), at=moment(day(15)))

    loan = Loan.objects.get()
    assert (loan.state, loan.ended_on, reread(overdue).state) == ("recovered", day(15), "paid")
    assert balance("recovery_income") == -(OWED_FEN + 1_010)
    assert balance("charged_off") == 0
    assert balance("charge_off_loss") == OWED_FEN
    assert differences() == []


def test_a_waiver_of_a_charged_off_loan_gives_no_income_back(overdue):
    charge_off(Loan.objects.get(), on=day(14))

    waive(overdue, on=day(14), at=time(16), penalty_fen=10_045)

    assert balance("charges_waived") == 0
    assert balance("charged_off") == -(OWED_FEN - 10_045)
    assert differences() == []


def test_money_of_before_the_charge_off_is_no_recovery(overdue, channel):
    found = unheard_of(overdue, channel, 300_000, at=moment(day(12)), key="lost")
    charge_off(Loan.objects.get(), on=day(14))

    results.record(
        [late_success(found, succeeded_at=moment(day(12)))],
        by="system:debit-channel", at=moment(day(15)),
    )  # fmt: skip

    # Left on D+12: 725,536 of principal; two nights of penalty: 1,452.
    assert Loan.objects.get().state == "charged_off"
    assert balance("charge_off_loss") == 726_988
    assert balance("charged_off") == -726_988
    assert balance("recovery_income") == 0
    assert differences() == []


def test_money_that_had_paid_it_before_takes_the_charge_off_back(make_bill, channel):
    overdue = make_bill()
    found = unheard_of(overdue, channel, 1_015_000, at=moment(day(0), time(8)), key="lost")
    channel.will_answer("acct-1", "NOTENOUGH")
    live(overdue, channel, until=14)
    charge_off(Loan.objects.get(), on=day(14))

    results.record(
        [late_success(found, succeeded_at=moment(day(0), time(8)))],
        by="system:debit-channel", at=moment(day(15)),
    )  # fmt: skip

    assert (Loan.objects.get().state, reread(overdue).state) == ("settled", "paid")
    assert (balance("charge_off_loss"), balance("charged_off")) == (0, 0)
    assert differences() == []


def test_it_is_counted_apart_from_what_is_late(overdue):
    charge_off(Loan.objects.get(), on=day(14))

    assert queries.charged_off() == (1, OWED_FEN)
    assert queries.late(on=day(14))["overdue"] == (0, 0)


def test_the_night_of_the_portfolio_has_no_part_in_it(overdue):
    charge_off(Loan.objects.get(), on=day(14))

    assert end_of_day.accrue_night(on=day(15), at=moment(day(15), time(0, 30))) == 0


def test_only_an_overdue_loan_is_charged_off(make_bill):
    make_bill()

    with pytest.raises(LoanNotOverdueError):
        propose_charge_off(Loan.objects.get(), on=day(0))


def test_what_was_cured_meanwhile_is_not_charged_off(overdue, channel):
    made = propose_charge_off(Loan.objects.get(), on=day(14))
    pay(overdue, channel, OWED_FEN, at=moment(day(14), time(14, 30)))

    with pytest.raises(LoanNotOverdueError):
        approve(made, on=day(14))

    assert (reread(made).state, ChargeOff.objects.count()) == ("proposed", 0)
    assert not Transfer.objects.filter(kind="charge_off").exists()


def test_the_database_takes_none_without_its_approval(overdue):
    made = propose_charge_off(Loan.objects.get(), on=day(14))

    with refused("charge_off_as_approved"):
        execute(
            "INSERT INTO loans_chargeoff (loan_id, customer_id, approval_id, charged_off_on, "
            "reason, charged_off_by, at) VALUES (%s, %s, %s, '2026-10-15', 'x', 'x', now())",
            Loan.objects.get().pk, overdue.customer_id, made.pk,
        )  # fmt: skip


def test_debits_and_credits_of_every_account_add_up(overdue, channel):
    charge_off(Loan.objects.get(), on=day(14))
    pay(overdue, channel, 50_000, at=moment(day(16)))

    assert sum(reconciliation.balances().values()) == 0
    paid = Transfer.objects.filter(kind="recovery").aggregate(fen=Sum(F("amount_fen")))
    assert paid["fen"] == 50_000


def test_later_rows_are_billed_and_debited(make_bill, channel):
    """The debt of a plan that was given up falls due as before."""
    bill = as_plan(make_bill(principal_fen=300_000))
    channel.will_answer("acct-1", "NOTENOUGH")
    live(bill, channel, until=14)
    charge_off(Loan.objects.get(), on=day(14))

    issue.issue([bill.customer_id], by="t", on=day(90), at=moment(day(90), time(0, 6)))

    later = Bill.objects.get(due_on=day(100))
    assert (later.state, later.total_fen, later.debit_on) == ("billed", 100_150, day(100))
    assert list(reconciliation.unbilled(on=day(91))) == []
