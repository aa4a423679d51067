"""``manage.py sandbox_events --customer ID``: the events of a persona through yesterday."""

from argparse import ArgumentParser
from collections import Counter
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Customer
from backoffice.core import clock
from backoffice.management.base import BadArgumentError, SystemCommand
from risk.facts.rules import FactSource
from risk.sandbox import operations as sandbox


class UnknownCustomerError(BadArgumentError):
    """There is no such customer."""

    code = "no-such-customer"
    message = gettext_lazy("There is no customer {customer}.")
    remedy = gettext_lazy("Give an id such as C42, or the public id.")


class Command(SystemCommand):
    """Store what the sandbox partner reports of a persona; again adds only what is new."""

    help = _("Store the events of a sandbox persona through yesterday.")

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--customer", required=True, help=_("C42, or the public id"))

    def perform(self, **options: Any) -> dict[str, Any]:
        customer = Customer.objects.filter(_named(options["customer"])).first()
        if customer is None:
            raise UnknownCustomerError(customer=options["customer"])
        done = sandbox.store(
            customer.pk, sources=set(FactSource), by="partner:sandbox", at=clock.now()
        )
        refused = Counter(one.fault.value for one in done.refused)
        return {"accepted": done.accepted, "repeated": done.repeated, "refused": dict(refused)}


def _named(text: str) -> Q:
    """Return the condition of an id as pages show it, or of a public id."""
    number = text.upper().removeprefix("C")
    if number.isdecimal() and len(number) < 19:
        return Q(pk=int(number))
    try:
        return Q(public_id=UUID(text))
    except ValueError:
        return Q(pk=None)
