"""A month is closed by two people, in order, once it has ended and everything agrees."""

from datetime import date, time, timedelta

import pytest
from django.db import connection, transaction
from django.db.utils import IntegrityError

from backoffice.core.models import Approval, JobRun
from backoffice.platform import approvals
from loans.accounting.operations import ledger
from loans.accounting.operations.ledger import Entry
from loans.collection.operations import results
from loans.general_ledger.operations import month_close
from loans.general_ledger.queries.trial_balance import trial_balance
from loans.general_ledger.rules.chart import may_post
from loans.general_ledger.rules.periods import month_of, period_of
from loans.general_ledger.rules.trial_balance import BalanceLine, is_balanced
from loans.models import (
    Charge,
    ClosedBalance,
    ClosedMonth,
    DebitOrder,
    Instalment,
    Loan,
    Repayment,
    Transfer,
)
from loans.reconciliation import queries as reconciliation
from tests import migrated
from tests.loans.conftest import day, moment
from tests.loans.delinquency.test_overdue_life import live
from tests.loans.general_ledger.months import close_reconciled, propose
from tests.loans.repayment.operations.test_reprocess import late_success
from tests.loans.staff import person
from tests.raw import execute, refused

pytestmark = pytest.mark.usefixtures("committed_db")

SEPTEMBER, OCTOBER, NOVEMBER = date(2026, 9, 1), date(2026, 10, 1), date(2026, 11, 1)
NOON = moment(date(2026, 11, 2), time(12))
# What must not move when something is refused.
KEPT = ("loans_transfer", "loans_closedmonth", "loans_closedbalance", "backoffice_approval")


def kept() -> list[object]:
    return [execute(f"SELECT * FROM {table} ORDER BY id") for table in KEPT]


def post(on: date, *, fen: int = 500, at=NOON, kind: str = "unapplied") -> None:
    with transaction.atomic():
        ledger.post(
            [Entry(on, "bank", "unapplied_funds", fen, kind, "repayment", 41, None, 9)], at=at
        )


def lines_of(code: str) -> dict[str, BalanceLine]:
    return {one.account: one for one in trial_balance(period_of(code))}


def test_the_close_stores_the_trial_balance_of_the_month(channel):
    post(date(2026, 9, 30), fen=300)
    post(date(2026, 10, 31), fen=500)
    post(date(2026, 11, 1), fen=9)

    closed = close_reconciled(OCTOBER, at=NOON)

    assert (closed.transfers, closed.moved_fen, closed.reason) == (1, 500, "month end checked")
    assert closed.balances.count() == 17
    bank = closed.balances.get(account="bank")
    assert (bank.opening_fen, bank.debit_fen, bank.credit_fen, bank.closing_fen) == (
        300, 500, 0, 800,
    )  # fmt: skip
    funds = closed.balances.get(account="unapplied_funds")
    assert (funds.opening_fen, funds.closing_fen) == (-300, -800)
    assert lines_of("2026-11")["bank"] == BalanceLine("bank", 800, 9, 0)


def test_what_comes_late_enters_the_first_open_month_under_its_own_day(channel):
    post(date(2026, 10, 31), fen=500)
    close_reconciled(OCTOBER, at=NOON)
    closed = lines_of("2026-10")

    post(date(2026, 10, 20), fen=70)
    post(date(2026, 8, 5), fen=2)
    post(date(2026, 11, 2), fen=1)

    late = Transfer.objects.filter(accounting_date=NOVEMBER).order_by("pk")
    assert [(one.business_date, one.amount_fen, one.booked_on) for one in late] == [
        (date(2026, 10, 20), 70, NOVEMBER), (date(2026, 8, 5), 2, NOVEMBER),
    ]  # fmt: skip
    assert lines_of("2026-10") == closed
    assert lines_of("2026-11")["bank"] == BalanceLine("bank", 500, 73, 0)
    assert lines_of("2026-11-01")["bank"] == BalanceLine("bank", 500, 72, 0)
    assert lines_of("2026-11-02")["bank"] == BalanceLine("bank", 572, 1, 0)


