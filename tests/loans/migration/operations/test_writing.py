"""A client in the database: every row with every value, and the ids of one belong together."""

from datetime import date, time

import pytest
from django.db import transaction

from accounts.models import BankCard, CardHold, Customer
from backoffice.core import clock, workflow
from backoffice.core.crypto import blind
from loans.accounting.operations.terms import signed_under
from loans.accounting.queries.positions import position_of
from loans.accounting.queries.snapshots import reset_to
from loans.migration.operations.debts import LiveLoan
from loans.migration.operations.people import invent
from loans.migration.operations.writing import Terms, write
from loans.models import Bill, BillSnapshot, Charge, Instalment, Loan, Mandate, Transfer
from loans.policy import LoanTerms
from loans.reconciliation import queries as reconciliation
from risk.models import Conduct, CreditLine, LimitChange
from tests.loans.migration.operations.conftest import AT, ON, OPENED_AT, client, counts, values
from tests.loans.portfolios import row


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


def test_an_imported_limit_has_its_change_and_grows_from_now_on(db, run):
    run(row())

    line, change = CreditLine.objects.get(), LimitChange.objects.get()
    assert values(line, "model_part", "growth", "target_fen", "growth_since_on") == (
        "2000000", "1", 2_000_000, ON,
    )  # fmt: skip
    assert line.anniversary_on == date(2027, 4, 1)
    assert values(change, "line_id", "old_fen", "new_fen", "reason", "evidence") == (
        line.pk, 0, 2_000_000, "limit-imported", "book:1",
    )  # fmt: skip


def test_an_imported_limit_above_the_cap_stays_as_it_was_agreed(db, run):
    run(row(LIMIT_BAL=1_300_000))

    line = CreditLine.objects.get()
    assert values(line, "limit_fen", "model_part", "target_fen") == (32_500_000, "", None)


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


def test_a_line_may_be_drawn_beyond_its_limit(db, run):
    run(row(LIMIT_BAL=10_000))

    assert values(CreditLine.objects.get(), "limit_fen", "drawn_fen") == (250_000, 1_000_000)


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


def store(*clients):
    numbers = LoanTerms()
    with transaction.atomic(), workflow.importing():
        write(clients, terms=Terms(ON, AT, numbers, signed_under(numbers).pk, 150, 30_000_000))


UNCHARGED = LiveLoan(
    1_000_000, 15_000, 101_500, 500, date(2026, 9, 15), date(2026, 10, 15), date(2026, 9, 15),
)  # fmt: skip


def test_a_mandate_holds_the_card_from_the_first_day(db):
    store(client(1))

    held = CardHold.objects.get()
    assert (held.card, held.holder, held.placed_at) == (
        BankCard.objects.get(), "auto-debit", OPENED_AT,
    )  # fmt: skip
    assert Mandate.objects.get().signed_at == OPENED_AT


def test_a_card_is_a_default_class_one_card_the_bank_was_not_asked_about(db):
    store(client(1))

    assert values(BankCard.objects.get(), "account_class", "is_default", "check_code", "tries") == (
        "I", True, "", 0,
    )  # fmt: skip


def test_a_bill_keeps_where_its_loan_stood_when_it_came(db):
    store(client(1))

    kept = BillSnapshot.objects.get()
    assert (kept.bill, kept.loan) == (Bill.objects.get(), Loan.objects.get())
    position = position_of(kept.loan, list(Instalment.objects.all()))
    moved = position._replace(accrued_on=OPENED_AT.date(), charged_fen=1, principal_nights_fen=2)
    assert reset_to(kept, moved, billed_on=kept.bill.billed_on) == position


def test_a_loan_whose_nights_lie_ahead_owes_its_principal_alone(db):
    store(client(1)._replace(loan=UNCHARGED))

    loan, part = Loan.objects.get(), Instalment.objects.get()
    assert values(loan, "accrued_on", "principal_nights_fen", "charged_fen") == (
        date(2026, 9, 15), 0, 0,
    )  # fmt: skip
    assert values(part, "bill", "due_on", "unpaid_principal_fen", "unpaid_interest_fen") == (
        Bill.objects.get(), date(2026, 10, 15), 1_000_000, 0,
    )  # fmt: skip
    assert values(Bill.objects.get(), "total_fen", "billed_on") == (1_015_000, ON)
    assert (BillSnapshot.objects.count(), Charge.objects.count()) == (1, 0)
    assert Transfer.objects.get().amount_fen == 1_000_000


def test_interest_that_the_formula_does_not_give_is_one_amount(db):
    loan = client(1).loan
    store(client(1)._replace(loan=loan._replace(interest_fen=14_999)))

    charge = Charge.objects.get()
    assert (charge.kind, charge.base_fen, charge.rate_micro) == ("migrated", 0, 0)
    assert (charge.contract_fen, charge.charged_fen, charge.waived_fen) == (14_999, 14_999, 0)


def test_the_rows_of_many_clients_belong_together(db):
    store(client(1), client(2)._replace(loan=None), client(3)._replace(loan=UNCHARGED), client(4))

    for loan in Loan.objects.all():
        assert loan.line.customer_id == loan.customer_id
        assert {part.customer_id for part in loan.instalments.all()} == {loan.customer_id}
        assert loan.line.drawn_fen == 1_000_000
    for part in Instalment.objects.all():
        assert part.bill.customer_id == part.customer_id
    for mandate in Mandate.objects.all():
        assert mandate.card.customer_id == mandate.customer_id
    origins = Loan.objects.order_by("pk").values_list("customer__origin", flat=True)
    assert list(origins) == ["book:1", "book:3", "book:4"]
    assert CreditLine.objects.get(customer__origin="book:2").drawn_fen == 0
    billed = Bill.objects.order_by("pk").values_list("customer__origin", flat=True)
    assert list(billed) == ["book:1", "book:3", "book:4"]


def test_nothing_is_stored_outside_an_import(db):
    numbers = LoanTerms()
    terms = Terms(ON, AT, numbers, signed_under(numbers).pk, 150, 30_000_000)

    with pytest.raises(Exception, match="no row may start"), transaction.atomic():
        write([client(1)], terms=terms)

    assert not any(counts().values())


def test_the_same_row_is_the_same_client_on_any_day():
    assert client(7) == client(7)
    assert (client(7).origin, client(7).limit_fen, client(7).funds_fen) == (
        "book:7", 2_000_000, 1_116_500,
    )  # fmt: skip
    assert client(7).account == f"acct-{blind(client(7).person.card_number, 'account').hex()}"
    assert client(7).account != client(8).account


@pytest.mark.parametrize(
    ("on", "opened_on"),
    [(date(2026, 10, 1), date(2026, 4, 1)), (date(2026, 8, 31), date(2026, 2, 28))],
)
def test_customers_are_known_from_a_month_before_their_history(on, opened_on):
    terms = Terms(on, AT, LoanTerms(), 1, 150, 30_000_000)

    assert terms.opened_on == opened_on
    assert terms.opened_at == clock.moment_of(opened_on, time())
