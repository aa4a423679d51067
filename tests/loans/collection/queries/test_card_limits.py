"""What the account behind a card still gives on a day."""

import pytest
from django.db import transaction

from accounts.cards.operations import cards
from accounts.cards.operations.cards import ClassChange
from accounts.models import BankCard
from backoffice.core import workflow
from loans.collection.operations import orders, results
from loans.collection.operations.orders import CollectionRequest
from loans.collection.queries import card_limits
from loans.collection.queries.card_limits import DayLimit
from loans.gateways.channel import Answer, Outcome
from tests.loans.conftest import DUE_ON, day, moment

pytestmark = pytest.mark.usefixtures("committed_db")


@pytest.fixture
def bill(make_bill):
    return make_bill(principal_fen=2_000_000)


def reclassify(account_class):
    change = ClassChange(BankCard.objects.order_by("pk")[0].pk, account_class)
    cards.reclassify([change], by="bank", reason="classed again", at=moment(day(-9)))


def take(bill, amount_fen=None, *, on=DUE_ON, outcome=Outcome.SUCCEEDED, taken_fen=None):
    """Take an amount that the customer offers, or what the 9:00 debit asks."""
    origin = "customer" if amount_fen else "auto"
    request = CollectionRequest(bill.pk, amount_fen, origin, f"{on}-{amount_fen}")
    [made] = orders.prepare([request], by="test", on=on, at=moment(on))
    paid_fen = 0 if outcome != Outcome.SUCCEEDED else taken_fen or made.order.amount_fen
    answer = Answer(made.order.number, outcome, "NOTENOUGH", paid_fen, "ref", moment(on))
    results.record([answer], by="system:debit-channel", at=moment(on))


def limit_of(bill, on=DUE_ON):
    card_id = BankCard.objects.get(customer=bill.customer_id).pk
    return card_limits.of_day(card_id, customer_id=bill.customer_id, on=on)


@pytest.mark.parametrize(
    ("account_class", "expected"),
    [
        ("II", DayLimit("II", 1_000_000, 1_000_000)),
        ("III", DayLimit("III", 200_000, 200_000)),
        ("unknown", None),
    ],
)
def test_each_class_has_its_limit(bill, account_class, expected):
    assert limit_of(bill) is None
    reclassify(account_class)

    assert limit_of(bill) == expected


def test_what_the_card_paid_that_day_is_used_up(bill):
    take(bill, 400_000, on=day(-1))
    take(bill, 250_000)
    take(bill, 50_001)
    reclassify("II")

    assert limit_of(bill) == DayLimit("II", 1_000_000, 699_999)
    assert limit_of(bill, on=day(-1)) == DayLimit("II", 1_000_000, 600_000)
    assert limit_of(bill, on=day(1)) == DayLimit("II", 1_000_000, 1_000_000)


def test_a_direct_debit_uses_the_limit_too_and_never_below_nothing(bill):
    take(bill)
    reclassify("II")

    assert limit_of(bill) == DayLimit("II", 1_000_000, 0)


def test_money_that_was_not_taken_uses_nothing(bill):
    take(bill, 250_000, outcome=Outcome.FAILED)
    reclassify("II")

    assert limit_of(bill) == DayLimit("II", 1_000_000, 1_000_000)


def test_money_that_may_have_been_taken_uses_the_limit(bill):
    take(bill, 250_000, outcome=Outcome.UNKNOWN)
    reclassify("II")

    assert limit_of(bill) == DayLimit("II", 1_000_000, 750_000)


def test_the_amount_taken_counts_and_not_the_amount_asked(bill):
    take(bill, 250_000, taken_fen=100_000)
    reclassify("II")

    assert limit_of(bill) == DayLimit("II", 1_000_000, 900_000)


def test_each_card_of_a_customer_has_a_limit_of_its_own(bill):
    take(bill, 250_000)
    reclassify("II")
    with transaction.atomic(), workflow.importing():
        second = BankCard.objects.create(
            customer=bill.customer, state="repay_only", number="1", number_blind=b"x" * 16,
            last_four="0001", bank="x", account="other", account_class="II",
            bound_at=moment(day(0)),
        )  # fmt: skip

    found = card_limits.of_day(second.pk, customer_id=bill.customer_id, on=day(0))

    assert found == DayLimit("II", 1_000_000, 1_000_000)


def test_what_another_customer_paid_uses_nothing(bill, make_bill):
    take(make_bill(), 250_000)
    reclassify("II")

    assert limit_of(bill) == DayLimit("II", 1_000_000, 1_000_000)
