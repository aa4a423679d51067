"""What is known of a customer's direct debit."""

from datetime import timedelta

import pytest

from loans.billing.queries.debits import HAS_MANDATE, chosen_of, next_debit, next_debits
from loans.models import AutoDebit, Bill
from tests.loans.conftest import DUE_ON, moment

pytestmark = pytest.mark.django_db


def test_everything_is_debited_unless_something_else_was_chosen(make_bill):
    bill = make_bill()

    found = chosen_of(bill.customer_id)
    assert (found.mode, found.is_active, found.mandate.card.last_four) == ("full", True, "0001")

    AutoDebit.objects.create(customer=bill.customer, mode="off", changed_at=moment(DUE_ON))
    assert (chosen_of(bill.customer_id).mode, chosen_of(bill.customer_id).is_active) == (
        "off", False,
    )  # fmt: skip


def test_without_a_mandate_nothing_is(make_bill):
    found = chosen_of(make_bill(with_mandate=False).customer_id)

    assert (found.mandate, found.is_active) == (None, False)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, DUE_ON),
        ({"state": "grace", "debit_on": DUE_ON - timedelta(1)}, DUE_ON),
        ({"state": "overdue", "debit_on": DUE_ON + timedelta(9)}, DUE_ON + timedelta(9)),
        ({"debit_on": None}, None),
        ({"mode": "off", "state": "overdue"}, None),
        ({"state": "paid"}, None),
        ({"state": "carried"}, None),
        ({"state": "converted"}, None),
    ],
)
def test_the_next_debit_of_a_bill_is_the_one_that_will_be_asked(values, expected):
    bill = Bill(**{"state": "billed", "mode": "full", "debit_on": DUE_ON, **values})

    assert next_debit(bill, True, on=DUE_ON) == expected
    assert next_debit(bill, False, on=DUE_ON) is None


def test_only_bills_with_a_live_mandate_have_a_next_debit(make_bill):
    debited, manual = make_bill(), make_bill(with_mandate=False)

    assert next_debits([debited, manual], on=DUE_ON) == {debited.pk: DUE_ON}
    rows = Bill.objects.annotate(found=HAS_MANDATE)
    assert set(rows.values_list("pk", "found")) == {(debited.pk, True), (manual.pk, False)}
