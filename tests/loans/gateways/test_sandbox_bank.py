import json
import os
import socket
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Thread

import pytest

from backoffice.core.clock import SHANGHAI
from loans.gateways.channel import Answer, Outcome
from loans.gateways.sandbox.script import Action, BadScriptError, load
from tests.sandbox import ENVIRONMENT, NINE, PROJECT, ask, bank_command

TODAY = NINE.date()


def run_bank(*options, **environment):
    return subprocess.run(
        bank_command(*options),
        cwd=PROJECT,
        env=os.environ | ENVIRONMENT | environment,
        capture_output=True,
        text=True,
        timeout=30,
    )


def outcomes(answers):
    return [(answer.outcome, answer.code) for answer in answers]


# --- orders -----------------------------------------------------------------------------------


def test_a_debit_takes_the_amount_and_states_the_moment_it_was_asked_at(bank, channel):
    [answer] = channel.submit([ask("1-1-1-1", amount_fen=700)])

    assert answer[:4] == ("1-1-1-1", Outcome.SUCCEEDED, "SUCCESS", 700)
    assert answer.at == NINE
    assert bank.balance_fen("rich") == 999_300


def test_a_number_asked_for_again_gets_the_first_answer_and_no_second_debit(bank, channel):
    first = channel.submit([ask("1-1-1-1")])

    again = channel.submit([ask("1-1-1-1", at=NINE + timedelta(hours=1))])

    assert again == first
    assert bank.balance_fen("rich") == 999_500
    assert bank.query_store("SELECT executed FROM attempts ORDER BY id") == [(1,), (0,)]


def test_too_small_a_balance_is_refused_whole(bank, channel):
    bank.fund({"poor": 499})

    [answer] = channel.submit([ask("1-1-1-1", "poor")])

    assert answer == Answer("1-1-1-1", Outcome.FAILED, "NOTENOUGH", 0, "", NINE)
    assert bank.balance_fen("poor") == 499


def test_a_refusal_stands_when_money_has_come_since(bank, channel):
    bank.fund({"poor": 499})
    refused = channel.submit([ask("1-1-1-1", "poor")])
    bank.fund({"poor": 5_000})

    assert channel.submit([ask("1-1-1-1", "poor")]) == refused
    assert bank.balance_fen("poor") == 5_000


def test_two_orders_of_one_batch_cannot_take_more_than_there_is(bank, channel):
    bank.fund({"poor": 900})

    answers = channel.submit([ask("1-1-1-1", "poor"), ask("2-1-1-1", "poor")])

    assert [answer.code for answer in answers] == ["SUCCESS", "NOTENOUGH"]
    assert bank.balance_fen("poor") == 400


def test_the_same_orders_from_six_sides_at_once_are_executed_once(bank):
    asks = [ask(f"{index}-1-1-1", amount_fen=1) for index in range(300)]

    def collect(_side):
        with bank.channel() as channel:
            return channel.submit(asks)

    with ThreadPoolExecutor(6) as sides:
        first, *others = sides.map(collect, range(6))

    assert others == [first] * 5
    assert bank.executed_twice() == []
    assert bank.balance_fen("rich") == 1_000_000 - 300


def test_an_account_the_bank_does_not_know_is_refused(channel):
    [answer] = channel.submit([ask("1-1-1-1", "nobody")])

    assert answer[:4] == ("1-1-1-1", Outcome.FAILED, "USER_NOT_EXIST", 0)


@pytest.mark.parametrize("other", [{"amount_fen": 501}, {"account": "second"}])
def test_a_number_used_for_another_order_is_unknown_and_the_first_order_stands(
    bank, channel, other
):
    bank.fund({"second": 10_000})
    [first] = channel.submit([ask("1-1-1-1")])

    [conflict] = channel.submit([ask("1-1-1-1", **other)])

    assert conflict[1:4] == (Outcome.UNKNOWN, "ORDER_CONFLICT", 0)
    assert channel.query(["1-1-1-1"]) == [first]
    assert (bank.balance_fen("rich"), bank.balance_fen("second")) == (999_500, 10_000)


def test_a_query_tells_answered_orders_from_numbers_never_seen(bank, channel):
    [taken] = channel.submit([ask("1-1-1-1")])

    assert channel.query(["2-1-1-1", "1-1-1-1"]) == [None, taken]
    assert bank.query_store("SELECT count(*) FROM attempts") == [(1,)]


