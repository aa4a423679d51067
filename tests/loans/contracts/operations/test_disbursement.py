"""A loan starts with its money: what each answer of the bank does to loan, line, card, ledger."""

from datetime import date, timedelta

import pytest

from accounts.cards.operations import cards
from accounts.cards.operations.cards import CardHeldError
from accounts.models import CardHold
from backoffice.core.models import StateChange
from loans.contracts.operations import disbursement
from loans.gateways.channel import Answer, Outcome
from loans.models import Instalment, Loan, Payout, Plan, Transfer
from risk.models import CreditLine
from tests.loans.drawn import DRAWN_AT, DRAWN_ON, FIRST_DUE_ON, make_customer, make_disbursing

pytestmark = pytest.mark.usefixtures("committed_db")

ACCOUNT = "acct-1"


@pytest.fixture
def payout():
    return make_disbursing(*make_customer())


def send(payout, channel, at=DRAWN_AT):
    disbursement.send([payout.pk], channel=channel, at=at)


def line():
    return CreditLine.objects.values("reserved_fen", "drawn_fen").get()


def states():
    return Loan.objects.get().state, Payout.objects.get().state


def answer(payout, outcome, code="SUCCESS", at=DRAWN_AT):
    paid = outcome == Outcome.SUCCEEDED
    return Answer(
        payout.number, outcome, code, payout.amount_fen if paid else 0, "B1" if paid else "", at
    )


def waiting():
    """A loan that the bank has not paid out owes nothing and holds what it needs."""
    return {
        "owed": Loan.objects.get().unpaid_principal_fen,
        "posted": Transfer.objects.count(),
        "line": line(),
        "held": CardHold.objects.filter(holder=f"loan:{Loan.objects.get().pk}").count(),
    }


WAITING = {
    "owed": 0, "posted": 0, "held": 1, "line": {"reserved_fen": 1_000_000, "drawn_fen": 0},
}  # fmt: skip


def test_a_loan_that_was_paid_out_owes_its_principal_from_that_day(payout, channel):
    send(payout, channel)

    loan, [part] = Loan.objects.get(), Instalment.objects.all()
    assert states() == ("active", "succeeded")
    assert (loan.drawn_on, loan.accrued_on, loan.unpaid_principal_fen) == (
        DRAWN_ON, DRAWN_ON, 1_000_000,
    )  # fmt: skip
    assert (part.accrual, part.segment_on, part.segment_base_fen) == ("own", DRAWN_ON, 1_000_000)
    assert (part.unpaid_principal_fen, part.due_on) == (1_000_000, FIRST_DUE_ON)
    assert line() == {"reserved_fen": 0, "drawn_fen": 1_000_000}


def test_a_card_can_be_unbound_once_the_loan_was_paid_out_to_it(payout, channel):
    with pytest.raises(CardHeldError):
        cards.unbind(payout.card, by="customer", at=DRAWN_AT)
    assert (payout.card.state, CardHold.objects.count()) == ("active", 1)

    send(payout, channel)

    assert not CardHold.objects.exists()
    assert cards.unbind(payout.card, by="customer", at=DRAWN_AT).state == "unbound"
    assert states() == ("active", "succeeded")


def test_the_ledger_moves_the_banks_money_to_the_principal(payout, channel):
    send(payout, channel)

    [transfer] = Transfer.objects.values(
        "debit_account", "credit_account", "amount_fen", "kind", "cause_type", "cause_id",
        "loan_id", "business_date",
    )  # fmt: skip
    assert transfer == {
        "debit_account": "loan_principal", "credit_account": "bank", "amount_fen": 1_000_000,
        "kind": "drawdown", "cause_type": "payout", "cause_id": payout.pk,
        "loan_id": payout.loan_id, "business_date": DRAWN_ON,
    }  # fmt: skip


