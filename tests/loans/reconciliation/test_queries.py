"""What reconcile sees, and what it reads to see it."""

from datetime import date, time

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from backoffice.core import workflow
from loans.accounting.operations import ledger
from loans.accounting.operations.ledger import Entry
from loans.accounting.queries.unposted import unposted
from loans.collection.operations import results
from loans.delinquency.operations import end_of_day
from loans.models import Bill, DebitOrder, Loan
from loans.reconciliation import queries as reconciliation
from tests.conftest import _owner
from tests.loans.collection.queries.test_due import plan_of
from tests.loans.conftest import day, moment
from tests.loans.delinquency.test_overdue_life import debit, live
from tests.loans.repayment.issuing import issue_next
from tests.loans.repayment.operations.test_reprocess import late_success, unheard_of

pytestmark = pytest.mark.usefixtures("committed_db")


def test_the_repayments_of_a_day_are_found_by_their_day():
    with CaptureQueriesContext(connection) as asked:
        assert list(reconciliation.bank({}, on=day(0))) == []

    assert "repayment_day" in plan_of(asked.captured_queries[0]["sql"])


def forge(account: str, *, on, loan_id: int | None = None, fen: int = 7) -> None:
    """Post a transfer that nothing has led to."""
    entry = Entry(on, account, "opening_balance", fen, "accrual", "end_of_day", 0, loan_id, None)
    ledger.post([entry], at=moment(on))


def test_between_the_close_and_the_night_nothing_is_missing(make_bill, channel):
    bill = make_bill()
    channel.will_answer("acct-1", "NOTENOUGH")
    live(bill, channel, until=3)

    end_of_day.close([bill.pk], by="system:end-of-day", on=day(4), at=moment(day(4), time(0, 5)))
    assert list(reconciliation.accruals(on=day(4))) == []
    end_of_day.accrue_night(on=day(4), at=moment(day(4), time(0, 30)))
    assert list(reconciliation.accruals(on=day(4))) == []


def test_after_money_of_an_earlier_day_the_ledger_waits_for_the_night(make_bill, channel):
    bill = make_bill()
    channel.will_answer("acct-1", "NOTENOUGH")
    live(bill, channel, until=3)
    first = DebitOrder.objects.get(number=f"{bill.pk}-1-1-1")
    results.record(
        [late_success(first, succeeded_at=moment(day(0)))],
        by="system:debit-channel",
        at=moment(day(3), time(12)),
    )

    assert unposted(on=day(3)) == (0, 1_500)
    assert list(reconciliation.accruals(on=day(3))) == []
    end_of_day.accrue_night(on=day(4), at=moment(day(4), time(0, 30)))
    assert list(reconciliation.accruals(on=day(4))) == []


def test_a_ledger_that_is_not_what_the_night_made_it_is_seen(make_bill, channel):
    bill = make_bill()
    live(bill, channel, until=-1)
    end_of_day.accrue_night(on=day(0), at=moment(day(0), time(0, 30)))
    forge("accrued_unposted", on=day(0))

    [difference] = reconciliation.accruals(on=day(0))

    assert difference == ("accrued, not posted", "as of 2026-10-01", 15_000, 15_007)


# What went wrong past every guard, and the one check that sees it.
FAULTS = {
    "charged to the loan": "UPDATE loans_loan SET charged_fen = charged_fen + 5",
    "unapplied funds": "UPDATE loans_unappliedfunds SET amount_fen = amount_fen + 5",
    "taken = repayment": "UPDATE loans_debitorder SET state = 'failed' WHERE state = 'succeeded'",
    "allocations = ledger": "UPDATE loans_repaymentallocation SET "
    "interest_fen = interest_fen - 10, principal_fen = principal_fen + 10 WHERE interest_fen > 9",
}


@pytest.mark.parametrize("check", FAULTS)
def test_a_fault_past_every_guard_is_seen(make_bill, channel, database_name, check):
    pay_twice(make_bill(), channel)
    assert found() == set()

    past_every_guard(database_name, FAULTS[check])

    assert check in found()


def pay_twice(bill, channel) -> None:
    """Debit a bill that a payment not heard of yet has paid in part: the surplus waits."""
    lost = unheard_of(bill, channel, 1_000, at=moment(day(0), time(8)), key="lost")
    channel.will_answer("acct-1", "SUCCESS")
    debit(bill, channel, on=day(0))
    results.record(
        [late_success(lost, succeeded_at=moment(day(0)))],
        by="system:debit-channel",
        at=moment(day(0), time(10)),
    )


def found() -> set[str]:
    checks = (reconciliation.caches(), reconciliation.unapplied_funds(), reconciliation.orders())
    return {difference.check for check in checks for difference in check}


def past_every_guard(database: str, statement: str) -> None:
    with _owner(database) as owner:
        owner.execute("SET session_replication_role = replica")
        owner.execute(statement)


def test_money_is_not_seen_to_wait_for_another_customer(make_bill, channel, database_name):
    bill, other = make_bill(), make_bill()
    pay_twice(bill, channel)

    past_every_guard(
        database_name, f"UPDATE loans_unappliedfunds SET customer_id = {other.customer_id}"
    )

    assert [difference[1:] for difference in reconciliation.unapplied_funds()] == [
        (f"customer {bill.customer_id}", 0, 1_000),
        (f"customer {other.customer_id}", 1_000, 0),
    ]


def unbilled(on):
    return [(one.subject, one.found_fen) for one in reconciliation.unbilled(on=on)]


def test_principal_under_an_open_bill_is_asked(make_bill, channel):
    bill = make_bill(mode="off")
    assert unbilled(day(200)) == []

    live(bill, channel, until=9)

    assert unbilled(day(200)) == []


def test_a_row_whose_bill_should_have_been_issued_is_listed(make_bill):
    loan = Loan.objects.get(customer=make_bill().customer)
    loan.instalments.update(bill=None)

    assert unbilled(day(-10)) == []  # the day of its bill is not over
    assert unbilled(day(-9)) == [(f"loan {loan.pk}", 1_000_000)]


@pytest.mark.parametrize("state", ["min_paid", "carried"])
def test_what_a_closed_bill_left_is_listed_when_no_later_bill_took_it_over(make_bill, state):
    """The next bill is issued on 2026-10-22, a month after this one."""
    bill = make_bill(mode="off")
    with transaction.atomic(), workflow.importing():
        if state == "carried":
            Bill.objects.filter(pk=bill.pk).update(state="grace")
        Bill.objects.filter(pk=bill.pk).update(state=state)

    assert unbilled(date(2026, 10, 21)) == []
    assert unbilled(date(2026, 10, 22)) == [(f"loan {Loan.objects.get().pk}", 1_000_000)]
    issue_next(bill)
    assert unbilled(date(2026, 10, 22)) == []
