"""The direct debits of one business date in numbers, for the staff's page of the run."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from django.db.models import Count, Func, IntegerField, QuerySet, Sum
from django.utils.translation import gettext_lazy as _

from accounts.privacy.rules import masking
from backoffice.core.models import JobChunk, JobRun
from backoffice.core.money import yuan
from backoffice.platform.export import Column, ExportSection
from loans.collection.queries import due
from loans.models import DebitOrder, DebitOrderState, Origin, PaymentMethod
from loans.models.debit import OPEN_ORDER_STATES

ATTEMPTS = (1, 2, 3)


class Sums(NamedTuple):
    """A number of orders and what they ask for, in fen."""

    orders: int = 0
    amount_fen: int = 0

    @property
    def yuan(self) -> str:
        """Return the amount in yuan, for people."""
        return yuan(self.amount_fen)

    def plus(self, other: "Sums") -> "Sums":
        """Return both together."""
        return Sums(self.orders + other.orders, self.amount_fen + other.amount_fen)


NONE = Sums()


@dataclass
class Ends:
    """How some orders ended: paid (amounts taken), refused by code, not known yet."""

    sent: Sums = NONE
    paid: Sums = NONE
    refused: Sums = NONE
    unknown: Sums = NONE
    by_code: dict[str, Sums] = field(default_factory=dict)


@dataclass
class DebitDay:
    """The orders of one job's run: all of them, and by attempt."""

    job: str
    run: JobRun | None
    whole: Ends
    attempts: dict[int, Ends]
    worked: int  # bills of the plan that are through

    @property
    def progress_percent(self) -> int:
        """Return how much of the plan is through, 100 only when the run has finished."""
        if self.run is None:
            return 0
        if self.run.finished_at:
            return 100
        return min(99, self.worked * 100 // max(1, self.run.planned))


def debit_day(*, on: date, job: str) -> DebitDay:
    """Return the numbers of a job's run; orders are counted as they stand now."""
    run = JobRun.objects.filter(business_date=on, job=job).first()
    day = DebitDay(job, run, Ends(), {attempt: Ends() for attempt in ATTEMPTS}, _worked(run))
    if run is None:
        return day
    rows = (
        DebitOrder.objects.filter(business_date=on, run=run, origin=Origin.AUTO)
        .exclude(state__in=[DebitOrderState.PLANNED, DebitOrderState.CANCELLED])
        .values_list("attempt", "state", "code")
        .annotate(Count("id"), Sum("amount_fen"), Sum("taken_fen"))
    )
    for attempt, state, code, orders, asked_fen, taken_fen in rows:
        for ends in (day.whole, day.attempts[attempt]):
            _add(ends, state, code, Sums(orders, asked_fen), Sums(orders, taken_fen))
    answered = day.whole.sent.orders - day.whole.unknown.orders
    day.worked = max(day.worked, answered)
    return day


def _add(ends: Ends, state: str, code: str, asked: Sums, taken: Sums) -> None:
    ends.sent = ends.sent.plus(asked)
    if state == DebitOrderState.SUCCEEDED:
        ends.paid = ends.paid.plus(taken)
    elif state == DebitOrderState.FAILED:
        ends.refused = ends.refused.plus(asked)
        ends.by_code[code] = ends.by_code.get(code, Sums()).plus(asked)
    elif state in OPEN_ORDER_STATES:
        ends.unknown = ends.unknown.plus(asked)


def _worked(run: JobRun | None) -> int:
    """Return how many bills stand in the chunks that are done."""
    if run is None:
        return 0
    size = Func("ids", function="cardinality", output_field=IntegerField())
    done = JobChunk.objects.filter(run=run, done_at__isnull=False)
    return done.aggregate(worked=Sum(size))["worked"] or 0


def runs_of(*, on: date) -> dict[str, JobRun]:
    """Return the runs of a business date by job."""
    return {run.job: run for run in JobRun.objects.filter(business_date=on)}


def days_with_runs(*, count: int = 7) -> list[date]:
    """Return the latest business dates on which first debits were planned, newest first."""
    runs = due.first_runs().order_by("-business_date")
    return list(runs.values_list("business_date", flat=True)[:count])


def runs_before(day: date, *, count: int = 7) -> list[JobRun]:
    """Return the finished runs of first debits before a day, newest first."""
    runs = due.first_runs().filter(business_date__lt=day, finished_at__isnull=False)
    return list(runs.order_by("-business_date")[:count])


def _orders_of(filters: Mapping[str, str]) -> "QuerySet[DebitOrder]":
    """Return the orders of a day for an export; raises ValueError for what is no day."""
    on = date.fromisoformat(filters["business_date"])
    orders = DebitOrder.objects.filter(business_date=on).select_related("customer", "card")
    sealed = ("customer__id_number", "customer__phone", "card__number", "card__phone")
    return orders.defer(*sealed).order_by("pk")


EXPORT = ExportSection(
    name="debit-orders",
    title=_("debit orders of a day"),
    permission="loans.view_debitorder",
    filters=("business_date",),
    rows=_orders_of,
    owner="customer_id",
    columns=(
        Column(_("order number"), "number"),
        Column(_("customer"), "customer"),
        Column(_("name"), "customer.name", mask=masking.name),
        Column(_("method"), "method", show=lambda method: PaymentMethod(method).label),
        Column(_("bank"), "card.bank"),
        Column(_("bank card"), "card.last_four", mask=masking.card),
        Column(_("business date"), "business_date"),
        Column(_("attempt"), "attempt"),
        Column(_("amount"), "amount_fen", kind="fen"),
        Column(_("state"), "state", show=lambda state: DebitOrderState(state).label),
        Column(_("taken"), "taken_fen", kind="fen"),
        Column(_("channel's code"), "code"),
        Column(_("asked at"), "asked_at"),
        Column(_("answered at"), "answered_at"),
    ),
)
