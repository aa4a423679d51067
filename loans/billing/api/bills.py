"""The bills of a customer, and what is debited of them (REPAY-7, REPAY-10)."""

from datetime import date
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.cards.operations.cards import CardNotBoundError, CardUnknownError
from accounts.login.api.endpoint import CustomerEndpoint
from accounts.models import BankCard, BankCardState, Customer
from backoffice.core import reasons
from backoffice.core.money import yuan
from backoffice.web.api.description import describe
from backoffice.web.api.fields import Body, Choice, PublicId
from backoffice.web.api.paging import page
from backoffice.web.api.problems import NotFoundError
from loans.accounting.queries.statement import BillStatement, statement_of
from loans.accounting.rules.codes import COLLECTED_STATES, REST_STATES
from loans.accounting.rules.position import InstalmentPosition
from loans.accounting.rules.reasons import LoanReason
from loans.billing.operations import auto_debit
from loans.billing.queries import day_limits, debit_notices
from loans.billing.queries.debits import chosen_of, next_debits
from loans.billing.rules.day_limits import DayLimitWarning
from loans.models import Bill, Conversion, ConversionState, DebitNotice, Instalment
from loans.models.bill import BILL_STATES, DEBIT_MODES
from loans.models.loan import PLANS

# Bills of a customer that one list reads: forty years of them.
SHOWN_MAX = 500


class CardLimitReply(serializers.Serializer[Any]):
    """The account of the card pays less on a day than the bill asks (FAQ-4)."""

    limit_fen = serializers.IntegerField()
    asked_fen = serializers.IntegerField()
    text = serializers.CharField()


class DebitNoticeReply(serializers.Serializer[Any]):
    """The days on which a bill may be debited, and the most that will be taken."""

    first_on = serializers.DateField()
    last_on = serializers.DateField()
    maximum_fen = serializers.IntegerField()


class BillReply(serializers.Serializer[Any]):
    """A bill: what was printed, what was paid since, and what pays it today.

    ``minimum_fen`` contains ``past_due_fen``, which earlier bills ask and collect; ``total_fen``
    does not. ``owed_fen`` is principal, fees and the interest up to today. ``mode`` is what direct
    debit takes where there is a mandate, ``debit_on`` the day of the next one, null where none will
    be asked; ``debit_notice`` is what was notified of it, ``card_limit`` a warning before the due
    date.
    """

    id = serializers.UUIDField()
    state = serializers.ChoiceField(choices=BILL_STATES)
    billed_on = serializers.DateField()
    due_on = serializers.DateField()
    total_fen = serializers.IntegerField()
    minimum_fen = serializers.IntegerField()
    past_due_fen = serializers.IntegerField()
    late_fee_fen = serializers.IntegerField()
    paid_fen = serializers.IntegerField()
    owed_fen = serializers.IntegerField()
    paid_on = serializers.DateField(allow_null=True)
    mode = serializers.ChoiceField(choices=DEBIT_MODES)
    debit_on = serializers.DateField(allow_null=True)
    debit_notice = DebitNoticeReply(allow_null=True)
    card_limit = CardLimitReply(allow_null=True)


class BillItemReply(serializers.Serializer[Any]):
    """An instalment under a bill and what is owed of it today."""

    loan_id = serializers.UUIDField()
    drawn_on = serializers.DateField()
    plan = serializers.ChoiceField(choices=PLANS)
    instalment = serializers.IntegerField()
    due_on = serializers.DateField()
    principal_fen = serializers.IntegerField()
    interest_fen = serializers.IntegerField()
    plan_fee_fen = serializers.IntegerField()
    late_fee_fen = serializers.IntegerField()
    penalty_fen = serializers.IntegerField()
    owed_fen = serializers.IntegerField()


