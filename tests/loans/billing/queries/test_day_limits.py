"""Which bills carry a warning of their card's day limit (FAQ-4)."""

import pytest

from accounts.models import BankCard
from backoffice.core import workflow
from loans.billing.queries import day_limits
from loans.models import Mandate
from tests.loans.conftest import DUE_ON, day

pytestmark = pytest.mark.django_db


@pytest.fixture
def bill(make_bill):
    made = make_bill()
    make_bill()
    with workflow.importing():
        of_class_two = BankCard.objects.filter(customer=made.customer)
        of_class_two.update(account_class="II", state="repay_only", is_default=False)
    return made


def test_the_bills_of_limited_accounts_are_found_three_days_before(bill):
    assert day_limits.warned(on=day(-4)) == []
    assert day_limits.warned(on=day(-3)) == [bill.pk]
    assert day_limits.warned(on=DUE_ON) == [bill.pk]
    assert day_limits.warned(on=day(1)) == []


def test_a_warning_is_read_for_each_bill_that_has_one(bill):
    found = day_limits.warnings([bill], on=DUE_ON)

    assert found[bill.pk].asked_fen == 1_015_000


def test_without_a_mandate_nothing_is_debited(bill):
    with workflow.importing():
        Mandate.objects.filter(customer=bill.customer).update(state="terminated")

    assert day_limits.warned(on=DUE_ON) == []
