"""Money out at the sandbox bank and over the channel: once a number, whatever goes wrong."""

import pytest

from loans.gateways.channel import ChannelError, PayoutRequest
from tests.sandbox import NINE

ON = NINE.date()


def pay(number, account="new", amount_fen=500, at=NINE):
    return PayoutRequest(number, account, amount_fen, at)


def answered(answer):
    return answer and (answer.outcome, answer.code, answer.amount_fen)


def test_a_payout_arrives_on_an_account_that_the_bank_has_not_seen(bank, channel):
    [answer] = channel.pay_out([pay("L1")])

    assert (*answered(answer), answer.at) == ("succeeded", "SUCCESS", 500, NINE)
    assert bank.balance_fen("new") == 500


def test_a_payout_adds_to_what_is_there_and_a_debit_can_take_it(bank, channel):
    channel.pay_out([pay("L1", "rich", 250)])

    assert bank.balance_fen("rich") == 1_000_250


def test_a_number_paid_out_again_gets_the_first_answer_and_no_second_payment(bank, channel):
    first = channel.pay_out([pay("L1")])

    again = channel.pay_out([pay("L1")])

    assert again == first
    assert bank.balance_fen("new") == 500


@pytest.mark.parametrize("other", [{"amount_fen": 501}, {"account": "other"}])
def test_a_number_used_for_another_payout_is_unknown_and_the_first_stands(bank, channel, other):
    channel.pay_out([pay("L1")])

    [answer] = channel.pay_out([pay("L1", **other)])

    assert answered(answer) == ("unknown", "ORDER_CONFLICT", 0)
    assert bank.balance_fen("new") == 500


def test_debits_and_payouts_of_one_number_are_two_orders(bank, channel):
    channel.pay_out([pay("1-1-1-1", "rich", 7)])

    assert channel.query(["1-1-1-1"]) == [None]
    assert channel.query_payouts(["1-1-1-1", "L9"])[1] is None
    assert list(channel.statement(ON)) == []
    assert [(line.number, line.amount_fen) for line in channel.payout_statement(ON)] == [
        ("1-1-1-1", 7)
    ]


def test_a_reset_forgets_payouts(bank, channel):
    channel.pay_out([pay("L1")])

    bank.reset()

    assert channel.query_payouts(["L1"]) == [None]
    assert list(channel.payout_statement(ON)) == []


@pytest.mark.parametrize("code", ["USER_NOT_EXIST", "NAME_MISMATCH", "PAYER_NOTENOUGH"])
def test_a_refused_payout_pays_nothing_for_ever(make_bank, code):
    bank = make_bank([{"action": "refuse", "call": "payout", "code": code, "times": 1}])

    with bank.channel() as channel:
        [first], [again] = channel.pay_out([pay("L1")]), channel.pay_out([pay("L1")])

    assert answered(first) == answered(again) == ("failed", code, 0)
    assert bank.query_store("SELECT count(*) FROM accounts WHERE account = 'new'") == [(0,)]


def test_a_payout_that_times_out_before_execution_was_never_seen(make_bank):
    bank = make_bank([{"action": "time_out_before", "call": "payout", "number": "L1"}])

    with bank.channel() as channel:
        [lost, kept] = channel.pay_out([pay("L1"), pay("L2")])
        found = channel.query_payouts(["L1"])

    assert answered(lost) == ("unknown", "NO_ANSWER", 0)
    assert answered(kept) == ("succeeded", "SUCCESS", 500)
    assert found == [None]


def test_a_payout_that_times_out_after_execution_is_found_by_its_number(make_bank):
    bank = make_bank([{"action": "time_out_after", "call": "payout", "times": 1}])

    with bank.channel() as channel:
        [lost] = channel.pay_out([pay("L1")])
        [found] = channel.query_payouts(["L1"])

    assert answered(lost) == ("unknown", "UNREACHABLE", 0)
    assert answered(found) == ("succeeded", "SUCCESS", 500)
    assert bank.balance_fen("new") == 500


def test_a_payout_under_way_is_reported_after_so_many_queries(make_bank):
    bank = make_bank([{"action": "processing", "call": "payout", "queries": 1}])

    with bank.channel() as channel:
        sent = channel.pay_out([pay("L1")])
        first, second = (channel.query_payouts(["L1"]) for _ in range(2))

    assert [answered(one[0]) for one in (sent, first, second)] == [
        ("unknown", "ORDER_ACCEPTED", 0),
        ("unknown", "ORDER_ACCEPTED", 0),
        ("succeeded", "SUCCESS", 500),
    ]


@pytest.mark.parametrize(
    ("action", "code"),
    [("wrong_amount", "INVALID_REPLY"), ("wrong_number", "INVALID_REPLY")],
)
def test_a_false_answer_to_a_payout_is_not_trusted(make_bank, action, code):
    bank = make_bank([{"action": action, "call": "payout", "times": 1}])

    with bank.channel() as channel:
        [answer] = channel.pay_out([pay("L1")])

    assert answered(answer) == ("unknown", code, 0)


def test_a_repeated_answer_to_a_payout_is_one_answer(make_bank):
    bank = make_bank([{"action": "twice", "call": "payout"}])

    with bank.channel() as channel:
        [answer] = channel.pay_out([pay("L1")])

    assert answered(answer) == ("succeeded", "SUCCESS", 500)
    assert bank.query_store("SELECT sum(executed) FROM payout_attempts") == [(1,)]


def test_a_refusal_with_a_code_of_debits_leaves_a_payout_unknown(impostor):
    entry = '{"number": "L1", "outcome": "failed", "code": "NOTENOUGH", "amount_fen": 0, '
    reply = f'{{"answers": [{entry}"reference": "", "at": "2027-01-05T09:00:00+08:00"}}]}}'
    channel = impostor(lambda handler, _body: handler.reply(reply.encode()))

    [answer] = channel.pay_out([pay("L1")])

    assert answered(answer) == ("unknown", "NOTENOUGH", 0)


def test_a_statement_of_payouts_that_is_not_signed_is_refused(make_bank):
    bank = make_bank([{"action": "bad_signature", "call": "payout_statement"}])

    with bank.channel() as channel:
        channel.pay_out([pay("L1")])
        with pytest.raises(ChannelError, match="INVALID_REPLY"):
            list(channel.payout_statement(ON))
