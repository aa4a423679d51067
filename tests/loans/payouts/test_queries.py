"""Numbers of payouts, and which of them wait for an answer."""

from datetime import timedelta

import pytest

from loans.contracts.operations import disbursement
from loans.payouts.queries import number_of, open_ids
from tests.loans.drawn import DRAWN_AT, make_customer, make_disbursing


@pytest.mark.parametrize(("kind", "number"), [("disbursement", "D42-1"), ("refund", "R42-1")])
def test_a_number_names_the_fact_behind_the_payout(kind, number):
    assert number_of(kind, 42, 1) == number


@pytest.mark.usefixtures("committed_db")
def test_payouts_without_a_final_answer_are_open_from_some_time_after_they_were_planned(channel):
    payout = make_disbursing(*make_customer())

    assert open_ids("disbursement", before=DRAWN_AT) == []
    assert open_ids("refund", before=DRAWN_AT + timedelta(minutes=1)) == []
    assert open_ids("disbursement", before=DRAWN_AT + timedelta(minutes=1)) == [payout.pk]

    disbursement.send([payout.pk], channel=channel, at=DRAWN_AT)

    assert open_ids("disbursement", before=DRAWN_AT + timedelta(minutes=1)) == []
