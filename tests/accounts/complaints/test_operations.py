"""Complaints: filed with the day of the reply, replied to once."""

from datetime import date

import pytest

from accounts.complaints import operations as complaints
from accounts.models import Complaint, Staff
from backoffice.core.models import StateChange
from tests.accounts.cards.cards import customer
from tests.accounts.people import AT

pytestmark = pytest.mark.django_db


def filed():
    return complaints.file(customer(), text="多收了利息", by="customer:1", at=AT)


def test_a_complaint_names_the_day_of_its_reply_and_who_filed_it():
    complaint = filed()

    assert (complaint.state, complaint.due_on) == ("filed", date(2026, 12, 9))
    [trace] = StateChange.objects.filter(subject_type="accounts.complaint")
    assert (trace.subject_id, trace.transition, trace.actor) == (
        complaint.pk, "file", "customer:1",
    )  # fmt: skip


def test_a_complaint_is_answered_once():
    complaint, staff = filed(), Staff.objects.create_user("support")
    complaints.answer(complaint.pk, words="已退还。", by=staff, at=AT)

    with pytest.raises(complaints.AnsweredError):
        complaints.answer(complaint.pk, words="不退。", by=staff, at=AT)

    kept = Complaint.objects.get()
    assert (kept.state, kept.answer, kept.answered_at) == ("answered", "已退还。", AT)