class BillConversionReply(serializers.Serializer[Any]):
    """A conversion of a loan under a bill: planned, effective, or lapsed and why (REPAY-6)."""

    loan_id = serializers.UUIDField()
    plan = serializers.ChoiceField(choices=PLANS)
    state = serializers.ChoiceField(choices=ConversionState.choices)
    effective_on = serializers.DateField()
    offered_fen = serializers.IntegerField(help_text="The principal on the cost sheet.")
    converted_fen = serializers.IntegerField(help_text="0 until it takes effect.")
    lapsed_because = serializers.CharField(allow_null=True, help_text="In words.")


class WholeBillReply(BillReply):
    """A bill with its instalments; what a later bill has taken over stands there.

    ``conversions`` are those that its customer asked for, the first one first.
    """

    items = BillItemReply(many=True)
    conversions = BillConversionReply(many=True)


class BillsView(CustomerEndpoint):
    """The bills of a customer."""

    @describe("List the bills", replies={200: BillReply}, pages=True, operation_id="bills_list")
    def get(self, request: Request) -> Response:
        """List the bills, the latest first: one a month."""
        bills = list(_of(self.customer(request)).order_by("-due_on")[:SHOWN_MAX])
        answer = page(request, bills, is_newest_first=True)
        on = self.context.on
        shown = answer.data["results"]
        warned = day_limits.warnings(shown, on=on)
        notices = debit_notices.coming(shown, on=on)
        debits = next_debits(shown, on=on)
        answer.data["results"] = [
            {
                **_bill(_statement(bill, on=on), warned.get(bill.pk), notices.get(bill.pk)),
                "debit_on": debits.get(bill.pk),
            }
            for bill in shown
        ]
        return answer


class BillView(CustomerEndpoint):
    """One bill of a customer."""

    @describe("Read a bill", replies={200: WholeBillReply}, operation_id="bills_read")
    def get(self, request: Request, public_id: UUID) -> Response:
        """Read what a bill asks, instalment by instalment, as of today."""
        bill = _of(self.customer(request)).filter(public_id=public_id).first()
        if bill is None:
            raise NotFoundError
        statement = statement_of(bill, on=self.context.on)
        warning = day_limits.warnings([bill], on=self.context.on).get(bill.pk)
        notice = debit_notices.coming([bill], on=self.context.on).get(bill.pk)
        items = [_item(row, part) for row, part in statement.owed]
        conversions = Conversion.objects.filter(bill=bill).select_related("loan").order_by("pk")
        shown = {
            "debit_on": next_debits([bill], on=self.context.on).get(bill.pk),
            "items": items,
            "conversions": [_conversion(one) for one in conversions],
        }
        return Response({**_bill(statement, warning, notice), **shown})


class AutoDebitBody(Body):
    """What is debited of each bill, and from which bound card; none keeps the card there is."""

    mode = Choice(choices=DEBIT_MODES)
    card_id = PublicId(allow_null=True, required=False)


class AutoDebitReply(serializers.Serializer[Any]):
    """What is debited of the bills to come, and from which card since when."""

    mode = serializers.ChoiceField(choices=DEBIT_MODES)
    is_active = serializers.BooleanField()
    card_id = serializers.UUIDField(allow_null=True)
    bank = serializers.CharField(allow_null=True)
    last_four = serializers.CharField(allow_null=True)
    signed_at = serializers.DateTimeField(allow_null=True)


class AutoDebitView(CustomerEndpoint):
    """Direct debit of a customer's bills."""

    @describe("Read what is debited", replies={200: AutoDebitReply})
    def get(self, request: Request) -> Response:
        """Read the mode of direct debit and the card of the mandate."""
        return Response(_auto_debit(self.customer(request)))

    @describe(
        "Choose what is debited",
        body=AutoDebitBody,
        replies={200: AutoDebitReply},
        refusals=(auto_debit.MandateCardMissingError, CardNotBoundError, CardUnknownError),
    )
    def put(self, request: Request) -> Response:
        """Choose everything due, the minimum or nothing, and the card; again, nothing changes.

        Bills whose due date has not begun follow at once, the others keep their mode (REPAY-10).
        """
        given, customer = self.read(AutoDebitBody, request), self.customer(request)
        card_id = given.get("card_id")
        auto_debit.choose(
            customer.pk,
            mode=given["mode"],
            card_id=None if card_id is None else _card(customer, card_id),
            by=self.context.by,
            on=self.context.on,
            at=self.context.at,
        )
        return Response(_auto_debit(customer))

    @describe(
        "End the mandate",
        replies={204: None},
        refusals=(auto_debit.NoMandateToEndError,),
    )
    def delete(self, request: Request) -> Response:
        """End the mandate at once: nothing is debited any more, and its card can be unbound.

        Only a loan that is still being paid out to the card keeps it bound until then.
        """
        auto_debit.revoke(
            self.customer(request).pk,
            by=self.context.by,
            reason=LoanReason.MANDATE_ENDED,
            at=self.context.at,
        )
        return Response(status=HTTPStatus.NO_CONTENT)


