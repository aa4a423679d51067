"""What loans add to a customer's copy of the data (LAW-18)."""

from django.utils.translation import gettext_lazy as _

from accounts.privacy.operations.exports import CopySection, latest
from loans.models import Bill, Conversion, Loan, Mandate, Quote, Repayment, UnappliedFunds

SECTIONS = (
    CopySection(
        "loans", _("Loans"),
        {"plan": _("plan"), "principal_fen": _("principal in fen"),
         "unpaid_principal_fen": _("unpaid principal in fen"), "state": _("state"),
         "drawn_on": _("drawn on"), "ended_on": _("ended on")},
        latest(Loan, "plan", "principal_fen", "unpaid_principal_fen", "state", "drawn_on",
               "ended_on"),
    ),
    CopySection(
        "cost_sheets", _("Cost sheets"),
        {"purpose": _("purpose"), "amount_fen": _("amount in fen"), "plan": _("plan"),
         "state": _("state"), "text_zh": _("text"), "digest": _("digest of the cost sheet"),
         "offered_at": _("offered at"), "shown_at": _("shown at"),
         "seconds_read": _("read for seconds"), "confirmed_at": _("confirmed at"),
         "used_at": _("used at")},
        latest(Quote, "purpose", "amount_fen", "plan", "state", "text_zh", "digest", "offered_at",
               "shown_at", "seconds_read", "confirmed_at", "used_at"),
    ),
    CopySection(
        "bills", _("Bills"),
        {"state": _("state"), "billed_on": _("billed on"), "due_on": _("due on"),
         "total_fen": _("bill total in fen"), "minimum_fen": _("minimum payment in fen"),
         "paid_fen": _("paid in fen"), "late_fee_fen": _("late fee in fen"),
         "paid_on": _("paid on"), "overdue_on": _("overdue on")},
        latest(Bill, "state", "billed_on", "due_on", "total_fen", "minimum_fen", "paid_fen",
               "late_fee_fen", "paid_on", "overdue_on"),
    ),
    CopySection(
        "conversions", _("Conversions into instalments"),
        {"state": _("state"), "plan": _("plan"), "effective_on": _("takes effect on"),
         "offered_fen": _("principal on the cost sheet in fen"),
         "principal_fen": _("converted principal in fen"), "fee_fen": _("plan fee in fen"),
         "requested_at": _("requested at")},
        latest(Conversion, "state", "plan", "effective_on", "offered_fen", "principal_fen",
               "fee_fen", "requested_at"),
    ),
    CopySection(
        "repayments", _("Repayments"),
        {"amount_fen": _("amount in fen"), "value_on": _("value date")},
        latest(Repayment, "amount_fen", "value_on"),
    ),
    CopySection(
        "unapplied_funds", _("Money paid beyond what was owed"),
        {"amount_fen": _("amount in fen"), "waiting_since": _("waiting since"),
         "refunded_at": _("refunded at")},
        latest(UnappliedFunds, "amount_fen", "waiting_since", "refunded_at"),
    ),
    CopySection(
        "mandates", _("Direct debit mandates"),
        {"state": _("state"), "card": _("last four digits of the card"),
         "signed_at": _("signed at"), "terminated_at": _("terminated at")},
        latest(Mandate, "state", "card__last_four", "signed_at", "terminated_at"),
    ),
)  # fmt: skip
