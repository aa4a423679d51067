"""Who looked, who is held, who complained, who leaves."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.complaints import operations as complaints
from accounts.customers.rows import CustomersRows
from accounts.models import AccessRecord, Complaint, ComplaintState, CustomerHold, DeletionRequest
from accounts.privacy.operations import holds
from accounts.privacy.rules import masking
from backoffice.core import clock
from backoffice.web.admin_actions import AdminAction, AdminActionsMixin, Field
from backoffice.web.readonly_admin import display

ANSWER_MAX = 2000


@admin.register(AccessRecord)
class AccessRecordPages(CustomersRows):
    """Who of the staff saw an identity in full, and why."""

    latest_by = "at"
    list_select_related = ("customer", "staff")
    list_display = ("__str__", "customer_link", "who", "fields_shown", "reason", "at")
    fields = ("customer_link", "who", "fields_shown", "reason", "at")

    @display(description=_("staff member"))
    def who(self, record: AccessRecord) -> str:
        """Return who looked."""
        return str(record.staff)

    @display(description=_("shown"))
    def fields_shown(self, record: AccessRecord) -> str:
        """Return what was shown."""
        return record.fields


def _lift(request: HttpRequest, hold: CustomerHold, given: dict[str, Any]) -> str:
    holds.lift(hold.pk, by=str(request.user), reason=given["reason"], at=clock.now())
    return gettext("The hold is lifted.")


@admin.register(CustomerHold)
class CustomerHoldPages(AdminActionsMixin, CustomersRows):
    """Account holds, in force and lifted."""

    latest_by = "placed_at"
    list_display = ("__str__", "customer_link", "kind", "holder", "reason", "placed_by_shown",
                    "placed_at", "lifted_at")  # fmt: skip
    list_filter = ("kind", ("lifted_at", admin.EmptyFieldListFilter))
    record_actions = (
        AdminAction("lift", _("Lift"), "accounts.lift_customerhold", _lift, kind="primary",
            is_open=lambda hold: hold.lifted_at is None),
    )  # fmt: skip


def _answer(request: HttpRequest, complaint: Complaint, given: dict[str, Any]) -> str:
    staff: Any = request.user
    complaints.answer(complaint.pk, words=given["words"], by=staff, at=clock.now())
    return gettext("The customer can read the answer.")


@admin.register(Complaint)
class ComplaintPages(AdminActionsMixin, CustomersRows):
    """Complaints and their answers; the words are shown on the page of one alone."""

    latest_by = "filed_at"
    list_display = ("__str__", "customer_link", "state_label", "filed_at", "due_on",
                    "answered_at")  # fmt: skip
    list_filter = ("state",)
    fields = ("customer_link", "state_label", "words", "filed_at", "due_on", "answer_words",
              "answered_by", "answered_at")  # fmt: skip
    record_actions = (
        AdminAction("answer", _("Answer"), "accounts.answer_complaint", _answer, kind="primary",
            fields=(Field("words", _("answer"), "area", length_max=ANSWER_MAX,
                          keeps_numbers=True),),
            needs_reason=False,
            is_open=lambda complaint: complaint.state == ComplaintState.FILED),
    )  # fmt: skip

    @display(description=_("complaint"))
    def words(self, complaint: Complaint) -> str:
        """Return what the customer wrote, numbers masked."""
        return masking.text(str(complaint.text))

    @display(description=_("answer"))
    def answer_words(self, complaint: Complaint) -> str:
        """Return what was answered, numbers masked."""
        return masking.text(str(complaint.answer or ""))


@admin.register(DeletionRequest)
class DeletionRequestPages(CustomersRows):
    """Deletion requests, and what the law kept of them."""

    latest_by = "requested_at"
    list_display = ("__str__", "customer_link", "state_label", "requested_at", "decided_at")
    list_filter = ("state",)
    fields = (*list_display[1:], "erased", "kept")
