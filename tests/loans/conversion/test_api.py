"""A customer converts a bill over HTTP, and reads what becomes of it (REPAY-6)."""

from datetime import timedelta

import pytest

from backoffice.core import clock
from backoffice.core.models import StateChange
from loans.conversion.operations import conversions
from loans.models import Bill, Conversion, Loan
from tests.accounts.api.conftest import Phone, problem, wait
from tests.loans.contracts.conftest import scored

SECOND = 1 / 86_400


@pytest.fixture
def phone(newcomer):
    """Somebody past the cooling-off period with a score of 760."""
    wait(31)
    scored(newcomer.customer, 760)
    return newcomer


@pytest.fixture
def bill(make_bill, phone):
    """A bill of 10,150.00, due in five days."""
    due_on = clock.business_date() + timedelta(5)
    made = make_bill(customer=phone.customer, drawn_on=due_on - timedelta(30), due_on=due_on)
    return Bill.objects.get(pk=made.pk)


def confirmed(phone, bill, **other):
    """Ask for the cost sheet, read it, and confirm it."""
    answer = phone.post(f"bills/{bill.public_id}/quotes", {"plan": "plan-3", **other})
    assert answer.status_code == 201, answer.json()
    quote_id = answer.json()["id"]
    phone.get(f"quotes/{quote_id}")
    wait(12 * SECOND)
    assert phone.post(f"quotes/{quote_id}/confirm", {"seconds_read": 12}).status_code == 200
    return answer.json()


def convert(phone, bill, quote_id, *, plan="plan-3", key="a"):
    body = {"plan": plan, "quote_id": quote_id}
    address = f"bills/{bill.public_id}/conversion"
    return phone.post(address, body, **{"idempotency-key": key})


def test_the_bill_shows_the_conversion_from_the_request_on(phone, bill):
    sheet = confirmed(phone, bill)
    loan = Loan.objects.get()

    answer = convert(phone, bill, sheet["id"])

    assert answer.status_code == 201
    assert answer.json() == {
        "bill_id": str(bill.public_id), "plan": "plan-3", "effective_on": str(bill.due_on),
        "loans": [
            {"loan_id": str(loan.public_id), "state": "planned", "offered_fen": 1_000_000,
             "converted_fen": 0, "plan_fee_fen": 0},
        ],
    }  # fmt: skip
    found = phone.get(f"bills/{bill.public_id}").json()
    assert (found["total_fen"], found["minimum_fen"]) == (1_015_000, 101_500)
    assert found["conversions"] == [
        {"loan_id": str(loan.public_id), "plan": "plan-3", "state": "planned",
         "effective_on": str(bill.due_on), "offered_fen": 1_000_000, "converted_fen": 0,
         "lapsed_because": None},
    ]  # fmt: skip
    assert sheet["loans"] == [
        {"id": str(loan.public_id), "drawn_on": str(loan.drawn_on), "principal_fen": 1_000_000}
    ]


def test_on_the_due_date_the_loan_has_the_schedule_of_the_plan(phone, bill):
    wait(5)
    sheet = confirmed(phone, bill)

    convert(phone, bill, sheet["id"])

    loan = Loan.objects.get()
    rows = phone.get(f"loans/{loan.public_id}/schedule").json()["rows"]
    assert [(row["instalment"], row["principal_fen"], row["interest_fen"], row["plan_fee_fen"],
             row["owed_fen"]) for row in rows] == [
        (0, 0, 15_000, 0, 15_000),
        (1, 333_333, 0, 5_000, 333_333),
        (2, 333_333, 0, 5_000, 333_333),
        (3, 333_334, 0, 5_000, 333_334),
    ]  # fmt: skip
    assert [row["due_on"] for row in rows[1:]] == [row["due_on"] for row in sheet["schedule"]]
    shown = phone.get(f"loans/{loan.public_id}").json()
    assert (shown["plan"], shown["converted_on"]) == ("plan-3", str(bill.due_on))
    [item] = phone.get(f"bills/{bill.public_id}").json()["items"]
    assert (item["instalment"], item["plan"], item["owed_fen"]) == (0, "plan-3", 15_000)
    [line] = phone.get(f"loans/{loan.public_id}/charges").json()["lines"]
    assert (line["instalment"], line["kind"], line["charged_fen"]) == (0, "own", 15_000)
    contract = phone.get(f"loans/{loan.public_id}/contract").json()
    assert contract["conversion_sheet_digest"] == sheet["digest"]


