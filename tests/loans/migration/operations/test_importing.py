"""A portfolio of a lender in the database: every row exactly, once, whole or not at all."""

from datetime import date, time

import psycopg
import pytest
from django.db import connection, transaction
from stdnum import luhn
from stdnum.cn import ric

from accounts.models import BankCard, Customer
from backoffice.core import clock
from backoffice.core.crypto import blind
from loans.accounting.operations.terms import signed_under
from loans.migration.operations import admission, importing
from loans.migration.operations.admission import (
    ImportUnderWayError,
    NoBankError,
    RowsRefusedError,
    SandboxOnlyError,
)
from loans.migration.operations.importing import import_book
from loans.migration.operations.people import invent
from loans.migration.operations.reading import UnreadableBookError
from loans.models import Bill, Charge, ContractTerms, Instalment, Loan, Mandate, Transfer
from loans.policy import LoanTerms
from loans.reconciliation import queries as reconciliation
from loans.reconciliation.operations import reconcile
from risk.models import Conduct, CreditLine
from tests.loans.books import FakeBank, book, packed, row, text
from tests.policies import put_in_force

ON = date(2026, 10, 1)
AT = clock.moment_of(ON, time(8, 58))
OPENED_AT = clock.moment_of(date(2026, 4, 1), time())
TABLES = (Customer, BankCard, CreditLine, Mandate, Loan, Bill, Instalment, Conduct, Transfer)


@pytest.fixture
def bank():
    return FakeBank()


@pytest.fixture
def run(bank, tmp_path):
    """Import these rows, or a file."""

    def importing_(*rows, file=None, on=ON, **options):
        file = file or book(tmp_path, *rows)
        at = clock.moment_of(on, time(8, 58))
        return import_book(file, bank=bank, on=on, at=at, **options)

    return importing_


def values(record, *names):
    return tuple(getattr(record, name) for name in names)


def counts():
    return {model.__name__: model.objects.count() for model in TABLES}


def test_a_row_becomes_a_customer_with_card_mandate_and_line(db, run):
    run(row())

    who, person = Customer.objects.get(), invent(1, sex=1, age=35, on=ON)
    assert values(who, "state", "origin", "name", "id_number", "phone", "born_on") == (
        "ready", "book:1", person.name, person.id_number, person.phone, person.born_on,
    )  # fmt: skip
    assert who.registered_at == OPENED_AT
    assert bytes(who.id_blind) == blind(person.id_number, "id_number")
    assert bytes(who.phone_blind) == blind(person.phone, "phone")
    card = BankCard.objects.get()
    assert values(card, "customer_id", "state", "number", "bank", "bound_at") == (
        who.pk, "active", person.card_number, person.bank, OPENED_AT,
    )  # fmt: skip
    assert (card.last_four, bytes(card.number_blind)) == (
        person.card_number[-4:], blind(person.card_number, "card"),
    )  # fmt: skip
    mandate = Mandate.objects.get()
    assert values(mandate, "customer_id", "card_id", "state", "terminated_at") == (
        who.pk, card.pk, "signed", None,
    )  # fmt: skip
    line = CreditLine.objects.get()
    assert values(
        line, "customer_id", "state", "limit_fen", "temporary_fen", "buffer_permille", "held_fen",
        "reserved_fen", "drawn_fen", "opened_on",
    ) == (who.pk, "active", 2_000_000, 0, 150, 0, 0, 1_000_000, date(2026, 4, 1))  # fmt: skip


def test_the_account_of_a_card_says_nothing_of_its_number(db, run):
    run(row())

    card = BankCard.objects.get()
    assert card.account == f"acct-{blind(card.number, 'account').hex()}"
    assert len(card.account) == 37


