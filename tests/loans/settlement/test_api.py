"""How a customer repays a loan early: quote, settlement, prepayment (REPAY-3, REPAY-4)."""

from datetime import timedelta
from uuid import uuid4

import pytest

from accounts.models import Authorisation, LoginSession
from backoffice.core import clock
from loans.models import DebitOrder, Loan
from tests.accounts.api.conftest import (  # noqa: F401 - fixtures
    carded,
    identified,
    newcomer,
    problem,
    waited,
)
from tests.accounts.conftest import stopped_clock  # noqa: F401 - a fixture


@pytest.fixture
def loan(make_loan, carded):  # noqa: F811
    """10,000.00 at 0.05 % a day, drawn ten nights ago."""
    drawn_on = clock.business_date() - timedelta(10)
    made = make_loan(customer=carded.customer, drawn_on=drawn_on)
    return Loan.objects.get(pk=made.pk)


def granted(phone, amount_fen):
    wall_at = clock.wall()
    return Authorisation.objects.create(
        customer=phone.customer, session=LoginSession.objects.latest("pk"), purpose="settlement",
        amount_fen=amount_fen, given_at=wall_at, expires_at=wall_at + timedelta(minutes=5),
    ).public_id  # fmt: skip


def body(phone, granted_fen, **other):
    [card] = phone.get("me/cards").json()["results"]
    return {"card_id": card["id"], "authorisation_id": str(granted(phone, granted_fen)), **other}


def test_the_quote_names_every_component(carded, loan):  # noqa: F811
    assert carded.get(f"loans/{loan.public_id}/settlement").json() == {
        "as_of": str(clock.business_date()), "penalty_fen": 0, "late_fee_fen": 0,
        "interest_fen": 5_000, "plan_fee_fen": 0, "principal_fen": 1_000_000,
        "prepayment_fee_fen": 5_000, "waived_fen": 0, "total_fen": 1_010_000,
    }  # fmt: skip


def test_a_loan_is_settled_with_the_amount_that_was_authorised(carded, loan):  # noqa: F811
    address = f"loans/{loan.public_id}/settlement"

    answer = carded.post(address, body(carded, 1_010_000))

    order = DebitOrder.objects.get()
    assert (answer.status_code, answer.json()) == (
        202, {"payment_id": str(order.public_id), "state": "sent", "amount_fen": 1_010_000},
    )  # fmt: skip
    assert (order.purpose, order.loan_id, order.bill_id) == ("settlement", loan.pk, None)


def test_a_repeated_request_gets_the_same_reply(carded, loan):  # noqa: F811
    address, asked = f"loans/{loan.public_id}/settlement", body(carded, 1_010_000)
    key = {"idempotency-key": uuid4().hex}

    first, again = carded.post(address, asked, **key), carded.post(address, asked, **key)

    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert DebitOrder.objects.count() == 1


def test_a_part_of_a_bullet_is_prepaid(carded, loan):  # noqa: F811
    address = f"loans/{loan.public_id}/prepayments"

    answer = carded.post(address, body(carded, 206_000, amount_fen=200_000))

    assert (answer.status_code, answer.json()["amount_fen"]) == (202, 206_000)
    assert DebitOrder.objects.get().principal_fen == 200_000


def test_the_price_of_a_prepayment_is_exactly_what_it_takes(carded, loan):  # noqa: F811
    address = f"loans/{loan.public_id}/prepayments"

    quote = carded.get(f"{address}?amount_fen=200000").json()

    assert quote == {
        "as_of": str(clock.business_date()), "principal_fen": 200_000, "interest_fen": 5_000,
        "prepayment_fee_fen": 1_000, "total_fen": 206_000,
    }  # fmt: skip
    answer = carded.post(address, body(carded, quote["total_fen"], amount_fen=200_000))
    assert answer.json()["amount_fen"] == quote["total_fen"]


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("", 400, "invalid-input"),
        ("?amount_fen=0", 400, "invalid-input"),
        ("?amount_fen=100.5", 400, "invalid-input"),
        ("?amount_fen=9999", 409, "prepayment-too-small"),
        ("?amount_fen=1000000", 409, "prepayment-of-everything"),
    ],
)
def test_no_other_amount_has_a_price(carded, loan, query, status, code):  # noqa: F811
    answer = carded.get(f"loans/{loan.public_id}/prepayments{query}")

    assert problem(answer) == (status, code)


def test_too_small_a_prepayment_is_refused_with_the_least(carded, loan):  # noqa: F811
    address = f"loans/{loan.public_id}/prepayments"

    answer = carded.post(address, body(carded, 15_499, amount_fen=9_999))

    assert problem(answer) == (409, "prepayment-too-small")
    assert answer.json()["least_fen"] == 10_000
    assert DebitOrder.objects.count() == 0


def test_another_amount_than_authorised_is_refused(carded, loan):  # noqa: F811
    answer = carded.post(f"loans/{loan.public_id}/settlement", body(carded, 1_010_001))

    assert answer.json()["code"] == "authorisation-not-for-this"
    assert DebitOrder.objects.count() == 0


def test_a_loan_or_card_of_another_customer_is_not_found(carded, make_loan):  # noqa: F811
    other = Loan.objects.get(pk=make_loan().pk)
    mine = Loan.objects.get(pk=make_loan(customer=carded.customer).pk)
    asked = body(carded, 1_010_000)

    assert carded.get(f"loans/{other.public_id}/settlement").status_code == 404
    assert carded.post(f"loans/{other.public_id}/settlement", asked).status_code == 404
    assert carded.get(f"loans/{other.public_id}/prepayments?amount_fen=20000").status_code == 404
    foreign = asked | {"card_id": str(other.customer.cards.get().public_id)}
    assert carded.post(f"loans/{mine.public_id}/settlement", foreign).status_code == 404
    assert DebitOrder.objects.count() == 0


def test_the_money_that_moves_needs_a_key(carded, loan):  # noqa: F811
    answer = carded.post(
        f"loans/{loan.public_id}/settlement", body(carded, 1_010_000), **{"idempotency-key": ""}
    )

    assert answer.status_code == 400
    assert DebitOrder.objects.count() == 0


def test_a_settlement_can_be_confirmed_inside_wechat(carded, loan):  # noqa: F811
    asked = body(carded, 1_010_000) | {"card_id": "wechat"}

    answer = carded.post(f"loans/{loan.public_id}/settlement", asked)

    order = DebitOrder.objects.get()
    assert (answer.status_code, answer.json()["amount_fen"]) == (202, 1_010_000)
    assert (order.card, order.wechat_account.customer) == (None, carded.customer)
    reply = carded.get(f"payments/{order.public_id}").json()
    assert (reply["method"], reply["card_id"], reply["sheet"]) == ("wechat", None, None)


def test_a_prepayment_inside_wechat_needs_its_grant_too(carded, loan):  # noqa: F811
    asked = body(carded, 205_999, amount_fen=200_000) | {"card_id": "wechat"}

    answer = carded.post(f"loans/{loan.public_id}/prepayments", asked)

    assert problem(answer)[1] == "authorisation-not-for-this"
    assert DebitOrder.objects.count() == 0
