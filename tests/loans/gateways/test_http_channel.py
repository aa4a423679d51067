import json
import secrets
import socket
import time

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loans.gateways import signing
from loans.gateways.channel import Channel, ChannelError, Outcome
from loans.gateways.http_channel import HttpChannel
from loans.gateways.sandbox import SandboxBank
from tests.sandbox import NINE, SECRET, ask

TODAY = NINE.date()
TRUE = {
    "number": "1-1-1-1",
    "outcome": "succeeded",
    "code": "SUCCESS",
    "amount_fen": 500,
    "reference": "SB1",
    "at": "2027-01-05T09:00:00+08:00",
}
REFUSED = TRUE | {"outcome": "failed", "code": "NOTENOUGH", "amount_fen": 0, "reference": ""}
LINE = {name: TRUE[name] for name in ("number", "reference", "amount_fen", "at")}


def saying(*answers):
    """Make an impostor that answers so, well signed, whatever it is asked."""
    return lambda handler, _body: handler.reply(json.dumps({"answers": answers}).encode())


def submitted(channel):
    [answer] = channel.submit([ask("1-1-1-1")])
    return answer.outcome, answer.code, answer.amount_fen


def queried(channel):
    [answer] = channel.query(["1-1-1-1"])
    return answer and (answer.outcome, answer.code, answer.amount_fen)


# --- what a good channel says -----------------------------------------------------------------


def test_the_http_client_is_a_channel(channel):
    opened: Channel = channel

    assert opened.submit([]) == []
    assert opened.query([]) == []


def test_answers_come_in_the_order_asked_over_several_batches(bank, channel):
    asks = [ask(f"{index}-1-1-1", amount_fen=1 + index % 7) for index in range(2_001)]

    answers = channel.submit(asks)
    queried = channel.query([each.number for each in reversed(asks)])

    assert [(each.number, each.amount_fen) for each in asks] == [
        (answer.number, answer.amount_fen) for answer in answers
    ]
    assert queried == answers[::-1]


def test_a_batch_that_is_lost_harms_no_other_batch(make_bank):
    rules = [{"action": "time_out_after", "number": "1500-*", "whole_request": True}]
    bank = make_bank(rules)

    with bank.channel() as channel:
        answers = channel.submit([ask(f"{index}-1-1-1", amount_fen=1) for index in range(2_001)])

    lost = [index for index, answer in enumerate(answers) if answer.code == "UNREACHABLE"]
    assert lost == list(range(1_000, 2_000))
    assert bank.taken_fen() == 2_001


def test_a_client_outlives_the_restart_of_the_bank(make_bank):
    bank = make_bank()

    with bank.channel() as channel:
        before = channel.submit([ask("1-1-1-1")])
        bank.kill()
        assert queried(channel) == (Outcome.UNKNOWN, "UNREACHABLE", 0)
        bank.start()
        assert channel.query(["1-1-1-1"]) == before


@pytest.mark.parametrize("asks", [[ask("1"), ask("1")], [ask("1", amount_fen=0)]])
def test_a_number_twice_or_an_empty_amount_is_a_mistake_of_ours(channel, asks):
    with pytest.raises(AssertionError):
        channel.submit(asks)


# --- signatures -------------------------------------------------------------------------------


def sealed(path, *, method="POST", timestamp=None, body=b""):
    """Return the headers of a request signed by hand."""
    timestamp = str(int(time.time())) if timestamp is None else timestamp
    nonce = secrets.token_hex(8)
    signature = signing.of_request(
        SECRET, timestamp=timestamp, nonce=nonce, method=method, path=path, body=body
    )
    return {
        signing.TIMESTAMP: timestamp.encode(),
        signing.NONCE: nonce.encode(),
        signing.SIGNATURE: signature.encode(),
    }


def signed(bank, *, age_seconds=0, body=b'{"numbers": ["1"]}'):
    """Return a query signed by hand, as arguments for httpx."""
    path, timestamp = "/v1/debits/query", str(int(time.time()) - age_seconds)
    headers = sealed(path, timestamp=timestamp, body=body)
    return {"url": bank.url + path, "headers": headers, "content": body, "trust_env": False}


