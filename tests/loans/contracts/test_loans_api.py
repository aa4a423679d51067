"""Loans over HTTP: drawn under a confirmed sheet, paid out after the reply, read (REPAY-1, 2)."""

import uuid
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.models import Authorisation, BankCard, CardHold, LoginSession
from backoffice.core import clock, workflow
from loans.contracts.operations import disbursement
from loans.gateways.channel import Answer, Outcome
from loans.models import Bill, Loan, LoanAgreement, Payout, Quote
from loans.payouts.operations import payouts
from risk.models import CreditLine
from tests.accounts.api.conftest import Phone, problem, wait
from tests.loans.contracts.conftest import give_line, scored

AMOUNT_FEN = 500_000
PASSWORD = "Str0ngPass"
SECOND = 1 / 86_400
UNKNOWN = "00000000-0000-4000-8000-000000000000"
STATEMENTS_MAX = 16


@pytest.fixture
def phone(newcomer):
    """Somebody with a line of 10,000.00, a score of 760 and an active card."""
    wait(31)
    give_line(newcomer.customer)
    scored(newcomer.customer, 760)
    card_of(newcomer.customer)
    return newcomer


def card_of(customer, n=1, **other):
    values = {"state": "active", "account_class": "I", "is_default": n == 1} | other
    with transaction.atomic(), workflow.importing():
        return BankCard.objects.create(
            customer=customer, number=f"621700001000{n:07}", number_blind=n.to_bytes(16, "big"),
            last_four=f"{n:04}", bank="建设银行", account=f"acct-{customer.pk}-{n}",
            bound_at=clock.now(), **values,
        )  # fmt: skip


def confirmed(phone, amount_fen=AMOUNT_FEN, plan="bullet", **other):
    """Ask for a sheet, open it, read it and confirm it; return its id."""
    sheet = phone.post("quotes", {"amount_fen": amount_fen, "plan": plan} | other).json()
    phone.get(f"quotes/{sheet['id']}")
    wait(12 * SECOND)
    phone.post(f"quotes/{sheet['id']}/confirm", {"seconds_read": 12})
    return sheet["id"]


def granted(phone, amount_fen=AMOUNT_FEN, purpose="drawdown"):
    """Store a grant as the password endpoint gives it; return its id."""
    wall_at = clock.wall()
    return str(
        Authorisation.objects.create(
            customer=phone.customer, session=LoginSession.objects.latest("pk"),
            purpose=purpose, amount_fen=amount_fen, given_at=wall_at,
            expires_at=wall_at + timedelta(minutes=5),
        ).public_id
    )  # fmt: skip


def body(phone, **other):
    wanted = {"purpose": "daily"} | other
    wanted.setdefault("quote_id", None)
    if wanted["quote_id"] is None:
        wanted["quote_id"] = confirmed(phone)
    wanted.setdefault("card_id", str(phone.customer.cards.first().public_id))
    wanted.setdefault("authorisation_id", granted(phone))
    return wanted


def draw(phone, content=None, key=None):
    headers = {"idempotency-key": key or uuid.uuid4().hex}
    return phone.post("loans", content or body(phone), **headers)


def paid_out():
    """Let the bank pay the one loan out."""
    at = clock.now()
    [sent] = payouts.prepare(Payout.objects.values_list("pk", flat=True), by="test", at=at)
    number, amount_fen = sent.payout.number, sent.payout.amount_fen
    answer = Answer(number, Outcome.SUCCEEDED, "SUCCESS", amount_fen, "B1", at)
    disbursement.record([answer], by="system:payouts", at=at)


def untouched():
    """Nothing was drawn: no loan, no payout, no hold, nothing reserved, nothing used."""
    line = CreditLine.objects.get()
    return (
        not Loan.objects.exists() and not Payout.objects.exists()
        and not CardHold.objects.exists() and line.reserved_fen == 0
        and not Authorisation.objects.exclude(used_at=None).exists()
        and not Quote.objects.filter(state="used").exists()
    )  # fmt: skip


def test_a_loan_is_drawn_and_waits_for_its_money(phone):
    answer = draw(phone)

    assert answer.status_code == 201, answer.json()
    found = answer.json()
    assert (found["state"], found["principal_fen"], found["owed_fen"]) == ("disbursing", 500_000, 0)
    assert (found["plan"], found["purpose"], found["daily_rate_ppm"]) == ("bullet", "daily", 250)
    line = CreditLine.objects.get()
    assert (line.reserved_fen, line.drawn_fen) == (500_000, 0)
    assert Quote.objects.get().loan == Loan.objects.get()
    assert Payout.objects.get().state == "planned"
    assert CardHold.objects.get().holder == f"loan:{Loan.objects.get().pk}"