def test_the_second_close_takes_the_late_ones_in(channel):
    post(date(2026, 9, 30), fen=500)
    close_reconciled(SEPTEMBER, at=NOON)
    post(date(2026, 9, 30), fen=70)

    closed = close_reconciled(OCTOBER, at=NOON)

    assert (closed.transfers, closed.moved_fen) == (1, 70)
    assert closed.balances.get(account="bank").closing_fen == 570
    post(date(2026, 9, 30), fen=1)
    assert Transfer.objects.latest("pk").accounting_date == NOVEMBER


def test_a_payment_of_a_closed_month_that_arrives_late_balances_in_the_next(make_bill, channel):
    bill = make_bill()
    channel.will_answer("acct-1", "NOTENOUGH")
    live(bill, channel, until=32)
    made = propose(OCTOBER, at=NOON, channel=channel)
    approvals.approve([made.pk], by=person("manager"), reason="agreed", at=NOON)
    stored = {one.account: one for one in ClosedBalance.objects.all()}
    before = Transfer.objects.latest("pk").pk

    first = DebitOrder.objects.get(number=f"{bill.pk}-1-1-1")
    answer = late_success(first, succeeded_at=moment(day(0)))
    results.record([answer], by="system:debit-channel", at=NOON + timedelta(hours=1))

    late = Transfer.objects.filter(pk__gt=before)
    assert late.filter(business_date__lt=NOVEMBER).exclude(accounting_date=NOVEMBER).count() == 0
    assert late.filter(kind="repayment", business_date=OCTOBER).count() == 2
    october = lines_of("2026-10")
    assert {code: one.closing_fen for code, one in october.items()} == {
        code: one.closing_fen for code, one in stored.items()
    }
    november = trial_balance(month_of(NOVEMBER))
    assert is_balanced(november)
    closing = {one.account: one.closing_fen for one in november}
    assert closing == reconciliation.balances()
    assert Loan.objects.get().state == "settled"
    assert closing == closing | independent_fen()
    assert list(reconciliation.account_balances()) == []
    assert [
        one for one in Transfer.objects.all()
        if not may_post(one.kind, one.debit_account, one.credit_account)
    ] == []  # fmt: skip


def independent_fen() -> dict[str, int]:
    """Sum what the ledger must show from repayments, instalments and charges."""
    unpaid = {
        name: sum(Instalment.objects.values_list(f"unpaid_{name}_fen", flat=True))
        for name in ("principal", "interest", "penalty", "late_fee")
    }
    fees = Charge.objects.filter(kind="late_fee").values_list("charged_fen", flat=True)
    return {
        "bank": sum(Repayment.objects.values_list("amount_fen", flat=True)),
        "loan_principal": unpaid["principal"],
        "interest": unpaid["interest"],
        "penalty": unpaid["penalty"],
        "late_fee": unpaid["late_fee"],
        "late_fee_income": -sum(fees),
        "charge_off_loss": 0,
    }


def test_a_month_whose_portfolio_disagrees_is_refused_with_the_differences(make_bill, channel):
    bill = make_bill()
    live(bill, channel, until=0)
    Loan.objects.update(principal_fen=7)
    before = kept()

    with pytest.raises(month_close.MonthDifferencesError) as refusal:
        propose(OCTOBER, at=NOON, channel=channel)

    assert refusal.value.code == "month-differences"
    assert "loan" in str(refusal.value)
    assert kept() == before


def test_the_bank_is_compared_for_every_day_of_the_month(make_bill, channel):
    bill = make_bill()
    live(bill, channel, until=0)
    channel.taken.clear()

    with pytest.raises(month_close.MonthDifferencesError, match="bank = orders"):
        propose(OCTOBER, at=NOON, channel=channel)

    assert not Approval.objects.exists()


@pytest.mark.parametrize(
    ("month", "refusal"),
    [
        (SEPTEMBER, month_close.MonthClosedError),
        (OCTOBER, month_close.MonthClosedError),
        (NOVEMBER, month_close.MonthNotEndedError),
        (date(2027, 5, 1), month_close.MonthNotEndedError),
    ],
)
def test_a_month_is_closed_once_and_not_before_it_ends(channel, month, refusal):
    post(date(2026, 10, 31))
    close_reconciled(OCTOBER, at=NOON)
    before = kept()

    with pytest.raises(refusal):
        propose(month, at=NOON, channel=channel)

    assert kept() == before