def test_a_repeated_request_gets_the_same_reply(phone, bill):
    sheet = confirmed(phone, bill)
    first = convert(phone, bill, sheet["id"])

    again = convert(phone, bill, sheet["id"])

    assert again.content == first.content
    assert again.headers["Idempotent-Replayed"] == "true"
    assert problem(convert(phone, bill, sheet["id"], plan="plan-6")) == (
        422, "idempotency-key-reused",
    )  # fmt: skip
    used = convert(phone, bill, sheet["id"], key="b")
    assert problem(used) == (409, "quote-used")
    assert [one["endpoint"] for one in used.json()["next_steps"]] == ["/api/v1/bills/{id}/quotes"]
    assert Conversion.objects.count() == 1


def test_it_needs_a_key_and_the_fields_it_names(phone, bill):
    address = f"bills/{bill.public_id}/conversion"
    sheet = confirmed(phone, bill)
    body = {"plan": "plan-3", "quote_id": sheet["id"]}

    assert problem(phone.post(address, body)) == (400, "idempotency-key-missing")
    for key, wrong in enumerate(({"plan": "bullet"}, {"quote_id": 7}, {"loan": "x"})):
        answer = phone.post(address, body | wrong, **{"idempotency-key": f"key-{key}"})
        assert problem(answer) == (400, "invalid-input")
    assert not Conversion.objects.exists()


def test_the_bill_of_another_customer_is_not_found(phone, bill):
    sheet = confirmed(phone, bill)
    stranger = Phone("o-stranger", 2).log_in()
    wait(31)

    assert problem(convert(stranger, bill, sheet["id"])) == (404, "not-found")
    assert not Conversion.objects.exists()


def test_a_conversion_that_lapsed_says_why(phone, bill):
    convert(phone, bill, confirmed(phone, bill)["id"])
    [planned] = Conversion.objects.all()
    conversions.withdraw([planned.pk], by="staff", reason="asked by phone", at=clock.now())

    address = f"bills/{bill.public_id}"
    [found] = phone.get(address, **{"accept-language": "en"}).json()["conversions"]

    assert (found["state"], found["lapsed_because"]) == (
        "lapsed", "the conversion was withdrawn",
    )  # fmt: skip


def withdraw(phone, bill):
    return phone.delete(f"bills/{bill.public_id}/conversion")


def planned(phone, bill, key="a"):
    assert convert(phone, bill, confirmed(phone, bill)["id"], key=key).status_code == 201
    return Conversion.objects.latest("pk")


def test_a_planned_conversion_is_withdrawn_once_however_often_it_is_asked(phone, bill):
    made = planned(phone, bill)

    assert [withdraw(phone, bill).status_code for _time in range(2)] == [204, 204]

    [shown] = phone.get(f"bills/{bill.public_id}").json()["conversions"]
    assert (shown["state"], shown["converted_fen"]) == ("lapsed", 0)
    assert shown["lapsed_because"] == "the conversion was withdrawn"
    changes = StateChange.objects.filter(subject_type="loans.conversion", subject_id=made.pk)
    assert [(one.target, one.actor) for one in changes.filter(target="lapsed")] == [
        ("lapsed", f"customer:{phone.customer.pk}")
    ]
    wait(5)
    conversions.take_effect([bill.pk], by="test", on=clock.business_date(), at=clock.now())
    assert (Loan.objects.get().plan, Bill.objects.get().state) == ("bullet", "billed")


def test_a_withdrawn_conversion_can_be_asked_for_again_and_withdrawn_again(phone, bill):
    planned(phone, bill)
    withdraw(phone, bill)

    again = planned(phone, bill, key="b")
    assert withdraw(phone, bill).status_code == 204

    assert Conversion.objects.get(pk=again.pk).state == "lapsed"
    assert Conversion.objects.count() == 2


@pytest.mark.parametrize("has_run", [False, True])
def test_nothing_is_withdrawn_from_the_day_it_takes_effect(phone, bill, has_run):
    made = planned(phone, bill)
    wait(5)
    if has_run:
        conversions.take_effect([bill.pk], by="test", on=clock.business_date(), at=clock.now())

    answer = withdraw(phone, bill)

    assert problem(answer) == (409, "conversion-decided")
    state = "effective" if has_run else "planned"
    assert Conversion.objects.get(pk=made.pk).state == state


def test_what_lapsed_by_itself_was_not_withdrawn(phone, bill):
    made = planned(phone, bill)
    Bill.objects.update(due_on=bill.due_on + timedelta(1))
    wait(5)
    conversions.take_effect([bill.pk], by="test", on=clock.business_date(), at=clock.now())
    assert Conversion.objects.get(pk=made.pk).lapsed_because == "due-date-moved"

    assert problem(withdraw(phone, bill)) == (409, "conversion-decided")


def test_only_the_own_bill_with_a_conversion_is_found(phone, bill):
    assert problem(withdraw(phone, bill))[0] == 404
    made = planned(phone, bill)
    other = Phone("o-stranger", 2).log_in()
    wait(31)

    assert problem(withdraw(other, bill))[0] == 404

    assert Conversion.objects.get(pk=made.pk).state == "planned"
