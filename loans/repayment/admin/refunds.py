"""What staff may do to money that was not owed: send its refund again."""

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.customers.rows import shown_name
from backoffice.core import clock
from backoffice.core.money import yuan
from backoffice.web.admin_actions import AdminAction
from loans.accounting.admin import UnappliedFundsPages
from loans.models import UnappliedFunds
from loans.repayment.operations import refunds


def _retry(request: HttpRequest, funds: UnappliedFunds, given: dict[str, Any]) -> str:
    at = clock.now()
    payout = refunds.retry(
        funds.pk, by=str(request.user), reason=given["reason"], on=clock.day_of(at), at=at
    )
    words = (
        gettext("The refund {number} of {amount} yuan goes to the card {card}.")
        if payout.card else gettext("The refund {number} of {amount} yuan goes to WeChat.")
    )  # fmt: skip
    return words.format(number=payout.number, amount=yuan(payout.amount_fen), card=payout.card)


def _effect(funds: UnappliedFunds) -> str:
    return gettext(
        "{amount} yuan go back to {customer}: to the card that paid or to WeChat, else to the "
        "default card. A refund under way is never sent a second time."
    ).format(amount=yuan(funds.amount_fen), customer=shown_name(funds.customer))


UnappliedFundsPages.record_actions.append(
    AdminAction(
        "retry", _("Send the refund"), "loans.retry_refund", _retry,
        kind="primary", is_open=lambda funds: funds.refunded_at is None,
        explanation=_effect,
    )
)  # fmt: skip
