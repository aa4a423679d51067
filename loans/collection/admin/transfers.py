"""The action with which staff enter a bank transfer, on the page of its bill (REPAY-12)."""

from datetime import date
from typing import Any, cast

from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from backoffice.core import clock
from backoffice.core.money import yuan
from backoffice.web.admin_actions import AdminAction, Field, FieldError, yuan_fen
from loans.accounting.operations.batch import LoanBatch
from loans.accounting.rules.codes import BillState
from loans.billing.admin import BillPages
from loans.billing.queries.customers import of_the_same_customers
from loans.collection.operations import offers, transfers
from loans.collection.operations.transfers import ArrivedTransfer
from loans.models import Bill

AMOUNT, VALUE_DATE = _("amount in yuan"), _("value date")


def _propose(request: HttpRequest, bill: Bill, given: dict[str, Any]) -> str:
    at = clock.now()
    transfer = ArrivedTransfer(
        bill.pk, given["reference"].strip(), yuan_fen(given["amount"], AMOUNT),
        _day(given["value_on"]),
    )  # fmt: skip
    transfers.propose(
        [transfer], by=cast("Any", request.user), reason=given["reason"],
        on=clock.day_of(at), at=at,
    )  # fmt: skip
    return gettext("The transfer of {amount} yuan waits for a second person.").format(
        amount=yuan(transfer.amount_fen)
    )


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise FieldError(field=VALUE_DATE) from error


def _explained(bill: Bill) -> str:
    """Return what can be settled today, and what becomes of more."""
    with transaction.atomic():
        batch = LoanBatch.lock_bills(of_the_same_customers({bill.pk}))
        owed_fen = offers.owed_fen(batch, bill.pk, on=clock.business_date())
    return gettext(
        "Enter it as the bank lists it. Today {owed} yuan are owed under this bill and older ones, "
        "which are settled first; what is not owed waits for its refund. A second person approves."
    ).format(owed=yuan(owed_fen))


BillPages.record_actions.append(
    AdminAction(
        "transfer", _("Enter a bank transfer"), "loans.propose_transfer", _propose,
        explanation=_explained,
        fields=(
            Field("amount", AMOUNT, length_max=20, keeps_numbers=True),
            Field("reference", _("bank's reference"), length_max=80, keeps_numbers=True),
            Field("value_on", VALUE_DATE, kind="date", keeps_numbers=True),
        ),
        is_open=lambda bill: bill.state != BillState.OPEN,
    )
)  # fmt: skip