def test_a_reset_forgets_accounts_and_orders(bank, channel):
    channel.submit([ask("1-1-1-1")])

    bank.reset()

    assert channel.query(["1-1-1-1"]) == [None]
    assert bank.query_store("SELECT count(*) FROM accounts") == [(0,)]


# --- statements -------------------------------------------------------------------------------


def test_a_statement_holds_the_successes_of_the_day_in_shanghai(channel):
    last = datetime(2027, 1, 5, 23, 59, 59, tzinfo=SHANGHAI)
    first = datetime(2027, 1, 4, 16, 0, tzinfo=UTC)
    answers = channel.submit(
        [
            ask("in-first", at=first),
            ask("in-last", at=last),
            ask("out-before", at=first - timedelta(seconds=1)),
            ask("out-after", at=last + timedelta(seconds=1)),
            ask("out-refused", "nobody"),
        ]
    )

    lines = list(channel.statement(TODAY))

    assert [line.number for line in lines] == ["in-first", "in-last"]
    assert [line.reference for line in lines] == [answer.reference for answer in answers[:2]]
    assert [(line.amount_fen, line.at) for line in lines] == [(500, first), (500, last)]


def test_a_statement_of_several_pages_holds_every_line_once(bank, channel):
    numbers = [f"{index}-1-1-1" for index in range(2_000)]
    channel.submit([ask(number, amount_fen=1) for number in numbers])

    assert [line.number for line in channel.statement(TODAY)] == numbers


def test_a_day_without_debits_has_an_empty_statement(channel):
    assert list(channel.statement(TODAY)) == []


def test_references_are_unique(channel):
    answers = channel.submit([ask(f"{index}-1-1-1", amount_fen=1) for index in range(1_000)])

    assert len({answer.reference for answer in answers}) == 1_000


# --- the script -------------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["NOTENOUGH", "CONTRACT_NOT_EXIST", "BANKERROR"])
def test_refuse_answers_the_code_and_takes_nothing(make_bank, code):
    bank = make_bank([{"action": "refuse", "code": code}])

    with bank.channel() as channel:
        [answer] = channel.submit([ask("1-1-1-1")])

    assert answer == Answer("1-1-1-1", Outcome.FAILED, code, 0, "", NINE)
    assert bank.balance_fen("rich") == 1_000_000


def test_a_time_out_before_execution_leaves_the_number_unseen(make_bank):
    bank = make_bank([{"action": "time_out_before", "number": "2-*", "times": 1}])

    with bank.channel() as channel:
        answers = channel.submit([ask("1-1-1-1"), ask("2-1-1-1"), ask("3-1-1-1")])
        assert [answer.code for answer in answers] == ["SUCCESS", "NO_ANSWER", "SUCCESS"]
        assert channel.query(["2-1-1-1"]) == [None]
        assert channel.submit([ask("2-1-1-1")])[0].outcome is Outcome.SUCCEEDED

    assert bank.executed_twice() == []


def test_a_time_out_after_execution_is_unknown_until_the_query(make_bank):
    bank = make_bank([{"action": "time_out_after", "number": "2-*"}])

    with bank.channel() as channel:
        answers = channel.submit([ask("1-1-1-1"), ask("2-1-1-1")])
        assert [answer.code for answer in answers] == ["SUCCESS", "NO_ANSWER"]
        [answer] = channel.query(["2-1-1-1"])

    assert answer.outcome is Outcome.SUCCEEDED
    assert bank.balance_fen("rich") == 999_000


@pytest.mark.parametrize(("action", "taken_fen"), [("time_out_before", 0), ("time_out_after", 500)])
def test_a_single_order_that_times_out_meets_a_dropped_connection(make_bank, action, taken_fen):
    bank = make_bank([{"action": action}])

    with bank.channel() as channel:
        [answer] = channel.submit([ask("1-1-1-1")])

    assert answer == Answer("1-1-1-1", Outcome.UNKNOWN, "UNREACHABLE", 0, "", None)
    assert bank.taken_fen() == taken_fen


@pytest.mark.parametrize(
    ("action", "taken_fen"), [("time_out_before", 0), ("time_out_after", 1_000)]
)
def test_a_fault_of_the_whole_request_loses_every_answer(make_bank, action, taken_fen):
    bank = make_bank([{"action": action, "number": "2-*", "whole_request": True}])

    with bank.channel() as channel:
        answers = channel.submit([ask("1-1-1-1"), ask("2-1-1-1")])

    assert outcomes(answers) == [(Outcome.UNKNOWN, "UNREACHABLE")] * 2
    assert bank.taken_fen() == taken_fen


