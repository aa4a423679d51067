"""The bills of a plan, and what it costs to find them."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from loans.collection.operations import orders
from loans.collection.operations.orders import CollectionRequest
from loans.collection.queries import due
from tests.loans.conftest import day, moment
from tests.raw import execute

pytestmark = pytest.mark.usefixtures("committed_db")


def plan_of(statement: str, *, without: tuple[str, ...] = ()) -> str:
    """Return how the database would run a statement, were it a large table.

    `without` names more kinds of nodes to be avoided, where the choice between two indexes of an
    empty table would depend on the statistics that happen to be there.
    """
    avoided = ("seqscan", *without)
    for node in avoided:
        execute(f"SET enable_{node} = off")
    rows = execute("EXPLAIN " + statement.replace("%", "%%"))
    for node in avoided:
        execute(f"RESET enable_{node}")
    return "\n".join(row[0] for row in rows)


def test_open_orders_are_found_without_reading_the_closed_ones(make_bill):
    with CaptureQueriesContext(connection) as asked:
        due.to_debit(on=day(0))

    # Both are read alone; another one, in the order of bills, would need the rows too.
    plan = plan_of(asked.captured_queries[0]["sql"], without=("indexscan",))

    assert "debit_order_one_open" in plan
    assert "debit_order_open_request" in plan
    assert "Seq Scan" not in plan


@pytest.mark.parametrize("origin", ["auto", "customer"])
def test_a_bill_with_an_open_order_is_in_the_plan(make_bill, origin):
    bill = make_bill(mode="full" if origin == "auto" else "off")
    assert due.to_debit(on=day(-1)).ids == []

    orders.prepare(
        [CollectionRequest(bill.pk, None, origin)], by="test", on=day(0), at=moment(day(0))
    )

    assert due.to_debit(on=day(-1)).ids == [bill.pk]
