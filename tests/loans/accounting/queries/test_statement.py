"""A bill is explained to the fen, and the explanation ends where the ledger stands."""

from datetime import time

import pytest

from loans.accounting.queries.statement import statement_of
from loans.collection.operations import orders, results
from loans.collection.operations.orders import CollectionRequest
from loans.models import Bill, Charge
from tests.loans.conftest import day, moment
from tests.loans.days import live

pytestmark = pytest.mark.usefixtures("committed_db")


def days(until):
    return [day(n) for n in range(until + 1)]


def pay(bill, channel, amount_fen, *, on):
    ask = CollectionRequest(bill.pk, amount_fen, origin="customer", key=f"{on}")
    at = moment(on, time(15, 0))
    prepared = orders.prepare([ask], by="test", on=on, at=at)
    results.record(orders.ask(prepared, channel=channel, at=at), by="system:debit-channel", at=at)


def explained(bill, *, on):
    found = statement_of(Bill.objects.get(pk=bill.pk), on=on)
    assert not any(loan.is_migrated for loan in found.loans)
    for loan in found.loans:
        assert sum(line.charged_fen for line in loan.lines) == loan.position.charged_fen
        assert sum(line.waived_fen for line in loan.lines) == loan.position.waived_fen
    return found


def lines(found):
    return [
        (line.kind, line.from_on, line.nights, line.base_fen, line.contract_fen, line.charged_fen)
        for loan in found.loans
        for line in loan.lines
    ]


def test_a_bill_on_its_due_date_asks_principal_and_interest(make_bill):
    found = explained(make_bill(), on=day(0))

    assert found.owed_fen == 1_015_000
    assert lines(found) == [("own", day(-30), 30, 1_000_000, 15_000, 15_000)]


def test_an_overdue_bill_is_explained_charge_by_charge(make_bill, channel, monkeypatch):
    bill = make_bill()
    channel.will_answer("acct-1", "NOTENOUGH")
    live(channel, monkeypatch, *days(14))

    found = explained(bill, on=day(14))

    assert found.owed_fen == 1_027_553
    assert lines(found) == [
        ("own", day(-30), 34, 1_000_000, 17_000, 17_000),
        ("late_fee", day(1), 0, 1_015_000, 508, 508),
        ("penalty", day(4), 10, 1_000_000, 10_045, 10_045),
    ]


def test_what_the_cap_waives_is_shown(make_bill, channel, monkeypatch):
    bill = make_bill()
    channel.will_answer("acct-1", "NOTENOUGH")
    live(channel, monkeypatch, *days(18))

    found = explained(bill, on=day(18))

    assert lines(found)[-1] == ("penalty", day(4), 14, 1_000_000, 14_091, 14_053)
    assert found.loans[0].cap_fen == found.loans[0].position.charged_fen == 31_561


def test_a_part_payment_starts_a_new_line(make_bill, channel, monkeypatch):
    bill = make_bill()
    channel.will_answer("acct-1", "NOTENOUGH")
    live(channel, monkeypatch, *days(9))
    channel.codes.clear()
    pay(bill, channel, 100_000, on=day(9))

    found = explained(bill, on=day(12))

    assert found.owed_fen == 922_518 + 2_770
    assert lines(found)[-2:] == [
        ("penalty", day(4), 5, 1_000_000, 5_010, 5_010),
        ("penalty", day(9), 3, 922_518, 2_770, 2_770),
    ]


def test_a_met_minimum_bears_one_and_a_half_times_the_rate(make_bill, channel, monkeypatch):
    bill = make_bill(mode="minimum")
    live(channel, monkeypatch, *days(3))

    found = explained(bill, on=day(3))

    assert lines(found) == [
        ("own", day(-30), 30, 1_000_000, 15_000, 15_000),
        ("revolving", day(0), 3, 913_500, 2_055, 2_055),
    ]


def test_a_paid_bill_keeps_its_lines_and_owes_nothing(make_bill, channel, monkeypatch):
    bill = make_bill()
    channel.will_answer("acct-1", "NOTENOUGH", "SUCCESS")
    live(channel, monkeypatch, *days(5))

    found = explained(bill, on=day(5))

    assert found.owed_fen == 0
    assert [line[0] for line in lines(found)] == ["own", "late_fee"]


def test_money_of_an_earlier_day_leaves_the_lines_it_should_have_had(
    make_bill, channel, monkeypatch
):
    bill = make_bill(mode="minimum")
    channel.will_answer("acct-1", "LOST")
    live(channel, monkeypatch, *days(2))

    found = explained(bill, on=day(2))

    assert Bill.objects.get(pk=bill.pk).state == "min_paid"
    assert lines(found) == [
        ("own", day(-30), 30, 1_000_000, 15_000, 15_000),
        ("revolving", day(0), 2, 913_500, 1_370, 1_370),
    ]


def test_a_day_before_the_last_posting_shows_the_books(make_bill, channel, monkeypatch):
    bill = make_bill()
    channel.will_answer("acct-1", "NOTENOUGH")
    live(channel, monkeypatch, *days(4))

    assert explained(bill, on=day(0)).owed_fen == 1_017_508


def test_a_loan_with_a_history_elsewhere_shows_it_in_one_line(make_bill):
    bill = make_bill()
    row = bill.instalments.get()
    row.unpaid_interest_fen, row.segment_on, row.unpaid_principal_fen = 700, day(-10), 900_000
    row.segment_base_fen = 900_000
    row.save()
    row.loan.unpaid_principal_fen, row.loan.accrued_on = 900_000, day(-10)
    row.loan.charged_fen, row.loan.principal_nights_fen = 700, 20_000_000
    row.loan.save()
    Charge.objects.create(
        posted_on=day(-10), loan_id=row.loan_id, instalment_id=row.pk, customer_id=bill.customer_id,
        kind="migrated", segment_on=day(-30), from_on=day(-30), to_on=day(-10), base_fen=0,
        rate_micro=0, contract_fen=700, charged_fen=700, cause_type="migration",
        cause_id=row.loan_id, at=moment(day(-10)),
    )  # fmt: skip

    found = statement_of(bill, on=day(0))

    assert found.loans[0].is_migrated
    assert [(line.kind, line.nights, line.charged_fen) for line in found.loans[0].lines] == [
        ("migrated", 0, 700),
        ("own", 10, 4_500),
    ]
    assert found.owed_fen == 900_000 + 700 + 4_500
