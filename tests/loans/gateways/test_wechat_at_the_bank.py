"""Payments inside WeChat at the sandbox bank and over the channel: confirmed, closed, refunded."""

import json
from base64 import b64decode
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from loans.gateways.channel import ChannelError, PrepayRequest, RefundRequest
from loans.gateways.sandbox import wechat
from tests.loans.gateways.conftest import Impostor
from tests.sandbox import NINE, BankProcess

ON = NINE.date()
EXPIRY = NINE + timedelta(minutes=30)
LATER = NINE + timedelta(minutes=5)


def ask(number="7-c-a", amount_fen=500, openid="openid-1", at=NINE, expires_at=EXPIRY):
    return PrepayRequest(number, openid, amount_fen, at, expires_at)


def back(number="R1-1", order_number="7-c-a", amount_fen=200, at=LATER):
    return RefundRequest(number, order_number, amount_fen, at)


def answered(answer):
    return answer and (str(answer.outcome), answer.code, answer.amount_fen)


def id_of(answer):
    return answer.sheet.package.removeprefix("prepay_id=")


@pytest.fixture
def prepaid(channel):
    [answer] = channel.prepay([ask()])
    return answer


def test_a_payment_waits_for_its_customer_with_the_parameters_of_the_sheet(channel, prepaid):
    assert answered(prepaid) == ("unknown", "NOTPAY", 0)
    assert prepaid.sheet.package.startswith("prepay_id=wx")
    assert (prepaid.sheet.app_id, prepaid.sheet.sign_type) == (wechat.APP_ID, "RSA")
    assert channel.query(["7-c-a"]) == [prepaid]
    assert list(channel.statement(ON)) == []


def test_the_signature_of_a_sheet_covers_application_time_nonce_and_package(monkeypatch):
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    monkeypatch.setattr(wechat, "_key", lambda: key)

    sheet = json.loads(wechat.new_prepay(ask()).sheet)

    signed = f"{sheet['app_id']}\n{sheet['timestamp']}\n{sheet['nonce']}\n{sheet['package']}\n"
    key.public_key().verify(
        b64decode(sheet["signature"]), signed.encode(), padding.PKCS1v15(), hashes.SHA256()
    )


def test_a_number_asked_for_again_has_the_same_sheet(channel, prepaid):
    assert channel.prepay([ask()]) == [prepaid]


@pytest.mark.parametrize("other", [{"amount_fen": 501}, {"openid": "openid-2"}])
def test_a_number_used_for_another_payment_is_unknown(channel, prepaid, other):
    [answer] = channel.prepay([ask(**other)])

    assert answered(answer) == ("unknown", "ORDER_CONFLICT", 0)
    assert answer.sheet is None
    assert channel.query(["7-c-a"]) == [prepaid]


def test_a_confirmed_payment_is_an_order_of_the_moment_of_its_confirmation(bank, channel, prepaid):
    assert bank.confirm(id_of(prepaid), at=LATER) == "SUCCESS"

    [answer] = channel.query(["7-c-a"])
    assert (*answered(answer), answer.at) == ("succeeded", "SUCCESS", 500, LATER)
    assert answer.sheet is None
    [line] = channel.statement(ON)
    assert (line.number, line.amount_fen, line.at) == ("7-c-a", 500, LATER)


def test_a_payment_confirmed_twice_is_paid_once(bank, channel, prepaid):
    bank.confirm(id_of(prepaid), at=LATER)

    assert bank.confirm(id_of(prepaid), at=EXPIRY) == "SUCCESS"

    assert [line.at for line in channel.statement(ON)] == [LATER]


def test_a_payment_that_failed_takes_nothing_for_ever(bank, channel, prepaid):
    assert bank.confirm(id_of(prepaid), at=LATER, code="NOTENOUGH") == "NOTENOUGH"

    assert bank.confirm(id_of(prepaid), at=LATER) == "NOTENOUGH"
    assert answered(channel.query(["7-c-a"])[0]) == ("failed", "NOTENOUGH", 0)
    assert list(channel.statement(ON)) == []


