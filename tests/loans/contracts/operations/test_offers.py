"""Who is offered a cost sheet, and for what (LAW-2, REPAY-1, REPAY-6, REPAY-18, RATE-10)."""

from datetime import date, datetime, timedelta

import pytest

from backoffice.core.clock import SHANGHAI
from loans.contracts import sheet_text
from loans.contracts.operations import offers
from loans.contracts.operations.offers import DrawdownRequest
from loans.contracts.rules import cost_sheet
from loans.models import Instalment, Plan, Quote, QuotePurpose, QuoteState, Scenario
from risk.lines.queries import stops
from risk.lines.queries.amounts import NoLineError
from risk.models import CreditLineState
from tests.accounts.people import AT
from tests.loans.contracts.conftest import borrower_of, scored, withdrawn
from tests.policies import put_in_force
from tests.raw import execute

BULLET, PLAN = DrawdownRequest(500_000, Plan.BULLET), DrawdownRequest(500_000, Plan.PLAN_12)


def refused(refusal, borrower, request=BULLET, **facts):
    with pytest.raises(refusal) as caught:
        offers.offer(request, context=borrower.context())
    assert not Quote.objects.exists()
    for name, value in facts.items():
        assert caught.value.facts[name] == value


def test_a_bullet_is_offered_at_the_rate_of_the_score(borrower):
    quote = offers.offer(BULLET, context=borrower.context())

    assert quote.state == QuoteState.OFFERED
    assert (quote.purpose, quote.bill_id, quote.plan) == (QuotePurpose.DRAWDOWN, None, "bullet")
    assert (quote.score, quote.daily_rate_ppm, quote.factor_permille) == (760, 250, 1000)
    assert (quote.drawn_on, quote.first_due_on) == (date(2026, 11, 24), date(2026, 12, 24))
    assert quote.sheet["schedule"] == [
        {"instalment": 1, "due_on": "2026-12-24", "nights": 30, "principal_fen": 500_000,
         "interest_fen": 3_750, "plan_fee_fen": 0, "total_fen": 503_750},
    ]  # fmt: skip
    assert (quote.offered_at, quote.expires_at) == (AT, AT + timedelta(minutes=30))
    assert quote.must_read_seconds == 10


def test_what_is_stored_is_the_text_of_the_sheet_and_its_digest(borrower):
    quote = offers.offer(PLAN, context=borrower.context())

    stored = Quote.objects.get(pk=quote.pk)
    texts = {"zh-hans": stored.text_zh, "en": stored.text_en}
    assert texts == sheet_text.in_both_languages(stored.sheet)
    assert stored.digest == cost_sheet.digest(stored.sheet, texts)


def test_a_plan_has_no_daily_rate(borrower):
    quote = offers.offer(PLAN, context=borrower.context())

    assert (quote.plan, quote.daily_rate_ppm, quote.sheet["rate"]) == ("plan-12", 0, None)
    assert quote.sheet["cost_fen"] == 30_000
    assert len(quote.sheet["schedule"]) == 12


def test_a_scenario_keeps_its_factor_apart_from_the_rate(borrower):
    request = BULLET._replace(scenario=Scenario.MEDICAL)

    quote = offers.offer(request, context=borrower.context())

    assert (quote.scenario, quote.daily_rate_ppm, quote.factor_permille) == ("medical", 250, 900)
    assert quote.sheet["rate"]["charged_ppb"] == 225_000
    assert quote.sheet["schedule"][0]["interest_fen"] == 3_375


def test_a_quote_ends_with_the_day_whose_schedule_it_has(borrower):
    late = datetime(2026, 11, 24, 23, 50, tzinfo=SHANGHAI) - AT

    quote = offers.offer(BULLET, context=borrower.context(after=late))

    assert quote.expires_at == datetime(2026, 11, 25, tzinfo=SHANGHAI)


def test_the_numbers_of_the_day_are_those_of_the_sheet(borrower):
    put_in_force("quotes", {"must_read_seconds": 20, "valid_minutes": 5}, on=AT.date())
    put_in_force("loans", {"plan_12_fee_ppm": 50_000}, on=AT.date())

    quote = offers.offer(PLAN, context=borrower.context())

    assert (quote.must_read_seconds, quote.expires_at) == (20, AT + timedelta(minutes=5))
    assert quote.sheet["cost_fen"] == 25_000
    assert quote.terms.numbers["plan_12_fee_ppm"] == 50_000


@pytest.mark.parametrize("amount_fen", [0, 9_900, 9_999, 10_001, 500_050])
def test_less_than_100_yuan_and_parts_of_a_yuan_are_refused(borrower, amount_fen):
    refused(
        offers.AmountNotDrawableError, borrower, DrawdownRequest(amount_fen, Plan.BULLET),
        amount_min_fen=10_000,
    )  # fmt: skip


def test_100_yuan_and_all_that_is_usable_are_offered(borrower):
    for amount_fen in (10_000, 850_000):
        request = DrawdownRequest(amount_fen, Plan.BULLET)
        assert offers.offer(request, context=borrower.context()).amount_fen == amount_fen


def test_more_than_usable_is_refused(borrower):
    refused(
        offers.AboveUsableError, borrower, DrawdownRequest(850_100, Plan.BULLET), usable_fen=850_000
    )


def test_without_a_line_nothing_is_offered(borrower):
    with_state(borrower.customer, "closed")

    refused(NoLineError, borrower)


