"""What customers are notified of about the debits of their bills (REPAY-10)."""

from collections.abc import Iterable
from datetime import date

from loans.models import Bill, DebitNotice


def coming(bills: Iterable[Bill], *, on: date) -> dict[int, DebitNotice]:
    """Return the notice of each bill whose days of debits are not over, by bill; the next one."""
    notices = DebitNotice.objects.filter(bill__in=list(bills), last_on__gte=on)
    return {notice.bill_id: notice for notice in notices.order_by("-first_on")}