def test_a_bill_becomes_the_loan_of_table_1_9_due_today(db, run):
    run(row())

    loan = Loan.objects.get()
    assert values(
        loan, "state", "plan", "principal_fen", "daily_rate_ppm", "drawn_on",
        "unpaid_principal_fen", "accrued_on", "principal_nights_fen", "charged_fen", "waived_fen",
        "overdue_on", "ended_on", "line_id", "terms_id",
    ) == (
        "active", "bullet", 1_000_000, 500, date(2026, 9, 1), 1_000_000, ON, 30_000_000, 15_000, 0,
        None, None, CreditLine.objects.get().pk, signed_under(LoanTerms()).pk,
    )  # fmt: skip
    bill = Bill.objects.get()
    assert values(
        bill, "state", "due_on", "billed_on", "total_fen", "minimum_fen", "mode", "paid_fen",
        "last_paid_on", "shortfall_fen", "cycle", "cycle_on", "refusals", "tries", "debit_on",
        "refused_on", "charged_at_due_fen", "late_fee_fen", "overdue_on", "paid_on",
    ) == (
        "billed", ON, date(2026, 9, 21), 1_015_000, 101_500, "full", 0, None, None, 1, ON, 0, 0, ON,
        None, 0, 0, None, None,
    )  # fmt: skip
    part = Instalment.objects.get()
    assert values(
        part, "loan_id", "bill_id", "customer_id", "number", "due_on", "principal_fen",
        "plan_fee_fen", "unpaid_principal_fen", "unpaid_interest_fen", "unpaid_plan_fee_fen",
        "unpaid_late_fee_fen", "unpaid_penalty_fen", "accrual", "segment_on", "segment_base_fen",
        "segment_posted_fen", "late_fee_base_fen",
    ) == (
        loan.pk, bill.pk, loan.customer_id, 1, ON, 1_000_000, 0, 1_000_000, 15_000, 0, 0, 0, "own",
        ON, 1_000_000, 0, 0,
    )  # fmt: skip


def test_the_ledger_opens_with_principal_and_interest(db, run):
    run(row())

    loan = Loan.objects.get()
    assert list(
        Transfer.objects.order_by("-amount_fen").values_list(
            "business_date", "debit_account", "credit_account", "amount_fen", "kind",
            "cause_type", "cause_id", "loan_id", "customer_id", "funder", "at",
        )
    ) == [
        (ON, "loan_principal", "opening_balance", 1_000_000, "opening", "migration", loan.pk,
         loan.pk, loan.customer_id, "own", AT),
        (ON, "interest", "opening_balance", 15_000, "opening", "migration", loan.pk,
         loan.pk, loan.customer_id, "own", AT),
    ]  # fmt: skip


def test_past_bills_become_conduct_by_the_rules_of_the_close(db, run):
    run(row())

    assert list(
        Conduct.objects.order_by("source").values_list(
            "source", "due_on", "total_fen", "minimum_fen", "paid_fen", "outcome"
        )
    ) == [
        ("book:1:2", date(2026, 9, 1), 1_000_000, 100_000, 100_000, "min_paid"),
        ("book:1:3", date(2026, 8, 1), 750_000, 75_000, 750_000, "paid"),
        ("book:1:4", date(2026, 7, 1), 500_000, 50_000, 49_975, "overdue"),
        ("book:1:6", date(2026, 5, 1), 10_000, 1_000, 9_000, "carried"),
    ]


@pytest.mark.parametrize("dollars", [0, -700])
def test_a_row_without_a_bill_has_a_line_and_no_debt(db, run, bank, dollars):
    report = run(row(BILL_AMT1=dollars))

    assert CreditLine.objects.get().drawn_fen == 0
    assert not Loan.objects.exists()
    assert not Bill.objects.exists()
    assert not Transfer.objects.exists()
    assert (report.to_be_paid, report.to_be_refused) == (0, 0)
    assert list(bank.balances.values()) == [0]


def test_a_line_may_be_drawn_beyond_its_limit(db, run):
    run(row(LIMIT_BAL=10_000))

    assert values(CreditLine.objects.get(), "limit_fen", "drawn_fen") == (250_000, 1_000_000)


