"""The statement of charges of a loan: every line can be computed again (RATE-9)."""

from datetime import timedelta

import pytest

from loans.contracts.operations import disbursement
from loans.contracts.queries.loan_charges import lines_of
from loans.models import Loan
from tests.loans.conftest import day
from tests.loans.drawn import DRAWN_AT, DRAWN_ON, make_customer, make_disbursing

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