def test_rows_of_a_plan_owe_principal_and_bear_nothing(channel):
    payout = make_disbursing(*make_customer(), plan=Plan.PLAN_3)

    send(payout, channel)

    rows = Instalment.objects.order_by("number").values_list(
        "unpaid_principal_fen", "accrual", "segment_base_fen", "uncharged_plan_fee_fen"
    )
    assert list(rows) == [
        (333_333, "none", 0, 5_000),
        (333_333, "none", 0, 5_000),
        (333_334, "none", 0, 5_000),
    ]


def test_a_refused_loan_is_cancelled_and_gives_line_and_card_back(payout, channel):
    channel.will_answer(ACCOUNT, "USER_NOT_EXIST")

    send(payout, channel)

    loan = Loan.objects.get()
    assert states() == ("cancelled", "failed")
    assert (loan.unpaid_principal_fen, loan.ended_on) == (0, DRAWN_ON)
    assert line() == {"reserved_fen": 0, "drawn_fen": 0}
    assert not CardHold.objects.exists()
    assert not Transfer.objects.exists()


def test_silence_of_the_bank_leaves_everything_as_it_is(payout, channel):
    channel.will_answer(ACCOUNT, "TIMEOUT")

    with pytest.raises(disbursement.StillUnpaidError):
        disbursement.deliver(payout.pk, channel=channel, at=DRAWN_AT)

    assert states() == ("disbursing", "unknown")
    assert waiting() == WAITING


def test_money_that_went_out_in_silence_is_found_by_its_number(payout, channel):
    channel.will_answer(ACCOUNT, "LOST")
    send(payout, channel)

    disbursement.deliver(payout.pk, channel=channel, at=DRAWN_AT + timedelta(minutes=1))

    assert states() == ("active", "succeeded")
    assert [one.number for one in channel.sent_out] == [payout.number]


def test_what_the_channel_never_saw_is_sent_again_under_the_same_number(payout, channel):
    channel.will_answer(ACCOUNT, "TIMEOUT", "SUCCESS")
    send(payout, channel)

    send(payout, channel, at=DRAWN_AT + timedelta(minutes=1))

    assert states() == ("active", "succeeded")
    assert [one.number for one in channel.sent_out] == [payout.number] * 2


def test_a_loan_that_never_left_is_given_up_after_a_day(payout, channel):
    channel.will_answer(ACCOUNT, "TIMEOUT")
    send(payout, channel)

    send(payout, channel, at=DRAWN_AT + timedelta(hours=24, seconds=1))

    assert states() == ("cancelled", "failed")
    assert Payout.objects.get().code == "NEVER_SENT"
    assert len(channel.sent_out) == 1


def test_the_same_answer_again_changes_nothing(payout, channel):
    send(payout, channel)
    before = StateChange.objects.count()

    again = answer(payout, Outcome.SUCCEEDED)
    disbursement.record([again, again], by="system:payouts", at=DRAWN_AT)

    assert StateChange.objects.count() == before
    assert Transfer.objects.count() == 1
    assert line() == {"reserved_fen": 0, "drawn_fen": 1_000_000}


def test_a_refusal_after_a_success_changes_nothing(payout, channel):
    send(payout, channel)

    late = answer(payout, Outcome.FAILED, "USER_NOT_EXIST")
    disbursement.record([late], by="system:payouts", at=DRAWN_AT)

    assert states() == ("active", "succeeded")
    assert line() == {"reserved_fen": 0, "drawn_fen": 1_000_000}


def test_a_cancelled_loan_starts_after_all_when_the_bank_had_paid(payout, channel):
    channel.will_answer(ACCOUNT, "SYSTEMERROR")
    send(payout, channel)

    disbursement.record(
        [answer(payout, Outcome.SUCCEEDED)], by="system:reconciliation",
        at=DRAWN_AT + timedelta(days=1),
    )  # fmt: skip

    loan = Loan.objects.get()
    assert states() == ("active", "succeeded")
    assert (loan.drawn_on, loan.unpaid_principal_fen, loan.ended_on) == (DRAWN_ON, 1_000_000, None)
    assert line() == {"reserved_fen": 0, "drawn_fen": 1_000_000}
    assert not CardHold.objects.exists()


