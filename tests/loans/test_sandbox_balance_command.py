"""``sandbox_balance`` as it is typed, with a real bank behind it."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils.translation import override

from loans.gateways.channel import Outcome
from tests.loans.drawn import make_customer
from tests.sandbox import SECRET, BankProcess, ask

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def bank(tmp_path_factory):
    with BankProcess(tmp_path_factory.mktemp("bank")) as started:
        yield started


@pytest.fixture
def card(settings, bank):
    """Return the card of a customer whose account holds 900.00."""
    settings.CHANNEL_URL, settings.CHANNEL_SECRET = bank.url, SECRET
    _who, card = make_customer()
    bank.fund({card.account: 90_000})
    return card


def run(*words):
    out = StringIO()
    with override("en"):
        call_command("sandbox_balance", *map(str, words), stdout=out)
    return out.getvalue().strip()


def test_an_emptied_account_refuses_the_next_debit(bank, card):
    assert run(card.public_id, 0) == "Balance behind card **** 0001: 0.00 yuan."

    with bank.channel() as channel:
        [answer] = channel.submit([ask("n-1", card.account)])
    assert (answer.outcome, answer.code) == (Outcome.FAILED, "NOTENOUGH")


def test_a_balance_is_printed_as_json(bank, card):
    shown = {"card": str(card.public_id), "last_four": "0001", "balance_fen": 123_456}

    assert json.loads(run(card.public_id, 123_456, "--json")) == shown
    assert bank.balance_fen(card.account) == 123_456


@pytest.mark.parametrize(
    ("name", "fen", "code"),
    [
        ("0001", 0, "no-such-card"),
        ("00000000-0000-0000-0000-000000000000", 0, "no-such-card"),
        (None, -1, "no-balance"),
    ],
)
def test_no_other_card_and_no_other_balance_is_set(bank, card, name, fen, code):
    with pytest.raises(CommandError, match=rf"\[{code}\]") as refused:
        run(name or card.public_id, "--", fen)

    assert refused.value.returncode == 1
    assert bank.balance_fen(card.account) == 90_000


def test_outside_a_sandbox_nothing_is_set(settings, bank, card):
    settings.SANDBOX = False

    with pytest.raises(CommandError, match=r"\[sandbox-only\]"):
        run(card.public_id, 0)

    assert bank.balance_fen(card.account) == 90_000


def test_a_bank_that_does_not_answer_is_named(settings, card):
    settings.CHANNEL_URL = "http://127.0.0.1:1"

    with pytest.raises(CommandError, match=r"\[no-sandbox-bank\].*UNREACHABLE"):
        run(card.public_id, 0)