def test_a_signature_with_another_secret_is_refused_and_nothing_is_executed(bank):
    with HttpChannel(bank.url, "forged") as forger, SandboxBank(bank.url, "forged") as thief:
        assert submitted(forger) == (Outcome.UNKNOWN, "UNAUTHORISED", 0)
        assert queried(forger) == (Outcome.UNKNOWN, "UNAUTHORISED", 0)
        with pytest.raises(ChannelError, match="UNAUTHORISED"):
            thief.fund({"rich": 0})

    assert bank.balance_fen("rich") == 1_000_000
    assert bank.query_store("SELECT count(*) FROM attempts") == [(0,)]


def test_a_request_sent_a_second_time_is_refused(bank):
    request = signed(bank)

    assert httpx.post(**request).status_code == 200
    assert httpx.post(**request).status_code == 401


def test_a_used_nonce_stays_used_when_the_bank_was_killed(make_bank):
    bank = make_bank()
    request = signed(bank)
    assert httpx.post(**request).status_code == 200
    bank.kill()
    bank.start()

    assert httpx.post(**request).status_code == 401


@pytest.mark.parametrize(("age_seconds", "status"), [(290, 200), (310, 401), (-310, 401)])
def test_a_request_is_good_for_five_minutes(bank, age_seconds, status):
    assert httpx.post(**signed(bank, age_seconds=age_seconds)).status_code == status


@pytest.mark.parametrize(
    "changed",
    [
        {"content": b'{"numbers": ["2"]}'},
        {"headers": {}},
        {"params": {"a": "b"}},
    ],
)
def test_a_request_changed_on_the_way_is_refused(bank, changed):
    assert httpx.post(**signed(bank) | changed).status_code == 401


@pytest.mark.parametrize("name", [signing.TIMESTAMP, signing.NONCE, signing.SIGNATURE])
def test_no_header_of_a_signed_request_can_be_changed(bank, name):
    request = signed(bank)
    request["headers"][name] = "1"

    assert httpx.post(**request).status_code == 401


@pytest.mark.parametrize("timestamp", ["", "soon", "1e9", "-1", "９"])
def test_a_timestamp_that_is_no_number_is_refused_even_when_signed(bank, timestamp):
    headers = sealed("/v1/store", method="DELETE", timestamp=timestamp)

    reply = httpx.delete(f"{bank.url}/v1/store", headers=headers, trust_env=False)

    assert reply.status_code == 401
    assert bank.balance_fen("rich") == 1_000_000


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{",
        b'{"numbers": "1"}',
        b'{"numbers": [1]}',
        b'{"numbers": [""]}',
        json.dumps({"numbers": ["1"] * 1_001}).encode(),
    ],
)
def test_a_signed_request_the_bank_cannot_read_is_answered_400(bank, body):
    reply = httpx.post(**signed(bank, body=body))

    assert reply.status_code == 400
    assert "error" in reply.json()


def test_a_reply_signed_with_another_secret_is_not_trusted(impostor):
    body = json.dumps({"answers": [TRUE]}).encode()
    channel = impostor(lambda handler, _body: handler.reply(body, secret="forged"))

    assert submitted(channel) == (Outcome.UNKNOWN, "INVALID_REPLY", 0)
    assert queried(channel) == (Outcome.UNKNOWN, "INVALID_REPLY", 0)
    with pytest.raises(ChannelError, match="INVALID_REPLY"):
        list(channel.statement(TODAY))


def test_a_reply_to_an_earlier_request_is_not_trusted(impostor):
    body = json.dumps({"answers": [TRUE]}).encode()
    channel = impostor(lambda handler, _body: handler.reply(body, nonce="of-an-earlier-request"))

    assert submitted(channel) == (Outcome.UNKNOWN, "INVALID_REPLY", 0)


# --- faults of transport ----------------------------------------------------------------------


def drip(handler, _body):
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    while handler.wfile.write(b" "):
        time.sleep(0.05)


def cut_short(handler, _body):
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b"{")
    handler.close_connection = True


