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
from risk.models import PartnerEvent
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
    ids = preferred_rates.unproven(on=on)
    return preferred_rates.end(ids, by="system:end-of-day", on=on, at=moment(on))


def prove(loan, on):
    preferred_rates.prove(loan.pk, by="li", reason="invoice 4711", on=on, at=moment(on))


def interest_fen(on=DUE_ON):
    [loan] = Loan.objects.all()
    return loan_schedule.owed_fen([loan], on=on)[loan.pk] - loan.principal_fen


def test_the_nights_until_the_proof_is_due_bear_the_lower_rate(loan):
    assert end(on=UNTIL) == 0
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

    assert preferred_rates.unproven(on=NIGHT_8 + timedelta(days=1)) == []
    preferred_rates.end([loan.pk], by="t", on=NIGHT_8, at=moment(NIGHT_8))
    assert Charge.objects.count() == 1


def test_a_proof_on_the_last_day_keeps_the_rate(loan):
    prove(loan, UNTIL)

    assert preferred_rates.unproven(on=NIGHT_8) == []
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


def paid_for(loan, fen, *, on=UNTIL, category="education", **facts):
    """A partner reports a payment of the borrower."""
    known = {"direction": "out", "result": "succeeded"} | facts
    PartnerEvent.objects.create(
        customer_id=loan.customer_id, partner="pay", event_id=f"p-{PartnerEvent.objects.count()}",
        kind="payment", source="payment", occurred_at=moment(on), occurred_on=on,
        received_at=moment(on), amount_fen=fen, category=category, party_blind=bytes(16), **known,
    )  # fmt: skip


def match(*loan_ids, on=NIGHT_8):
    return preferred_rates.match(loan_ids, by="system:end-of-day", on=on, at=moment(on))


@pytest.fixture
def tuition(loan):
    Loan.objects.update(purpose="education")
    return Loan.objects.get()


def test_payments_of_the_whole_principal_for_the_purpose_prove_it(tuition):
    paid_for(tuition, 600_000, on=DRAWN_ON)
    paid_for(tuition, 400_000)

    assert match(tuition.pk) == 1

    assert Loan.objects.get().proven_on == UNTIL
    assert end() == 0
    assert interest_fen() == 30 * 450
    change = StateChange.objects.get(transition="prove_use")
    assert (change.actor, change.reason) == ("system:end-of-day", "use-paid-for")
    assert unposted(on=DUE_ON).closed_form_fen == 30 * 450


def test_the_use_is_proven_on_the_day_of_the_last_payment_s_night(tuition):
    paid_for(tuition, 1_000_000, on=DRAWN_ON)

    assert match(tuition.pk, on=DRAWN_ON + timedelta(days=1)) == 1
    assert Loan.objects.get().proven_on == DRAWN_ON + timedelta(days=1)


@pytest.mark.parametrize(
    "facts",
    [
        {"fen": 999_999},
        {"fen": 1_000_000, "on": NIGHT_8},
        {"fen": 1_000_000, "on": DRAWN_ON - timedelta(days=1)},
        {"fen": 1_000_000, "category": "health"},
        {"fen": 1_000_000, "result": "failed"},
        {"fen": 1_000_000, "direction": "in"},
    ],
)
def test_less_or_another_payment_proves_nothing(tuition, facts):
    paid_for(tuition, **facts)

    assert match(tuition.pk) == 0
    assert Loan.objects.get().proven_on is None


def test_a_refund_is_taken_off(tuition):
    paid_for(tuition, 1_000_000)
    paid_for(tuition, 1, direction="in", result="refunded")

    assert match(tuition.pk) == 0


def test_one_payment_does_not_prove_two_loans(tuition, channel):
    payout = make_disbursing(*second_of(tuition), factor_permille=900, proof_until_on=UNTIL)
    disbursement.send([payout.pk], channel=channel, at=DRAWN_AT)
    Loan.objects.update(purpose="education")
    paid_for(tuition, 1_999_999)
    loan_ids = [one.pk for one in Loan.objects.order_by("pk")]

    assert match(*loan_ids) == 1
    assert [one.proven_on for one in Loan.objects.order_by("pk")] == [UNTIL, None]

    paid_for(tuition, 1)
    assert match(*loan_ids) == 1


def second_of(loan):
    """The customer and the card of a loan."""
    return loan.customer, loan.card


def test_a_loan_at_its_full_rate_needs_no_proof(tuition):
    Loan.objects.update(rate_factor_permille=1000, proof_until_on=None)
    paid_for(tuition, 1_000_000)

    assert match(tuition.pk) == 0
