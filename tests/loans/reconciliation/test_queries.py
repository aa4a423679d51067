"""What reconcile sees, and what it reads to see it."""

from datetime import date, time

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from backoffice.core import workflow
from loans.accounting.operations import checkpoints, ledger
from loans.accounting.operations.ledger import Entry
from loans.accounting.queries.unposted import unposted
from loans.collection.operations import results
from loans.delinquency.operations import end_of_day
from loans.models import Bill, DebitOrder, Loan
from loans.models.ledger import Account
from loans.reconciliation import queries as reconciliation
from loans.reconciliation import statements
from tests import migrated
from tests.loans.collection.queries.test_due import plan_of
from tests.loans.conftest import day, moment
from tests.loans.delinquency.test_overdue_life import debit, live
from tests.loans.early import settle
from tests.loans.repayment.issuing import issue_next
from tests.loans.repayment.operations.test_reprocess import late_success, unheard_of

pytestmark = pytest.mark.usefixtures("committed_db")


def test_the_repayments_of_a_day_are_found_by_their_day():
    with CaptureQueriesContext(connection) as asked:
        assert list(reconciliation.bank({}, on=day(0))) == []

    # A scan of a whole index beside the condition is avoided too: a large table would not pay it.
    assert "repayment_day" in plan_of(asked.captured_queries[0]["sql"], without=("indexscan",))


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


def test_after_a_loan_was_taken_over_the_ledger_waits_for_the_night(make_bill, channel):
    """It comes with nights that are not posted: the next night posts them."""
    bill = make_bill()
    channel.will_answer("acct-1", "NOTENOUGH")
    live(bill, channel, until=3)
    assert list(reconciliation.accruals(on=day(3))) == []

    make_bill(drawn_on=day(-20), due_on=day(10))

    assert unposted(on=day(3)).closed_form_fen > unposted(on=day(3)).ledger_fen
    assert list(reconciliation.accruals(on=day(3))) == []
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


def test_after_a_loan_was_settled_on_its_first_day_the_ledger_waits_for_the_night(make_loan):
    loan = make_loan(drawn_on=day(0))
    end_of_day.accrue_night(on=day(0), at=moment(day(0), time(0, 30)))

    settle(loan, 1_005_500, on=day(0))  # with the interest of one night, and the fee

    assert Loan.objects.get().state == "settled"
    assert unposted(on=day(0)) == (0, -500)
    assert list(reconciliation.accruals(on=day(0))) == []
    end_of_day.accrue_night(on=day(1), at=moment(day(1), time(0, 30)))
    assert unposted(on=day(1)) == (0, 0)
    assert list(reconciliation.accruals(on=day(1))) == []


def test_a_ledger_that_is_not_what_the_night_made_it_is_seen(make_bill, channel):
    bill = make_bill()
    live(bill, channel, until=-1)
    end_of_day.accrue_night(on=day(0), at=moment(day(0), time(0, 30)))
    forge("accrued_unposted", on=day(0))

    [difference] = reconciliation.accruals(on=day(0))

    assert difference == ("accrued, not posted", "as of 2026-10-01", 15_000, 15_007)


