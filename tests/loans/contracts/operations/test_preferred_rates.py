"""A preferred rate holds with a proof in time, else for the nights before night 8 (RATE-10)."""

from datetime import date, timedelta

import pytest

from backoffice.core.models import StateChange
from loans.accounting.queries.unposted import unposted
from loans.contracts.operations import disbursement, preferred_rates
from loans.contracts.queries import loan_schedule
from loans.contracts.queries.loan_charges import lines_of
from loans.models import Charge, Instalment, Loan
from loans.reconciliation import queries as reconciliation
from tests.loans.conftest import moment
from tests.loans.drawn import DRAWN_AT, DRAWN_ON, make_customer, make_disbursing

pytestmark = pytest.mark.usefixtures("committed_db")

UNTIL = DRAWN_ON + timedelta(days=7)
NIGHT_8 = DRAWN_ON + timedelta(days=8)
DUE_ON = date(2026, 10, 1)


@pytest.fixture
def loan(channel):
    """10,000.00 at 0.05 % with the factor 0.9: 4.50 a night, 5.00 without it."""
    payout = make_disbursing(*make_customer(), factor_permille=900, proof_until_on=UNTIL)
    disbursement.send([payout.pk], channel=channel, at=DRAWN_AT)
    return Loan.objects.get()


def end(on=NIGHT_8):
    ids = preferred_rates.to_end(on=on)
    return preferred_rates.end(ids, by="system:end-of-day", on=on, at=moment(on))


def prove(loan, on):
    preferred_rates.prove(loan.pk, by="li", reason="invoice 4711", on=on, at=moment(on))


def interest_fen(on=DUE_ON):
    [loan] = Loan.objects.all()
    return loan_schedule.owed_fen([loan], on=on)[loan.pk] - loan.principal_fen


def test_the_nights_until_the_proof_is_due_bear_the_lower_rate(loan):
    assert preferred_rates.to_end(on=UNTIL) == []
    assert interest_fen(NIGHT_8) == 3_600


def test_without_a_proof_the_full_rate_begins_with_night_8(loan):
    assert end() == 1

    part = Instalment.objects.get()
    assert (part.segment_on, part.segment_posted_fen, part.unpaid_interest_fen) == (
        NIGHT_8, 0, 3_600,
    )  # fmt: skip
    assert interest_fen() == 3_600 + 22 * 500
    assert Charge.objects.get().rate_micro == 450_000


def test_a_day_that_was_missed_changes_no_fen(loan):
    end(on=NIGHT_8 + timedelta(days=5))

    assert Instalment.objects.get().segment_on == NIGHT_8
    assert interest_fen() == 3_600 + 22 * 500


def test_the_rate_ends_once(loan):
    end()

    assert preferred_rates.to_end(on=NIGHT_8 + timedelta(days=1)) == []
    preferred_rates.end([loan.pk], by="t", on=NIGHT_8, at=moment(NIGHT_8))
    assert Charge.objects.count() == 1


def test_a_proof_on_the_last_day_keeps_the_rate(loan):
    prove(loan, UNTIL)

    assert preferred_rates.to_end(on=NIGHT_8) == []
    assert end() == 0
    assert interest_fen() == 30 * 450
    assert StateChange.objects.filter(transition="prove_use", actor="li").count() == 1


def test_a_proof_after_the_last_day_is_refused(loan):
    with pytest.raises(preferred_rates.ProofTooLateError):
        prove(loan, NIGHT_8)

    assert Loan.objects.get().proven_on is None


def test_a_proof_counts_once(loan):
    prove(loan, DRAWN_ON)

    with pytest.raises(preferred_rates.NoPreferredRateError):
        prove(loan, UNTIL)
    assert Loan.objects.get().proven_on == DRAWN_ON


def test_a_loan_at_the_full_rate_has_nothing_to_prove(channel):
    payout = make_disbursing(*make_customer())
    disbursement.send([payout.pk], channel=channel, at=DRAWN_AT)

    with pytest.raises(preferred_rates.NoPreferredRateError):
        prove(Loan.objects.get(), DRAWN_ON)


@pytest.mark.parametrize("nights", [1, 4, 8, 9, 15, 30])
def test_the_night_of_the_portfolio_agrees_with_the_rules(loan, nights):
    on = DRAWN_ON + timedelta(days=nights)
    end(on)

    by_rules = reconciliation._by_rules_fen(Instalment.objects.all(), on=on)

    assert unposted(on=on).closed_form_fen == by_rules
    assert by_rules == (450 * nights if nights < 8 else 500 * (nights - 8))


def test_the_statement_shows_both_rates(loan):
    end()

    lines = lines_of(Loan.objects.get(), on=DUE_ON)

    assert [(line.nights, line.rate_ppm_permille, line.charged_fen) for line in lines] == [
        (8, 450_000, 3_600), (22, 500_000, 11_000),
    ]  # fmt: skip


def test_the_lowest_rate_is_not_lowered(channel):
    payout = make_disbursing(
        *make_customer(), rate_ppm=200, factor_permille=900, proof_until_on=UNTIL
    )
    disbursement.send([payout.pk], channel=channel, at=DRAWN_AT)

    assert interest_fen(DRAWN_ON + timedelta(days=1)) == 200  # EX-11
