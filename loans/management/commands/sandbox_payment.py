"""``manage.py sandbox_payment PAYMENT``: confirm a payment in WeChat for its customer."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.core import clock
from backoffice.core.money import yuan
from backoffice.management.base import BadArgumentError, SystemCommand
from loans.collection.rules import refusal_codes
from loans.gateways.channel import ChannelError
from loans.management import portfolio
from loans.migration.operations.admission import NoBankError, SandboxOnlyError
from loans.models import PaymentSheet

_LAST_MOMENT = timedelta(seconds=1)


class UnknownPaymentError(BadArgumentError):
    """There is no such payment that was prepared in WeChat."""

    code = "no-such-payment"
    message = gettext_lazy("There is no payment {payment} that waits in WeChat.")
    remedy = gettext_lazy("Give the id of a payment as POST bills/.../payments returned it.")


class UnknownRefusalError(BadArgumentError):
    """The code is none with which a payment fails for good."""

    code = "no-such-refusal"
    message = gettext_lazy("{code} is no code of a refusal.")
    remedy = gettext_lazy("Give one of docs/sandbox-bank.md, such as NOTENOUGH or PAYERROR.")


class Command(SystemCommand):
    """Sandbox only. Let the customer pay at the sandbox bank, fail, or pay too late."""

    help = _("Confirm a payment in WeChat at the sandbox bank, as its customer would.")

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("payment", help=_("id of a payment, as POST bills/.../payments has it"))
        parser.add_argument("--refuse", default="", help=_("code with which the payment fails"))
        parser.add_argument(
            "--late", action="store_true",
            help=_("the bank learns of the money after the payment was closed"),
        )  # fmt: skip

    def perform(self, **options: Any) -> dict[str, Any]:
        if not settings.SANDBOX:
            raise SandboxOnlyError
        sheet, code = _sheet(options["payment"]), options["refuse"]
        if code and not (code in refusal_codes.REFUSALS and refusal_codes.is_final(code)):
            raise UnknownRefusalError(code=code)
        order = sheet.order
        assert order.expires_at is not None, "a payment sheet is of a payment inside WeChat"
        at, is_late = clock.now(), options["late"]
        if is_late:
            at = min(at, order.expires_at - _LAST_MOMENT)
        with portfolio.sandbox_bank() as bank:
            try:
                answered = bank.confirm(sheet.prepay_id, at=at, code=code, is_late=is_late)
            except ChannelError as error:
                raise NoBankError(problem=error) from error
        return {
            "payment": str(order.public_id),
            "number": order.number,
            "amount_fen": order.amount_fen,
            "code": answered,
        }

    def show(self, result: dict[str, Any]) -> None:
        words = _("Payment {number} of {amount} yuan at the bank: {code}.")
        amount = yuan(result["amount_fen"])
        self.stdout.write(words.format(amount=amount, **result))


def _sheet(text: str) -> PaymentSheet:
    """Return the sheet of a payment, by the payment's public id.

    Raises:
        UnknownPaymentError: there is none.
    """
    sheets = PaymentSheet.objects.select_related("order")
    try:
        return sheets.get(order__public_id=UUID(text))
    except (ValueError, PaymentSheet.DoesNotExist) as error:
        raise UnknownPaymentError(payment=text) from error
