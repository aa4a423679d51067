"""Temporary limits: the conditions, one at a time, expiry and revocation (LIMIT-7, LIMIT-8)."""

from datetime import timedelta

import pytest

from backoffice.core.models import StateChange
from risk.lines import operations as lines
from risk.lines.operations import temporary
from risk.lines.operations.temporary import (
    LineNotActiveError,
    NotGrantedError,
    TemporaryAmountError,
    TemporaryBillsError,
    TemporaryCapError,
    TemporaryDaysError,
    TemporaryGapError,
    TemporaryLimitInForceError,
)
from risk.lines.queries.amounts import NoLineError
from risk.models import TemporaryLimit
from tests.risk.lines.making import (
    BY,
    CAPACITY,
    ON,
    customer,
    day,
    granted,
    moment,
    report,
    reread,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def line():
    """A line of 14,000.00 whose last three bills were paid in full."""
    return with_bills(granted())


def with_bills(line, *outcomes):
    for n, outcome in enumerate(outcomes or ("paid",) * 3):
        report(line, ON - timedelta(30 * (3 - n)), outcome)
    return line


def ask(line, amount_fen=280_000, days=30, *, n=0):
    on = day(n)
    return temporary.request(
        line.customer, amount_fen=amount_fen, days=days, by="customer:1", on=on, at=moment(on)
    )


def expire(line, n):
    return temporary.expire([line.pk], by=BY, on=day(n), at=moment(day(n)))


def test_a_fifth_of_the_limit_is_granted_for_thirty_days(line):
    made = ask(line)

    assert (made.state, made.granted_on, made.valid_to_on) == ("granted", ON, day(30))
    assert reread(line).temporary_fen == 280_000
    lines.reserve(line.pk, amount_fen=(1_400_000 + 280_000) * 85 // 100)


def test_it_expires_after_its_last_day_and_loans_keep_what_they_drew(line):
    ask(line)
    lines.reserve(line.pk, amount_fen=1_400_000)
    lines.draw(line.pk, amount_fen=1_400_000)

    assert [expire(line, n) for n in (30, 31, 31)] == [0, 1, 0]

    assert (reread(line).temporary_fen, reread(line).drawn_fen) == (0, 1_400_000)
    assert TemporaryLimit.objects.get().state == "expired"
    change = StateChange.objects.get(transition="expire")
    assert (change.reason, change.effective_on) == ("temporary-limit-expired", day(31))


@pytest.mark.parametrize(
    ("amount_fen", "days", "refusal", "error"),
    [
        (280_001, 30, "amount", TemporaryAmountError),
        (280_000, 31, "days", TemporaryDaysError),
    ],
)
def test_a_request_beyond_the_limits_is_stored_as_refused(line, amount_fen, days, refusal, error):
    made = ask(line, amount_fen, days)

    assert (made.state, made.refusal) == ("refused", refusal)
    assert isinstance(temporary.refusal_of(made, on=ON), error)
    assert reread(line).temporary_fen == 0


@pytest.mark.parametrize("outcomes", [("min_paid", "paid", "paid"), ("overdue", "paid", "paid")])
def test_the_last_three_bills_must_be_paid_in_full(outcomes):
    line = with_bills(granted(), *outcomes)

    made = ask(line)

    assert made.refusal == "bills"
    assert isinstance(temporary.refusal_of(made, on=ON), TemporaryBillsError)
    with_bills(line)
    assert ask(line).state == "granted"


def test_above_the_cap_of_the_lender_it_is_refused():
    line = with_bills(granted(CAPACITY._replace(income_fen=14_000_000)))

    made = ask(line, 2_000_001)

    assert made.refusal == "cap"
    refusal = temporary.refusal_of(made, on=ON)
    assert isinstance(refusal, TemporaryCapError)
    assert refusal.facts["most_fen"] == 2_000_000


def test_one_at_a_time_and_thirty_days_between_two(line):
    ask(line, days=1)
    with pytest.raises(TemporaryLimitInForceError):
        ask(line)
    expire(line, 2)

    made = ask(line, n=30)
    assert made.refusal == "gap"
    refusal = temporary.refusal_of(made, on=day(30))
    assert isinstance(refusal, TemporaryGapError)
    assert refusal.facts["available_on"] == day(31).isoformat()

    assert ask(line, n=31).state == "granted"


def test_staff_revoke_it_with_a_reason_once(line):
    made = ask(line)
    why = {"by": "manager", "reason": "fraud suspected", "on": day(1), "at": moment(day(1))}

    temporary.revoke(made.pk, **why)
    with pytest.raises(NotGrantedError):
        temporary.revoke(made.pk, **why)

    assert (reread(line).temporary_fen, TemporaryLimit.objects.get().state) == (0, "revoked")
    assert StateChange.objects.get(transition="revoke").facts == {"text": "fraud suspected"}


def test_a_line_that_is_not_active_is_refused_and_nothing_stored(line):
    lines.suspend([line.customer_id], by=BY, reason="overdue", at=moment(ON))

    with pytest.raises(LineNotActiveError):
        ask(line)

    assert not TemporaryLimit.objects.exists()


def test_without_a_line_there_is_nothing_to_raise():
    with pytest.raises(NoLineError):
        temporary.request(customer(), amount_fen=1, days=1, by="customer:1", on=ON, at=moment(ON))
