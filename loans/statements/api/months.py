"""The monthly statements of a customer, as JSON and as PDF."""

from datetime import date
from http import HTTPStatus
from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.login.api.endpoint import CustomerEndpoint
from backoffice.core.errors import NextCall, Refused
from backoffice.web.api.description import describe
from backoffice.web.api.files import JsonAlways, as_file, asked_form
from backoffice.web.api.paging import page
from backoffice.web.pdf import CONTENT_TYPE
from loans.general_ledger.rules.periods import month_code
from loans.models import Loan
from loans.models.loan import PLANS
from loans.statements.api.amounts import DebtReply, debt_reply
from loans.statements.labels import LINE_KINDS
from loans.statements.printed import printed
from loans.statements.queries import (
    CustomerStatement,
    months_of,
    statement,
)
from loans.statements.rules import LoanMonth, StatedChange

PDF = "pdf"


class StatementUnknownError(Refused):
    """There is no statement of this month: nothing was posted by then, or it has not begun."""

    status = HTTPStatus.NOT_FOUND
    code = "statement-unknown"
    message = _("There is no statement of {month}.")
    remedy = _("Read which months have one, and write a month such as 2026-09.")
    calls = (NextCall("list-statements", "GET", "/api/v1/me/statements"),)


class StatementMonthReply(serializers.Serializer[Any]):
    """A month with a statement; ``has_ended`` is false of the running one."""

    month = serializers.CharField()
    has_ended = serializers.BooleanField()


class StatedLoanReply(serializers.Serializer[Any]):
    """A loan in the month: closing = opening + received + charged - waived - paid.

    ``received`` is what was paid out, or taken over from an earlier lender. A prepayment fee is
    charged and paid at once: it is beside the other amounts.
    """

    id = serializers.UUIDField()
    plan = serializers.ChoiceField(choices=PLANS)
    principal_fen = serializers.IntegerField()
    drawn_on = serializers.DateField()
    opening = DebtReply()
    received = DebtReply()
    charged = DebtReply()
    waived = DebtReply()
    paid = DebtReply()
    prepayment_fee_fen = serializers.IntegerField()
    closing = DebtReply()


class StatementLineReply(serializers.Serializer[Any]):
    """What changed the debt on a day; ``recorded_on`` is later where it was known late.

    ``amount_fen`` is above zero where money was paid out, charged or refunded, below it where it
    was paid or waived. A correction takes something of the same kind back. Money paid beyond what
    was owed, and its refund, belong to no loan.
    """

    on = serializers.DateField()
    recorded_on = serializers.DateField()
    kind = serializers.ChoiceField(choices=LINE_KINDS)
    is_correction = serializers.BooleanField()
    loan_id = serializers.UUIDField(allow_null=True)
    amount_fen = serializers.IntegerField()
    change = DebtReply()


class StatedWaitingReply(serializers.Serializer[Any]):
    """Money paid beyond what was owed: closing = opening + received - refunded."""

    opening_fen = serializers.IntegerField()
    received_fen = serializers.IntegerField()
    refunded_fen = serializers.IntegerField()
    closing_fen = serializers.IntegerField()


class StatedBillReply(serializers.Serializer[Any]):
    """A bill of the month as it was printed."""

    id = serializers.UUIDField()
    billed_on = serializers.DateField()
    due_on = serializers.DateField()
    total_fen = serializers.IntegerField()
    minimum_fen = serializers.IntegerField()


class StatementTotalsReply(serializers.Serializer[Any]):
    """The sums over the loans, in fen."""

    opening_fen = serializers.IntegerField()
    received_fen = serializers.IntegerField()
    charged_fen = serializers.IntegerField()
    waived_fen = serializers.IntegerField()
    paid_fen = serializers.IntegerField()
    prepayment_fee_fen = serializers.IntegerField()
    closing_fen = serializers.IntegerField()