def test_a_query_can_time_out_too_and_is_then_unknown_not_unseen(make_bank):
    bank = make_bank([{"action": "time_out_before", "call": "query"}])

    with bank.channel() as channel:
        assert outcomes(channel.query(["1-1-1-1"])) == [(Outcome.UNKNOWN, "UNREACHABLE")]


def test_processing_is_reported_after_so_many_queries(make_bank):
    bank = make_bank([{"action": "processing", "queries": 2}])

    with bank.channel() as channel:
        answers = channel.submit([ask("1-1-1-1")])
        results = [channel.query(["1-1-1-1"])[0] for _ in range(3)]

    assert outcomes([*answers, *results[:2]]) == [(Outcome.UNKNOWN, "ORDER_ACCEPTED")] * 3
    assert results[2].outcome is Outcome.SUCCEEDED
    assert bank.taken_fen() == 500


def test_processing_may_end_in_a_refusal_after_so_many_seconds(make_bank):
    bank = make_bank([{"action": "processing", "seconds": 1, "code": "RULELIMIT"}])

    with bank.channel() as channel:
        assert outcomes(channel.submit([ask("1-1-1-1")])) == [(Outcome.UNKNOWN, "ORDER_ACCEPTED")]
        time.sleep(1.1)
        assert outcomes(channel.query(["1-1-1-1"])) == [(Outcome.FAILED, "RULELIMIT")]

    assert bank.taken_fen() == 0


def test_a_late_reply_is_a_time_out_for_the_impatient_only(make_bank):
    bank = make_bank([{"action": "late", "seconds": 1}])

    with bank.channel(timeout_seconds=0.3) as hasty, bank.channel() as patient:
        assert outcomes(hasty.submit([ask("1-1-1-1")])) == [(Outcome.UNKNOWN, "TIMEOUT")]
        assert outcomes(patient.submit([ask("1-1-1-1")])) == [(Outcome.SUCCEEDED, "SUCCESS")]

    assert bank.executed_twice() == []


@pytest.mark.parametrize("action", ["twice", "out_of_order"])
def test_repeated_and_shuffled_answers_still_reach_their_orders(make_bank, action):
    bank = make_bank([{"action": action}])

    with bank.channel() as channel:
        answers = channel.submit([ask(f"{each}-1-1-1", amount_fen=each) for each in (1, 2, 3)])

    assert [(answer.number, answer.amount_fen) for answer in answers] == [
        ("1-1-1-1", 1),
        ("2-1-1-1", 2),
        ("3-1-1-1", 3),
    ]


@pytest.mark.parametrize("action", ["wrong_amount", "wrong_number"])
def test_a_false_answer_is_not_trusted_and_harms_no_other_order(make_bank, action):
    bank = make_bank([{"action": action, "number": "2-*"}])

    with bank.channel() as channel:
        answers = channel.submit([ask("1-1-1-1"), ask("2-1-1-1")])
        [answer] = channel.query(["2-1-1-1"])

    assert outcomes(answers) == [
        (Outcome.SUCCEEDED, "SUCCESS"),
        (Outcome.UNKNOWN, "INVALID_REPLY"),
    ]
    assert (answer.outcome, answer.amount_fen) == (Outcome.SUCCEEDED, 500)


@pytest.mark.parametrize("action", ["garbage", "bad_signature"])
@pytest.mark.parametrize("call", ["debit", "query"])
def test_a_reply_that_cannot_be_read_or_verified_is_unknown(make_bank, action, call):
    bank = make_bank([{"action": action, "call": call}])

    with bank.channel() as channel:
        answers = channel.submit([ask("1-1-1-1")])
        results = channel.query(["1-1-1-1"])

    spoilt, other = (answers, results) if call == "debit" else (results, answers)
    assert outcomes(spoilt) == [(Outcome.UNKNOWN, "INVALID_REPLY")]
    assert outcomes(other) == [(Outcome.SUCCEEDED, "SUCCESS")]