def test_nothing_is_paid_after_the_time_of_a_payment(bank, channel, prepaid):
    assert bank.confirm(id_of(prepaid), at=EXPIRY) == "CLOSED"

    assert channel.query(["7-c-a"]) == [prepaid]


def test_a_closed_payment_has_failed(bank, channel, prepaid):
    [closed] = channel.close_payments(["7-c-a"], at=LATER)

    assert (*answered(closed), closed.at) == ("failed", "CLOSED", 0, LATER)
    assert bank.confirm(id_of(prepaid), at=LATER) == "CLOSED"
    assert channel.query(["7-c-a"]) == channel.close_payments(["7-c-a"], at=EXPIRY) == [closed]


def test_a_payment_that_is_confirmed_before_its_close_counts(bank, channel, prepaid):
    bank.confirm(id_of(prepaid), at=LATER)

    [answer] = channel.close_payments(["7-c-a"], at=EXPIRY)

    assert answered(answer) == ("succeeded", "SUCCESS", 500)


def test_a_payment_that_the_channel_learns_of_late_has_the_moment_of_its_confirmation(
    bank, channel, prepaid
):
    channel.close_payments(["7-c-a"], at=EXPIRY)

    assert bank.confirm(id_of(prepaid), at=LATER, is_late=True) == "SUCCESS"

    [answer] = channel.query(["7-c-a"])
    assert (*answered(answer), answer.at) == ("succeeded", "SUCCESS", 500, LATER)


def test_a_number_that_was_never_seen_is_neither_found_nor_closed(bank, channel):
    assert channel.query(["7-c-b"]) == channel.close_payments(["7-c-b"], at=NINE) == [None]
    with pytest.raises(ChannelError):
        bank.confirm("wx0", at=NINE)


def test_a_refusal_that_leaves_the_payment_open_is_none(bank, channel, prepaid):
    with pytest.raises(ChannelError):
        bank.confirm(id_of(prepaid), at=LATER, code="ORDER_ACCEPTED")

    assert channel.query(["7-c-a"]) == [prepaid]


def test_a_refund_is_a_payout_of_what_the_payment_took(bank, channel, prepaid):
    bank.confirm(id_of(prepaid), at=LATER)

    [first] = channel.refund([back()])
    [rest, again] = channel.refund([back("R2-1", amount_fen=300), back()])

    assert answered(first) == answered(again) == ("succeeded", "SUCCESS", 200)
    assert answered(rest) == ("succeeded", "SUCCESS", 300)
    assert answered(channel.query_payouts(["R2-1"])[0]) == ("succeeded", "SUCCESS", 300)
    lines = [(line.number, line.amount_fen) for line in channel.payout_statement(ON)]
    assert lines == [("R1-1", 200), ("R2-1", 300)]


def test_no_more_goes_back_than_the_payment_took(bank, channel, prepaid):
    bank.confirm(id_of(prepaid), at=LATER)

    [first, above] = channel.refund([back(amount_fen=400), back("R2-1", amount_fen=101)])

    assert answered(first) == ("succeeded", "SUCCESS", 400)
    assert answered(above) == ("failed", "NOT_REFUNDABLE", 0)


@pytest.mark.parametrize("order_number", ["7-c-a", "7-c-b"])
def test_what_was_not_paid_is_not_refunded(channel, prepaid, order_number):
    [answer] = channel.refund([back(order_number=order_number)])

    assert answered(answer) == ("failed", "NOT_REFUNDABLE", 0)


RULES = {
    "refused": {"action": "refuse", "code": "USER_ACCOUNT_ABNORMAL"},
    "not executed": {"action": "time_out_before", "times": 1},
    "lost": {"action": "time_out_after", "times": 1},
    "twice": {"action": "twice"},
    "garbage": {"action": "garbage", "times": 1},
    "failed": {"action": "refuse", "call": "confirmation", "code": "PAYERROR"},
    "slow": {"action": "processing", "call": "confirmation", "queries": 1},
    "no close": {"action": "time_out_before", "call": "close", "times": 1},
    "no refund": {"action": "refuse", "call": "refund", "code": "ACCOUNTERROR"},
    "wrong": {"action": "wrong_amount", "call": "query"},
}  # fmt: skip


