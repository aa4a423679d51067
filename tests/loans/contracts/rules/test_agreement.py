"""The text of a loan agreement and its digest (OPS-6)."""

from datetime import date
from hashlib import sha256

import pytest

from loans.contracts.rules.agreement import LANGUAGES, AgreedLoan, digest, text

LOAN = AgreedLoan(
    "张*", "110***********0012", "建设银行 …0001", 1_000_001, "bullet", "education",
    date(2026, 9, 1), "ab" * 32,
)  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_agreement_names_amount_purpose_card_and_the_sheet(language):
    agreed = text(language, LOAN)

    for fact in ("10,000.01", "education", "建设银行 …0001", "ab" * 32, "2026-09-01", "张*"):
        assert fact in agreed


def test_the_digest_is_that_of_the_texts_in_canonical_json():
    known = sha256('{"en":"a","zh-hans":"借"}'.encode()).hexdigest()

    assert digest({"zh-hans": "借", "en": "a"}) == known
    assert digest({"zh-hans": "贷", "en": "a"}) != known
