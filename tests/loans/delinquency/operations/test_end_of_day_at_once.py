"""Two closes of one bill, and a close beside a payment: one waits for the other (GEN-8)."""

from concurrent.futures import ThreadPoolExecutor
from datetime import time
from time import monotonic, sleep

import pytest
from django.db import connection, transaction

from loans.accounting.operations.batch import LoanBatch
from loans.delinquency.operations import end_of_day
from loans.models import Bill, Charge, Loan
from loans.reconciliation import queries as reconciliation
from tests.loans.arrivals import arrived
from tests.loans.conftest import day, moment
from tests.raw import execute

pytestmark = pytest.mark.usefixtures("committed_db")

BLOCKED = (
    "SELECT 1 FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
)


def close(bill):
    return end_of_day.close(
        [bill.pk], by="system:end-of-day", on=day(1), at=moment(day(1), time(0, 5))
    )


@transaction.atomic
def pay(payment):
    batch = LoanBatch.lock([payment.bill_id])
    batch.run([payment])
    batch.write(by="test", at=moment(payment.on))


def meanwhile(first, second):
    """Run the second in another session, which must wait until the first is committed."""

    def elsewhere():
        try:
            return second()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            result = first()
            other = pool.submit(elsewhere)
            deadline = monotonic() + 30
            while not execute(BLOCKED):
                assert monotonic() < deadline, "nobody waits"
                sleep(0.01)
        return result, other.result()


def test_a_bill_that_two_close_at_once_is_closed_once(make_bill):
    bill = make_bill(mode="off")

    counts = meanwhile(lambda: close(bill), lambda: close(bill))

    assert counts == (1, 0)
    assert list(Charge.objects.order_by("id").values_list("kind", "charged_fen")) == [
        ("own", 15_000), ("own", 500), ("late_fee", 508),
    ]  # fmt: skip


def test_a_close_that_waits_for_a_payment_sees_it(make_bill):
    bill = make_bill(mode="off")
    payment = arrived(bill, 1_015_000)

    meanwhile(lambda: pay(payment), lambda: close(bill))

    assert (Bill.objects.get().state, Bill.objects.get().late_fee_fen) == ("paid", 0)
    assert Loan.objects.get().charged_fen == 15_000
    assert list(reconciliation.caches()) == []


def test_a_payment_that_waits_for_a_close_settles_its_late_fee(make_bill):
    bill = make_bill(mode="off")
    payment = arrived(bill, 1_016_008, n=1)

    meanwhile(lambda: close(bill), lambda: pay(payment))

    assert (Bill.objects.get().state, Bill.objects.get().late_fee_fen) == ("paid", 508)
    assert Loan.objects.get().state == "settled"
    assert list(reconciliation.caches()) == []
