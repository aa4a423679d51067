"""The transfers of an account, those of its days and the late ones, by id and a page at a time."""

from datetime import date, time

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from loans.accounting.operations import ledger
from loans.accounting.operations.ledger import Entry
from loans.general_ledger.queries import statement
from loans.general_ledger.rules.periods import month_of, period_of
from loans.models import DebitOrder, Repayment
from tests.loans.conftest import day, moment
from tests.loans.delinquency.test_overdue_life import live
from tests.loans.general_ledger.months import close_reconciled

pytestmark = pytest.mark.usefixtures("committed_db")

AUGUST, SEPTEMBER = date(2026, 8, 1), date(2026, 9, 1)
NOON = moment(date(2026, 10, 5), time(12))


def post(*amounts_fen: int, on: date) -> None:
    entries = [Entry(on, "bank", "unapplied_funds", fen, "unapplied", "repayment", 4, None, 9)
               for fen in amounts_fen]  # fmt: skip
    with transaction.atomic():
        ledger.post(entries, at=NOON)


def amounts(page: statement.StatementPage) -> list[int]:
    return [one.amount_fen for one in page.transfers]


def test_late_transfers_stand_among_those_of_the_month():
    post(1, on=date(2026, 8, 31))
    close_reconciled(AUGUST, at=NOON)
    post(2, on=SEPTEMBER)
    post(3, on=AUGUST)
    post(4, on=date(2026, 9, 30))
    post(5, on=date(2026, 10, 1))

    assert amounts(statement.page_of("bank", month_of(SEPTEMBER))) == [2, 3, 4]
    assert amounts(statement.page_of("unapplied_funds", month_of(AUGUST))) == [1]
    assert amounts(statement.page_of("interest", month_of(SEPTEMBER))) == []
    assert amounts(statement.page_of("bank", period_of("2026-09-01"))) == [2, 3]


def test_the_pages_follow_each_other_without_a_gap():
    post(1, on=date(2026, 8, 31))
    close_reconciled(AUGUST, at=NOON)
    post(*range(2, 40), on=SEPTEMBER)
    post(*range(40, 102), on=AUGUST)

    first = statement.page_of("bank", month_of(SEPTEMBER))
    second = statement.page_of("bank", month_of(SEPTEMBER), after=first.next_after)

    assert amounts(first) == list(range(2, 52))
    assert amounts(second) == list(range(52, 102))
    assert second.next_after is None


def test_a_repayment_leads_to_its_order_and_a_page_costs_three_statements(make_bill, channel):
    live(make_bill(), channel, until=0)

    with CaptureQueriesContext(connection) as asked:
        page = statement.page_of("bank", period_of(day(0).isoformat()))

    assert len(asked) == 3
    repayment, order = Repayment.objects.get(), DebitOrder.objects.get()
    assert page.orders == {repayment.pk: order.pk}
    assert {one.cause_id for one in page.transfers} == {repayment.pk}
    assert sum(amounts(page)) == 1_015_000
