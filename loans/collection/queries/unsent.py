"""Which orders that never reached the channel may still leave under their number."""

from collections.abc import Iterable
from datetime import date

from django.db.models import Exists, OuterRef, Q

from backoffice.core import bulk
from loans.accounting.rules.codes import COLLECTED_STATES, REST_STATES, LoanState
from loans.models import DebitOrder, Origin, Repayment
from loans.models.debit import OPEN_ORDER_STATES


def still_wanted(order_ids: Iterable[int], *, on: date) -> set[int]:
    """Return the open orders of that very day whose money is still asked for.

    Their bill is still collected, or for a customer's own request still owed, or their loan is
    open, and no money came for it since they were asked: otherwise their amount is stale.
    """
    since = Repayment.objects.filter(recorded_at__gte=OuterRef("asked_at"))
    is_owed = Q(origin=Origin.CUSTOMER, bill__state__in=REST_STATES)
    is_open = Q(loan__state__in=[LoanState.ACTIVE, LoanState.OVERDUE])
    wanted = DebitOrder.objects.filter(
        ~Exists(since.filter(bill=OuterRef("bill"))),
        ~Exists(since.filter(loan=OuterRef("loan"))),
        is_owed | is_open | Q(bill__state__in=COLLECTED_STATES),
        pk__any=bulk.Of(order_ids),
        state__in=OPEN_ORDER_STATES,
        business_date=on,
    )
    return set(wanted.values_list("pk", flat=True))
