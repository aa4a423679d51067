"""The notice of a bill that a customer sees: of the debits that are still to come."""

import pytest

from loans.billing.queries.debit_notices import coming
from loans.models import DebitNotice
from tests.loans.conftest import DUE_ON, day, moment

pytestmark = pytest.mark.usefixtures("committed_db")


def notified(bill, first):
    return DebitNotice.objects.create(
        bill=bill, customer=bill.customer, cycle=1, first_on=day(first), last_on=day(first + 2),
        maximum_fen=1_016_508, notified_on=day(first - 2), notified_by="test",
        notified_at=moment(day(first - 2)),
    )  # fmt: skip


@pytest.mark.parametrize(("n", "first"), [(-2, 0), (2, 0), (3, 4), (6, 4), (7, None)])
def test_the_next_notice_holds_until_its_last_day(make_bill, n, first):
    bill = make_bill()
    made = {0: notified(bill, 0), 4: notified(bill, 4)}

    assert coming([bill], on=day(n)) == ({} if first is None else {bill.pk: made[first]})


def test_a_bill_without_a_notice_has_none(make_bill):
    bill, other = make_bill(), make_bill()
    notified(other, 0)

    assert coming([bill], on=DUE_ON) == {}
