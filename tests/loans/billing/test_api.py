"""What a customer reads of bills, and how direct debit is chosen (REPAY-7, REPAY-10, FAQ-4)."""

from datetime import timedelta

import pytest

from accounts.models import BankCard
from backoffice.core import clock, workflow
from loans.models import AutoDebit, Bill, DebitNotice, Loan, Mandate
from tests.accounts.api.conftest import (  # noqa: F401 - fixtures
    carded,
    identified,
    newcomer,
    problem,
    waited,
)
from tests.accounts.conftest import stopped_clock  # noqa: F401 - a fixture

DEBIT = "me/auto-debit"
UUID = "00000000-0000-4000-8000-000000000000"


def bill_of(make_bill, phone, *, ahead, **facts):
    """A bill of 10,150.00 that falls due in some days."""
    due_on = clock.business_date() + timedelta(ahead)
    return make_bill(
        customer=phone.customer, drawn_on=due_on - timedelta(30), due_on=due_on, **facts
    )


@pytest.fixture
def bill(make_bill, carded):  # noqa: F811
    return bill_of(make_bill, carded, ahead=5)


def sign(phone, mode="full", account_class="I"):
    [card] = phone.get("me/cards").json()["results"]
    if account_class == "II":
        with workflow.importing():
            BankCard.objects.update(account_class="II", state="repay_only", is_default=False)
    assert phone.put(DEBIT, {"mode": mode, "card_id": card["id"]}).status_code == 200
    return card["id"]


def test_nobody_has_bills_before_the_first(newcomer):  # noqa: F811
    assert newcomer.get("bills").json() == {"next": None, "previous": None, "results": []}


def test_a_bill_is_listed_with_what_pays_it_today(carded, bill):  # noqa: F811
    [found] = carded.get("bills").json()["results"]

    today = clock.business_date()
    assert found == {
        "id": str(Bill.objects.get().public_id), "state": "billed",
        "billed_on": str(today - timedelta(5)), "due_on": str(today + timedelta(5)),
        "total_fen": 1_015_000, "minimum_fen": 101_500, "past_due_fen": 0, "late_fee_fen": 0,
        "paid_fen": 0, "owed_fen": 1_012_500, "paid_on": None, "mode": "full",
        "debit_on": None, "debit_notice": None, "card_limit": None,
    }  # fmt: skip


def test_a_bill_shows_the_most_that_was_notified_of(carded, bill):  # noqa: F811
    made, today = Bill.objects.get(), clock.business_date()
    DebitNotice.objects.create(
        bill=made, customer=made.customer, cycle=1, first_on=today, last_on=today + timedelta(2),
        maximum_fen=1_016_508, notified_on=today, notified_by="test", notified_at=clock.now(),
    )  # fmt: skip
    expected = {
        "first_on": str(today), "last_on": str(today + timedelta(2)), "maximum_fen": 1_016_508,
    }  # fmt: skip

    [listed] = carded.get("bills").json()["results"]

    assert listed["debit_notice"] == expected
    assert carded.get(f"bills/{made.public_id}").json()["debit_notice"] == expected


def test_one_bill_is_read_with_its_instalments(carded, bill):  # noqa: F811
    found = carded.get(f"bills/{Bill.objects.get().public_id}").json()

    [item] = found["items"]
    assert (item["instalment"], item["plan"], item["owed_fen"]) == (1, "bullet", 1_012_500)
    assert (item["principal_fen"], item["interest_fen"], item["penalty_fen"]) == (
        1_000_000, 12_500, 0,
    )  # fmt: skip
    assert found["owed_fen"] == 1_012_500
    assert item["loan_id"] == str(Loan.objects.get().public_id)


def test_the_printed_minimum_contains_what_is_past_due(carded, bill):  # noqa: F811
    Bill.objects.update(past_due_fen=50_000)

    [found] = carded.get("bills").json()["results"]

    assert (found["minimum_fen"], found["past_due_fen"]) == (151_500, 50_000)


def test_the_latest_bill_comes_first(make_bill, carded, bill):  # noqa: F811
    bill_of(make_bill, carded, ahead=-25)

    found = carded.get("bills").json()["results"]
    assert [one["due_on"] for one in found] == sorted(one["due_on"] for one in found)[::-1]
    assert len(found) == 2


def test_the_bill_of_another_customer_is_not_there(make_bill, carded):  # noqa: F811
    theirs = make_bill()
    theirs = Bill.objects.get(pk=theirs.pk)

    assert problem(carded.get(f"bills/{theirs.public_id}")) == (404, "not-found")
    assert problem(carded.get(f"bills/{UUID}")) == (404, "not-found")
    assert carded.get("bills").json()["results"] == []


