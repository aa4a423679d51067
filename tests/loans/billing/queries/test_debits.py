"""What is known of a customer's direct debit."""

import pytest

from loans.billing.queries.debits import chosen_of
from loans.models import AutoDebit
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
