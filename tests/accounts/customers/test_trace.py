"""The trace of commands that move no state."""

from datetime import date

import pytest

from accounts.customers import trace
from backoffice.core.models import StateChange
from tests.accounts.cards.cards import customer
from tests.accounts.people import AT

pytestmark = pytest.mark.django_db


def test_each_subject_leaves_a_row_with_who_why_and_when():
    first, second = customer(1), customer(2)

    trace.note([first, second], "use", by="support", reason="drawdown", at=AT)

    rows = StateChange.objects.order_by("pk").values_list(
        "subject_type", "subject_id", "transition", "source", "target", "actor", "reason",
        "facts", "effective_on", "at",
    )  # fmt: skip
    assert list(rows) == [
        (
            "accounts.customer",
            one.pk,
            "use",
            "",
            "",
            "support",
            "stated",
            {"text": "drawdown"},
            date(2026, 11, 24),
            AT,
        )
        for one in (first, second)
    ]


def test_no_subject_leaves_none():
    trace.note([], "use", by="support", reason="x", at=AT)

    assert not StateChange.objects.exists()
