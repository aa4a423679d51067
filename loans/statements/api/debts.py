"""What a customer owed on any day."""

from datetime import date
from typing import Any

from django.utils.translation import gettext
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.login.api.endpoint import CustomerEndpoint
from backoffice.web.api.description import describe
from loans.models.bill import BILL_STATES
from loans.models.loan import LOAN_STATES, PLANS
from loans.statements.api.amounts import DebtReply, debt_reply
from loans.statements.queries import BillOnDay, LoanOnDay, debts

_AS_OF = "Not after today, which it is where none is sent."


class DebtOfLoanReply(serializers.Serializer[Any]):
    """A loan at the end of the day; ``plan`` is how it was repaid then."""

    id = serializers.UUIDField()
    state = serializers.ChoiceField(choices=LOAN_STATES)
    plan = serializers.ChoiceField(choices=PLANS)
    principal_fen = serializers.IntegerField()
    drawn_on = serializers.DateField()
    overdue_on = serializers.DateField(allow_null=True)
    owed = DebtReply()


class DebtOfBillReply(serializers.Serializer[Any]):
    """A bill at the end of the day; what a later bill took over is owed there."""

    id = serializers.UUIDField()
    state = serializers.ChoiceField(choices=BILL_STATES)
    billed_on = serializers.DateField()
    due_on = serializers.DateField()
    total_fen = serializers.IntegerField()
    minimum_fen = serializers.IntegerField()
    paid_fen = serializers.IntegerField()
    owed_fen = serializers.IntegerField()


class DebtsReply(serializers.Serializer[Any]):
    """The loans and bills at the end of a day, charged their nights before it.

    A past day is as it is known now: money that was recorded later counts from the day on which it
    was paid, and what was reversed does not count (GEN-9).
    """

    as_of = serializers.DateField()
    loans = DebtOfLoanReply(many=True)
    bills = DebtOfBillReply(many=True)
    total = DebtReply()


class DebtsView(CustomerEndpoint):
    """What a customer owed on any day."""

    @describe(
        "Read what was owed on a day",
        replies={200: DebtsReply},
        parameters=[
            OpenApiParameter(
                "as_of", OpenApiTypes.DATE, description="Not after today, which it is without it."
            )
        ],
    )
    def get(self, request: Request) -> Response:
        """Return the loans and bills of the caller at the end of a day."""
        today = self.context.on
        found = debts(self.customer(request), on=_day(request, today=today))
        return Response(
            {
                "as_of": found.on,
                "loans": [_debt_of_loan(one) for one in found.loans],
                "bills": [_debt_of_bill(one) for one in found.bills],
                "total": debt_reply(found.total),
            }
        )


def _day(request: Request, *, today: date) -> date:
    """Return the day that is asked for.

    Raises:
        rest_framework.exceptions.ValidationError: it is no day, or after today.
    """
    sent = request.query_params.getlist("as_of") or [today.isoformat()]
    try:
        on = date.fromisoformat(sent[0])
    except ValueError:
        on = date.max
    if len(sent) > 1 or on > today or on.isoformat() != sent[0]:
        words = gettext("It must be a day such as {example}, not after today.").format(
            example=today.isoformat()
        )
        raise serializers.ValidationError({"as_of": [serializers.ErrorDetail(words, "invalid")]})
    return on


def _debt_of_loan(one: LoanOnDay) -> dict[str, Any]:
    return {
        "id": one.loan.public_id,
        "state": one.state,
        "plan": one.plan,
        "principal_fen": one.loan.principal_fen,
        "drawn_on": one.loan.drawn_on,
        "overdue_on": one.overdue_on,
        "owed": debt_reply(one.debt),
    }


def _debt_of_bill(one: BillOnDay) -> dict[str, Any]:
    return {
        "id": one.bill.public_id,
        "state": one.state,
        "billed_on": one.bill.billed_on,
        "due_on": one.due_on,
        "total_fen": one.total_fen,
        "minimum_fen": one.minimum_fen,
        "paid_fen": one.paid_fen,
        "owed_fen": one.owed_fen,
    }