def test_a_statement_can_be_false_so_that_the_reconciliation_has_work(make_bank):
    rules = [
        {"action": "wrong_amount", "call": "statement", "number": "1-*"},
        {"action": "time_out_after", "call": "statement", "number": "2-*"},
        {"action": "twice", "call": "statement", "number": "3-*"},
    ]
    bank = make_bank(rules)

    with bank.channel() as channel:
        channel.submit([ask(f"{each}-1-1-1") for each in (1, 2, 3)])
        lines = [(line.number, line.amount_fen) for line in channel.statement(TODAY)]

    assert lines == [("1-1-1-1", 501), ("3-1-1-1", 500), ("3-1-1-1", 500)]


def test_a_rule_is_used_as_often_as_it_says_and_the_next_one_follows(make_bank):
    rules = [
        {"action": "refuse", "code": "BANKERROR", "account": "ri*", "times": 2},
        {"action": "refuse", "code": "RULELIMIT", "number": "4-*"},
    ]
    bank = make_bank(rules)

    with bank.channel() as channel:
        answers = channel.submit([ask(f"{each}-1-1-1") for each in (1, 2, 3, 4)])

    codes = [answer.code for answer in answers]
    assert codes == ["BANKERROR", "BANKERROR", "SUCCESS", "RULELIMIT"]


@pytest.mark.parametrize(
    ("window", "codes"),
    [
        ({"from": "2027-01-06"}, ["SUCCESS", "BANKERROR", "BANKERROR"]),
        ({"until": "2027-01-06"}, ["BANKERROR", "BANKERROR", "SUCCESS"]),
        (
            {"from": "2027-01-06T00:00:00+08:00", "until": "2027-01-06T09:00:00+08:00"},
            ["SUCCESS", "SUCCESS", "SUCCESS"],
        ),
    ],
)
def test_a_window_is_about_the_moment_the_debit_was_asked_at(make_bank, window, codes):
    bank = make_bank([{"action": "refuse", "code": "BANKERROR", **window}])

    with bank.channel() as channel:
        answers = channel.submit(
            [ask(f"{day}-1-1-1", at=NINE + timedelta(days=day)) for day in (0, 1, 2)]
        )

    assert [answer.code for answer in answers] == codes


def test_a_share_is_the_same_for_the_same_seed_and_about_as_large_as_it_says(make_bank):
    rules = [{"action": "refuse", "code": "RULELIMIT", "share_permille": 200}]
    asks = [ask(f"{index}-1-1-1", amount_fen=1) for index in range(1_000)]

    def refused(seed):
        with make_bank(rules, seed).channel() as channel:
            return {answer.number for answer in channel.submit(asks) if not answer.amount_fen}

    first = refused(7)
    assert 150 < len(first) < 250
    assert refused(7) == first
    assert refused(8) != first


def test_a_share_does_not_hit_the_same_number_for_ever(make_bank):
    bank = make_bank([{"action": "time_out_before", "share_permille": 500}], seed=1)
    waiting = [ask(f"{index}-1-1-1", amount_fen=1) for index in range(200)]

    with bank.channel() as channel:
        for _round in range(30):
            answers = channel.submit(waiting)
            pairs = zip(waiting, answers, strict=True)
            waiting = [each for each, answer in pairs if answer.outcome is Outcome.UNKNOWN]

    assert waiting == []
    assert (bank.taken_fen(), bank.executed_twice()) == (200, [])


# --- the process ------------------------------------------------------------------------------


def test_kills_in_the_middle_of_batches_lose_no_answer_and_execute_no_number_twice(make_bank):
    bank = make_bank()
    waiting = {each.number: each for each in (ask(f"{n}-1-1-1", amount_fen=1) for n in range(9000))}
    answered = {}

    def collect():
        with bank.channel(timeout_seconds=5) as channel:
            while waiting:
                for answer in channel.submit(list(waiting.values())):
                    if answer.outcome is Outcome.SUCCEEDED:
                        answered[answer.number] = answer
                        del waiting[answer.number]
                time.sleep(0.02)

    thread = Thread(target=collect)
    thread.start()
    kills = 0
    while kills < 4 and thread.is_alive():
        time.sleep(0.13)
        bank.kill()
        kills += 1
        bank.start()
    thread.join(timeout=60)

    assert kills >= 2
    assert waiting == {}
    assert bank.executed_twice() == []
    assert bank.query_store("SELECT number, reference FROM orders ORDER BY number") == sorted(
        (answer.number, answer.reference) for answer in answered.values()
    )
    assert bank.balance_fen("rich") == 1_000_000 - 9_000