# What went wrong past every guard, and the one check that sees it.
FAULTS = {
    "ledger penalty": "UPDATE loans_instalment SET unpaid_penalty_fen = unpaid_penalty_fen + 5",
    "ledger late_fee": "UPDATE loans_instalment SET unpaid_late_fee_fen = unpaid_late_fee_fen + 5",
    "ledger interest": "UPDATE loans_instalment SET unpaid_interest_fen = unpaid_interest_fen + 5",
    "ledger plan_fee": "UPDATE loans_instalment SET plan_fee_fen = 5, unpaid_plan_fee_fen = 5",
    "ledger loan_principal": "UPDATE loans_transfer SET amount_fen = amount_fen + 5 "
    "WHERE debit_account = 'loan_principal'",
    "principal of the parts": "UPDATE loans_instalment SET "
    "unpaid_principal_fen = unpaid_principal_fen + 5",
    "charged to the loan": "UPDATE loans_loan SET charged_fen = charged_fen + 5",
    "waived by the cap": "UPDATE loans_loan SET waived_fen = waived_fen + 5",
    "charges = ledger": "UPDATE loans_charge SET charged_fen = charged_fen + 5, "
    "contract_fen = contract_fen + 5",
    "drawn on the line": "UPDATE risk_creditline SET drawn_fen = drawn_fen + 5",
    "paid on the bill": "UPDATE loans_bill SET paid_fen = paid_fen + 5",
    "owed on a paid bill": "UPDATE loans_instalment SET unpaid_interest_fen = 5",
    "unapplied funds": "UPDATE loans_unappliedfunds SET amount_fen = amount_fen + 5",
    "taken = repayment": "UPDATE loans_debitorder SET state = 'failed' WHERE state = 'succeeded'",
    "asked = taken": "UPDATE loans_debitorder SET taken_fen = taken_fen + 5 "
    "WHERE state = 'succeeded'",
    "allocations = ledger": "UPDATE loans_repaymentallocation SET "
    "interest_fen = interest_fen - 10, principal_fen = principal_fen + 10 WHERE interest_fen > 9",
}


@pytest.mark.parametrize("check", FAULTS)
def test_a_fault_past_every_guard_is_seen(make_bill, channel, database_name, check):
    pay_twice(make_bill(), channel)
    assert found() == []

    past_every_guard(database_name, FAULTS[check])

    assert check in {difference.check for difference in found()}


@pytest.mark.parametrize("check", FAULTS)
def test_a_fault_is_seen_in_the_chunk_of_its_customer_alone(
    make_bill, channel, database_name, check
):
    bills = [make_bill(), make_bill()]
    for n, bill in enumerate(bills, 1):
        pay_twice(bill, channel, account=f"acct-{n}")
    past_every_guard(database_name, FAULTS[check])

    chunks = [found(scope_of_bill(bill)) for bill in bills]

    assert sorted(chunks[0] + chunks[1]) == sorted(found())
    assert not set(chunks[0]) & set(chunks[1])
    assert check in {difference.check for difference in chunks[1]}


def test_a_scope_is_every_loan_its_customers_have_by_now(make_bill):
    first, other = make_bill(), make_bill()
    of = reconciliation.scope_of(loans_of(first))
    second = make_bill(customer=first.customer, due_on=day(30))

    assert of == ([first.customer_id], loans_of(first))
    assert reconciliation.scope_of(of.loan_ids) == (
        [first.customer_id], [*loans_of(first), *loans_of(second)]
    )  # fmt: skip
    assert reconciliation.to_check(on=day(0)) == (
        [*loans_of(first), *loans_of(second), *loans_of(other)],
        [first.customer_id, first.customer_id, other.customer_id],
    )


def nights_of(loan_id: int, nights: range) -> list[int]:
    """Return the nights of some in which a loan is checked."""
    return [n for n in nights if loan_id in reconciliation.to_check(on=day(n))[0]]


def checkpoint(n: int) -> None:
    forge("interest", on=day(n))
    checkpoints.advance(by="system:reconciliation", on=day(n), at=moment(day(n)))


def test_an_ended_loan_is_checked_for_thirty_nights_then_in_its_turn(make_bill, channel):
    bill, still_open = make_bill(), make_bill()
    debit(bill, channel, on=day(0))
    [ended], [other] = loans_of(bill), loans_of(still_open)
    assert Loan.objects.get(pk=ended).ended_on == day(0)
    assert nights_of(ended, range(31, 34)) == [31, 32, 33]  # without totals all are
    checkpoint(1)
    checkpoint(2)

    turn = next(n for n in range(31, 61) if day(n).toordinal() % 30 == ended % 30)
    assert nights_of(ended, range(28, 91)) == [28, 29, 30, turn, turn + 30]
    assert nights_of(other, range(31, 61)) == list(range(31, 61))

    forge("interest", on=day(2), loan_id=ended)
    assert nights_of(ended, range(31, 61)) == list(range(31, 61))
    checkpoint(3)
    assert nights_of(ended, range(31, 61)) == list(range(31, 61))
    checkpoint(4)
    assert nights_of(ended, range(31, 61)) == [turn]


