"""Charges that two people give up: never principal, and never charged again (RATE-5, RATE-7)."""

from datetime import time

import pytest

from backoffice.platform import approvals
from loans.accounting.operations.closed_days import DayNotClosedError
from loans.collection.operations import results
from loans.models import Bill, Instalment, Loan, Transfer, Waiver, WaiverAllocation
from loans.repayment.operations import waivers
from loans.repayment.operations.waivers import WaiverEmptyError, WaiverTooHighError
from risk.models import Conduct
from tests.loans.conftest import day, moment
from tests.loans.delinquency.test_overdue_life import live, pay, payoff_fen, reread
from tests.loans.repayment.operations.test_reprocess import (
    differences,
    late_success,
    unheard_of,
)
from tests.loans.staff import REASON, approve, person, propose_waiver, waive
from tests.raw import execute, refused

pytestmark = pytest.mark.usefixtures("committed_db")


@pytest.fixture
def overdue(make_bill, channel):
    """The bill of the table 1.9 on D+14: 100.45 penalty, 5.08 late fee, 170.00 interest."""
    bill = make_bill()
    channel.will_answer("acct-1", "NOTENOUGH")
    live(bill, channel, until=14)
    return bill


def unpaid() -> dict[str, int]:
    part = Instalment.objects.get()
    return {
        name: getattr(part, f"unpaid_{name}")
        for name in ("penalty_fen", "late_fee_fen", "interest_fen", "principal_fen")
    }


def booked(kind: str) -> list[tuple[str, str, int]]:
    rows = Transfer.objects.filter(kind=kind).order_by("pk")
    return list(rows.values_list("debit_account", "credit_account", "amount_fen"))


def test_a_waived_penalty_and_late_fee_are_not_owed_any_more(overdue):
    waive(overdue, on=day(14), penalty_fen=10_045, late_fee_fen=508)

    assert unpaid() == {
        "penalty_fen": 0, "late_fee_fen": 0, "interest_fen": 17_000, "principal_fen": 1_000_000,
    }  # fmt: skip
    bill = reread(overdue)
    assert (bill.state, bill.waived_fen, bill.paid_fen) == ("overdue", 10_553, 0)
    assert booked("waiver") == [
        ("charges_waived", "penalty", 10_045), ("charges_waived", "late_fee", 508),
    ]  # fmt: skip
    assert differences() == []


def test_the_waiver_keeps_who_why_and_how_much(overdue):
    waive(overdue, on=day(14), penalty_fen=10_045)

    waiver = Waiver.objects.get()
    assert (waiver.bill_id, waiver.waived_on, waiver.penalty_fen, waiver.reason) == (
        overdue.pk, day(14), 10_045, REASON,
    )  # fmt: skip
    assert waiver.waived_by.startswith("manager")
    assert waiver.approval.proposed_by.username.startswith("collections")


def test_waived_penalty_leaves_the_base_and_what_was_charged_stays_for_the_cap(overdue):
    waive(overdue, on=day(14), penalty_fen=10_045)

    # 1,000,000 at 0.1 %: the first night of a new segment, as on the day of the classification.
    assert payoff_fen(overdue, day(15)) == 1_000_000 + 17_000 + 508 + 1_000
    assert Loan.objects.get().charged_fen == 27_553
    # The cap of D+40 leaves 46,027 in all, what was waived included.
    assert payoff_fen(overdue, day(40)) == 1_000_000 + 46_027 - 10_045


def test_waived_interest_leaves_the_segment_as_it_is(make_bill, channel):
    bill = make_bill(principal_fen=333_333, rate_ppm=350)

    waive(bill, on=day(-1), interest_fen=100)

    assert Instalment.objects.get().segment_on == bill.billed_on.replace(month=9, day=1)
    # hu(333,333 x 350 ppm x 30) = 3,500 - 100
    assert payoff_fen(bill, day(0)) == 333_333 + 3_500 - 100


def test_a_waiver_counts_towards_the_minimum(make_bill, channel):
    bill = make_bill(mode="off")
    live(bill, channel, until=1)
    waive(bill, on=day(1), late_fee_fen=508, interest_fen=500)

    pay(bill, channel, 101_500 - 500, at=moment(day(1), time(16)))
    live(bill, channel, first=2, until=2)

    # 101,500 + 508 are asked: 1,008 of it are waived.
    assert reread(bill).state == "min_paid"
    assert Conduct.objects.get().outcome == "min_paid"
    assert differences() == []


