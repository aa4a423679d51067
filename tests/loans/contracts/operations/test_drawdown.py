"""Two drawdowns at once meet at the line, at the sheet and at the grant: one of them draws."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import transaction

from accounts.login import operations as logins
from accounts.models import Authorisation, BankCard
from backoffice.core import workflow
from backoffice.core.errors import Refused
from loans.contracts.operations import drawdown, offers, quotes
from loans.contracts.operations.drawdown import Drawdown
from loans.contracts.operations.offers import DrawdownRequest
from loans.contracts.rules.purposes import LoanPurpose
from loans.models import Loan, Payout, Plan
from risk.models import CreditLine
from tests.accounts.people import AT, device
from tests.loans.contracts.conftest import borrower_of

pytestmark = pytest.mark.usefixtures("committed_db")

USABLE_FEN = 850_000


@pytest.fixture
def who():
    return borrower_of()


def card_of(who):
    with transaction.atomic(), workflow.importing():
        return BankCard.objects.create(
            customer=who.customer, state="active", number="6217000010000000001",
            number_blind=bytes(16), last_four="0001", bank="建设银行", account="acct-1",
            account_class="I", is_default=True, bound_at=AT,
        )  # fmt: skip


def sheet(who, amount_fen):
    """Offer, show and confirm a sheet."""
    quote = offers.offer(DrawdownRequest(amount_fen, Plan.BULLET), context=who.context())
    quotes.show(quote.public_id, context=who.context())
    after = who.context(after=timedelta(seconds=20))
    return quotes.confirm(quote.public_id, seconds_read=15, context=after).public_id


def grant(who, amount_fen, session):
    return Authorisation.objects.create(
        customer=who.customer, session=session, purpose="drawdown", amount_fen=amount_fen,
        given_at=AT, expires_at=AT + timedelta(minutes=5),
    ).public_id  # fmt: skip


@pytest.fixture
def session():
    report = logins.DeviceReport(**device())
    return logins.log_in(logins.Arrival("o-1", None, report, None), at=AT, wall_at=AT).session


def draw(who, request):
    try:
        drawdown.draw(request, context=who.context(after=timedelta(seconds=30)))
    except Refused as refusal:
        return refusal.code
    return "drawn"


def test_the_last_fen_of_the_line_is_drawn_once(who, session, together):
    card = card_of(who).public_id
    requests = [
        Drawdown(sheet(who, USABLE_FEN), card, grant(who, USABLE_FEN, session), LoanPurpose.DAILY)
        for _ in range(2)
    ]

    outcomes = together(2, lambda n: draw(who, requests[n]))

    assert sorted(outcomes) == ["drawn", "line-exhausted"]
    assert Loan.objects.count() == Payout.objects.count() == 1
    assert CreditLine.objects.get().reserved_fen == USABLE_FEN


def test_one_sheet_is_drawn_once_however_often_it_is_sent(who, session, together):
    request = Drawdown(
        sheet(who, 100_000), card_of(who).public_id, grant(who, 100_000, session), LoanPurpose.DAILY
    )

    outcomes = together(4, lambda _n: draw(who, request))

    assert sorted(outcomes) == ["drawn", "quote-used", "quote-used", "quote-used"]
    assert Loan.objects.count() == 1
    assert CreditLine.objects.get().reserved_fen == 100_000


def test_a_refused_drawdown_uses_nothing_up(who, session):
    card = card_of(who).public_id
    request = Drawdown(sheet(who, 100_000), card, uuid4(), LoanPurpose.DAILY)

    assert draw(who, request) == "authorisation-unknown"

    assert not Loan.objects.exists()
    assert CreditLine.objects.get().reserved_fen == 0
    again = request._replace(authorisation_id=grant(who, 100_000, session))
    assert draw(who, again) == "drawn"
