"""Any day and any month: opening, movements and closing fit together, and read few rows."""

from datetime import date, time
from itertools import pairwise

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from loans.accounting.operations import ledger
from loans.accounting.operations.ledger import Entry
from loans.general_ledger.queries.trial_balance import (
    balances_before,
    movements,
    summary_of,
    trial_balance,
)
from loans.general_ledger.rules.periods import LedgerPeriod, month_of, period_of
from loans.general_ledger.rules.trial_balance import (
    AccountMovement,
    BalanceLine,
    KindMovement,
    is_balanced,
)
from tests.loans.collection.queries.test_due import plan_of
from tests.loans.conftest import moment
from tests.loans.general_ledger.months import close_reconciled

pytestmark = pytest.mark.usefixtures("committed_db")

AUGUST, SEPTEMBER = date(2026, 8, 1), date(2026, 9, 1)
NOON = moment(date(2026, 10, 5), time(12))


def post(on: date, debit: str, credit: str, fen: int, kind: str = "repayment") -> None:
    with transaction.atomic():
        ledger.post([Entry(on, debit, credit, fen, kind, "repayment", 4, 7, 9)], at=NOON)


@pytest.fixture
def posted():
    """August is closed; a transfer of it came after that, and September and October go on."""
    post(date(2026, 7, 31), "loan_principal", "opening_balance", 1_000, "opening")
    post(date(2026, 8, 31), "bank", "loan_principal", 100)
    close_reconciled(AUGUST, at=NOON)
    post(date(2026, 8, 30), "bank", "loan_principal", 20)
    post(date(2026, 9, 1), "bank", "loan_principal", 3)
    post(date(2026, 9, 30), "bank", "unapplied_funds", 4, "unapplied")
    post(date(2026, 10, 1), "unapplied_funds", "bank", 4, "refund")


def line(account: str, code: str) -> BalanceLine:
    return next(one for one in trial_balance(period_of(code)) if one.account == account)


@pytest.mark.parametrize(
    ("code", "opening_fen", "debit_fen", "credit_fen"),
    [
        ("2026-06", 0, 0, 0),
        ("2026-07", 0, 1_000, 0),
        ("2026-07-31", 0, 1_000, 0),
        ("2026-08", 1_000, 0, 100),
        ("2026-08-30", 1_000, 0, 0),
        ("2026-08-31", 1_000, 0, 100),
        ("2026-09", 900, 0, 23),
        ("2026-09-01", 900, 0, 23),
        ("2026-09-02", 877, 0, 0),
        ("2026-10", 877, 0, 0),
    ],
)
def test_each_period_opens_with_what_the_one_before_it_closed(
    posted, code, opening_fen, debit_fen, credit_fen
):
    assert line("loan_principal", code) == BalanceLine(
        "loan_principal", opening_fen, debit_fen, credit_fen
    )
    assert is_balanced(trial_balance(period_of(code)))


def test_the_months_follow_each_other_account_by_account(posted):
    months = [trial_balance(period_of(f"2026-{n:02}")) for n in range(6, 12)]

    for earlier, later in pairwise(months):
        assert [one.closing_fen for one in earlier] == [one.opening_fen for one in later]


def test_the_days_of_a_month_add_up_to_it(posted):
    whole = trial_balance(month_of(SEPTEMBER))
    days = [trial_balance(period_of(f"2026-09-{n:02}")) for n in range(1, 31)]

    assert [one.opening_fen for one in days[0]] == [one.opening_fen for one in whole]
    assert [one.closing_fen for one in days[-1]] == [one.closing_fen for one in whole]
    for index, one in enumerate(whole):
        assert sum(day[index].debit_fen for day in days) == one.debit_fen
        assert sum(day[index].credit_fen for day in days) == one.credit_fen


def test_movements_are_summed_by_accounts_and_kind(posted):
    assert movements(month_of(SEPTEMBER)) == [
        AccountMovement("bank", "loan_principal", "repayment", 2, 23),
        AccountMovement("bank", "unapplied_funds", "unapplied", 1, 4),
    ]


def test_an_account_has_its_line_and_its_kinds(posted):
    found = summary_of("bank", month_of(SEPTEMBER))

    assert found.line == BalanceLine("bank", 100, 27, 0)
    assert found.kinds == [KindMovement("repayment", 2, 23, 0), KindMovement("unapplied", 1, 4, 0)]


def test_a_month_after_a_closed_one_reads_one_month_and_the_stored_balances(posted):
    with CaptureQueriesContext(connection) as asked:
        trial_balance(month_of(SEPTEMBER))

    assert len(asked) == 4  # the last closed month, its balances, the checkpoint, the movements
    plan = plan_of(asked.captured_queries[3]["sql"])
    read_whole = [row for row in plan.splitlines() if "Seq Scan on loans_transfer_2" in row]
    assert [row for row in read_whole if "loans_transfer_202609" not in row] == []


def test_without_a_closed_month_everything_before_is_added_up():
    post(date(2025, 1, 31), "loan_principal", "opening_balance", 1_000, "opening")

    assert balances_before(date(2026, 9, 1))["loan_principal"] == 1_000
    assert balances_before(date(2025, 1, 31))["loan_principal"] == 0
    assert movements(LedgerPeriod(date(2025, 1, 31), date(2025, 1, 31)))[0].amount_fen == 1_000