@pytest.mark.parametrize(
    ("fen", "error"),
    [
        ({}, WaiverEmptyError),
        ({"penalty_fen": 10_046}, WaiverTooHighError),
        ({"late_fee_fen": 509}, WaiverTooHighError),
        ({"interest_fen": -1}, WaiverTooHighError),
        ({"plan_fee_fen": 1}, WaiverTooHighError),
    ],
)
def test_more_than_is_unpaid_is_not_proposed(overdue, fen, error):
    with pytest.raises(error):
        propose_waiver(overdue, on=day(14), **fen)

    assert not Waiver.objects.exists()
    assert not Transfer.objects.filter(kind="waiver").exists()


def test_a_paid_bill_has_nothing_to_waive(make_bill, channel):
    bill = make_bill()
    live(bill, channel, until=0)
    assert reread(bill).state == "paid"

    with pytest.raises(WaiverTooHighError):
        propose_waiver(bill, on=day(0), interest_fen=1)


def test_what_was_paid_meanwhile_is_not_waived(overdue, channel):
    made = propose_waiver(overdue, on=day(14), penalty_fen=10_045)
    pay(overdue, channel, 10_045, at=moment(day(14), time(14, 30)))

    with pytest.raises(WaiverTooHighError):
        approve(made, on=day(14))

    assert reread(made).state == "proposed"
    assert not Waiver.objects.exists()


def test_nobody_waives_alone(overdue):
    who = person("manager")
    who.groups.add(*person("collections").groups.all())
    [made] = waivers.propose(
        [waivers.ChargeWaiver(overdue.pk, waivers.Debt(penalty_fen=1))],
        by=who, on=day(14), reason=REASON, at=moment(day(14)),
    )  # fmt: skip

    with pytest.raises(approvals.SamePersonError):
        approvals.approve([made.pk], by=who, reason="agreed", at=moment(day(14), time(15)))

    assert not Waiver.objects.exists()


def test_the_database_takes_no_waiver_without_its_approval(overdue):
    made = propose_waiver(overdue, on=day(14), penalty_fen=1)

    with refused("waiver_as_approved"):
        execute(
            "INSERT INTO loans_waiver (approval_id, bill_id, customer_id, waived_on, penalty_fen, "
            "late_fee_fen, interest_fen, plan_fee_fen, reason, waived_by, at) "
            "VALUES (%s, %s, %s, '2026-10-15', 1, 0, 0, 0, 'x', 'x', now())",
            made.pk, overdue.pk, overdue.customer_id,
        )  # fmt: skip


def test_before_the_close_of_the_day_nothing_is_waived(make_bill, channel):
    bill = make_bill(mode="off")
    live(bill, channel, until=1)

    with pytest.raises(DayNotClosedError):
        propose_waiver(bill, on=day(2), late_fee_fen=508)


def test_money_of_an_earlier_day_finds_the_waiver_on_its_day(overdue, channel):
    found = unheard_of(overdue, channel, 300_000, at=moment(day(12)), key="lost")
    waive(overdue, on=day(14), penalty_fen=10_045, late_fee_fen=508)

    results.record(
        [late_success(found, succeeded_at=moment(day(12)))],
        by="system:debit-channel", at=moment(day(15)),
    )  # fmt: skip

    # On D+12 300,000 paid 8,028 penalty, 508 late fee and 17,000 interest: 725,536 principal are
    # left, whose penalty of two nights, hu(725,536 x (1.001^2 - 1)) = 1,452, is what is waived.
    waived = WaiverAllocation.objects.order_by("-revision")[0]
    assert (waived.revision, waived.penalty_fen, waived.late_fee_fen) == (2, 1_452, 0)
    assert reread(overdue).waived_fen == 1_452
    assert unpaid() == {
        "penalty_fen": 0, "late_fee_fen": 0, "interest_fen": 0, "principal_fen": 725_536,
    }  # fmt: skip
    assert payoff_fen(overdue, day(15)) == 725_536 + 726
    assert differences() == []


def test_what_a_replay_does_not_change_stays_under_its_revision(overdue, channel):
    found = unheard_of(overdue, channel, 10_000, at=moment(day(14), time(16)), key="lost")
    waive(overdue, on=day(14), late_fee_fen=508)

    results.record(
        [late_success(found, succeeded_at=moment(day(14), time(16)))],
        by="system:debit-channel", at=moment(day(16)),
    )  # fmt: skip

    assert [row.revision for row in WaiverAllocation.objects.all()] == [1]
    assert differences() == []
    assert execute("SELECT count(*) FROM loans_transfer WHERE reverses = 'waiver'") == [(0,)]
    assert Bill.objects.get().waived_fen == 508