def hang_up(handler, _body):
    handler.close_connection = True


def sleep(handler, _body):
    time.sleep(0.5)
    handler.close_connection = True


def status(number):
    return lambda handler, _body: handler.reply(b"{}", status=number)


FAULTS = [
    (drip, "TIMEOUT"),
    (sleep, "TIMEOUT"),
    (cut_short, "UNREACHABLE"),
    (hang_up, "UNREACHABLE"),
    (status(500), "CHANNEL_ERROR"),
    (status(503), "CHANNEL_ERROR"),
    (status(401), "UNAUTHORISED"),
    (status(404), "REJECTED"),
    (status(302), "REJECTED"),
    (status(201), "REJECTED"),
]


@pytest.mark.parametrize(("behave", "code"), FAULTS)
def test_a_fault_of_transport_is_unknown_never_an_exception(impostor, behave, code):
    channel = impostor(behave, timeout_seconds=0.3)

    assert submitted(channel) == (Outcome.UNKNOWN, code, 0)
    assert queried(channel) == (Outcome.UNKNOWN, code, 0)


@pytest.mark.parametrize(("behave", "code"), FAULTS)
def test_a_statement_that_cannot_be_read_raises(impostor, behave, code):
    with pytest.raises(ChannelError) as error:
        list(impostor(behave, timeout_seconds=0.3).statement(TODAY))

    assert error.value.code == code


def test_a_closed_port_is_unreachable():
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}"

    with HttpChannel(url, SECRET) as channel:
        assert submitted(channel) == (Outcome.UNKNOWN, "UNREACHABLE", 0)


def test_a_reply_without_end_is_given_up(impostor):
    # One byte more than a reply may have.
    body = b" " * (16 * 1024 * 1024 + 1)

    assert submitted(impostor(lambda handler, _body: handler.reply(body)))[1] == "INVALID_REPLY"


# --- what the answers say ---------------------------------------------------------------------


def test_a_true_answer_is_believed(impostor):
    assert submitted(impostor(saying(TRUE))) == (Outcome.SUCCEEDED, "SUCCESS", 500)
    assert submitted(impostor(saying(REFUSED))) == (Outcome.FAILED, "NOTENOUGH", 0)


@pytest.mark.parametrize(
    "change",
    [
        {"amount_fen": 501},
        {"amount_fen": 499},
        {"amount_fen": 0},
        {"amount_fen": -500},
        {"amount_fen": 500.0},
        {"amount_fen": "500"},
        {"amount_fen": True},
        {"amount_fen": None},
        {"outcome": "perhaps"},
        {"outcome": "not_found"},
        {"outcome": None},
        {"outcome": ["succeeded"]},
        {"outcome": "failed"},
        {"outcome": "unknown"},
        {"code": ""},
        {"code": "x" * 65},
        {"code": "no such thing"},
        {"code": 7},
        {"reference": ""},
        {"reference": "R" * 65},
        {"reference": None},
        {"at": None},
        {"at": "2027-01-05T09:00:00"},
        {"at": "yesterday"},
        {"at": 1},
        {"number": "2-1-1-1"},
        {"number": 1},
        {"number": ["1-1-1-1"]},
    ],
)
def test_an_answer_that_is_not_as_agreed_is_not_trusted(impostor, change):
    assert submitted(impostor(saying(TRUE | change))) == (Outcome.UNKNOWN, "INVALID_REPLY", 0)


@pytest.mark.parametrize("name", sorted(TRUE))
def test_an_answer_with_a_field_missing_is_not_trusted(impostor, name):
    partial = {key: value for key, value in TRUE.items() if key != name}

    assert submitted(impostor(saying(partial))) == (Outcome.UNKNOWN, "INVALID_REPLY", 0)


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b"{}", b"\xff", b"[" * 100_000, b"NaN"])
def test_a_signed_reply_that_is_no_list_of_answers_is_not_trusted(impostor, body):
    channel = impostor(lambda handler, _body: handler.reply(body))

    assert submitted(channel) == (Outcome.UNKNOWN, "INVALID_REPLY", 0)
    assert queried(channel) == (Outcome.UNKNOWN, "INVALID_REPLY", 0)