@pytest.mark.parametrize(
    ("ahead", "mode", "asked_fen"),
    [(3, "full", 1_015_000), (0, "full", 1_015_000), (4, "full", None), (3, "minimum", None),
     (3, "off", None)],
)  # fmt: skip
def test_a_bill_above_the_day_limit_of_a_class_two_account_is_warned_of_before(
    make_bill, carded, ahead, mode, asked_fen  # noqa: F811
):  # fmt: skip
    bill_of(make_bill, carded, ahead=ahead, mode=mode)
    sign(carded, mode=mode, account_class="II")

    [found] = carded.get("bills").json()["results"]

    warning = found["card_limit"]
    assert (warning and warning["asked_fen"]) == asked_fen
    if warning:
        assert warning["limit_fen"] == 1_000_000
        assert "10,000.00" in warning["text"] and "10,150.00" in warning["text"]


def test_nothing_is_debited_before_a_card_is_chosen(carded):  # noqa: F811
    assert carded.get(DEBIT).json() == {
        "mode": "full", "is_active": False, "card_id": None, "bank": None, "last_four": None,
        "signed_at": None,
    }  # fmt: skip


def test_a_card_is_signed_and_its_mode_chosen(carded, bill):  # noqa: F811
    card_id = sign(carded, mode="minimum")

    found = carded.get(DEBIT).json()
    assert (found["mode"], found["is_active"], found["card_id"]) == ("minimum", True, card_id)
    assert Bill.objects.get().mode == "minimum"


def debit_days(phone):
    """The day of the next debit, as the list of bills and the bill itself show it."""
    [listed] = phone.get("bills").json()["results"]
    return listed["debit_on"], phone.get(f"bills/{listed['id']}").json()["debit_on"]


def test_a_bill_shows_a_day_of_debit_only_where_one_will_be_asked(carded, bill):  # noqa: F811
    today = clock.business_date()
    due_on = str(today + timedelta(5))
    sign(carded)
    assert debit_days(carded) == (due_on, due_on)

    assert carded.delete(DEBIT).status_code == 204
    assert debit_days(carded) == (None, None)

    sign(carded, mode="off")
    assert debit_days(carded) == (None, None)

    sign(carded, mode="full")
    assert debit_days(carded) == (due_on, due_on)


def test_choosing_again_is_the_same_mandate(carded):  # noqa: F811
    sign(carded)
    sign(carded)

    assert Mandate.objects.count() == 1


def test_a_signed_card_is_not_taken_away_before_the_mandate_ends(carded):  # noqa: F811
    card_id = sign(carded)
    refused = carded.delete(f"me/cards/{card_id}")
    assert problem(refused) == (409, "card-held")
    assert [(one["method"], one["endpoint"]) for one in refused.json()["next_steps"]] == [
        ("PUT", "/api/v1/me/auto-debit"), ("DELETE", "/api/v1/me/auto-debit"),
        ("GET", "/api/v1/loans"),
    ]  # fmt: skip

    assert carded.delete(DEBIT).status_code == 204
    assert carded.delete(f"me/cards/{card_id}").status_code == 204
    assert problem(carded.delete(DEBIT)) == (409, "mandate-missing")


def test_full_without_a_card_is_refused(carded):  # noqa: F811
    assert problem(carded.put(DEBIT, {"mode": "full"})) == (422, "mandate-card-missing")
    assert not AutoDebit.objects.exists()


def test_off_needs_no_card(carded, bill):  # noqa: F811
    assert carded.put(DEBIT, {"mode": "off", "card_id": None}).json()["mode"] == "off"
    assert Bill.objects.get().debit_on is None


@pytest.mark.parametrize(
    "body",
    [{}, {"mode": "all"}, {"mode": None}, {"mode": 1}, {"mode": "full", "card_id": "x"},
     {"mode": "full", "card_id": 1}, {"mode": "full", "more": 1}],
)  # fmt: skip
def test_bad_input_changes_nothing(carded, body):  # noqa: F811
    assert problem(carded.put(DEBIT, body)) == (400, "invalid-input")
    assert not AutoDebit.objects.exists()


def test_the_card_of_another_customer_is_not_there(make_bill, carded):  # noqa: F811
    make_bill()
    theirs = BankCard.objects.exclude(customer=carded.customer).get()

    answer = carded.put(DEBIT, {"mode": "full", "card_id": str(theirs.public_id)})

    assert problem(answer) == (404, "card-unknown")
    assert not Mandate.objects.filter(customer=carded.customer).exists()
