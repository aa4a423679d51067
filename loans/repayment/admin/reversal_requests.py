"""What a request of a reversal shows to the person who decides it."""

from collections.abc import Iterator

from django.utils.translation import gettext

from backoffice.core import clock
from backoffice.core.models import Approval, ApprovalState
from backoffice.core.money import yuan
from backoffice.platform.approvals import ValueChange
from loans.models import Repayment
from loans.repayment import labels
from loans.repayment.operations import reversals


def differences(approval: Approval) -> list[ValueChange]:
    """Return the repayment, the cause, and while it is open which bills it leads where."""
    return list(_differences(approval))


def _differences(approval: Approval) -> Iterator[ValueChange]:
    request = reversals.request_of(approval)
    repayment = Repayment.objects.select_related("customer", "order").get(pk=request.repayment_id)
    yield ValueChange(gettext("customer"), "", str(repayment.customer))
    yield ValueChange(gettext("order"), "", str(repayment.order))
    yield ValueChange(gettext("cause"), "", str(request.cause.label))
    yield ValueChange(gettext("amount, yuan"), yuan(repayment.amount_fen), yuan(0))
    if approval.state == ApprovalState.PROPOSED:
        yield from labels.changes(reversals.effect(repayment, on=clock.business_date()))
