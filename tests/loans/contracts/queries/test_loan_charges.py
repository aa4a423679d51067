"""The statement of charges of a loan: every line can be computed again (RATE-9)."""

from datetime import date, timedelta

import pytest
from django.utils.translation import override

from loans.collection.operations import results
from loans.contracts.operations import disbursement
from loans.contracts.queries.loan_charges import LoanWaiver, lines_of, waivers_of
from loans.models import Loan
from tests.loans.conftest import day, moment
from tests.loans.delinquency.plans import as_plan
from tests.loans.delinquency.test_overdue_life import live
from tests.loans.drawn import DRAWN_AT, DRAWN_ON, make_customer, make_disbursing
from tests.loans.early import prepay
from tests.loans.repayment.operations.test_reprocess import late_success, unheard_of
from tests.loans.staff import waive

pytestmark = pytest.mark.usefixtures("committed_db")


def test_nights_that_are_not_posted_yet_are_a_line_with_its_formula(channel):
    payout = make_disbursing(*make_customer(), rate_ppm=250)
    disbursement.send([payout.pk], channel=channel, at=DRAWN_AT)

    [line] = lines_of(Loan.objects.get(), on=DRAWN_ON + timedelta(days=10))

    assert (line.kind, line.nights, line.base_fen) == ("own", 10, 1_000_000)
    assert (line.from_on, line.to_on) == (DRAWN_ON, DRAWN_ON + timedelta(days=9))
    assert (line.contract_fen, line.charged_fen, line.waived_fen) == (2_500, 2_500, 0)
    assert (line.rate_ppm_permille, line.formula) == (250_000, "10,000.00 × 0.025% × 10")


def test_a_loan_has_no_lines_on_the_day_it_was_drawn(channel):
    payout = make_disbursing(*make_customer())
    disbursement.send([payout.pk], channel=channel, at=DRAWN_AT)

    assert lines_of(Loan.objects.get(), on=DRAWN_ON) == []


def test_a_loan_under_a_bill_has_its_nights_too(make_bill):
    make_bill()

    [line] = lines_of(Loan.objects.get(), on=day(0))

    assert (line.nights, line.charged_fen, line.formula) == (30, 15_000, "10,000.00 × 0.05% × 30")


def test_a_prepayment_fee_names_its_minimum(make_loan):
    loan = make_loan(principal_fen=500_000)
    prepay(loan, 92_900, principal_fen=89_900, on=date(2026, 9, 11))

    lines = lines_of(Loan.objects.get(), on=date(2026, 9, 11))
    [fee] = [line for line in lines if line.kind == "prepayment"]

    assert (fee.formula, fee.contract_fen, fee.charged_fen) == (
        "max(5.00, 899.00 × 0.5%)", 500, 500,
    )  # fmt: skip


def test_a_plan_fee_says_that_it_is_a_share(make_bill):
    as_plan(make_bill())

    with override("en"):
        lines = lines_of(Loan.objects.get(), on=day(0))

    assert [line.formula for line in lines if line.kind == "plan_fee"] == [
        "row 1 of the plan: its share of the flat fee"
    ]


def test_what_was_waived_stands_beside_what_was_charged(make_bill, channel):
    bill = make_bill()
    channel.will_answer("acct-1", "NOTENOUGH")
    live(bill, channel, until=14)
    waive(bill, on=day(14), penalty_fen=10_045, late_fee_fen=508)

    loan = Loan.objects.get()

    assert waivers_of(loan) == [LoanWaiver(1, day(14), 10_045, 508, 0, 0, 10_553)]
    assert sum(line.charged_fen for line in lines_of(loan, on=day(14))) == 27_553


def test_a_waiver_that_was_applied_again_is_shown_as_it_holds_now(make_bill, channel):
    """Money of D+12 paid the penalty: that of two nights is all that was left to waive."""
    bill = make_bill()
    channel.will_answer("acct-1", "NOTENOUGH")
    live(bill, channel, until=14)
    found = unheard_of(bill, channel, 300_000, at=moment(day(12)), key="lost")
    waive(bill, on=day(14), penalty_fen=10_045, late_fee_fen=508)
    late = late_success(found, succeeded_at=moment(day(12)))
    results.record([late], by="system:debit-channel", at=moment(day(15)))

    assert waivers_of(Loan.objects.get()) == [LoanWaiver(1, day(14), 1_452, 0, 0, 0, 1_452)]