class StatementReply(serializers.Serializer[Any]):
    """A month: what was owed before it, what changed it, what is owed after it.

    It states what was posted up to ``to_on``, which of the running month is today: the nights since
    the last posting are charged with the next bill, payment or settlement. Money that is recorded
    later changes the month to which it belongs.
    """

    month = serializers.CharField()
    from_on = serializers.DateField()
    to_on = serializers.DateField()
    has_ended = serializers.BooleanField()
    loans = StatedLoanReply(many=True)
    lines = StatementLineReply(many=True)
    bills = StatedBillReply(many=True)
    waiting = StatedWaitingReply()
    totals = StatementTotalsReply()
    service_fee_fen = serializers.IntegerField()
    insurance_fen = serializers.IntegerField()


class StatementsView(CustomerEndpoint):
    """The months with a statement."""

    @describe(
        "List the monthly statements",
        replies={200: StatementMonthReply},
        pages=True,
        operation_id="me_statements_list",
    )
    def get(self, request: Request) -> Response:
        """List the months since the first loan, the latest first."""
        on = self.context.on
        months = months_of(self.customer(request), on=on)
        rows = [
            {"month": month_code(one), "has_ended": month_code(one) < month_code(on)}
            for one in months
        ]
        return page(request, rows, is_newest_first=True)


class StatementView(CustomerEndpoint):
    """The statement of a month."""

    content_negotiation_class = JsonAlways

    @describe(
        "Read the statement of a month",
        replies={
            (200, "application/json"): StatementReply,
            (200, CONTENT_TYPE): OpenApiTypes.BINARY,
        },
        parameters=[OpenApiParameter("form", str, enum=[PDF])],
        refusals=(StatementUnknownError,),
        operation_id="me_statements_read",
    )
    def get(self, request: Request, month: str) -> Response | HttpResponse:
        """Return the statement as JSON, or as a PDF to keep.

        The PDF is for ``Accept: application/pdf`` or ``?form=pdf``; the content is the same.
        """
        form = asked_form(request, {PDF: CONTENT_TYPE})
        customer, on = self.customer(request), self.context.on
        known = {month_code(one): one for one in months_of(customer, on=on)}
        if month not in known:
            raise StatementUnknownError(month=month)
        found = statement(customer, month=known[month], on=on)
        name = f"weidai-{month}"
        if form:
            content = HttpResponse(printed(found), content_type=CONTENT_TYPE)
            return as_file(content, f"{name}.pdf")
        return Response(_reply(found, on=on))


def _reply(found: CustomerStatement, *, on: date) -> dict[str, Any]:
    stated, loans = found.statement, found.loans
    return {
        "month": month_code(found.period.first_on),
        "from_on": found.period.first_on,
        "to_on": min(found.period.last_on, on),
        "has_ended": found.has_ended,
        "loans": [_loan(one, loans[one.loan_id]) for one in stated.loans],
        "lines": [_line(one, loans) for one in stated.lines],
        "bills": [
            {
                "id": one.public_id, "billed_on": one.billed_on, "due_on": one.due_on,
                "total_fen": one.total_fen, "minimum_fen": one.printed_minimum_fen,
            }
            for one in found.bills
        ],
        "waiting": stated.waiting._asdict() | {"closing_fen": stated.waiting.closing_fen},
        "totals": stated.totals._asdict(),
        "service_fee_fen": 0,
        "insurance_fen": 0,
    }  # fmt: skip


def _loan(one: LoanMonth, loan: Loan) -> dict[str, Any]:
    return {
        "id": loan.public_id,
        "plan": loan.current_plan,
        "principal_fen": loan.principal_fen,
        "drawn_on": loan.drawn_on,
        "opening": debt_reply(one.opening),
        "received": debt_reply(one.received),
        "charged": debt_reply(one.charged),
        "waived": debt_reply(one.waived),
        "paid": debt_reply(one.paid),
        "prepayment_fee_fen": one.prepayment_fee_fen,
        "closing": debt_reply(one.closing),
    }


def _line(one: StatedChange, loans: dict[int, Loan]) -> dict[str, Any]:
    return {
        "on": one.on,
        "recorded_on": one.recorded_on,
        "kind": one.kind,
        "is_correction": one.is_correction,
        "loan_id": loans[one.loan_id].public_id if one.loan_id is not None else None,
        "amount_fen": one.amount_fen,
        "change": debt_reply(one.debt),
    }
