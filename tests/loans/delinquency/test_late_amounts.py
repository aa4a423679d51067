"""What the overview says is late is the sum of what the bills say."""

import pytest

from loans.accounting.queries.statement import statement_of
from loans.delinquency import queries
from loans.delinquency.queries import Late
from loans.models import Bill
from tests.loans.conftest import day
from tests.loans.delinquency.test_overdue_life import live

pytestmark = pytest.mark.usefixtures("committed_db")


@pytest.mark.parametrize("n", [6, 9, 40, 100])
def test_what_is_late_is_the_sum_of_what_the_bills_say(make_bill, channel, n):
    """Also long after the last posting, and for loans that meet the cap of RATE-7."""
    channel.codes = {f"acct-{one}": ["NOTENOUGH"] for one in (1, 2, 3)}
    bills = [make_bill(), make_bill(principal_fen=345_678, rate_ppm=200), make_bill(due_on=day(2))]
    for bill in bills:
        live(bill, channel, until=5)
    in_state = {"grace": [], "overdue": []}
    for bill in Bill.objects.all():
        in_state[bill.state].append(statement_of(bill, on=day(n)).owed_fen)

    found = queries.late(on=day(n))

    assert len(in_state["grace"]) == 1
    assert found == {state: Late(len(fen), sum(fen)) for state, fen in in_state.items()}