def test_the_bank_holds_enough_for_each_bill_whose_label_is_0(db, run, bank):
    report = run(row(), row(ID=2, label=1), row(ID=3, BILL_AMT1=0, label=1))

    accounts = {
        card.customer.origin: bank.balances[card.account]
        for card in BankCard.objects.select_related("customer")
    }
    assert accounts == {"book:1": 1_116_500, "book:2": 0, "book:3": 0}
    assert (report.to_be_paid, report.to_be_refused) == (1, 1)


def test_the_book_reconciles_as_it_comes_in(committed_db, run, channel):
    run(row(), row(ID=2, BILL_AMT1=7_777), row(ID=3, BILL_AMT1=2))

    assert reconcile(days=[], on=ON, channel=channel) == []


def approve(app, overrides):
    put_in_force(app, overrides, on=ON)


def test_the_policy_in_force_is_what_the_loans_are_signed_under(db, run):
    approve("loans", {"migrated_daily_rate_ppm": 400})

    run(row(BILL_AMT1=40_480))  # 10,120.00 = 10,000.00 + 30 nights at 400 ppm

    assert values(Loan.objects.get(), "daily_rate_ppm", "charged_fen") == (400, 12_000)
    assert ContractTerms.objects.get().numbers["migrated_daily_rate_ppm"] == 400


def test_the_buffer_in_force_is_that_of_the_lines(db, run):
    approve("risk", {"buffer_permille": 200})

    run(row())

    assert CreditLine.objects.get().buffer_permille == 200


def test_every_imported_number_is_valid_and_every_age_that_of_the_row(db, run):
    run(*(row(ID=n * 13, AGE=18 + n % 60, SEX=1 + n % 2) for n in range(1, 301)))

    for who in Customer.objects.prefetch_related("cards"):
        number = int(who.origin.removeprefix("book:"))
        born = who.born_on
        age = ON.year - born.year - ((born.month, born.day) > (ON.month, ON.day))
        assert age == 18 + number // 13 % 60
        assert ric.is_valid(who.id_number)
        assert luhn.is_valid(who.cards.get().number)


def test_running_it_again_imports_nothing_twice(db, run, bank):
    rows = [row(), row(ID=2, label=1)]
    run(*rows)
    before, bank.balances = counts(), {}

    report = run(*rows, on=date(2026, 10, 2))

    assert (report.rows, report.imported, report.skipped) == (2, 0, 2)
    assert counts() == before
    assert bank.balances == {}


def test_a_second_run_takes_only_what_is_new(db, run, bank):
    run(row())
    bank.balances = {}

    report = run(row(), row(ID=2))

    assert (report.imported, report.skipped) == (1, 1)
    assert list(bank.balances) == [BankCard.objects.get(customer__origin="book:2").account]


def test_bad_lines_are_listed_and_the_others_imported(db, run):
    report = run(row(LIMIT_BAL=-1), row(ID=2), row(ID=3, AGE=""), row(ID=2))

    assert [(bad.line, bad.column) for bad in report.bad] == [
        (2, "LIMIT_BAL"), (4, "AGE"), (5, "ID"),
    ]  # fmt: skip
    assert (report.rows, report.imported) == (1, 1)
    assert Customer.objects.get().origin == "book:2"


def test_only_the_first_lines_are_imported_when_asked(db, run):
    report = run(row(), row(ID=2), row(ID=3), limit=2)

    assert report.imported == 2


def test_a_truncated_gzip_gives_the_rows_before_the_break(db, run, tmp_path):
    rows = (row(ID=n, BILL_AMT1=n * 7919 % 100_000) for n in range(1, 1_001))
    file = packed(tmp_path, text(*rows))
    file.write_bytes(file.read_bytes()[:-2_000])

    report = run(file=file)

    assert 0 < report.imported == report.rows < 1_000
    assert report.bad[-1].line == report.rows + 2
    assert len(report.bad) == 1


