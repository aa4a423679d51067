"""Reasons and actors: stored as codes with facts, in words when they are shown."""

from enum import StrEnum

import pytest
from django.utils.translation import override

from accounts.customers.rules.reasons import TEXTS as OF_ACCOUNTS
from accounts.customers.rules.reasons import AccountReason
from backoffice.core import reasons
from backoffice.core.reasons import Reason, stored, text
from backoffice.platform.reasons import TEXTS as OF_PLATFORM
from loans.accounting.rules.reasons import TEXTS as OF_LOANS
from loans.accounting.rules.reasons import LoanActor, LoanReason
from loans.contracts.operations.disbursement import holder_of
from loans.models.debit import CARD_HOLDER

TABLES = (OF_ACCOUNTS, OF_PLATFORM, OF_LOANS)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (LoanReason.PAID_IN_FULL, ("paid-in-full", None)),
        (Reason(AccountReason.JOINED, {"customer": 12}), ("joined", {"customer": 12})),
        ("bank is back", ("stated", {"text": "bank is back"})),
        ("call 138.1234.5678", ("stated", {"text": "call 138.****.5678"})),
        ("", ("", None)),
    ],
)
def test_a_code_is_stored_as_it_is_and_words_as_a_fact(given, expected):
    assert stored(given) == expected


def test_a_reason_is_shown_in_the_language_of_the_reader():
    with override("en"):
        assert text("joined", {"customer": 12}) == "the same person as customer 12"
    with override("zh-hans"):
        assert text("joined", {"customer": 12}) == "与客户 12 为同一人"


def test_words_of_a_person_and_unknown_codes_are_shown_as_they_are():
    assert text("stated", {"text": "{not} a fact"}) == "{not} a fact"
    assert text("of-an-older-version") == "of-an-older-version"
    assert text("") == ""


def test_an_actor_is_a_part_of_the_system_a_customer_or_a_name():
    with override("en"):
        shown = [reasons.actor(code) for code in (LoanActor.END_OF_DAY, "customer:7", "manager")]

    assert shown == ["end of day", "customer 7", "manager"]


@pytest.mark.parametrize("table", TABLES)
def test_every_code_has_a_text_and_fits_its_column(table):
    kinds: set[type[StrEnum]] = {type(code) for code in table}

    assert {*table} == {code for kind in kinds for code in kind}
    assert max(map(len, table)) <= 40


def test_no_code_stands_in_two_tables():
    codes = [code for table in TABLES for code in table]

    assert len(codes) == len({*codes})


@pytest.mark.parametrize(
    ("fact", "words"),
    [
        (CARD_HOLDER, "the direct debit"),
        (holder_of(13), "the payout of loan 13"),
        ("bill:1843", "bill 1843"),
        ("bill:1843:2", "bill 1843:2"),
        ("book:1001:2", "1001:2 of the imported portfolio"),
        ("facts:2026-11-29", "facts as of 2026-11-29"),
        ("10:00", "10:00"),
        ("unknown:7", "unknown:7"),
        (12, 12),
    ],
)
def test_a_fact_that_is_a_code_is_shown_in_words(fact, words):
    with override("en"):
        assert reasons.worded(fact) == words


def test_a_reason_names_its_facts_in_words():
    with override("en"):
        assert text("held", {"holder": "loan:13"}) == "held by the payout of loan 13"
