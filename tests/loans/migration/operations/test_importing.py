"""A portfolio of a lender in the database: every row exactly, once, whole or not at all."""

from datetime import date

import pytest
from stdnum import luhn
from stdnum.cn import ric

from accounts.models import BankCard, Customer
from backoffice.core.crypto import blind
from loans.migration.operations import importing
from loans.migration.operations.admission import (
    NoBankError,
    RowsRefusedError,
    SandboxOnlyError,
)
from loans.migration.operations.people import invent
from loans.migration.operations.reading import UnreadableBookError
from loans.models import Bill, Loan, Transfer
from loans.reconciliation.operations import reconcile
from risk.models import CreditLine
from tests.loans.migration.operations.conftest import AT, ON, counts
from tests.loans.portfolios import packed, row, text


@pytest.mark.parametrize("dollars", [0, -700])
def test_a_row_without_a_bill_has_a_line_and_no_debt(db, run, bank, dollars):
    report = run(row(BILL_AMT1=dollars))

    assert CreditLine.objects.get().drawn_fen == 0
    assert not Loan.objects.exists()
    assert not Bill.objects.exists()
    assert not Transfer.objects.exists()
    assert (report.to_be_paid, report.to_be_refused) == (0, 0)
    assert list(bank.balances.values()) == [0]


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


def test_outside_a_sandbox_nothing_is_imported(db, run, bank, settings):
    settings.SANDBOX = False

    with pytest.raises(SandboxOnlyError):
        run(row())

    assert not any(counts().values())
    assert bank.calls == 0


def test_a_file_that_cannot_be_read_frees_the_lock(committed_db, run, tmp_path):
    with pytest.raises(UnreadableBookError):
        run(file=tmp_path / "nowhere.csv")

    assert run(row()).imported == 1
