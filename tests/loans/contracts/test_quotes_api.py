"""Cost sheets over HTTP: asked for, opened, read, confirmed (LAW-2)."""

from datetime import date, timedelta

import pytest

from loans.models import Quote
from tests.accounts.api.conftest import Phone, problem, wait
from tests.accounts.api.test_statement_counts import at_most
from tests.accounts.people import AT
from tests.loans.contracts.conftest import give_line, scored

UNKNOWN = "00000000-0000-4000-8000-000000000000"
BULLET = {"amount_fen": 500_000, "plan": "bullet"}
SECOND = 1 / 86_400


@pytest.fixture
def phone(newcomer):
    """Somebody past the cooling-off period, with a line of 10,000.00 and a score of 760."""
    wait(31)
    give_line(newcomer.customer)
    scored(newcomer.customer, 760)
    return newcomer


def offered(phone, **other):
    answer = phone.post("quotes", BULLET | other)
    assert answer.status_code == 201, answer.json()
    return answer.json()


def test_a_sheet_shows_the_yearly_cost_schedule_and_every_item(phone):
    found = offered(phone)

    assert found["state"] == "offered"
    assert found["annual"] == {
        "irr_ppm": 95_158, "simple_365_ppm": 91_250, "headline_360_ppm": 90_000,
    }  # fmt: skip
    assert (found["total_fen"], found["cost_fen"]) == (503_875, 3_875)  # 31 nights
    assert [item["item"] for item in found["items"]] == [
        "interest", "plan_fee", "service_fee", "insurance",
    ]  # fmt: skip
    assert [item["item"] for item in found["contingent"]] == [
        "late_fee", "penalty", "revolving", "prepayment_fee",
    ]  # fmt: skip
    assert (found["must_read_seconds"], found["bill_id"], found["scenario"]) == (10, None, None)


def test_the_text_is_in_the_caller_s_language(phone):
    chinese = phone.post("quotes", BULLET, **{"accept-language": "zh-hans"}).json()
    english = phone.get(f"quotes/{chinese['id']}", **{"accept-language": "en"}).json()

    stored = Quote.objects.get(public_id=chinese["id"])
    assert (chinese["text"], english["text"]) == (stored.text_zh, stored.text_en)
    assert chinese["digest"] == english["digest"] == stored.digest
    assert english["contingent"][0]["text"] == (
        "Late fee: 0.05% of what is unpaid when the due date ends, once a bill."
    )


def test_it_is_opened_read_and_confirmed(phone):
    found = offered(phone, plan="plan-12")
    address = f"quotes/{found['id']}"

    shown = phone.get(address).json()
    wait(12 * SECOND)
    confirmed = phone.post(f"{address}/confirm", {"seconds_read": 11})

    assert (found["shown_at"], shown["state"]) == (None, "shown")
    assert confirmed.status_code == 200
    assert (confirmed.json()["state"], confirmed.json()["seconds_read"]) == ("confirmed", 11)
    assert phone.get(address).json()["state"] == "confirmed"


def test_a_client_cannot_shorten_the_reading_time(phone):
    address = f"quotes/{offered(phone)['id']}"
    assert problem(phone.post(f"{address}/confirm", {"seconds_read": 60})) == (
        409, "quote-not-shown",
    )  # fmt: skip
    phone.get(address)

    wait(3 * SECOND)
    answer = phone.post(f"{address}/confirm", {"seconds_read": 60})

    assert problem(answer) == (409, "quote-read-too-short")
    assert answer.json()["must_read_seconds"] == 10
    assert phone.get(address).json()["confirmed_at"] is None


def test_a_sheet_whose_time_is_over_is_shown_as_expired(phone):
    address = f"quotes/{offered(phone)['id']}"
    phone.get(address)

    wait(0.5)

    assert problem(phone.post(f"{address}/confirm", {"seconds_read": 60})) == (
        409, "quote-expired",
    )  # fmt: skip
    assert phone.get(address).json()["state"] == "expired"


def test_the_sheet_of_another_customer_is_not_found(phone):
    address = f"quotes/{offered(phone)['id']}"
    stranger = Phone("o-stranger", 2).log_in()
    wait(31)

    assert problem(stranger.get(address)) == (404, "not-found")
    assert problem(stranger.post(f"{address}/confirm", {"seconds_read": 60})) == (404, "not-found")
    assert Quote.objects.get().state == "offered"