@pytest.mark.parametrize(
    ("state", "reason", "step"),
    [
        (CreditLineState.SUSPENDED, "bill-overdue", "list-bills"),
        (CreditLineState.FROZEN, "frozen", "ask-support"),
    ],
)
def test_a_line_that_is_not_active_lends_nothing(borrower, monkeypatch, state, reason, step):
    monkeypatch.setattr(stops, "_overdue", [lambda customer_id: True])
    with_state(borrower.customer, state)

    with pytest.raises(offers.LineStoppedError) as stopped:
        offers.offer(BULLET, context=borrower.context())

    assert (stopped.value.facts["state"], stopped.value.facts["reason"]) == (state, reason)
    assert stopped.value.facts["next_steps"][0]["step"] == step


def with_state(customer, state):
    execute("UPDATE risk_creditline SET state = %s WHERE customer_id = %s", state, customer.pk)


@pytest.mark.parametrize(
    ("score", "plan", "is_open"),
    [
        (749, Plan.PLAN_12, False), (750, Plan.PLAN_12, True),
        (699, Plan.PLAN_3, False), (700, Plan.PLAN_3, True),
        (699, Plan.PLAN_6, False), (700, Plan.PLAN_6, True),
        (500, Plan.BULLET, True),
    ],
)  # fmt: skip
def test_a_plan_opens_at_its_score(db, score, plan, is_open):
    borrower = borrower_of(score=score)
    request = DrawdownRequest(100_000, plan)

    if is_open:
        assert offers.offer(request, context=borrower.context()).plan == plan
    else:
        refused(offers.PlanNotOpenError, borrower, request)


def test_a_refused_plan_names_the_open_ones(db):
    refused(
        offers.PlanNotOpenError, borrower_of(score=749), PLAN, plans=["bullet", "plan-3", "plan-6"]
    )


@pytest.mark.parametrize("score", [499, None])
def test_a_score_below_500_or_none_stops_new_loans(db, score):
    borrower = borrower_of(score=760)
    scored(borrower.customer, score, state="refused")

    refused(offers.ScoreStopsLoansError, borrower)


def test_a_history_that_refuses_stops_new_loans_at_any_score(borrower):
    scored(borrower.customer, 760, state="refused", failed=["overdue-history"])

    refused(offers.ScoreStopsLoansError, borrower)


def test_a_limit_that_would_be_too_low_is_the_line_s_to_decide(borrower):
    scored(borrower.customer, 760, state="refused", failed=["low-limit"])

    assert offers.offer(BULLET, context=borrower.context()).score == 760


def test_nobody_has_a_price_before_the_first_decision(db):
    refused(offers.NotAssessedError, borrower_of(score=0))


def test_a_migrated_customer_is_priced_as_grade_c(db):
    borrower = borrower_of(score=0)
    customer_id = borrower.customer.pk
    execute("UPDATE accounts_customer SET origin = 'book:7' WHERE id = %s", customer_id)

    quote = offers.offer(BULLET, context=borrower.context())

    assert (quote.score, quote.daily_rate_ppm) == (None, 500)
    with pytest.raises(offers.PlanNotOpenError):
        offers.offer(PLAN, context=borrower.context())


@pytest.mark.parametrize("purpose", ["payment", "bureau"])
def test_a_withdrawn_consent_of_the_score_stops_new_loans(borrower, purpose):
    withdrawn(borrower.customer, purpose)

    refused(offers.ConsentWithdrawnError, borrower, purposes=[purpose])


def test_another_withdrawn_consent_stops_nothing(borrower):
    withdrawn(borrower.customer, "social")

    assert offers.offer(BULLET, context=borrower.context()).state == QuoteState.OFFERED


def test_a_scenario_has_no_plan(borrower):
    request = PLAN._replace(scenario=Scenario.EDUCATION)

    refused(offers.ScenarioWithPlanError, borrower, request)


def bring_to(state, customer):
    """Bring the bill of a customer to a state along the declared transitions."""
    ways = {"grace": ["grace"], "overdue": ["grace", "overdue"], "carried": ["grace", "carried"]}
    for step in ways.get(state, [state]):
        execute("UPDATE loans_bill SET state = %s WHERE customer_id = %s", step, customer.pk)


@pytest.mark.parametrize(
    ("due_on", "state", "is_refused"),
    [
        (date(2026, 11, 24), "billed", False),  # the due date itself
        (date(2026, 11, 23), "billed", True),  # not closed yet
        (date(2026, 11, 23), "grace", True),
        (date(2026, 11, 1), "overdue", True),
        (date(2026, 11, 1), "min_paid", False),
        (date(2026, 11, 1), "carried", False),
        (date(2026, 11, 1), "paid", False),
    ],
)
def test_a_bill_unpaid_after_its_due_date_stops_new_loans(
    borrower, make_bill, due_on, state, is_refused
):
    make_bill(customer=borrower.customer, due_on=due_on, principal_fen=10_000)
    bring_to(state, borrower.customer)

    if is_refused:
        refused(offers.BillUnpaidError, borrower)
    else:
        assert offers.offer(BULLET, context=borrower.context()).state == QuoteState.OFFERED


def test_the_offers_of_a_day_are_counted(borrower):
    put_in_force("quotes", {"quotes_a_day_max": 1}, on=AT.date())
    offers.offer(BULLET, context=borrower.context())

    with pytest.raises(offers.TooManyQuotesError):
        offers.offer(BULLET, context=borrower.context())
    assert Quote.objects.count() == 1


def test_existing_loans_count_in_the_notice(borrower, make_bill):
    make_bill(
        customer=borrower.customer, due_on=date(2026, 12, 5), drawn_on=date(2026, 11, 5),
        principal_fen=100_000,
    )  # fmt: skip
    due_on = Instalment.objects.get().due_on

    quote = offers.offer(BULLET, context=borrower.context())

    assert due_on == date(2026, 12, 5)
    # The day of the first drawdown, the 5th, is 11 nights away: the first due date is a month on.
    assert quote.first_due_on == date(2027, 1, 5)
    assert quote.sheet["affordability"]["existing_fen"] == 101_500
