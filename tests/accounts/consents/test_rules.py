"""What customers are asked to consent to (GEN-14, LAW-18, SCORE-9)."""

from hashlib import sha256

from hypothesis import given
from hypothesis import strategies as st

from accounts.consents.rules import PURPOSES, digest, missing
from accounts.models import Consent
from tests.profiles import pure

SOURCES = {"bureau", "social", "payment", "wealth", "consumption"}
REQUIRED = ["agreement", "bureau", "payment"]


def test_every_source_and_contract_is_a_purpose_of_its_own():
    assert {*PURPOSES} == SOURCES | {"agreement", "biometrics"}
    assert len({purpose.text for purpose in PURPOSES.values()}) == len(PURPOSES)


def test_every_purpose_says_what_is_done_and_what_taking_it_back_does():
    assert all(
        purpose.code == code and purpose.title and purpose.text and purpose.withdrawal_effect
        for code, purpose in PURPOSES.items()
    )


def test_every_purpose_fits_in_the_ledger_of_consents():
    for purpose in PURPOSES.values():
        assert len(purpose.code) <= Consent._meta.get_field("purpose").max_length
        assert len(purpose.version) <= Consent._meta.get_field("version").max_length
        assert len(digest(purpose.text)) == Consent._meta.get_field("text_digest").max_length


def test_who_gave_nothing_misses_what_an_assessment_needs():
    assert missing([]) == REQUIRED
    assert missing(["payment", "agreement"]) == ["bureau"]
    assert missing(REQUIRED) == []


@pure
@given(st.sets(st.sampled_from([*PURPOSES, "unheard-of"])))
def test_only_what_is_needed_and_not_given_is_missing(given_purposes):
    assert {*missing(given_purposes)} == {*REQUIRED} - given_purposes


def test_the_digest_is_of_the_words_as_shown():
    assert digest("我同意") == sha256("我同意".encode()).hexdigest()
    assert digest("I agree") != digest("I agree.")
