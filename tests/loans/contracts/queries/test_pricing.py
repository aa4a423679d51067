"""The latest score prices a new loan (RATE-1, REPAY-6, SCORE-11)."""

import pytest

from accounts.models import Customer
from loans.contracts.queries.pricing import price_of
from tests.accounts.people import AT, LONG_AGO
from tests.loans.contracts.conftest import scored
from tests.policies import put_in_force

ON = AT.date()


@pytest.fixture
def customer(db):
    return Customer.objects.create(registered_at=LONG_AGO)


@pytest.mark.parametrize(
    ("score", "rate_ppm", "plans"),
    [(800, 200, (3, 6, 12)), (749, 300, (3, 6)), (699, 350, ()), (500, 500, ())],
)
def test_rate_and_plans_follow_the_score(customer, score, rate_ppm, plans):
    scored(customer, score)

    price = price_of(customer, on=ON)

    assert (price.score, price.graded.rate_ppm, price.graded.plans) == (score, rate_ppm, plans)


def test_the_latest_decision_counts(customer):
    scored(customer, 800)
    scored(customer, 600)

    assert price_of(customer, on=ON).graded.rate_ppm == 400


def test_the_rate_is_that_of_the_numbers_of_the_day(customer):
    put_in_force("scoring", {"rate_aaa_ppm": 210}, on=ON)
    scored(customer, 800)

    assert price_of(customer, on=ON).graded.rate_ppm == 210


def test_nobody_has_a_price_before_a_decision(customer):
    assert price_of(customer, on=ON) is None


def test_a_migrated_customer_has_the_rate_of_grade_c_and_no_plan(db):
    customer = Customer.objects.create(registered_at=LONG_AGO, origin="book:1")

    price = price_of(customer, on=ON)

    assert (price.score, price.graded.rate_ppm, price.graded.plans) == (None, 500, ())


@pytest.mark.parametrize(("score", "failed"), [(499, ()), (None, ()), (760, ("overdue-history",))])
def test_too_low_a_score_or_a_bad_history_has_no_rate(customer, score, failed):
    scored(customer, score, state="refused", failed=failed)

    assert price_of(customer, on=ON).graded.rate_ppm is None
