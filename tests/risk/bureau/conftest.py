"""Customers whose identity is known, and a bureau that counts its questions."""

import pytest

from accounts.models import Customer
from backoffice.core.crypto import blind
from risk.gateways.bureau import BureauAnswer
from risk.gateways.sandbox import SandboxBureau
from tests.accounts.people import person
from tests.risk.people import consenting


class CountingBureau(SandboxBureau):
    """The sandbox's bureau; remembers the attempts and may answer otherwise."""

    def __init__(self):
        super().__init__()
        self.attempts = []
        self.answers = lambda subject: None

    def fetch(self, subject, *, on, attempt):
        self.attempts.append(attempt)
        other: BureauAnswer | None = self.answers(subject)
        return other or super().fetch(subject, on=on, attempt=attempt)


@pytest.fixture
def bureau():
    return CountingBureau()


@pytest.fixture
def make_customer(db):
    """Make an identified customer with consents."""

    def make(openid="strong-1", number=7, **options):
        customer, who = consenting(openid, **options), person(number)
        Customer.objects.filter(pk=customer.pk).update(
            name=who.name, id_number=who.id_number, id_blind=blind(who.id_number, "id_number")
        )
        return Customer.objects.get(pk=customer.pk)

    return make