def is_small(statement: str) -> bool:
    """Say whether a statement reads a table of the system, not of customers."""
    return 'FROM "loans_contractterms"' in statement or "policyversion" in statement


def test_a_chunk_reads_the_rows_of_its_customers_by_their_indexes(make_bill, channel):
    bill = make_bill()
    pay_twice(bill, channel)
    of = scope_of_bill(bill)

    with CaptureQueriesContext(connection) as asked:
        assert found(of) == []
        assert list(reconciliation.loan_accruals(of, on=day(1))) == []
        assert list(reconciliation.unbilled(of, on=day(1))) == []

    plans = [plan_of(one["sql"]) for one in asked if not is_small(one["sql"])]
    assert len(plans) > 6
    assert "Seq Scan" not in "".join(plans)


# The records of each account: the check, the account, and a fault of the records.
RECORDS = [
    ("orders and payouts", "bank", FAULTS["asked = taken"]),
    ("loans", "loan_principal", "UPDATE loans_loan SET unpaid_principal_fen = 7 "
                                "WHERE unpaid_principal_fen > 7"),
    ("lines", "loan_principal", FAULTS["drawn on the line"]),
    ("instalments", "loan_principal", "UPDATE loans_instalment SET unpaid_principal_fen = 7 "
                                      "WHERE unpaid_principal_fen > 7"),
    ("instalments", "interest", FAULTS["ledger interest"]),
    ("instalments", "plan_fee", FAULTS["ledger plan_fee"]),
    ("instalments", "late_fee", FAULTS["ledger late_fee"]),
    ("instalments", "penalty", FAULTS["ledger penalty"]),
    ("unapplied funds", "unapplied_funds", FAULTS["unapplied funds"]),
    ("charges", "late_fee_income", FAULTS["charges = ledger"]),
    ("charges", "plan_fee_income", "UPDATE loans_charge SET kind = 'plan_fee' "
                                   "WHERE kind = 'late_fee'"),
    ("charges", "prepayment_income", "UPDATE loans_charge SET charged_fen = charged_fen - 5, "
                                     "contract_fen = contract_fen - 5 WHERE kind = 'prepayment'"),
    ("opened loans", "opening_balance", "UPDATE loans_loan SET principal_fen = principal_fen + 5"),
]  # fmt: skip
CREDITED = {
    "unapplied_funds", "late_fee_income", "plan_fee_income", "prepayment_income", "opening_balance",
}  # fmt: skip
# Nothing stands on these: a transfer of another account is put on them.
EMPTY = {"plan_fee": "late_fee", "plan_fee_income": "late_fee_income"}
AT_NIGHT = {"accrued_unposted", "accrual_income"}
# Nothing stands on these without a decision of the staff: the tests of those compare them.
BY_STAFF = {"charged_off", "charge_off_loss", "charges_waived", "recovery_income"}


@pytest.fixture
def accounts(make_bill, make_loan, channel):
    """Something on every account: a bill paid twice, an overdue one, a loan settled early."""
    late = make_bill()
    channel.will_answer("acct-1", "NOTENOUGH")
    live(late, channel, until=7)
    pay_twice(make_bill(), channel, account="acct-2")
    part = unheard_of(late, channel, 1_000, at=moment(day(7), time(12)), key="part")
    results.record(
        [late_success(part, succeeded_at=moment(day(7), time(12)))],
        by="system:debit-channel",
        at=moment(day(7), time(12)),
    )
    settle(make_loan(), 1_008_500, on=day(-24))
    end_of_day.accrue_night(on=day(8), at=moment(day(8), time(0, 30)))
    assert by_account() == set()


def by_account() -> set[tuple[str, str]]:
    return {difference[:2] for difference in reconciliation.account_balances()}


def test_every_account_has_records_that_are_not_the_ledger(accounts):
    checked = {account for _source, account, _fault in RECORDS}
    assert checked | AT_NIGHT | BY_STAFF == {*Account.values}
    assert "loans_transfer" not in statements.SOURCES
    balances = reconciliation.balances()
    assert {account for account, fen in balances.items() if not fen} == {*EMPTY} | BY_STAFF


