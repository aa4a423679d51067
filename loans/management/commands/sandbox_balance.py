"""``manage.py sandbox_balance CARD FEN``: the money on a customer's account at the sandbox bank."""

from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import BankCard, BankCardState
from accounts.privacy.rules import masking
from backoffice.core.money import yuan
from backoffice.management.base import BadArgumentError, SystemCommand
from loans.gateways.channel import ChannelError
from loans.management import portfolio
from loans.migration.operations.admission import NoBankError, SandboxOnlyError


class UnknownCardError(BadArgumentError):
    """There is no such bound card."""

    code = "no-such-card"
    message = gettext_lazy("There is no bound card {card}.")
    remedy = gettext_lazy("Give the id of a card as GET /api/v1/me/cards lists it.")


class NoBalanceError(BadArgumentError):
    """The balance of an account is not below zero."""

    code = "no-balance"
    message = gettext_lazy("{fen} is no balance of an account.")
    remedy = gettext_lazy("Give whole fen, 0 or more.")


class Command(SystemCommand):
    """Sandbox only. Set the balance, so that the next debit is refused or succeeds."""

    help = _("Set the balance of the account behind a card at the sandbox bank.")

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("card", help=_("id of a card, as GET /api/v1/me/cards lists it"))
        parser.add_argument("fen", type=int, help=_("balance in fen; with 0 debits are refused"))

    def perform(self, **options: Any) -> dict[str, Any]:
        if not settings.SANDBOX:
            raise SandboxOnlyError
        card, balance_fen = _card(options["card"]), options["fen"]
        if balance_fen < 0:
            raise NoBalanceError(fen=balance_fen)
        with portfolio.sandbox_bank() as bank:
            try:
                bank.fund({card.account: balance_fen})
            except ChannelError as error:
                raise NoBankError(problem=error) from error
        return {
            "card": str(card.public_id),
            "last_four": card.last_four,
            "balance_fen": balance_fen,
        }

    def show(self, result: dict[str, Any]) -> None:
        words = _("Balance behind card {card}: {balance} yuan.")
        card, balance = masking.card(result["last_four"]), yuan(result["balance_fen"])
        self.stdout.write(words.format(card=card, balance=balance))


def _card(text: str) -> BankCard:
    """Return a card that is not unbound, by its public id.

    Raises:
        UnknownCardError: there is none.
    """
    bound = BankCard.objects.exclude(state=BankCardState.UNBOUND).defer("number", "phone")
    try:
        return bound.get(public_id=UUID(text))
    except (ValueError, BankCard.DoesNotExist) as error:
        raise UnknownCardError(card=text) from error