def test_a_loan_that_starts_after_its_card_was_removed_is_owed_all_the_same(payout, channel):
    channel.will_answer(ACCOUNT, "SYSTEMERROR")
    send(payout, channel)
    cards.unbind(payout.card, by="customer", at=DRAWN_AT)

    disbursement.record(
        [answer(payout, Outcome.SUCCEEDED)], by="system:reconciliation",
        at=DRAWN_AT + timedelta(days=1),
    )  # fmt: skip

    assert (states(), Loan.objects.get().unpaid_principal_fen) == (
        ("active", "succeeded"), 1_000_000,
    )  # fmt: skip
    assert not CardHold.objects.exists()


def test_the_drawdown_day_is_the_day_on_which_the_bank_paid(payout, channel):
    channel.will_answer(ACCOUNT, "TIMEOUT")
    send(payout, channel)
    paid_at = DRAWN_AT + timedelta(days=1)

    late = answer(payout, Outcome.SUCCEEDED, at=paid_at)
    disbursement.record([late], by="system:payouts", at=DRAWN_AT + timedelta(days=3))

    loan, part = Loan.objects.get(), Instalment.objects.get()
    assert loan.drawn_on == part.segment_on == DRAWN_ON + timedelta(days=1)
    assert part.due_on == FIRST_DUE_ON
    assert Transfer.objects.get().business_date == DRAWN_ON + timedelta(days=1)


def test_a_bank_that_pays_after_the_first_bill_moves_the_schedule_by_a_month(payout, channel):
    channel.will_answer(ACCOUNT, "TIMEOUT")
    send(payout, channel)
    paid_at = DRAWN_AT + timedelta(days=20)  # the bill of 10-01 would be of 09-21

    late = answer(payout, Outcome.SUCCEEDED, at=paid_at)
    disbursement.record([late], by="system:payouts", at=paid_at)

    assert Instalment.objects.get().due_on == date(2026, 11, 1)


@pytest.mark.parametrize(
    ("stated", "drawn_on"),
    [
        (timedelta(days=-5), DRAWN_ON),  # before it was asked
        (timedelta(days=9), DRAWN_ON + timedelta(days=2)),  # after we heard of it
    ],
)
def test_a_channels_clock_pays_neither_before_we_asked_nor_tomorrow(
    payout, channel, stated, drawn_on
):
    channel.will_answer(ACCOUNT, "TIMEOUT")
    send(payout, channel)

    off = answer(payout, Outcome.SUCCEEDED, at=DRAWN_AT + stated)
    disbursement.record([off], by="system:payouts", at=DRAWN_AT + timedelta(days=2))

    assert Loan.objects.get().drawn_on == drawn_on


def test_a_preferred_rate_has_its_days_from_the_day_of_the_money(channel):
    payout = make_disbursing(
        *make_customer(), factor_permille=900, proof_until_on=DRAWN_ON + timedelta(days=7)
    )
    channel.will_answer(ACCOUNT, "TIMEOUT")
    send(payout, channel)

    late = answer(payout, Outcome.SUCCEEDED, at=DRAWN_AT + timedelta(days=2))
    disbursement.record([late], by="system:payouts", at=DRAWN_AT + timedelta(days=2))

    assert Loan.objects.get().proof_until_on == DRAWN_ON + timedelta(days=9)


def test_an_answer_for_a_number_we_never_gave_changes_nothing(payout):
    stranger = answer(payout, Outcome.SUCCEEDED)._replace(number="D999-1")

    disbursement.record([stranger], by="system:payouts", at=DRAWN_AT)

    assert states() == ("disbursing", "planned")
    assert waiting() == WAITING


def test_many_senders_at_once_pay_a_loan_out_once(payout, channel, together):
    together(4, lambda _n: send(payout, channel))

    assert states() == ("active", "succeeded")
    assert set(channel.paid) == {payout.number}
    assert line() == {"reserved_fen": 0, "drawn_fen": 1_000_000}
    assert Transfer.objects.count() == 1
