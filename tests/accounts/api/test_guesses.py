"""Many guesses at one password at the same moment, with real commits (SEC-4)."""

from itertools import chain

import pytest

from accounts.models import Authorisation, TransactionPassword
from tests.accounts.api.conftest import Phone, wait
from tests.accounts.hashers import CountingHasher

RIGHT = "Abcd1234"
AT_ONCE, EACH = 50, 4


@pytest.fixture
def holder(committed_db, cheap_hashing, stopped_clock):
    """Somebody with a transaction password, in a database that commits."""
    phone = Phone("guessed-at").log_in()
    wait(30)
    assert phone.identify().status_code == 200
    assert phone.put("me/transaction-password", {"password": RIGHT}).status_code == 200
    CountingHasher.looked_at.clear()
    return phone


def ask(phone, password):
    return phone.post(
        "me/authorisations", {"password": password, "purpose": "drawdown", "amount_fen": 100}
    )


def test_of_200_wrong_guesses_at_once_five_are_looked_at(holder, together):
    def guess(number):
        return [ask(holder, f"Wrong{number:03}{n}").json()["code"] for n in range(EACH)]

    codes = list(chain.from_iterable(together(AT_ONCE, guess)))

    assert (codes.count("password-wrong"), codes.count("password-locked")) == (5, 195)
    assert ask(holder, RIGHT).json()["code"] == "password-locked"
    assert len(CountingHasher.looked_at) == 5
    assert not Authorisation.objects.exists()


def test_of_fifty_that_set_the_first_password_at_once_one_does(holder, together):
    TransactionPassword.objects.all().delete()

    answers = together(
        50, lambda n: holder.put("me/transaction-password", {"password": f"Abcd12345{n}"})
    )

    good = [answer for answer in answers if answer.status_code == 200]
    codes = {answer.json()["code"] for answer in answers if answer.status_code != 200}
    assert (len(good), TransactionPassword.objects.count()) == (1, 1)
    assert codes <= {"password-changed", "password-proof-missing"}