def test_a_drawdown_takes_few_statements(phone):
    content = body(phone)

    with CaptureQueriesContext(connection) as captured:
        assert draw(phone, content).status_code == 201

    statements = (str(one["sql"]) for one in captured)
    asked = [one for one in statements if not one.startswith(("SAVEPOINT", "RELEASE"))]
    assert len(asked) <= STATEMENTS_MAX, "\n".join(f"{len(asked)} {one[:150]}" for one in asked)


def test_the_money_arrives_and_the_loan_can_be_read(phone):
    found = draw(phone).json()
    paid_out()
    wait(1)

    loan = phone.get(f"loans/{found['id']}").json()

    assert (loan["state"], loan["unpaid_principal_fen"], loan["owed_fen"]) == (
        "active", 500_000, 500_125,  # one night at 0.025 %
    )  # fmt: skip
    assert [one["id"] for one in phone.get("loans").json()["results"]] == [found["id"]]


def test_the_schedule_is_that_of_the_sheet(phone):
    sheet_id = confirmed(phone, plan="plan-3")
    sheet = phone.get(f"quotes/{sheet_id}").json()
    found = draw(phone, body(phone, quote_id=sheet_id)).json()

    schedule = phone.get(f"loans/{found['id']}/schedule").json()

    names = ("instalment", "due_on", "principal_fen", "interest_fen", "plan_fee_fen", "total_fen")
    assert [{name: row[name] for name in names} for row in schedule["rows"]] == [
        {name: row[name] for name in names} for row in sheet["schedule"]
    ]
    assert schedule["total_fen"] == sheet["total_fen"]


def test_a_bullet_shows_the_interest_of_its_sheet(phone):
    found = draw(phone).json()

    [row] = phone.get(f"loans/{found['id']}/schedule").json()["rows"]

    assert (row["interest_fen"], row["total_fen"]) == (3_875, 503_875)  # 31 nights


def test_the_statement_of_charges_names_each_formula_and_no_other_fees(phone):
    found = draw(phone).json()
    paid_out()
    wait(10)

    charges = phone.get(f"loans/{found['id']}/charges").json()

    [line] = charges["lines"]
    assert (line["kind"], line["nights"], line["base_fen"], line["charged_fen"]) == (
        "own", 10, 500_000, 1_250,
    )  # fmt: skip
    assert (line["formula"], line["rate_ppm_permille"]) == ("5,000.00 × 0.025% × 10", 250_000)
    assert (charges["service_fee_fen"], charges["insurance_fen"], charges["total_fen"]) == (
        0, 0, 1_250,
    )  # fmt: skip


def test_the_contract_is_what_was_signed(phone):
    found = draw(phone).json()

    english = phone.get(f"loans/{found['id']}/contract", **{"accept-language": "en"}).json()
    chinese = phone.get(f"loans/{found['id']}/contract", **{"accept-language": "zh-hans"}).json()

    signed = LoanAgreement.objects.get()
    assert english["text"] == signed.texts["en"]
    assert chinese["text"] == signed.texts["zh-hans"]
    assert "5,000.00" in english["text"]
    assert "日常消费" in chinese["text"]
    assert english["digest"] == signed.digest
    assert english["sheet_digest"] == Quote.objects.get().digest
    assert english["sheet_text"] == Quote.objects.get().text_en
    assert len(english["terms"]) > 10


def test_the_same_key_gets_the_same_reply_and_one_loan(phone):
    content = body(phone)

    first = draw(phone, content, key="k-1")
    again = draw(phone, content, key="k-1")

    assert again.content == first.content
    assert again["Idempotent-Replayed"] == "true"
    assert Loan.objects.count() == Payout.objects.count() == 1


def test_a_key_is_required(phone):
    assert problem(phone.post("loans", body(phone))) == (400, "idempotency-key-missing")
    assert untouched()


def test_the_same_sheet_and_grant_draw_once(phone):
    content = body(phone)
    draw(phone, content)

    used = draw(phone, content)
    assert problem(used) == (409, "quote-used")
    assert [one["endpoint"] for one in used.json()["next_steps"]] == ["/api/v1/quotes"]
    assert Loan.objects.count() == 1