def test_a_chunk_the_database_refuses_leaves_nothing_of_itself(committed_db, run, monkeypatch):
    monkeypatch.setattr(importing, "BATCH_CLIENTS", 3)
    taken = invent(5, sex=1, age=35, on=ON)
    Customer.objects.create(id_blind=blind(taken.id_number, "id_number"), registered_at=AT)

    with pytest.raises(RowsRefusedError) as refusal:
        run(*(row(ID=n) for n in range(1, 10)))

    assert (refusal.value.facts["first"], refusal.value.facts["last"]) == (5, 7)
    assert counts() == {
        "Customer": 4, "BankCard": 3, "CreditLine": 3, "Mandate": 3, "Loan": 3, "Bill": 3,
        "Instalment": 3, "Conduct": 12, "Transfer": 6,
    }  # fmt: skip


def test_after_the_cause_is_gone_the_rest_is_imported(committed_db, run, bank, monkeypatch):
    monkeypatch.setattr(importing, "BATCH_CLIENTS", 3)
    rows = [row(ID=n) for n in range(1, 10)]
    taken = invent(9, sex=1, age=35, on=ON)
    other = Customer.objects.create(id_blind=blind(taken.id_number, "id_number"), registered_at=AT)
    with pytest.raises(RowsRefusedError):
        run(*rows)
    other.delete()

    report = run(*rows)

    assert (report.imported, report.skipped) == (3, 6)
    assert Loan.objects.count() == len(bank.balances) == 9


def test_no_bank_no_customer(db, run, bank):
    bank.is_down = True

    with pytest.raises(NoBankError, match="nobody there"):
        run(row())

    assert not any(counts().values())


def test_a_bank_that_goes_away_half_way_leaves_whole_chunks_only(db, run, bank, monkeypatch):
    monkeypatch.setattr(importing, "BATCH_CLIENTS", 2)
    fund = bank.fund

    def once(balances):
        fund(balances)
        bank.is_down = True

    monkeypatch.setattr(bank, "fund", once)
    with pytest.raises(NoBankError):
        run(*(row(ID=n) for n in range(1, 5)))
    assert Customer.objects.count() == 2

    bank.is_down = False
    monkeypatch.setattr(bank, "fund", fund)
    assert run(*(row(ID=n) for n in range(1, 5))).imported == 2
    assert len(bank.balances) == 4


def test_the_bank_receives_them_before_the_rows_are_committed(committed_db, run, bank, monkeypatch):
    monkeypatch.setattr(admission, "write", lambda *_args, **_facts: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        run(row())

    assert list(bank.balances.values()) == [1_116_500]
    assert not any(counts().values())


def test_outside_a_sandbox_nothing_is_imported(db, run, bank, settings):
    settings.SANDBOX = False

    with pytest.raises(SandboxOnlyError):
        run(row())

    assert not any(counts().values())
    assert bank.calls == 0


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


def test_a_file_that_cannot_be_read_frees_the_lock(committed_db, run, tmp_path):
    with pytest.raises(UnreadableBookError):
        run(file=tmp_path / "nowhere.csv")

    assert run(row()).imported == 1


def test_rows_in_later_states_stay_refused_after_an_import(db, run):
    run(row())

    with pytest.raises(Exception, match="no row may start"), transaction.atomic():
        Customer.objects.create(
            state="ready", name="x", id_number="y", id_blind=b"z" * 16, registered_at=AT
        )


def test_interest_of_the_earlier_lender_is_explained_where_the_formula_gives_it(db, run):
    run(row())

    charge = Charge.objects.get()
    assert (charge.kind, charge.base_fen, charge.rate_micro) == ("own", 1_000_000, 500_000)
    assert (charge.contract_fen, charge.charged_fen, charge.cause_type) == (
        15_000,
        15_000,
        "migration",
    )
    assert list(reconciliation.caches()) == []
