"""The account statement: the transfers of an account in a period, a page at a time."""

from collections.abc import Sequence
from heapq import merge
from itertools import islice
from operator import attrgetter
from typing import NamedTuple

from django.db.models import Q, QuerySet

from loans.general_ledger.rules.periods import LedgerPeriod
from loans.models import CauseType, Repayment, Transfer

PAGE_SIZE = 50


class StatementPage(NamedTuple):
    """Some transfers of a statement by id, the orders of their repayments, and the next page.

    ``orders`` are ids of debit orders by repayment; ``next_after`` is None on the last page.
    """

    transfers: list[Transfer]
    orders: dict[int, int]
    next_after: int | None


def postings_of(
    account: str, period: LedgerPeriod
) -> tuple["QuerySet[Transfer]", "QuerySet[Transfer]"]:
    """Return the transfers of an account in a period by id: those of its days, and late ones.

    Two queries: the first reads the partitions of the period alone, the second an index.
    """
    mine = Transfer.objects.filter(Q(debit_account=account) | Q(credit_account=account))
    of_days = mine.filter(business_date__range=period, accounting_date=None)
    late = mine.filter(accounting_date__range=period)
    return of_days.order_by("pk"), late.order_by("pk")


def page_of(account: str, period: LedgerPeriod, *, after: int = 0) -> StatementPage:
    """Return the transfers of a statement whose ids follow ``after``."""
    parts = [part.filter(pk__gt=after)[: PAGE_SIZE + 1] for part in postings_of(account, period)]
    found = list(islice(merge(*parts, key=attrgetter("pk")), PAGE_SIZE + 1))
    shown = found[:PAGE_SIZE]
    next_after = shown[-1].pk if len(found) > PAGE_SIZE else None
    return StatementPage(shown, _orders(shown), next_after)


def _orders(transfers: Sequence[Transfer]) -> dict[int, int]:
    """Return the debit orders that brought the repayments of some transfers."""
    ids = {
        one.cause_id
        for one in transfers
        if one.cause_type == CauseType.REPAYMENT and one.cause_id is not None
    }
    found = Repayment.objects.filter(pk__in=ids, order__isnull=False)
    return dict(found.values_list("pk", "order_id"))