def test_an_unknown_sheet_is_not_found(phone):
    assert problem(phone.get(f"quotes/{UNKNOWN}")) == (404, "not-found")
    assert problem(phone.post(f"quotes/{UNKNOWN}/confirm", {"seconds_read": 10})) == (
        404, "not-found",
    )  # fmt: skip


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"amount_fen": 500_000},
        {"plan": "bullet"},
        BULLET | {"plan": "plan-24"},
        BULLET | {"plan": None},
        BULLET | {"amount_fen": 500_000.0},
        BULLET | {"amount_fen": "500000"},
        BULLET | {"amount_fen": -1},
        BULLET | {"scenario": "gambling"},
        BULLET | {"scenario": None},
        BULLET | {"rate_ppm": 1},
    ],
)
def test_bad_input_is_refused(phone, body):
    assert problem(phone.post("quotes", body)) == (400, "invalid-input")
    assert not Quote.objects.exists()


@pytest.mark.parametrize("seconds", [-1, 9.5, "10", None, True, 100_000])
def test_bad_seconds_are_refused(phone, seconds):
    address = f"quotes/{offered(phone)['id']}"

    answer = phone.post(f"{address}/confirm", {"seconds_read": seconds})

    assert problem(answer) == (400, "invalid-input")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (BULLET | {"amount_fen": 9_900}, 422, "quote-amount-not-drawable"),
        (BULLET | {"amount_fen": 850_100}, 409, "quote-above-usable"),
        (BULLET | {"plan": "plan-3", "scenario": "medical"}, 422, "quote-scenario-with-plan"),
    ],
)
def test_what_cannot_be_drawn_is_refused(phone, body, status, code):
    assert problem(phone.post("quotes", body)) == (status, code)
    assert not Quote.objects.exists()


def test_before_a_line_is_open_there_is_no_sheet(newcomer):
    wait(31)

    assert problem(newcomer.post("quotes", BULLET)) == (404, "no-credit-line")


def test_the_same_key_gets_the_same_sheet(phone):
    key = {"idempotency-key": "one-sheet"}

    first, again = (phone.post("quotes", BULLET, **key) for _try in range(2))

    assert first.content == again.content
    assert again.headers["Idempotent-Replayed"] == "true"
    assert Quote.objects.count() == 1


def test_a_scenario_lowers_the_rate(phone):
    found = offered(phone, scenario="education")

    assert found["scenario"] == "education"
    assert found["items"][0]["standard_ppb"] == 225_000
    assert found["contingent"][-1]["item"] == "scenario_lost"


def test_a_bill_s_conversion_has_its_own_sheet(phone, make_bill):
    on = (AT + timedelta(days=31)).date()
    bill = make_bill(
        customer=phone.customer, due_on=on + timedelta(days=5), drawn_on=date(2026, 11, 30),
        principal_fen=100_000,
    )  # fmt: skip

    answer = phone.post(f"bills/{bill.public_id}/quotes", {"plan": "plan-3"})

    assert answer.status_code == 201
    found = answer.json()
    assert (found["purpose"], found["bill_id"]) == ("conversion", str(bill.public_id))
    assert (found["amount_fen"], found["cost_fen"]) == (100_000, 1_500)
    assert found["schedule"][0]["due_on"] == "2027-01-30"


def test_the_bill_of_another_customer_is_not_found(phone, make_bill):
    bill = make_bill(due_on=date(2027, 1, 5))

    answer = phone.post(f"bills/{bill.public_id}/quotes", {"plan": "plan-3"})

    assert problem(answer) == (404, "not-found")
    assert problem(phone.post(f"bills/{UNKNOWN}/quotes", {"plan": "plan-3"})) == (404, "not-found")
    assert problem(phone.post(f"bills/{bill.public_id}/quotes", {"plan": "bullet"})) == (
        400, "invalid-input",
    )  # fmt: skip


def test_in_the_cooling_off_period_no_sheet_is_made(newcomer):
    assert problem(newcomer.post("quotes", BULLET)) == (403, "cooling-off")


def test_a_sheet_is_made_shown_and_confirmed_in_few_statements(phone):
    with at_most(17):
        address = f"quotes/{offered(phone)['id']}"
    with at_most(6):
        phone.get(address)
    wait(10 * SECOND)
    with at_most(7):
        assert phone.post(f"{address}/confirm", {"seconds_read": 10}).status_code == 200