def test_months_are_closed_in_their_order(channel):
    post(date(2026, 8, 31))
    close_reconciled(date(2026, 8, 1), at=NOON)
    before = kept()

    with pytest.raises(month_close.MonthOrderError, match="2026-09"):
        propose(OCTOBER, at=NOON, channel=channel)

    assert kept() == before


def test_the_first_close_needs_something_in_the_ledger(channel):
    post(date(2026, 11, 1))
    before = kept()

    with pytest.raises(month_close.MonthEmptyError):
        propose(OCTOBER, at=NOON, channel=channel)

    assert kept() == before


def test_a_month_waits_for_the_jobs_of_its_last_day(channel):
    post(date(2026, 10, 31))
    JobRun.objects.create(
        business_date=date(2026, 10, 31), job="00:05", planned=0, planned_fen=0,
        started_by="test", started_at=NOON, heartbeat_at=NOON,
    )  # fmt: skip
    before = kept()

    with pytest.raises(month_close.MonthJobsError, match=r"2026-10-31 00:05"):
        propose(OCTOBER, at=NOON, channel=channel)

    assert kept() == before


def test_a_close_is_refused_when_something_was_posted_since_the_proposal(channel):
    post(date(2026, 10, 31))
    [made] = month_close.propose_reconciled(
        [OCTOBER], by=person("finance"), reason="month end", at=NOON
    )
    post(date(2026, 8, 1))  # of an earlier month: the close would close it too
    before = kept()

    with pytest.raises(month_close.MonthChangedError):
        approvals.approve([made.pk], by=person("manager"), reason="agreed", at=NOON)

    assert kept() == before
    post(date(2026, 10, 31), fen=1)
    assert Transfer.objects.latest("pk").accounting_date is None


def test_who_proposes_a_close_does_not_decide_it(channel):
    post(date(2026, 10, 31))
    [made] = month_close.propose_reconciled(
        [OCTOBER], by=person("finance"), reason="month end", at=NOON
    )

    with pytest.raises(approvals.NotPermittedError):
        approvals.approve([made.pk], by=person("finance"), reason="agreed", at=NOON)
    with pytest.raises(approvals.NotPermittedError):
        month_close.propose_reconciled(
            [OCTOBER], by=person("collections"), reason="month end", at=NOON
        )

    assert not ClosedMonth.objects.exists()


def test_a_close_waits_for_whoever_posts_but_not_for_ever(channel, monkeypatch, together):
    post(date(2026, 10, 31))
    [made] = month_close.propose_reconciled(
        [OCTOBER], by=person("finance"), reason="month end", at=NOON
    )
    manager = person("manager")
    monkeypatch.setattr(month_close, "LOCK_TIMEOUT", timedelta(milliseconds=50))

    with transaction.atomic():
        ledger.post([Entry(NOVEMBER, "bank", "unapplied_funds", 1, "unapplied", "repayment", 41,
                           None, 9)], at=NOON)  # fmt: skip

        def approve(_number):
            with pytest.raises(month_close.LedgerBusyError):
                approvals.approve([made.pk], by=manager, reason="agreed", at=NOON)

        together(1, approve)

    assert not ClosedMonth.objects.exists()
    assert Approval.objects.get().state == "proposed"


INSERT = (
    "INSERT INTO loans_transfer (business_date, accounting_date, debit_account, credit_account, "
    "amount_fen, kind, cause_type, reverses, funder, at) VALUES "
    "(%s, %s, 'bank', 'unapplied_funds', 1, 'unapplied', 'repayment', '', 'own', %s)"
)


@pytest.mark.parametrize(
    ("business_date", "accounting_date"),
    [
        (date(2026, 10, 31), None),
        (date(2026, 10, 31), date(2026, 12, 1)),
        (date(2026, 9, 30), OCTOBER),
        (date(2024, 1, 1), None),
        (date(2026, 11, 2), date(2026, 12, 1)),
    ],
)
@pytest.mark.parametrize("posted_at", [NOON, moment(date(2026, 10, 31))])
def test_the_database_refuses_what_is_dated_into_a_closed_month(
    channel, business_date, accounting_date, posted_at
):
    post(date(2026, 10, 31))
    close_reconciled(OCTOBER, at=NOON)

    with refused("transfer_in_open_month", *KEPT):
        execute(INSERT, business_date, accounting_date, posted_at)

    execute(INSERT, date(2026, 10, 31), NOVEMBER, posted_at)


