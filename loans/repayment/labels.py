"""What people read before they decide about money: which bills it leads where."""

from collections.abc import Iterator

from django.utils.translation import gettext

from backoffice.core.money import yuan
from backoffice.platform.approvals import ValueChange
from loans.accounting.rules.position import BillPosition
from loans.models.bill import BILL_STATES
from loans.models.loan import LOAN_STATES
from loans.repayment.operations.reprocess import RepaymentEffect

_STATES, _LOANS = dict(BILL_STATES), dict(LOAN_STATES)


def changes(effect: RepaymentEffect) -> Iterator[ValueChange]:
    """Return each bill that an effect changes: state and what is paid before and after, in yuan.

    And what would wait for a refund of the customer.
    """
    for before, after in effect.bills:
        if _words(before) != _words(after):
            title = gettext("bill B{number}, due on {day}")
            name = title.format(number=before.id, day=before.due_on)
            yield ValueChange(name, _words(before), _words(after))
    for loan_id, (was, now) in effect.loans.items():
        if was.state != now.state:
            name = gettext("loan {number}").format(number=loan_id)
            yield ValueChange(name, str(_LOANS[was.state]), str(_LOANS[now.state]))
    left_fen = sum(one.amount_fen for one in effect.surpluses)
    if left_fen:
        yield ValueChange(gettext("waits for its refund, yuan"), "", yuan(left_fen))


def sentence(effect: RepaymentEffect) -> str:
    """Return the changes of an effect as one line."""
    found = [f"{one.name}: {one.now} → {one.proposed}".replace(":  →", ":") for one in
             changes(effect)]  # fmt: skip
    return "; ".join(found)


def _words(bill: BillPosition) -> str:
    paid = gettext("{state}, {paid} paid")
    return paid.format(state=_STATES[bill.state], paid=yuan(bill.paid_fen))