def test_an_order_missing_from_the_reply_is_unknown_not_unseen(impostor):
    channel = impostor(saying())

    assert submitted(channel) == (Outcome.UNKNOWN, "NO_ANSWER", 0)
    assert queried(channel) == (Outcome.UNKNOWN, "NO_ANSWER", 0)


def test_two_answers_that_contradict_each_other_are_both_not_trusted(impostor):
    never_seen = {"number": "1-1-1-1", "outcome": "not_found"}

    for pair in ([TRUE, REFUSED], [never_seen, TRUE], [TRUE, never_seen]):
        assert submitted(impostor(saying(*pair))) == (Outcome.UNKNOWN, "INVALID_REPLY", 0)
        assert queried(impostor(saying(*pair))) == (Outcome.UNKNOWN, "INVALID_REPLY", 0)


@pytest.mark.parametrize("code", ["ORDERPAID", "TRADE_ERROR", "ORDER_ACCEPTED", "ORDER_CONFLICT"])
def test_a_refusal_that_leaves_the_order_open_is_not_taken_for_a_failure(impostor, code):
    channel = impostor(saying(REFUSED | {"code": code}))

    assert submitted(channel) == (Outcome.UNKNOWN, code, 0)


def test_only_the_word_of_the_channel_makes_a_number_unseen(impostor):
    never_seen = {"number": "1-1-1-1", "outcome": "not_found"}

    assert queried(impostor(saying(never_seen))) is None
    assert submitted(impostor(saying(never_seen))) == (Outcome.UNKNOWN, "INVALID_REPLY", 0)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@settings(
    max_examples=200,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.dictionaries(st.sampled_from(sorted(TRUE)), json_values, min_size=1))
def test_no_false_field_whatever_it_holds_makes_a_success_of_another_amount(impostor, change):
    outcome, code, amount_fen = submitted(impostor(saying(TRUE | change)))

    assert (outcome, amount_fen) in {(Outcome.SUCCEEDED, 500), (Outcome.UNKNOWN, 0)}
    assert outcome is Outcome.SUCCEEDED or code


# --- statements -------------------------------------------------------------------------------


def page(*lines, after=None):
    body = json.dumps({"lines": lines, "next": after}).encode()
    return lambda handler, _body: handler.reply(body)


def test_a_statement_states_number_reference_amount_and_moment(impostor):
    [line] = impostor(page(LINE)).statement(TODAY)

    assert line == ("1-1-1-1", "SB1", 500, NINE)


@pytest.mark.parametrize(
    "change",
    [
        {"amount_fen": 0},
        {"amount_fen": True},
        {"number": None},
        {"reference": ""},
        {"at": "2027-01-05T09:00:00"},
        {"at": "2027-01-06T00:00:00+08:00"},
    ],
)
def test_a_statement_with_a_line_that_is_not_as_agreed_raises(impostor, change):
    with pytest.raises(ChannelError, match="INVALID_REPLY"):
        list(impostor(page(LINE, LINE | change)).statement(TODAY))


@pytest.mark.parametrize("after", ["same", 7])
def test_pages_that_go_in_a_circle_raise(impostor, after):
    with pytest.raises(ChannelError, match="INVALID_REPLY"):
        list(impostor(page(LINE, after=after)).statement(TODAY))


def test_a_statement_breaks_off_with_an_exception_when_the_bank_dies(make_bank):
    bank = make_bank()

    with bank.channel() as channel:
        channel.submit([ask(f"{index}-1-1-1", amount_fen=1) for index in range(1_500)])
        lines = channel.statement(TODAY)
        next(lines)
        bank.kill()
        with pytest.raises(ChannelError, match="UNREACHABLE"):
            list(lines)


def test_the_bank_refuses_a_day_that_is_none(bank):
    path = "/v1/statements/2027-02-30?after="
    headers = sealed(path, method="GET")

    reply = httpx.get(bank.url + path, headers=headers, trust_env=False)

    assert reply.status_code == 400