def test_while_no_month_is_closed_no_transfer_has_another_accounting_date():
    with refused("transfer_in_open_month", *KEPT):
        execute(INSERT, date(2026, 10, 31), NOVEMBER, NOON)


@pytest.mark.parametrize("accounting_date", [date(2026, 11, 2), OCTOBER])
def test_an_accounting_date_is_the_first_day_of_a_later_month(accounting_date):
    with refused("transfer_accounting_month", *KEPT):
        execute(INSERT, date(2026, 10, 31), accounting_date, NOON)


MONTH = (
    "INSERT INTO loans_closedmonth (month, approval_id, transfers, moved_fen, reason, closed_by, "
    "at) VALUES (%s, %s, %s, %s, 'x', 'x', %s)"
)


def test_the_database_closes_only_what_was_approved(channel):
    post(date(2026, 10, 31))
    [made] = month_close.propose_reconciled(
        [OCTOBER], by=person("finance"), reason="month end", at=NOON
    )

    with refused("closed_month_as_approved", *KEPT):
        execute(MONTH, OCTOBER, made.pk, 1, 500, NOON)
    approvals.approve([made.pk], by=person("manager"), reason="agreed", at=NOON)
    with refused("closed_month_as_approved", *KEPT):
        execute(MONTH, NOVEMBER, made.pk, 1, 500, NOON)


@pytest.mark.parametrize(
    ("month", "at", "constraint"),
    [
        (date(2026, 12, 1), moment(date(2027, 1, 1)), "closed_month_in_order"),
        (SEPTEMBER, moment(date(2027, 1, 1)), "closed_month_in_order"),
        (NOVEMBER, moment(date(2026, 11, 30)), "closed_month_has_ended"),
    ],
)
def test_the_database_keeps_the_order_of_months_and_waits_for_their_end(
    channel, month, at, constraint
):
    post(date(2026, 10, 31))
    close_reconciled(OCTOBER, at=NOON)
    [made] = approvals.propose(
        [approvals.Proposal("month-close", payload={
            "month": f"{month:%Y-%m}", "transfers": 0, "moved_fen": 0})],
        by=person("finance"), reason="forged", at=NOON,
    )  # fmt: skip
    with migrated.owner(connection.settings_dict["NAME"]) as superuser:
        superuser.execute("SET session_replication_role = replica")
        superuser.execute(
            "UPDATE backoffice_approval SET state = 'approved', decided_by_id = %s, "
            "decided_at = %s, note = 'forged' WHERE id = %s",
            [person("manager").pk, NOON, made.pk],
        )

    with refused(constraint, *KEPT):
        execute(MONTH, month, made.pk, 0, 0, at)


def test_what_was_stored_at_a_close_is_not_changed(channel):
    post(date(2026, 10, 31))
    close_reconciled(OCTOBER, at=NOON)

    for statement in (
        "UPDATE loans_closedbalance SET closing_fen = 0",
        "DELETE FROM loans_closedbalance",
        "UPDATE loans_closedmonth SET month = '2026-11-01'",
        "DELETE FROM loans_closedmonth",
    ):
        with pytest.raises(Exception, match=r"permission denied|Cannot update or delete"):
            execute(statement)


def test_no_line_is_added_to_a_closed_month_and_each_adds_up(channel):
    post(date(2026, 10, 31))
    closed = close_reconciled(OCTOBER, at=NOON)

    with pytest.raises(IntegrityError, match="closed_balance_account"):
        ClosedBalance.objects.create(
            closed_month=closed, account="bank", opening_fen=0, debit_fen=0, credit_fen=0,
            closing_fen=0,
        )  # fmt: skip
    with pytest.raises(IntegrityError, match="closed_balance_adds_up"):
        ClosedBalance(
            closed_month=closed, account="bank", opening_fen=0, debit_fen=0, credit_fen=0,
            closing_fen=1,
        ).save(force_insert=True)  # fmt: skip
