"""Staff page of a bill: what was printed, what is owed today and exactly why."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any, ClassVar, cast

from django.contrib import admin, messages
from django.db.models import DateField, Q, QuerySet, Sum, Value
from django.http import HttpRequest
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.customers.rows import CustomersRows
from backoffice.core import clock
from backoffice.core.money import yuan
from backoffice.core.staff import StaffMember
from backoffice.web.admin_actions import AdminAction, AdminActionsMixin, Field
from backoffice.web.readonly_admin import (
    PageSection,
    amount,
    amount_head,
    day_filter,
    display,
    label,
    link,
    timeline,
)
from loans.accounting.admin import allocations, charge_calculation, ledger_of, of_customer
from loans.accounting.labels import code_words
from loans.accounting.queries.statement import BillStatement, statement_of
from loans.accounting.rules.position import InstalmentPosition
from loans.billing.operations import extensions
from loans.billing.queries import day_limits
from loans.billing.queries.debits import HAS_MANDATE, next_debit
from loans.models import (
    AutoDebit,
    Bill,
    Conversion,
    ConversionState,
    Extension,
    ExtensionState,
    Repayment,
    RepaymentAllocation,
)

# Charges are followed night by night: a day without end would keep a worker for as long.
AHEAD_MAX = timedelta(days=365)


class DayLimitFilter(admin.SimpleListFilter):
    """Bills that carry a warning of their card's day limit today (FAQ-4)."""

    title = _("day limit of the card")
    parameter_name = "day_limit"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Return the one choice there is."""
        return [("above", _("bill above the limit"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the bills with a warning."""
        if self.value() != "above":
            return queryset
        return queryset.filter(pk__in=day_limits.warned(on=clock.business_date()))


@admin.register(AutoDebit)
class AutoDebitPages(CustomersRows):
    """What customers have debited of their bills (REPAY-10)."""

    latest_by = "changed_at"
    list_select_related = ("customer",)
    list_display = ("customer_link", "mode", "changed_at")
    list_filter = ("mode",)
    fields = ("customer_link", "mode", "changed_at")

    def sections(self, request: HttpRequest, record: AutoDebit) -> list[PageSection]:
        """Return the changes of the mode."""
        return [timeline(record)]


@admin.register(Bill)
class BillPages(AdminActionsMixin, CustomersRows):
    """Bills: one a person and month.

    Packages above append what may be done to a bill to ``record_actions``, and what they know of
    it to ``more_sections``.
    """

    record_actions: ClassVar[list[AdminAction]] = []
    more_sections: ClassVar[list[Callable[[Bill], list[PageSection]]]] = []

    prefix = "B"
    latest_by = "due_on"
    list_display = (
        "__str__", "customer_link", "due_on", "state_label", "total_yuan", "minimum_yuan",
        "paid_yuan", "late_fee_yuan", "refusals", "next_debit",
    )  # fmt: skip
    list_filter = (
        day_filter("due_on", _("due on")), "state", day_filter("debit_on", _("next debit on")),
        "mode", DayLimitFilter,
    )  # fmt: skip
    search_help_text = _("Bill id, or customer id such as C42")
    fieldsets = (
        (_("Statement"), {"fields": (
            ("customer_link", "state_label", "mode"),
            ("billed_on", "due_on"), ("total_yuan", "printed_minimum", "past_due_yuan"),
        )}),
        (_("Payments"), {"fields": (
            ("paid_yuan", "waived_yuan", "last_paid_on"), ("shortfall_yuan", "paid_on"),
        )}),
        (_("Debit cycle"), {"fields": (
            ("cycle", "cycle_on", "next_debit"), ("refusals", "tries", "refused_on"),
        )}),
        (_("Late"), {"fields": (
            ("charged_at_due_yuan", "overdue_on"), ("late_fee_yuan", "late_fee_on"),
        )}),
    )  # fmt: skip

    @display(description=_("minimum payment"))
    def printed_minimum(self, bill: Bill) -> str:
        """Return the minimum as it is printed: with what is past due."""
        return yuan(bill.printed_minimum_fen)

    @display(description=_("next debit on"))
    def next_debit(self, bill: Bill) -> str:
        """Return the day of the next attempt of a bill that will be debited."""
        day = next_debit(
            bill, bool(getattr(bill, "has_mandate", False)), on=cast("Any", bill).today
        )
        return "" if day is None else date_format(day)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Bill]:
        """Read with each bill whether its customer has a live mandate, and today once for all."""
        rows: QuerySet[Bill] = super().get_queryset(request)
        today = Value(clock.business_date(), output_field=DateField())
        return rows.annotate(has_mandate=HAS_MANDATE, today=today)

    def sections(self, request: HttpRequest, record: Bill) -> list[PageSection]:
        """Return what is owed, why, the orders, the money and the timeline."""
        _warn_of_day_limit(request, record)
        statement = statement_of(record, on=_day(request))
        loans = [one.loan for one in statement.loans]
        # Money for an earlier bill may have been settled here, money for this one in a later.
        allocated = RepaymentAllocation.objects.filter(
            Q(bill=record) | Q(repayment__bill=record),
            repayment__in=list(Repayment.objects.filter(of_customer(record.customer_id))),
        )
        return [
            _owed(statement),
            *(charge_calculation(one) for one in statement.loans),
            *(section for sections in self.more_sections for section in sections(record)),
            _orders(record),
            _repayments(record),
            allocations(allocated),
            ledger_of([loan.pk for loan in loans]),
            timeline(record, *loans),
        ]


