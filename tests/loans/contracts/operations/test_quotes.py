"""A cost sheet is shown, read, confirmed, used once, or ends unused (LAW-2)."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import transaction

from backoffice.core.models import StateChange
from loans.contracts.operations import offers, quotes
from loans.contracts.operations.offers import DrawdownRequest
from loans.contracts.operations.quotes import QuoteUse
from loans.conversion.operations import sheets
from loans.conversion.operations.sheets import ConversionRequest
from loans.models import Loan, Plan, Quote, QuotePurpose, QuoteState
from loans.tasks import expire_quotes
from tests.accounts.api.conftest import wait
from tests.accounts.people import AT
from tests.loans.contracts.conftest import borrower_of
from tests.raw import execute, refused

TEN, MINUTE = timedelta(seconds=10), timedelta(minutes=1)


@pytest.fixture
def quote(borrower):
    return offers.offer(DrawdownRequest(500_000, Plan.BULLET), context=borrower.context())


def show(quote, borrower, *, after=timedelta(0)):
    return quotes.show(quote.public_id, context=borrower.context(after=after))


def confirm(quote, borrower, *, seconds=10, after=TEN):
    context = borrower.context(after=after)
    return quotes.confirm(quote.public_id, seconds_read=seconds, context=context)


def use(quote, borrower, *, after=MINUTE, **other):
    asked = QuoteUse(quote.public_id, borrower.customer.pk, QuotePurpose.DRAWDOWN)
    with transaction.atomic():
        return quotes.use([asked._replace(**other)], by="customer", at=AT + after)


def confirmed(quote, borrower):
    show(quote, borrower)
    return confirm(quote, borrower)


def stored(quote):
    return Quote.objects.get(pk=quote.pk)


def test_the_first_time_it_is_shown_is_noted(quote, borrower):
    show(quote, borrower)
    show(quote, borrower, after=MINUTE)

    assert (stored(quote).state, stored(quote).shown_at) == (QuoteState.SHOWN, AT)


def test_another_customer_never_sees_it(quote, borrower):
    stranger = borrower_of()

    with pytest.raises(Quote.DoesNotExist):
        show(quote, stranger)
    with pytest.raises(Quote.DoesNotExist):
        confirm(quote, stranger)
    assert stored(quote).state == QuoteState.OFFERED


def test_after_ten_seconds_it_is_confirmed(quote, borrower):
    show(quote, borrower)

    confirm(quote, borrower, seconds=10, after=TEN)

    found = stored(quote)
    assert (found.state, found.seconds_read) == (QuoteState.CONFIRMED, 10)
    assert found.confirmed_at == AT + TEN


def test_no_more_seconds_are_stored_than_have_passed(quote, borrower):
    show(quote, borrower)

    confirm(quote, borrower, seconds=3_600, after=timedelta(seconds=15, milliseconds=900))

    assert stored(quote).seconds_read == 15


@pytest.mark.parametrize(
    ("seconds", "after"),
    [
        (9, MINUTE),  # the client reports too few
        (0, MINUTE),
        (10, timedelta(seconds=9, milliseconds=999)),  # the server's clock has not gone so far
        (3_600, timedelta(seconds=1)),
    ],
)
def test_a_shorter_time_is_refused_and_stores_nothing(quote, borrower, seconds, after):
    show(quote, borrower)

    with pytest.raises(quotes.QuoteReadTooShortError) as caught:
        confirm(quote, borrower, seconds=seconds, after=after)

    assert caught.value.facts == {
        "must_read_seconds": 10, "available_at": "2026-11-24T15:00:10+08:00",
    }  # fmt: skip
    assert (stored(quote).state, stored(quote).confirmed_at) == (QuoteState.SHOWN, None)


def test_what_was_not_shown_cannot_be_confirmed(quote, borrower):
    with pytest.raises(quotes.QuoteNotShownError):
        confirm(quote, borrower)
    assert stored(quote).state == QuoteState.OFFERED


def test_it_is_confirmed_once(quote, borrower):
    confirmed(quote, borrower)

    with pytest.raises(quotes.QuoteConfirmedError):
        confirm(quote, borrower, seconds=60, after=MINUTE)
    assert (stored(quote).seconds_read, stored(quote).confirmed_at) == (10, AT + TEN)


def test_it_is_used_once(quote, borrower):
    confirmed(quote, borrower)

    [used] = use(quote, borrower)

    assert (used.state, stored(quote).used_at) == (QuoteState.USED, AT + MINUTE)
    with pytest.raises(quotes.QuoteUsedError):
        use(quote, borrower)


def test_every_move_is_traced(quote, borrower):
    confirmed(quote, borrower)
    use(quote, borrower)

    moves = StateChange.objects.filter(subject_type="loans.quote", subject_id=quote.pk)
    assert list(moves.order_by("pk").values_list("transition", "reason")) == [
        ("show", "quote-shown"),
        ("confirm_sheet", "quote-confirmed"),
        ("use", "quote-drawn"),
    ]


@pytest.mark.parametrize("is_shown", [False, True])
def test_what_was_not_confirmed_is_not_used(quote, borrower, is_shown):
    if is_shown:
        show(quote, borrower)

    with pytest.raises(quotes.QuoteNotConfirmedError):
        use(quote, borrower)
    assert stored(quote).used_at is None


def test_it_is_used_by_its_customer_alone(quote, borrower):
    confirmed(quote, borrower)

    with pytest.raises(quotes.QuoteUnknownError):
        use(quote, borrower_of())
    with pytest.raises(quotes.QuoteUnknownError):
        use(quote, borrower, public_id=uuid4())
    assert stored(quote).state == QuoteState.CONFIRMED


def test_it_is_used_for_its_purpose_alone(quote, borrower, make_bill):
    confirmed(quote, borrower)
    bill = make_bill(customer=borrower.customer)

    with pytest.raises(quotes.QuoteOtherError):
        use(quote, borrower, purpose=QuotePurpose.CONVERSION)
    with pytest.raises(quotes.QuoteOtherError):
        use(quote, borrower, bill_id=bill.pk)
    assert stored(quote).state == QuoteState.CONFIRMED


def test_a_conversion_is_used_for_its_bill(borrower, make_bill):
    bill = make_bill(customer=borrower.customer, due_on=AT.date(), principal_fen=100_000)
    request = ConversionRequest(bill.public_id, Plan.PLAN_3)
    quote = sheets.offer(request, context=borrower.context())
    confirmed(quote, borrower)
    conversion = {"purpose": QuotePurpose.CONVERSION, "bill_id": bill.pk}

    with pytest.raises(quotes.QuoteOtherError):
        use(quote, borrower, **conversion | {"bill_id": bill.pk + 1})
    [used] = use(quote, borrower, **conversion)

    assert (used.state, used.bill_id) == (QuoteState.USED, bill.pk)


@pytest.mark.parametrize("after", [timedelta(minutes=30), timedelta(days=2)])
def test_its_time_is_over_after_30_minutes(quote, borrower, after):
    show(quote, borrower)

    with pytest.raises(quotes.QuoteExpiredError):
        confirm(quote, borrower, seconds=60, after=after)
    assert show(quote, borrower, after=after).state == QuoteState.EXPIRED
    assert (stored(quote).state, stored(quote).confirmed_at) == (QuoteState.EXPIRED, None)


def test_a_confirmed_one_that_is_late_is_not_used(quote, borrower):
    confirmed(quote, borrower)

    with pytest.raises(quotes.QuoteExpiredError):
        use(quote, borrower, after=timedelta(minutes=30))
    assert stored(quote).used_at is None


def test_the_job_ends_what_is_late_and_nothing_else(quote, borrower):
    used = offers.offer(DrawdownRequest(10_000, Plan.BULLET), context=borrower.context())
    confirmed(used, borrower)
    use(used, borrower)
    later = borrower.context(after=timedelta(minutes=10))
    valid = offers.offer(DrawdownRequest(10_000, Plan.BULLET), context=later)

    at = AT + timedelta(minutes=30)
    assert [quotes.expire(by="system:quotes", at=at) for _again in range(2)] == [1, 0]
    assert [stored(one).state for one in (quote, used, valid)] == ["expired", "used", "offered"]


def test_the_loan_that_was_drawn_under_it_is_noted_once(quote, borrower, make_bill):
    confirmed(quote, borrower)
    make_bill(customer=borrower.customer)
    loan = Loan.objects.get()

    asked = QuoteUse(quote.public_id, borrower.customer.pk, QuotePurpose.DRAWDOWN)
    with transaction.atomic():
        [locked] = quotes.lock([asked], at=AT + MINUTE)
        quotes.spend([(locked, loan)], by="customer", at=AT + MINUTE)

    assert (stored(quote).state, stored(quote).loan) == (QuoteState.USED, loan)
    with refused("quote_sheet_stays", "loans_quote"):
        execute("UPDATE loans_quote SET loan_id = NULL WHERE id = %s", quote.pk)


def test_two_uses_at_once_draw_one_loan(together):
    borrower = borrower_of()
    quote = offers.offer(DrawdownRequest(500_000, Plan.BULLET), context=borrower.context())
    confirmed(quote, borrower)

    def draw(_number):
        try:
            return use(quote, borrower)[0].state
        except quotes.QuoteUsedError:
            return "refused"

    assert sorted(together(2, draw)) == ["refused", "used"]


@pytest.mark.parametrize(
    "change",
    [
        "amount_fen = 1", "sheet = '{}'", "text_zh = ''", "text_en = ''", "digest = ''",
        "customer_id = customer_id + 1", "expires_at = expires_at + interval '1 day'",
        "must_read_seconds = 1", "plan = 'plan-3'", "daily_rate_ppm = 1",
        "public_id = gen_random_uuid()",
    ],
)  # fmt: skip
def test_the_database_keeps_what_was_offered(quote, change):
    with refused("quote_sheet_stays", "loans_quote"):
        execute(f"UPDATE loans_quote SET {change} WHERE id = %s", quote.pk)


@pytest.mark.parametrize(
    "read",
    [
        "seconds_read = 9, confirmed_at = shown_at + interval '1 minute'",
        "seconds_read = 60, confirmed_at = shown_at + interval '9.9 seconds'",
        "seconds_read = NULL, confirmed_at = shown_at + interval '1 minute'",
        "seconds_read = 60, confirmed_at = expires_at",
    ],
)
def test_the_database_refuses_a_confirmation_that_was_not_read(quote, borrower, read):
    show(quote, borrower)

    with refused("quote_confirmed_was_read", "loans_quote"):
        execute(f"UPDATE loans_quote SET state = 'confirmed', {read} WHERE id = %s", quote.pk)


def test_the_database_refuses_a_state_without_its_moment(quote, borrower):
    with refused("quote_states_have_moments", "loans_quote"):
        execute("UPDATE loans_quote SET state = 'shown' WHERE id = %s", quote.pk)
    with refused("loans_quote_state_machine", "loans_quote"):
        execute("UPDATE loans_quote SET state = 'used' WHERE id = %s", quote.pk)


def test_every_minute_the_task_ends_what_is_late(quote, borrower, stopped_clock):
    wait(1)

    expire_quotes()

    assert stored(quote).state == QuoteState.EXPIRED
    moved = StateChange.objects.get(subject_type="loans.quote", subject_id=quote.pk)
    assert (moved.actor, moved.reason) == ("system:quotes", "quote-time-over")
