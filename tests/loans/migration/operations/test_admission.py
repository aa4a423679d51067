"""Letting clients in: the bank first, then all of a batch or nothing, one import at a time."""

import psycopg
import pytest
from django.db import connection, transaction

from accounts.models import BankCard, Customer
from loans.migration.operations import admission
from loans.migration.operations.admission import (
    ImportUnderWayError,
    NoBankError,
    RowsRefusedError,
    SandboxOnlyError,
    admit,
    alone,
)
from loans.models import ContractTerms, Loan, Transfer
from risk.models import CreditLine
from tests.loans.migration.operations.conftest import AT, ON, client, counts, values
from tests.loans.portfolios import row
from tests.policies import put_in_force


def approve(app, overrides):
    put_in_force(app, overrides, on=ON)


def test_the_policy_in_force_is_what_the_loans_are_signed_under(db, run):
    approve("loans", {"migrated_daily_rate_ppm": 400})

    run(row(BILL_AMT1=40_480))  # 10,120.00 = 10,000.00 + 30 nights at 400 ppm

    assert values(Loan.objects.get(), "daily_rate_ppm", "charged_fen") == (400, 12_000)
    assert ContractTerms.objects.get().numbers["migrated_daily_rate_ppm"] == 400


def test_the_buffer_in_force_is_that_of_the_lines(db, run):
    approve("limits", {"buffer_permille": 200})

    run(row())

    assert CreditLine.objects.get().buffer_permille == 200


def test_no_bank_no_customer(db, run, bank):
    bank.is_down = True

    with pytest.raises(NoBankError, match="nobody there"):
        run(row())

    assert not any(counts().values())


def test_the_bank_receives_them_before_the_rows_are_committed(committed_db, run, bank, monkeypatch):
    monkeypatch.setattr(admission, "write", lambda *_args, **_facts: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        run(row())

    assert list(bank.balances.values()) == [1_116_500]
    assert not any(counts().values())


def test_two_imports_at_once_are_one_and_a_refusal(committed_db, run):
    with _second_connection() as other:
        other.execute("SELECT pg_advisory_lock(%s)", [admission._LOCK])
        with pytest.raises(ImportUnderWayError):
            run(row())
    assert not any(counts().values())

    assert run(row()).imported == 1


def _second_connection():
    names = connection.get_connection_params()
    return psycopg.connect(
        **{name: names[name] for name in ("dbname", "user", "host") if name in names}
    )


def test_rows_in_later_states_stay_refused_after_an_import(db, run):
    run(row())

    with pytest.raises(Exception, match="no row may start"), transaction.atomic():
        Customer.objects.create(
            state="ready", name="x", id_number="y", id_blind=b"z" * 16, registered_at=AT
        )


def let_in(bank, *numbers):
    lines = [number + 1 for number in numbers]
    found = [client(number, has_defaulted=number == 2) for number in numbers]
    admit(found, lines=lines, bank=bank, on=ON, at=AT)


def test_a_batch_is_funded_at_once_and_stored(db, bank):
    let_in(bank, 1, 2, 3)

    accounts = BankCard.objects.order_by("pk").values_list("account", flat=True)
    assert [bank.balances[account] for account in accounts] == [1_116_500, 0, 1_116_500]
    assert bank.calls == 1
    assert Transfer.objects.filter(at=AT, business_date=ON).count() == 6


def test_nobody_to_let_in_asks_no_bank(db, bank):
    let_in(bank)

    assert bank.calls == 0
    assert not any(counts().values())


def test_a_batch_that_the_database_refuses_is_named_by_its_lines_and_not_stored(db, bank):
    let_in(bank, 7)
    before = counts()

    with pytest.raises(RowsRefusedError) as refusal:
        let_in(bank, 5, 6, 7)

    facts = refusal.value.facts
    assert (facts["first"], facts["last"]) == (6, 8)
    assert "customer_one_a_person" in facts["problem"] or "origin" in facts["problem"]
    assert counts() == before


def test_a_bank_that_did_not_confirm_is_named(db, bank):
    bank.is_down = True

    with pytest.raises(NoBankError) as refusal:
        let_in(bank, 1)

    assert "nobody there" in str(refusal.value.facts["problem"])
    assert not any(counts().values())


def is_free():
    """Return whether another connection could begin an import.

    It tries for its transaction alone: a session's lock outlives the closing of its connection.
    """
    with _second_connection() as other:
        found = other.execute("SELECT pg_try_advisory_xact_lock(%s)", [admission._LOCK])
        return found.fetchone()[0]


def test_the_lock_is_held_for_the_import_and_free_afterwards(committed_db):
    with alone():
        assert not is_free()
    assert is_free()

    with pytest.raises(ZeroDivisionError), alone():
        raise ZeroDivisionError
    assert is_free()


def test_the_lock_of_another_is_not_freed_by_who_was_refused(committed_db):
    with _second_connection() as other:
        other.execute("SELECT pg_advisory_lock(%s)", [admission._LOCK])
        for _ in "12":
            with pytest.raises(ImportUnderWayError), alone():
                pytest.fail("another import is under way")
        other.execute("SELECT pg_advisory_unlock(%s)", [admission._LOCK])

    assert is_free()


def test_outside_a_sandbox_nobody_is_alone(committed_db, settings):
    settings.SANDBOX = False

    with pytest.raises(SandboxOnlyError), alone():
        pytest.fail("this is no sandbox")

    assert is_free()