@pytest.mark.parametrize("purpose", ["property", "stocks", "investment", "other-loans"])
def test_forbidden_uses_are_refused(phone, purpose):
    assert problem(draw(phone, body(phone, purpose=purpose))) == (422, "purpose-forbidden")
    assert untouched()


def test_a_purpose_must_be_stated(phone):
    content = body(phone)
    del content["purpose"]

    assert draw(phone, content).status_code == 400
    assert draw(phone, content | {"purpose": "gambling"}).status_code == 400
    assert untouched()


def test_a_preferred_rate_is_for_its_purpose_only(phone):
    sheet_id = confirmed(phone, scenario="medical")

    refused = draw(phone, body(phone, quote_id=sheet_id, purpose="education"))
    assert problem(refused) == (422, "purpose-not-of-quote")
    assert untouched()

    drawn = draw(phone, body(phone, quote_id=sheet_id, purpose="medical")).json()
    assert (drawn["daily_rate_ppm"], drawn["rate_factor_permille"]) == (250, 900)
    assert drawn["proof_until_on"] == (clock.business_date() + timedelta(days=7)).isoformat()
    assert drawn["proven_on"] is None


def test_a_sheet_that_was_not_confirmed_is_refused(phone):
    sheet = phone.post("quotes", {"amount_fen": AMOUNT_FEN, "plan": "bullet"}).json()

    assert problem(draw(phone, body(phone, quote_id=sheet["id"]))) == (409, "quote-not-confirmed")
    assert untouched()


@pytest.mark.parametrize(
    ("field", "status", "code"),
    [
        ("quote_id", 422, "quote-unknown"),
        ("card_id", 404, "card-unknown"),
        ("authorisation_id", 404, "authorisation-unknown"),
    ],
)
def test_ids_that_are_nobodys_are_refused(phone, field, status, code):
    assert problem(draw(phone, body(phone, **{field: UNKNOWN}))) == (status, code)
    assert untouched()


@pytest.mark.parametrize(
    ("amount_fen", "purpose"), [(AMOUNT_FEN + 100, "drawdown"), (AMOUNT_FEN, "settlement")]
)
def test_a_grant_for_something_else_is_refused(phone, amount_fen, purpose):
    grant = granted(phone, amount_fen, purpose)

    assert problem(draw(phone, body(phone, authorisation_id=grant))) == (
        409, "authorisation-not-for-this",
    )  # fmt: skip
    assert untouched()


def test_a_card_that_only_repays_is_refused(phone):
    card = card_of(phone.customer, 2, state="repay_only", account_class="II")

    assert problem(draw(phone, body(phone, card_id=str(card.public_id)))) == (
        409, "card-not-active",
    )  # fmt: skip
    assert untouched()


def test_a_bill_past_due_stops_drawing(phone):
    content = body(phone)
    today = clock.business_date()
    with transaction.atomic(), workflow.importing():
        Bill.objects.create(
            customer=phone.customer, state="grace", due_on=today - timedelta(days=2),
            billed_on=today - timedelta(days=12), total_fen=100, minimum_fen=100, mode="full",
            cycle_on=today, debit_on=today,
        )  # fmt: skip

    assert problem(draw(phone, content)) == (409, "quote-bill-unpaid")
    assert untouched()


def test_two_sheets_on_the_last_fen_draw_one_loan(phone):
    first, second = (confirmed(phone, 500_000) for _ in range(2))
    contents = [body(phone, quote_id=one) for one in (first, second)]

    answers = [draw(phone, content) for content in contents]

    assert [one.status_code for one in answers] == [201, 409]
    assert problem(answers[1]) == (409, "line-exhausted")
    assert Loan.objects.count() == 1
    assert CreditLine.objects.get().reserved_fen == 500_000


def test_a_loan_of_another_customer_is_not_found(phone):
    found = draw(phone).json()
    stranger = Phone("o-stranger", 2).log_in()
    wait(31)

    for part in ("", "/schedule", "/charges", "/contract"):
        assert problem(stranger.get(f"loans/{found['id']}{part}")) == (404, "not-found")
    assert stranger.get("loans").json()["results"] == []


def test_a_card_of_another_customer_is_not_found(phone):
    content = body(phone)
    other = card_of(Phone("o-stranger", 2).log_in().customer, 3)

    answer = draw(phone, content | {"card_id": str(other.public_id)})

    assert problem(answer) == (404, "card-unknown")
    assert untouched()
