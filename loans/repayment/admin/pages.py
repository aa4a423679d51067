"""Staff pages of repayments that were reversed, and the action that proposes a reversal."""

from typing import Any, cast

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.customers.rows import CustomersRows
from backoffice.core import clock
from backoffice.core.money import yuan
from backoffice.web.admin_actions import AdminAction, Field
from backoffice.web.readonly_admin import display
from loans.accounting.admin import RepaymentPages
from loans.models import Repayment, RepaymentReversal, ReversalCause
from loans.repayment import labels
from loans.repayment.operations import reversals
from loans.repayment.operations.reversals import ReversalRequest


def _propose(request: HttpRequest, repayment: Repayment, given: dict[str, Any]) -> str:
    reversals.propose(
        [ReversalRequest(repayment.pk, ReversalCause(given["cause"]))],
        by=cast("Any", request.user),
        reason=given["reason"],
        at=clock.now(),
    )
    return gettext("The reversal waits for a second person.")


def _explained(repayment: Repayment) -> str:
    """Return the amount, and which bills its reversal leads where."""
    found = reversals.effect(repayment, on=clock.business_date())
    words = gettext(
        "{amount} yuan would not count any more. Today this leads to: {effect}. A second person "
        "decides."
    )
    return words.format(amount=yuan(repayment.amount_fen), effect=labels.sentence(found))


def _can_be_reversed(repayment: Repayment) -> bool:
    return not hasattr(repayment, "reversal") and not reversals.is_refunded(repayment)


def _can_be_cause(repayment: Repayment, cause: str) -> bool:
    """Say whether a cause fits: what the channel reported was entered by nobody."""
    return cause != ReversalCause.MISTAKE or reversals.is_entered(repayment)


RepaymentPages.record_actions.append(
    AdminAction(
        "reverse", _("Propose a reversal"), "loans.propose_reversal", _propose, kind="danger",
        explanation=_explained, fields=(
            Field("cause", _("cause"), kind="select", options=ReversalCause.choices,
                  is_option_of=_can_be_cause),
        ),
        is_open=_can_be_reversed,
    )
)  # fmt: skip


@admin.register(RepaymentReversal)
class RepaymentReversalPages(CustomersRows):
    """Repayments that do not count any more."""

    prefix = "RR"
    latest_by = "reversed_at"
    list_select_related = ("customer", "repayment", "approval")
    list_display = (
        "__str__", "customer_link", "repayment_link", "amount_yuan", "cause_words", "reversed_on",
        "reversed_by_shown",
    )  # fmt: skip
    fields = ("customer_link", "repayment_link", "amount_yuan", "cause_words", "reason",
              "approval_link", "reversed_by_shown", "reversed_at")  # fmt: skip

    @display(description=_("amount"))
    def amount_yuan(self, reversal: RepaymentReversal) -> str:
        """Return the amount of the repayment in yuan."""
        return yuan(reversal.repayment.amount_fen)

    @display(description=_("cause"))
    def cause_words(self, reversal: RepaymentReversal) -> str:
        """Return why the money is not there."""
        return str(ReversalCause(reversal.cause).label)