@pytest.fixture(scope="module")
def faulty(tmp_path_factory):
    """One bank whose faults are chosen by the beginning of a number."""
    rules = [
        {"call": "prepay", **rule, "number": f"{name.replace(' ', '-')}*"}
        for name, rule in RULES.items()
    ]
    with BankProcess(tmp_path_factory.mktemp("faulty"), rules) as started:
        yield started


def test_a_script_spoils_each_call_of_a_payment(faulty):
    with faulty.channel() as channel:
        asked = {name: ask(name.replace(" ", "-")) for name in RULES}
        answers = {name: channel.prepay([one])[0] for name, one in asked.items()}
        found = channel.query([one.number for one in asked.values()])

    codes = {name: answer.code for name, answer in answers.items()}
    assert codes == dict.fromkeys(RULES, "NOTPAY") | {
        "refused": "USER_ACCOUNT_ABNORMAL", "not executed": "UNREACHABLE", "lost": "UNREACHABLE",
        "garbage": "INVALID_REPLY",
    }  # fmt: skip
    known = {name: answer and answer.code for name, answer in zip(asked, found, strict=True)}
    assert known == dict.fromkeys(RULES, "NOTPAY") | {
        "refused": "USER_ACCOUNT_ABNORMAL", "not executed": None, "wrong": "INVALID_REPLY",
    }  # fmt: skip


def test_a_confirmation_can_fail_take_time_and_be_answered_wrongly(faulty):
    with faulty.channel() as channel:
        [failed, slow, wrong] = channel.prepay([ask("failed2"), ask("slow2"), ask("wrong2")])
        assert faulty.confirm(id_of(failed), at=LATER) == "PAYERROR"
        assert faulty.confirm(id_of(slow), at=LATER) == "ORDER_ACCEPTED"
        faulty.confirm(id_of(wrong), at=LATER)

        first = [answered(one) for one in channel.query(["failed2", "slow2", "wrong2"])]
        [second] = channel.query(["slow2"])

    assert first == [
        ("failed", "PAYERROR", 0), ("unknown", "ORDER_ACCEPTED", 0), ("succeeded", "SUCCESS", 501),
    ]  # fmt: skip
    assert answered(second) == ("succeeded", "SUCCESS", 500)


def test_a_close_without_answer_is_not_done_and_a_refused_refund_returns_nothing(faulty):
    with faulty.channel() as channel:
        [_open, paid] = channel.prepay([ask("no-close2"), ask("8")])
        faulty.confirm(id_of(paid), at=LATER)

        [silent] = channel.close_payments(["no-close2"], at=EXPIRY)
        [closed] = channel.close_payments(["no-close2"], at=EXPIRY)
        [refused] = channel.refund([back("no-refund2", "8")])

    assert (answered(silent), answered(closed)) == (
        ("unknown", "UNREACHABLE", 0), ("failed", "CLOSED", 0),
    )  # fmt: skip
    assert answered(refused) == ("failed", "ACCOUNTERROR", 0)


@pytest.mark.parametrize(
    "sheet",
    [
        "prepay_id=1",
        {},
        {"app_id": "wx1"},
        dict.fromkeys(("app_id", "timestamp", "nonce", "package", "sign_type", "signature"), 1),
        dict.fromkeys(("app_id", "timestamp", "nonce", "package", "sign_type", "signature"), ""),
    ],
)
def test_an_answer_with_a_sheet_of_another_form_is_not_trusted(impostor, sheet):
    def behave(handler: Impostor, _body: bytes) -> None:
        entry = {"number": "7-c-a", "outcome": "unknown", "code": "NOTPAY", "amount_fen": 0,
                 "reference": "", "at": None, "sheet": sheet}  # fmt: skip
        handler.reply(json.dumps({"answers": [entry]}).encode())

    [answer] = impostor(behave).prepay([ask()])

    assert (*answered(answer), answer.sheet) == ("unknown", "INVALID_REPLY", 0, None)
