"""What a request of a bank transfer shows to the person who decides it (REPAY-12)."""

from collections.abc import Iterator

from django.utils.translation import gettext

from backoffice.core import clock
from backoffice.core.models import Approval, ApprovalState
from backoffice.core.money import yuan
from backoffice.platform.approvals import ValueChange
from loans.collection.operations import transfers
from loans.models import Bill
from loans.repayment import labels


def differences(approval: Approval) -> list[ValueChange]:
    """Return the transfer, and while it is open which bills it leads where."""
    return list(_differences(approval))


def _differences(approval: Approval) -> Iterator[ValueChange]:
    transfer = transfers.transfer_of(approval)
    bill = Bill.objects.select_related("customer").get(pk=transfer.bill_id)
    yield ValueChange(gettext("customer"), "", str(bill.customer))
    yield ValueChange(gettext("bill"), "", str(bill))
    yield ValueChange(gettext("amount, yuan"), "", yuan(transfer.amount_fen))
    yield ValueChange(gettext("bank's reference"), "", transfer.reference)
    yield ValueChange(gettext("value date"), "", str(transfer.value_on))
    if approval.state == ApprovalState.PROPOSED:
        yield from labels.changes(transfers.effect(transfer, on=clock.business_date()))