def _warn_of_day_limit(request: HttpRequest, bill: Bill) -> None:
    """Show that the card's account cannot pay the bill in one day (FAQ-4)."""
    warning = day_limits.warnings([bill], on=clock.business_date()).get(bill.pk)
    if warning is not None:
        words = gettext(
            "The account of class {account_class} pays at most {limit} yuan a day; {asked} yuan "
            "are to be debited."
        )
        messages.warning(request, words.format(
            account_class=warning.account_class,
            limit=yuan(warning.limit_fen),
            asked=yuan(warning.asked_fen),
        ))  # fmt: skip


def _day(request: HttpRequest) -> date:
    """Return the day the page is asked for, at most a year ahead, else the business date."""
    today = clock.business_date()
    asked = request.GET.get("on", "")
    try:
        on = date.fromisoformat(asked)
    except ValueError:
        if asked:
            words = gettext("{asked} is not a day. This is what is owed today.")
            messages.warning(request, words.format(asked=asked))
        return today
    if on > today + AHEAD_MAX:
        messages.warning(request, gettext("Nothing is computed more than a year ahead."))
    return min(on, today + AHEAD_MAX)


def _owed(statement: BillStatement) -> PageSection:
    """Return what a payment on the day must bring, part by part."""
    heads = (
        _("loan"), _("number"), amount_head(_("principal")), amount_head(_("interest")),
        amount_head(_("plan fee")), amount_head(_("late fee")),
        amount_head(_("penalty interest")), amount_head(_("unpaid")),
    )  # fmt: skip
    rows: list[Any] = [
        (link(row.loan), row.shown_number, *map(amount, _parts_fen(part)))
        for row, part in statement.owed
    ]
    parts = [_parts_fen(part) for _row, part in statement.owed]
    total = [amount(sum(column)) for column in zip(*parts, strict=True)]
    title = gettext("Owed on {day}: {amount} yuan").format(
        day=statement.on, amount=yuan(statement.owed_fen)
    )
    return PageSection(
        title, heads, rows, is_lead=True, total=(capfirst(gettext("total")), "", *total)
    )


def _parts_fen(part: InstalmentPosition) -> tuple[int, ...]:
    debt = part.debt
    return (debt.principal_fen, debt.interest_fen, debt.plan_fee_fen, debt.late_fee_fen,
            debt.penalty_fen, debt.total_fen)  # fmt: skip


