"""What was read to ask for the money serves to record it, unless it changed meanwhile."""

from datetime import time

import pytest
from django.db import connection
from django.forms.models import model_to_dict
from django.test.utils import CaptureQueriesContext

from loans.collection.operations import collection, orders, results
from loans.collection.operations.orders import CollectionRequest
from loans.models import Bill, Instalment, Loan, UnappliedFunds
from tests.loans.conftest import FakeChannel, day, moment
from tests.loans.delinquency.test_overdue_life import pay

pytestmark = pytest.mark.usefixtures("committed_db")

AT = moment(day(0))
PART_FEN = 50_000


class SlowChannel(FakeChannel):
    """Lets something happen before it answers."""

    def __init__(self, meanwhile) -> None:
        super().__init__()
        self.meanwhile = meanwhile

    def submit(self, requests):
        self.meanwhile()
        return super().submit(requests)


def pay_a_part(bill: Bill) -> None:
    pay(bill, FakeChannel(), PART_FEN, at=moment(day(0), time(9, 1)))


def stands(bill: Bill) -> list[dict[str, object]]:
    """Return everything about a bill but the ids."""
    row = Instalment.objects.get(bill=bill)
    records = (Bill.objects.get(pk=bill.pk), row, Loan.objects.get(pk=row.loan_id))
    ids = {"id", "customer", "line", "loan", "bill"}
    return [
        {name: value for name, value in model_to_dict(record).items() if name not in ids}
        for record in records
    ]


def test_a_loan_that_changes_while_the_bank_is_asked_is_read_again(make_bill, channel):
    bill, twin, untouched = make_bill(), make_bill(), make_bill()
    slow = SlowChannel(lambda: pay_a_part(bill))

    asks = [CollectionRequest(bill.pk), CollectionRequest(untouched.pk)]
    collection.collect(asks, by="test", channel=slow, on=day(0), at=AT)

    prepared = orders.prepare([CollectionRequest(twin.pk)], by="test", on=day(0), at=AT)
    pay_a_part(twin)
    results.record(orders.ask(prepared, channel=channel, at=AT), by="system:debit-channel", at=AT)
    assert stands(bill) == stands(twin)
    waiting_fen = UnappliedFunds.objects.values_list("amount_fen", flat=True)
    assert list(waiting_fen) == [PART_FEN, PART_FEN]
    assert Loan.objects.get(instalments__bill=untouched).state == "settled"


def test_nothing_is_read_twice_while_nobody_changes_it(make_bill, channel):
    asks = [CollectionRequest(make_bill().pk) for _ in range(3)]

    with CaptureQueriesContext(connection) as asked:
        collection.collect(asks, by="test", channel=channel, on=day(0), at=AT)

    statements = [str(query["sql"]) for query in asked]
    reads = [words for words in statements if '"loans_instalment"."segment_on"' in words]
    assert len(reads) == 1
    assert Bill.objects.filter(state="paid").count() == 3


def test_bills_that_were_not_asked_for_are_left_alone(make_bill, channel):
    bill, paid = make_bill(), make_bill()
    pay(paid, channel, paid.total_fen, at=AT)
    before = stands(paid)

    collection.collect(
        [CollectionRequest(bill.pk), CollectionRequest(paid.pk)],
        by="test",
        channel=channel,
        on=day(0),
        at=AT,
    )

    assert Bill.objects.get(pk=bill.pk).state == "paid"
    assert stands(paid) == before


def test_part_successes_are_counted_again_in_one_statement(make_bill, channel):
    bills = [make_bill(mode="minimum") for _ in range(3)]

    with CaptureQueriesContext(connection) as asked:
        collection.collect(
            [CollectionRequest(b.pk) for b in bills], by="test", channel=channel, on=day(0), at=AT
        )

    statements = [str(query["sql"]) for query in asked]
    counts = [words for words in statements if '"loans_debitorder"."cycle" AS' in words
              and '"loans_debitorder"."number"' not in words]  # fmt: skip
    assert len(counts) == 1
    stored = Bill.objects.order_by("pk").values_list("state", "refusals", "tries")
    assert list(stored) == [("billed", 0, 1)] * 3