def _of(customer: Customer) -> QuerySet[Bill]:
    return Bill.objects.filter(customer=customer)


def _statement(bill: Bill, *, on: date) -> BillStatement:
    """Return what is owed under a bill; under a paid one that is nothing, without looking."""
    is_payable = bill.state in (*COLLECTED_STATES, *REST_STATES)
    return statement_of(bill, on=on) if is_payable else BillStatement(bill, on, [])


def _bill(
    statement: BillStatement, warning: DayLimitWarning | None, notice: DebitNotice | None
) -> dict[str, Any]:
    bill = statement.bill
    names = ("state", "billed_on", "due_on", "total_fen", "past_due_fen", "late_fee_fen",
             "paid_fen", "paid_on", "mode")  # fmt: skip
    return {
        "id": bill.public_id,
        **{name: getattr(bill, name) for name in names},
        "minimum_fen": bill.printed_minimum_fen,
        "owed_fen": statement.owed_fen,
        "debit_notice": None if notice is None else DebitNoticeReply(notice).data,
        "card_limit": None if warning is None else _card_limit(warning),
    }


def _card_limit(warning: DayLimitWarning) -> dict[str, Any]:
    text = gettext(
        "Accounts of class {account_class} pay at most {limit} yuan a day, and {asked} are to be "
        "debited. Pay a part before, or choose a card of a class I account."
    ).format(
        account_class=warning.account_class,
        limit=yuan(warning.limit_fen),
        asked=yuan(warning.asked_fen),
    )
    return {"limit_fen": warning.limit_fen, "asked_fen": warning.asked_fen, "text": text}


def _item(row: Instalment, part: InstalmentPosition) -> dict[str, Any]:
    return {
        "loan_id": row.loan.public_id,
        "drawn_on": row.loan.drawn_on,
        "plan": row.loan.current_plan,
        "instalment": row.shown_number,
        "due_on": row.due_on,
        **part.debt._asdict(),
        "owed_fen": part.debt.total_fen,
    }


def _conversion(conversion: Conversion) -> dict[str, Any]:
    because = conversion.lapsed_because
    return {
        "loan_id": conversion.loan.public_id,
        "plan": conversion.plan,
        "state": conversion.state,
        "effective_on": conversion.effective_on,
        "offered_fen": conversion.offered_fen,
        "converted_fen": conversion.principal_fen,
        "lapsed_because": str(reasons.text(because)) if because else None,
    }


def _card(customer: Customer, public_id: UUID) -> int:
    """Return the row id of a card that the customer has not unbound.

    Raises:
        CardUnknownError: the customer has no such card.
    """
    cards = BankCard.objects.filter(customer=customer, public_id=public_id)
    card_id = cards.exclude(state=BankCardState.UNBOUND).values_list("pk", flat=True).first()
    if card_id is None:
        raise CardUnknownError
    return card_id


def _auto_debit(customer: Customer) -> dict[str, Any]:
    chosen = chosen_of(customer.pk)
    card = chosen.mandate and chosen.mandate.card
    return {
        "mode": chosen.mode,
        "is_active": chosen.is_active,
        "card_id": card and card.public_id,
        "bank": card and card.bank,
        "last_four": card and card.last_four,
        "signed_at": chosen.mandate and chosen.mandate.signed_at,
    }
