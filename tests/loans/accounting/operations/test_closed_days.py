"""Nothing is decided about a bill before the 00:05 batch of the day has decided on it (GEN-8)."""

import pytest

from loans.accounting.operations.closed_days import DayNotClosedError, require_closed
from tests.loans.cases import bill, day


@pytest.mark.parametrize(
    ("state", "n", "closed", "is_open"),
    [
        ("billed", 0, None, True),  # before its due date has passed nothing is decided
        ("billed", 1, None, False),
        ("billed", 1, 1, True),
        ("grace", 2, 1, False),
        ("grace", 2, 2, True),
        ("overdue", 9, 4, True),
        ("paid", 9, 1, True),
    ],
)
def test_a_bill_past_its_due_date_waits_for_the_close(state, n, closed, is_open):
    one = bill(state=state, closed_through=None if closed is None else day(closed))

    if is_open:
        require_closed([one], on=day(n))
    else:
        with pytest.raises(DayNotClosedError, match=day(n).isoformat()):
            require_closed([one], on=day(n))