def _orders(bill: Bill) -> PageSection:
    heads = (
        _("order number"), _("origin"), _("method"), _("business date"), _("debit cycle"),
        _("attempt"), amount_head(_("amount")), _("state"), _("channel's code"),
        amount_head(_("taken")), _("run"),
    )  # fmt: skip
    rows = [
        (
            link(order), order.get_origin_display(), order.method.label, order.business_date,
            order.cycle, order.attempt, amount(order.amount_fen),
            label(order.get_state_display(), order.state), code_words(order.code),
            amount(order.taken_fen), link(order.run),
        )
        for order in bill.orders.select_related("run").order_by("pk")
    ]  # fmt: skip
    return PageSection(_("Debit orders"), heads, rows)


def _repayments(bill: Bill) -> PageSection:
    heads = (
        _("repayment"), _("order"), amount_head(_("amount")), _("value date"),
        amount_head(_("unapplied")),
    )  # fmt: skip
    found = bill.repayments.select_related("order").annotate(waits=Sum("unapplied__amount_fen"))
    rows = [
        (
            link(paid), link(paid.order), amount(paid.amount_fen), paid.value_on,
            amount(paid.waits or 0),
        )
        for paid in found.order_by("pk")
    ]  # fmt: skip
    return PageSection(_("Repayments"), heads, rows)


def _approve(request: HttpRequest, extension: Extension, given: dict[str, Any]) -> str:
    at = clock.now()
    extensions.approve(
        [extension.pk], by=cast("StaffMember", request.user), on=clock.day_of(at),
        reason=given["reason"], at=at,
    )  # fmt: skip
    return gettext("The bill is due on {day} now.").format(
        day=date_format(extension.extended_to_on)
    )


def _decline(request: HttpRequest, extension: Extension, given: dict[str, Any]) -> str:
    at = clock.now()
    extensions.decline(
        [extension.pk], answer=given["answer"], by=cast("StaffMember", request.user),
        on=clock.day_of(at), reason=given["reason"], at=at,
    )  # fmt: skip
    return gettext("The due date stays; the customer can read the answer.")


def _effect(extension: Extension) -> str:
    """Return what an approval does to the bill, with its amounts."""
    statement = statement_of(extension.bill, on=clock.business_date())
    planned = Conversion.objects.filter(bill=extension.bill, state=ConversionState.PLANNED)
    warning = gettext("The conversion planned of this bill lapses.") if planned.exists() else ""
    words = gettext(
        "{bill}, of which {amount} yuan are owed today, is due on {day} instead of {due_on}. "
        "Interest goes on at the contract rate; attempts and grace begin again."
    ).format(
        bill=extension.bill,
        amount=yuan(statement.owed_fen),
        day=date_format(extension.extended_to_on),
        due_on=date_format(extension.due_on),
    )
    return f"{words} {warning}".rstrip()


def _waits(extension: Extension) -> bool:
    return bool(extension.state == ExtensionState.REQUESTED)


@admin.register(Extension)
class ExtensionPages(AdminActionsMixin, CustomersRows):
    """Requests of customers to pay a bill later, and what the staff decided (FAQ-7)."""

    latest_by = "requested_at"
    list_select_related = ("customer", "bill")
    list_display = (
        "__str__", "customer_link", "bill_link", "state_label", "days", "due_on",
        "extended_to_on", "requested_at", "decided_on",
    )  # fmt: skip
    list_filter = ("state",)
    fields = (*list_display[1:], "reason", "answer")
    record_actions: ClassVar[list[AdminAction]] = [
        AdminAction(
            "approve", _("Approve"), "loans.decide_extension", _approve, kind="primary",
            explanation=_effect, is_open=_waits,
        ),
        AdminAction(
            "decline", _("Decline"), "loans.decide_extension", _decline, kind="danger",
            fields=(Field("answer", _("answer to the customer"), kind="area"),), is_open=_waits,
        ),
    ]  # fmt: skip
