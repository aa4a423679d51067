"""The loans of a customer: drawn under a confirmed cost sheet, and everything about them."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import get_language
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.login.api.endpoint import CustomerEndpoint
from accounts.models import Customer
from backoffice.web.api.description import describe
from backoffice.web.api.endpoint import once
from backoffice.web.api.fields import Body, Choice, PublicId
from backoffice.web.api.paging import page
from backoffice.web.api.problems import NotFoundError
from loans.contracts.labels import in_words
from loans.contracts.operations import drawdown
from loans.contracts.operations.drawdown import Drawdown
from loans.contracts.queries import loan_charges, loan_schedule
from loans.contracts.rules.purposes import LoanPurpose
from loans.models import Loan, LoanAgreement, Quote
from loans.models.charge import CHARGE_KINDS
from loans.models.loan import LOAN_STATES, PLANS, PURPOSES

SHOWN_MAX = 500


class DrawdownBody(Body):
    """A confirmed cost sheet, the card for the money, the one-time grant, and the purpose."""

    quote_id = PublicId()
    card_id = PublicId()
    authorisation_id = PublicId()
    purpose = Choice(choices=PURPOSES)


class LoanCardReply(serializers.Serializer[Any]):
    """The card that a loan was paid out to."""

    id = serializers.UUIDField()
    bank = serializers.CharField()
    last_four = serializers.CharField()


class LoanReply(serializers.Serializer[Any]):
    """A loan; nothing is owed while its money is on its way (``disbursing``).

    ``drawn_on`` is the day of the request until the bank has paid, then the day on which it paid.
    ``owed_fen`` is everything charged and unpaid today. ``proof_until_on`` is set at a preferred
    rate: without a proof of use by then, later nights bear the full rate. ``converted_on`` is set
    of a bullet that became the plan on that day.
    """

    id = serializers.UUIDField()
    state = serializers.ChoiceField(choices=LOAN_STATES)
    plan = serializers.ChoiceField(choices=PLANS)
    purpose = serializers.ChoiceField(choices=PURPOSES, allow_null=True)
    principal_fen = serializers.IntegerField()
    unpaid_principal_fen = serializers.IntegerField()
    owed_fen = serializers.IntegerField()
    daily_rate_ppm = serializers.IntegerField()
    rate_factor_permille = serializers.IntegerField()
    proof_until_on = serializers.DateField(allow_null=True)
    proven_on = serializers.DateField(allow_null=True)
    drawn_on = serializers.DateField()
    ended_on = serializers.DateField(allow_null=True)
    converted_on = serializers.DateField(allow_null=True)
    card = LoanCardReply(allow_null=True)


class LoanRowReply(serializers.Serializer[Any]):
    """An instalment: what falls due by the contract, and what of it is charged and unpaid today.

    Of a converted loan number 0 is what stayed under the bill.
    """

    instalment = serializers.IntegerField()
    due_on = serializers.DateField()
    principal_fen = serializers.IntegerField()
    interest_fen = serializers.IntegerField()
    plan_fee_fen = serializers.IntegerField()
    total_fen = serializers.IntegerField()
    owed_fen = serializers.IntegerField()
    bill_id = serializers.UUIDField(allow_null=True)


class LoanScheduleReply(serializers.Serializer[Any]):
    """The instalments of a loan."""

    rows = LoanRowReply(many=True)
    total_fen = serializers.IntegerField()


class LoanChargeReply(serializers.Serializer[Any]):
    """A charge: its nights or its fee, what the formula gives, and what was charged.

    ``rate_ppm_permille`` is the daily rate in ppm times permille, exact.
    """

    instalment = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=CHARGE_KINDS)
    from_on = serializers.DateField(allow_null=True)
    to_on = serializers.DateField(allow_null=True)
    nights = serializers.IntegerField()
    base_fen = serializers.IntegerField()
    rate_ppm_permille = serializers.IntegerField()
    formula = serializers.CharField()
    contract_fen = serializers.IntegerField()
    charged_fen = serializers.IntegerField()
    waived_fen = serializers.IntegerField()


class LoanWaiverReply(serializers.Serializer[Any]):
    """What was waived of an instalment: it was charged, and is not owed any more."""

    instalment = serializers.IntegerField()
    waived_on = serializers.DateField()
    penalty_fen = serializers.IntegerField()
    late_fee_fen = serializers.IntegerField()
    interest_fen = serializers.IntegerField()
    plan_fee_fen = serializers.IntegerField()
    total_fen = serializers.IntegerField()


class LoanChargesReply(serializers.Serializer[Any]):
    """The statement of charges of a loan up to today (RATE-9): this product charges no others.

    ``total_fen`` is the sum of what the lines charged, prepayment fees too, which the cap of the
    law does not count (RATE-7); what is waived of it afterwards stands under ``waivers``.
    """

    as_of = serializers.DateField()
    lines = LoanChargeReply(many=True)
    waivers = LoanWaiverReply(many=True)
    service_fee_fen = serializers.IntegerField()
    insurance_fen = serializers.IntegerField()
    total_fen = serializers.IntegerField()


class LoanTermReply(serializers.Serializer[Any]):
    """A term of the contract in words."""

    term = serializers.CharField()
    value = serializers.CharField()


class LoanContractReply(serializers.Serializer[Any]):
    """What the customer agreed to: texts, the sheets of costs, the terms; null where migrated.

    ``conversion_sheet_text`` is the sheet under which a bullet became a plan (REPAY-6).
    """

    text = serializers.CharField(allow_null=True)
    digest = serializers.CharField(allow_null=True)
    signed_at = serializers.DateTimeField(allow_null=True)
    sheet_text = serializers.CharField(allow_null=True)
    sheet_digest = serializers.CharField(allow_null=True)
    conversion_sheet_text = serializers.CharField(allow_null=True)
    conversion_sheet_digest = serializers.CharField(allow_null=True)
    terms = LoanTermReply(many=True)


def _drawn(_view: CustomerEndpoint, loan: Loan) -> Response:
    return Response(_reply(loan, owed_fen=0), status=HTTPStatus.CREATED)


class LoanEndpoint(CustomerEndpoint):
    """An endpoint of one loan of a customer."""

    def loan(self, request: Request, public_id: UUID) -> Loan:
        """Return the loan of the caller.

        Raises:
            NotFoundError: there is none.
        """
        loan = _of(self.customer(request)).filter(public_id=public_id).first()
        if loan is None:
            raise NotFoundError
        return loan


class LoansView(CustomerEndpoint):
    """The loans of a customer."""

    @describe("List the loans", replies={200: LoanReply}, pages=True, operation_id="loans_list")
    def get(self, request: Request) -> Response:
        """List the loans, the newest first, ended and cancelled ones too."""
        loans = list(_of(self.customer(request)).order_by("-pk")[:SHOWN_MAX])
        owed = loan_schedule.owed_fen(loans, on=self.context.on)
        rows = [_reply(loan, owed_fen=owed[loan.pk]) for loan in loans]
        return page(request, rows, is_newest_first=True)

    @describe(
        "Draw a loan",
        body=DrawdownBody,
        replies={201: LoanReply},
        refusals=drawdown.REFUSALS,
    )
    @once(_drawn, is_required=True)
    def post(self, request: Request) -> Loan:
        """Draw under a confirmed cost sheet; the money is paid out after the reply."""
        given = self.read(DrawdownBody, request)
        asked = Drawdown(
            given["quote_id"], given["card_id"], given["authorisation_id"],
            LoanPurpose(given["purpose"]),
        )  # fmt: skip
        return drawdown.draw(asked, context=self.context)


class LoanView(LoanEndpoint):
    """One loan."""

    @describe("Read a loan", replies={200: LoanReply}, operation_id="loans_read")
    def get(self, request: Request, public_id: UUID) -> Response:
        """Return the loan and what is owed of it today."""
        loan = self.loan(request, public_id)
        owed = loan_schedule.owed_fen([loan], on=self.context.on)
        return Response(_reply(loan, owed_fen=owed[loan.pk]))


class LoanScheduleView(LoanEndpoint):
    """The schedule of a loan."""

    @describe("Read the schedule of a loan", replies={200: LoanScheduleReply})
    def get(self, request: Request, public_id: UUID) -> Response:
        """Return the instalments with their due dates (REPAY-2)."""
        rows = loan_schedule.rows_of(self.loan(request, public_id), on=self.context.on)
        total_fen = sum(row.total_fen for row in rows)
        return Response({"rows": [row._asdict() for row in rows], "total_fen": total_fen})


class LoanChargesView(LoanEndpoint):
    """The statement of charges of a loan."""

    @describe("Read the statement of charges of a loan", replies={200: LoanChargesReply})
    def get(self, request: Request, public_id: UUID) -> Response:
        """Return every charge with its formula, and the fees that are never charged (RATE-9)."""
        on = self.context.on
        loan = self.loan(request, public_id)
        lines = loan_charges.lines_of(loan, on=on)
        return Response(
            {
                "as_of": on,
                "lines": [line._asdict() for line in lines],
                "waivers": [one._asdict() for one in loan_charges.waivers_of(loan)],
                "service_fee_fen": 0,
                "insurance_fen": 0,
                "total_fen": sum(line.charged_fen for line in lines),
            }
        )


class LoanContractView(LoanEndpoint):
    """The contract of a loan."""

    @describe("Read the contract of a loan", replies={200: LoanContractReply})
    def get(self, request: Request, public_id: UUID) -> Response:
        """Return the texts that were agreed to, in the caller's language, and the terms (OPS-6)."""
        loan = self.loan(request, public_id)
        signed = LoanAgreement.objects.filter(loan=loan).first()
        language = "en" if get_language() == "en" else "zh-hans"
        quote = getattr(loan, "quote", None)
        sheet = (quote.text_en if language == "en" else quote.text_zh) if quote else None
        under = Quote.objects.filter(conversions__loan=loan, conversions__state="effective").first()
        converted = (under.text_en if language == "en" else under.text_zh) if under else None
        terms = in_words(loan.terms.numbers)
        return Response(
            {
                "text": signed.texts[language] if signed else None,
                "digest": signed.digest if signed else None,
                "signed_at": signed.signed_at if signed else None,
                "sheet_text": sheet,
                "sheet_digest": signed.sheet_digest if signed else None,
                "conversion_sheet_text": converted,
                "conversion_sheet_digest": under.digest if under else None,
                "terms": [{"term": term, "value": value} for term, value in terms],
            }
        )


def _of(customer: Customer) -> QuerySet[Loan]:
    mine = Loan.objects.filter(customer=customer).select_related("card")
    return mine.defer("card__number", "card__phone")


def _reply(loan: Loan, *, owed_fen: int) -> dict[str, Any]:
    names = (
        "state", "principal_fen", "unpaid_principal_fen", "daily_rate_ppm",
        "rate_factor_permille", "proof_until_on", "proven_on", "drawn_on", "ended_on",
        "converted_on",
    )  # fmt: skip
    card = loan.card
    return {
        "id": loan.public_id,
        **{name: getattr(loan, name) for name in names},
        "plan": loan.current_plan,
        "purpose": loan.purpose or None,
        "owed_fen": owed_fen,
        "card": {"id": card.public_id, "bank": card.bank, "last_four": card.last_four}
        if card
        else None,
    }
