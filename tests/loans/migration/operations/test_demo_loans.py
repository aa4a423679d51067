"""The loans of a demo: what customers and staff did in the months before it."""

from collections import Counter
from datetime import date, time, timedelta

import pytest

from accounts.gateways.sandbox import SandboxIdentityChecks
from accounts.models import Customer, WechatAccount
from backoffice.core import clock
from backoffice.core.crypto import blind
from backoffice.core.models import Approval
from loans.migration.operations.admission import SandboxOnlyError
from loans.migration.operations.demo import create_logins
from loans.migration.operations.demo_customers import Providers
from loans.migration.operations.demo_loans import LIVES, drawn_before, show_loans
from loans.models import (
    Acceleration,
    AutoDebit,
    Bill,
    ClosedMonth,
    Conversion,
    DebitOrder,
    Extension,
    Loan,
    Payout,
    RepaymentReversal,
    UnappliedFunds,
)
from loans.policy import LoanTerms
from loans.reconciliation.operations import reconcile
from loans.reconciliation.queries import days_with_orders
from risk.gateways.sandbox import SandboxBureau
from tests.loans.conftest import SHEET
from tests.loans.repayment.operations.test_as_of import replayed, stored
from tests.loans.statements.proof import closings, unpaid

ON = date(2026, 10, 31)  # no first loan falls due on this day of the month
PROVIDERS = Providers(SandboxIdentityChecks(), SandboxBureau())


class Accounts:
    """The balances at the channel: an empty account refuses every debit."""

    def __init__(self, channel):
        self.channel = channel

    def confirm(self, prepay_id, *, at):
        assert f"prepay_id={prepay_id}" == SHEET.package
        self.channel.confirm(self.channel.prepaid[-1].number, at=at)
        return "SUCCESS"

    def fund(self, balances):
        for account, fen in balances.items():
            self.channel.will_answer(account, "SUCCESS" if fen else "NOTENOUGH")


@pytest.fixture
def show(channel):
    def show():
        at = clock.moment_of(ON, time(8, 58))
        return show_loans(
            providers=PROVIDERS,
            bank=Accounts(channel),
            channel=channel,
            at=at,
            wall_at=clock.wall(),
        )

    return show


@pytest.fixture
def shown(committed_db, show):
    create_logins(password="cold-feet-9")
    return show()


def of(openid):
    return WechatAccount.objects.get(openid_blind=blind(openid, "openid")).customer_id


def states(model):
    return Counter(map(str, model.objects.values_list("state", flat=True)))


def test_a_demo_has_loans_bills_and_payments_in_every_state(shown, show, channel):
    assert len(shown) == len(LIVES) + 1
    assert states(Loan) == {"active": 7, "overdue": 3, "settled": 2, "charged_off": 1}
    assert states(Bill) == {"paid": 5, "overdue": 6, "billed": 2, "min_paid": 2, "grace": 1}
    assert states(Extension) == {"requested": 1, "approved": 1}
    assert states(Payout) == {"succeeded": 14}  # thirteen loans and a refund
    assert states(Approval) == {"approved": 6, "proposed": 2}
    payments = DebitOrder.objects.values_list("purpose", "origin", "state")
    assert Counter(":".join(one) for one in payments) == {
        "bill:auto:succeeded": 5,
        "bill:auto:failed": 37,
        "bill:customer:succeeded": 3,
        "bill:transfer:succeeded": 3,
        "prepayment:customer:succeeded": 1,
        "settlement:customer:succeeded": 1,
    }
    modes = Counter(AutoDebit.objects.values_list("mode", flat=True))
    assert modes == {"full": 8, "minimum": 1, "off": 1}
    assert RepaymentReversal.objects.count() == 1
    refunded = UnappliedFunds.objects.get(customer=of("thin-22"))
    assert refunded.refunded_at == clock.moment_of(ON - timedelta(6), time(6, 30))
    in_wechat = DebitOrder.objects.get(wechat_account__isnull=False)
    assert (in_wechat.customer_id, in_wechat.state, in_wechat.taken_fen) == (
        of("thin-21"), "succeeded", 30_000,
    )  # fmt: skip
    converted = Conversion.objects.get(customer=of("strong-23"))
    assert (converted.state, converted.principal_fen, converted.fee_fen) == (
        "effective", 100_000, 1_500,
    )  # fmt: skip
    called = Acceleration.objects.get(customer=of("strong-24"))
    assert (called.bill.state, called.bill.due_on, called.accelerated_on) == (
        "overdue", date(2026, 7, 28), date(2026, 10, 27),
    )  # fmt: skip
    assert reconcile(days=days_with_orders(), on=ON, channel=channel) == []
    closed = ClosedMonth.objects.get()
    assert (closed.month, closed.balances.count()) == (date(2026, 9, 1), 17)
    for customer in Customer.objects.filter(loans__isnull=False).distinct():
        assert closings(customer, on=ON)[-1] == unpaid(customer).total_fen
        assert replayed(customer.pk, on=ON) == stored(customer.pk, on=ON)
    assert show() is None
    assert Loan.objects.count() == len(shown)


@pytest.mark.parametrize("n", range(31))
def test_a_first_loan_falls_due_as_late_as_it_may(n):
    by = ON - timedelta(n)

    drawn_on, due_on = drawn_before(by, LoanTerms())

    assert due_on == by.replace(day=min(by.day, 28))
    assert (due_on - drawn_on).days >= 20


def test_outside_a_sandbox_nobody_borrows(db, show, settings):
    settings.SANDBOX = False

    with pytest.raises(SandboxOnlyError):
        show()
    assert not Customer.objects.exists()
