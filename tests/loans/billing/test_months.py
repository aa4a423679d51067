"""A portfolio goes on being billed: two months of it, reconciled at the end (REPAY-2, LIMIT-10)."""

from datetime import date, time, timedelta

import pytest
from django.db.models import Count

from backoffice.core import clock
from loans.billing.operations import auto_debit
from loans.migration.operations.generating import generate
from loans.models import Bill, Instalment, Mandate
from loans.reconciliation.operations import reconcile
from risk.models import Conduct, CreditLine, GrowthChange
from tests.loans.days import live
from tests.loans.portfolios import FakeBank

pytestmark = pytest.mark.usefixtures("committed_db")

ON = date(2026, 10, 1)
DAYS = [ON + timedelta(days=n) for n in range(61)]
AT = clock.moment_of(ON, time(0, 1))
MONEY = ("00:05", "00:06", "00:30", "09:00")


@pytest.fixture
def customers(channel):
    """Twelve customers whose bills fall due over a month; every other pays the minimum alone."""
    bank = FakeBank()
    generate(12, bank=bank, on=ON, at=AT, due_share_ppm=0, seed=1)
    ids = list(Mandate.objects.order_by("pk").values_list("customer_id", flat=True))
    for customer_id in ids[::2]:
        auto_debit.choose(
            customer_id, mode="minimum", card_id=None, by=f"customer:{customer_id}", on=ON, at=AT
        )
    for account, balance_fen in bank.balances.items():
        channel.will_answer(account, "SUCCESS" if balance_fen else "NOTENOUGH")
    return ids


def test_after_sixty_days_every_rest_was_billed_again_and_all_figures_agree(
    customers, channel, monkeypatch
):
    live(channel, monkeypatch, *DAYS, only=MONEY)

    last = DAYS[-1]
    assert reconcile(days=DAYS[:-1], on=last, channel=channel) == []
    of_customers = dict(
        Bill.objects.values_list("customer_id").annotate(bills=Count("pk")).order_by()
    )
    met = set(Bill.objects.filter(state="min_paid").values_list("customer_id", flat=True))
    assert met and met <= {*customers[::2]}
    assert all(of_customers[customer_id] >= 2 for customer_id in met)
    rests = Instalment.objects.filter(bill__state="min_paid", unpaid_principal_fen__gt=0)
    assert not rests.filter(bill__due_on__lte=last - timedelta(days=21)).exists()


def test_each_bill_that_ended_moves_the_growth_of_its_line_once(customers, channel, monkeypatch):
    live(channel, monkeypatch, *DAYS, only=MONEY)
    live(channel, monkeypatch, *DAYS[-2:], only=("00:10",))

    steps = GrowthChange.objects.values_list("bill").annotate(n=Count("pk")).order_by()
    reported = {f"bill:{pk}" for pk in Bill.objects.exclude(state__in=["billed", "grace"])
                .values_list("pk", flat=True)}  # fmt: skip
    assert dict(steps) == dict.fromkeys(reported, 1)
    outcomes = set(Conduct.objects.filter(source__startswith="bill:").values_list("outcome"))
    assert outcomes == {("paid",), ("min_paid",), ("overdue",)}
    overdue = Bill.objects.filter(state="overdue").values("customer")
    lines = CreditLine.objects.filter(customer__in=overdue)
    assert set(lines.values_list("state", flat=True)) == {"suspended"}