@pytest.mark.parametrize(("source", "account", "fault"), RECORDS)
def test_a_false_record_is_seen_by_its_account(accounts, database_name, source, account, fault):
    past_every_guard(database_name, fault)

    assert (f"ledger = {source}", f"account {account}") in by_account()


@pytest.mark.parametrize(("source", "account", "fault"), RECORDS)
def test_a_false_transfer_is_seen_by_its_account(accounts, database_name, source, account, fault):
    side = "credit_account" if account in CREDITED else "debit_account"
    where = EMPTY.get(account, account)
    moved = f"{side} = '{account}'" if account in EMPTY else "amount_fen = amount_fen + 5"
    past_every_guard(
        database_name,
        f"UPDATE loans_transfer SET {moved} WHERE {side} = '{where}'",
    )

    assert (f"ledger = {source}", f"account {account}") in by_account()


# Faults of what a night accrues, and the checks that see them on the morning after.
NIGHT_FAULTS = {
    "UPDATE loans_instalment SET segment_base_fen = segment_base_fen + 500000 "
    "WHERE accrual <> 'none'": {"accrued, not posted", "accrual income"},
    "UPDATE loans_transfer SET amount_fen = amount_fen + 5 WHERE kind = 'night'": {
        "accrued, not posted", "accrual income",
    },
    "UPDATE loans_transfer SET credit_account = 'late_fee_income' WHERE kind = 'night'": {
        "accrual income",
    },
    FAULTS["charges = ledger"] + " WHERE kind = 'penalty'": {"accrual income"},
}  # fmt: skip


@pytest.mark.parametrize("fault", NIGHT_FAULTS)
def test_a_fault_of_the_night_is_seen_in_the_morning(accounts, database_name, fault):
    assert list(reconciliation.accruals(on=day(8))) == []

    past_every_guard(database_name, fault)

    assert {one.check for one in reconciliation.accruals(on=day(8))} == NIGHT_FAULTS[fault]
    assert {one.check for one in reconciliation.posted_accruals(on=day(8))} == NIGHT_FAULTS[fault]


def test_a_chunk_compares_the_rules_with_the_night(make_bill, monkeypatch):
    bill = make_bill()
    of = scope_of_bill(bill)
    assert list(reconciliation.loan_accruals(of, on=day(0))) == []

    monkeypatch.setattr(reconciliation, "accrued_fen", lambda *_loan, **_facts: 14_999)

    assert list(reconciliation.loan_accruals(of, on=day(0))) == [
        (
            "nightly accrual",
            f"as of 2026-10-01, 1 loans from {of.loan_ids[0]} to {of.loan_ids[0]}",
            14_999,
            15_000,
        )
    ]


def test_the_ledger_is_read_once_for_all_accounts(accounts, django_assert_num_queries):
    with django_assert_num_queries(3):  # the checkpoint, the ledger, the records
        assert by_account() == set()


def pay_twice(bill, channel, account: str = "acct-1") -> None:
    """Debit a bill that a payment not heard of yet has paid in part: the surplus waits."""
    channel.will_answer(account, "TIMEOUT")
    lost = unheard_of(bill, channel, 1_000, at=moment(day(0), time(8)), key=f"lost-{bill.pk}")
    channel.will_answer(account, "SUCCESS")
    debit(bill, channel, on=day(0))
    results.record(
        [late_success(lost, succeeded_at=moment(day(0)))],
        by="system:debit-channel",
        at=moment(day(0), time(10)),
    )


def found(of: reconciliation.Scope = reconciliation.EVERYBODY) -> list[reconciliation.Difference]:
    checks = (
        reconciliation.caches(of), reconciliation.unapplied_funds(of), reconciliation.orders(of)
    )  # fmt: skip
    return [difference for check in checks for difference in check]


def loans_of(bill) -> list[int]:
    return list(bill.instalments.order_by("loan").values_list("loan", flat=True))


def scope_of_bill(bill) -> reconciliation.Scope:
    return reconciliation.scope_of(loans_of(bill))


def past_every_guard(database: str, statement: str) -> None:
    with migrated.owner(database) as owner:
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
