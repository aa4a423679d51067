import pytest

from loans.collection.rules import refusal_codes
from loans.gateways.channel import ChannelFault

COUNTED = {"NOTENOUGH", "RULELIMIT", "ACCOUNTERROR", "USER_ACCOUNT_ABNORMAL", "USER_NOT_EXIST"}
WITHOUT_MANDATE = {"CONTRACT_NOT_EXIST", "CONTRACTERROR"}
TECHNICAL = {"BANKERROR", "SYSTEMERROR", "FREQUENCY_LIMITED", refusal_codes.NEVER_SENT}
IN_WECHAT = {"PAYERROR", "CLOSED", "WITHDRAWN"}
AWAITED = {"NOTPAY", "USERPAYING"}
OPEN = {"ORDER_ACCEPTED", "ORDERPAID", "TRADE_ERROR", "ORDER_CONFLICT", *AWAITED}


def test_every_code_of_the_rulebook_and_of_our_own_is_in_the_table():
    ours = TECHNICAL | IN_WECHAT | {*ChannelFault}
    assert {*refusal_codes.REFUSALS} == COUNTED | WITHOUT_MANDATE | OPEN | ours


@pytest.mark.parametrize("code", sorted(refusal_codes.REFUSALS))
def test_only_what_the_customer_answers_for_counts(code):
    assert refusal_codes.is_counted(code) is (code in COUNTED)


@pytest.mark.parametrize("code", sorted(refusal_codes.REFUSALS))
def test_only_a_missing_contract_ends_the_mandate(code):
    assert refusal_codes.ends_mandate(code) is (code in WITHOUT_MANDATE)


@pytest.mark.parametrize("code", sorted(refusal_codes.REFUSALS))
def test_what_leaves_the_order_open_settles_nothing(code):
    assert refusal_codes.is_final(code) is (code not in OPEN | {*ChannelFault})


@pytest.mark.parametrize("code", ["", "SUCCESS", *sorted(refusal_codes.REFUSALS)])
def test_only_a_payment_that_is_not_confirmed_waits_for_its_customer(code):
    assert refusal_codes.awaits_customer(code) is (code in AWAITED)


@pytest.mark.parametrize("code", ["", "notenough", "SOMETHING_NEW"])
def test_an_unknown_code_counts_against_nobody_and_ends_no_mandate(code):
    assert refusal_codes.of(code) == refusal_codes.DebitRefusal(code, label=code)
    assert not refusal_codes.is_counted(code)
    assert not refusal_codes.ends_mandate(code)


def test_no_code_both_counts_and_ends_the_mandate():
    assert not any(each.counted and each.ends_mandate for each in refusal_codes.REFUSALS.values())
