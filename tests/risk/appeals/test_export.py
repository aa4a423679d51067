"""The customer export holds the appeals, with numbers in their texts masked (LAW-18)."""

import pytest

from accounts.privacy.operations import exports
from risk.appeals.operations import reviewing
from tests.accounts.people import AT
from tests.risk.appeals.conftest import added, opened, proof_of

pytestmark = pytest.mark.django_db


def test_the_customer_export_holds_the_appeals(refused):
    appeal = opened(refused)
    added(appeal, proof=proof_of(refused.customer))
    added(appeal, text="call me at 13800000001")

    sections = exports.as_json(refused.customer, at=AT)["sections"]

    [row] = sections["appeals"]["rows"]
    assert (row["kind"], row["state"], row["opened_at"]) == ("refusal", "proof", AT)
    text, proof = sections["appeal_materials"]["rows"]
    assert (proof["proof_kind"], proof["text"]) == ("income", None)
    assert "13800000001" not in text["text"]


def test_what_the_staff_wrote_to_the_customer_is_in_it(in_review, staff):
    reviewing.ask_for_more(in_review.pk, question="October too?", by=staff.one, at=AT)

    [row] = exports.as_json(in_review.customer, at=AT)["sections"]["appeals"]["rows"]

    assert (row["state"], row["question"], row["answer"]) == ("more_info", "October too?", None)
