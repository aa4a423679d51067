"""What one request knows: read once, and again under the lock."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from accounts.models import Customer, CustomerHold
from accounts.onboarding import operations as onboarding
from tests.accounts.cards.cards import customer
from tests.accounts.people import AT, request_of

pytestmark = pytest.mark.django_db


def hold(owner):
    CustomerHold.objects.create(customer=owner, kind="block", holder="risk", reason="x",
                                placed_by="risk", placed_at=AT)  # fmt: skip


def test_the_status_is_read_at_the_first_use_and_not_again(django_assert_num_queries):
    context = request_of(customer())

    with django_assert_num_queries(1):
        assert context.status is context.status
    assert (context.on, context.subject) == (date(2026, 11, 24), f"customer:{context.customer.pk}")


def test_the_policy_is_not_read_again_by_what_is_derived(django_assert_num_queries):
    context = request_of(customer())

    with django_assert_num_queries(1):
        locked = context.locked()

    assert locked.policy is context.policy


def test_under_the_lock_the_status_is_another_reading():
    context = request_of(customer())
    onboarding.require_active(context)
    hold(context.customer)

    onboarding.require_active(context)
    with pytest.raises(onboarding.OnHoldError):
        onboarding.require_active(context.locked())


def test_under_the_lock_the_customer_is_another_reading():
    context = request_of(customer())
    Customer.objects.update(name="李四")

    assert context.locked().customer.name == "李四"
    assert context.customer.name == "张三丰"


def test_a_moment_of_the_machine_is_shown_in_product_time():
    moved = replace(request_of(customer()), at=AT + timedelta(days=30, microseconds=40), wall_at=AT)

    assert moved.in_product_time(AT + timedelta(minutes=5)) == AT + timedelta(days=30, minutes=5)


def test_where_no_clock_was_moved_a_moment_stays_as_it_is():
    still = replace(request_of(customer()), at=AT, wall_at=AT + timedelta(microseconds=40))

    assert still.in_product_time(AT) == AT
