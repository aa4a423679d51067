"""Which bills may need a notice, and which notice holds on a day."""

import pytest

from loans.collection.queries import notices
from loans.models import DebitNotice
from tests.loans.conftest import DUE_ON, day, moment

pytestmark = pytest.mark.usefixtures("committed_db")


def notified(bill, first, maximum_fen=1_016_508):
    return DebitNotice.objects.create(
        bill=bill, customer=bill.customer, cycle=1, first_on=day(first), last_on=day(first + 2),
        maximum_fen=maximum_fen, notified_on=day(first - 2), notified_by="test",
        notified_at=moment(day(first - 2)),
    )  # fmt: skip


@pytest.mark.parametrize(("until", "found"), [(-1, False), (0, True), (1, True)])
def test_a_bill_may_be_notified_when_its_attempt_is_near(make_bill, until, found):
    bill = make_bill()

    ids = notices.to_notify(on=day(until - 2), until=day(until))

    assert ids == ([bill.pk] if found else [])


def test_a_bill_with_a_notice_is_planned_again_after_its_window(make_bill):
    bill = make_bill()
    notified(bill, 0)

    assert notices.to_notify(on=day(2), until=day(4)) == []
    assert notices.to_notify(on=day(3), until=day(4)) == [bill.pk]


@pytest.mark.parametrize(("on", "maximum"), [(-1, None), (0, 7), (2, 7), (3, None)])
def test_a_notice_holds_from_the_first_to_the_last_day_of_its_window(make_bill, on, maximum):
    bill = make_bill()
    notified(bill, 0, maximum_fen=7)

    found = notices.maxima_fen([bill.pk], on=day(on))

    assert found == ({} if maximum is None else {bill.pk: maximum})


def test_the_windows_that_were_notified_of_are_known(make_bill):
    bill, other = make_bill(), make_bill()
    notified(bill, 0)

    assert notices.windows([bill.pk, other.pk]) == {(bill.pk, DUE_ON)}
