"""How long a payout that never reached the channel is wanted (REPAY-2, REPAY-8)."""

from datetime import datetime, timedelta

import pytest

from backoffice.core.clock import SHANGHAI
from loans.payouts.rules.resending import is_given_up

AT = datetime(2026, 9, 1, 10, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("kind", "hours", "given_up"),
    [
        ("disbursement", 24, False),
        ("disbursement", 25, True),
        ("refund", 24 * 365, False),
    ],
)
def test_a_loan_is_wanted_for_a_day_and_a_refund_until_it_arrives(kind, hours, given_up):
    assert is_given_up(kind, AT, at=AT + timedelta(hours=hours)) == given_up