def test_the_bank_ends_cleanly_when_asked_to(make_bank):
    assert make_bank().stop() == 0


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ('{"rules": [\n{"action": refuse}]}', "line 2, column 12"),
        ("[]", "rules"),
        ('{"rules": {}}', "rules"),
        ('{"rules": ["refuse"]}', "rules[0]"),
        ('{"rules": [{"code": "BANKERROR"}]}', "rules[0].action"),
        ('{"rules": [{"action": "explode"}]}', "rules[0].action"),
        ('{"rules": [{"action": "twice"}, {"action": "refuse"}]}', "rules[1].code"),
        ('{"rules": [{"action": "refuse", "code": "NOPE"}]}', "rules[0].code"),
        ('{"rules": [{"action": "refuse", "code": "ORDER_ACCEPTED"}]}', "rules[0].code"),
        ('{"rules": [{"action": "twice", "code": "BANKERROR"}]}', "rules[0].code"),
        ('{"rules": [{"action": "twice", "share": 0.5}]}', "rules[0].share"),
        ('{"rules": [{"action": "twice", "share_permille": 1001}]}', "rules[0].share_permille"),
        ('{"rules": [{"action": "twice", "share_permille": true}]}', "rules[0].share_permille"),
        ('{"rules": [{"action": "twice", "times": 0}]}', "rules[0].times"),
        ('{"rules": [{"action": "twice", "account": 7}]}', "rules[0].account"),
        ('{"rules": [{"action": "twice", "whole_request": 1}]}', "rules[0].whole_request"),
        ('{"rules": [{"action": "twice", "whole_request": true}]}', "rules[0].whole_request"),
        ('{"rules": [{"action": "twice", "from": "5.1.2027"}]}', "rules[0].from"),
        ('{"rules": [{"action": "twice", "from": "2027-01-05T09:00"}]}', "rules[0].from"),
        (
            '{"rules": [{"action": "twice", "from": "2027-01-06", "until": "2027-01-05"}]}',
            "rules[0].until",
        ),
        ('{"rules": [{"action": "late"}]}', "rules[0].seconds"),
        ('{"rules": [{"action": "processing"}]}', "rules[0].queries"),
        (
            '{"rules": [{"action": "refuse", "code": "BANKERROR", "call": "query"}]}',
            "rules[0].call",
        ),
    ],
)
def test_a_bad_script_is_refused_with_the_place_in_it(tmp_path, script, words):
    file = tmp_path / "script.json"
    file.write_text(script, encoding="utf-8")

    with pytest.raises(BadScriptError) as refusal:
        load(file, seed=0)

    assert words in refusal.value.in_both_languages()
    assert "docs/sandbox-bank.md" in refusal.value.in_both_languages()


def test_the_script_of_the_documentation_is_a_good_one(tmp_path):
    text = (PROJECT / "docs" / "sandbox-bank.md").read_text(encoding="utf-8")
    file = tmp_path / "script.json"
    file.write_text(text.partition("```json\n")[2].partition("```")[0], encoding="utf-8")

    actions = {rule.action for rule in load(file, seed=0).rules}

    assert actions == {*Action}


def test_a_bad_script_ends_the_command_with_2(tmp_path):
    file = tmp_path / "script.json"
    file.write_text(json.dumps({"rules": [{"action": "explode"}]}), encoding="utf-8")

    ended = run_bank("--script", str(file), "--store", str(tmp_path / "store"))

    assert ended.returncode == 2
    assert "[bad-script]" in ended.stderr
    assert "rules[0].action" in ended.stderr
    assert not (tmp_path / "store").exists()


def test_a_missing_secret_ends_the_command_with_its_name(tmp_path):
    ended = run_bank("--store", str(tmp_path / "store"), CHANNEL_SECRET="")

    assert ended.returncode == 2
    assert "CHANNEL_SECRET=" in ended.stderr


def test_a_port_in_use_ends_the_command_with_the_remedy(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        ended = run_bank("--port", port, "--store", str(tmp_path / "store"))

    assert ended.returncode == 2
    assert port in ended.stderr
    assert "--port" in ended.stderr


def test_a_store_that_is_no_store_ends_the_command_with_the_remedy(tmp_path):
    file = tmp_path / "letter.txt"
    file.write_text("not a database, but long enough to be taken for one" * 100)

    ended = run_bank("--port", "0", "--store", str(file))

    assert ended.returncode == 2
    assert "--store" in ended.stderr
