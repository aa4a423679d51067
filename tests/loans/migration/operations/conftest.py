"""What the tests of a migration share: a bank, an import, and everything it may store."""

from datetime import date, time

import pytest

from accounts.models import BankCard, Customer
from backoffice.core import clock
from loans.migration.operations.importing import import_portfolio
from loans.migration.operations.reading import ClientRow
from loans.migration.operations.writing import Client, client_of
from loans.models import Bill, Instalment, Loan, Mandate, Transfer
from loans.policy import LoanTerms
from risk.models import Conduct, CreditLine
from tests.loans.portfolios import FakeBank, portfolio

ON = date(2026, 10, 1)
AT = clock.moment_of(ON, time(8, 58))
OPENED_AT = clock.moment_of(date(2026, 4, 1), time())
TABLES = (Customer, BankCard, CreditLine, Mandate, Loan, Bill, Instalment, Conduct, Transfer)


@pytest.fixture
def bank():
    return FakeBank()


@pytest.fixture
def run(bank, tmp_path):
    """Import these rows, or a file."""

    def importing_(*rows, file=None, on=ON, **options):
        file = file or portfolio(tmp_path, *rows)
        at = clock.moment_of(on, time(8, 58))
        return import_portfolio(file, bank=bank, on=on, at=at, **options)

    return importing_


def values(record, *names):
    return tuple(getattr(record, name) for name in names)


def counts():
    return {model.__name__: model.objects.count() for model in TABLES}


def client(number: int, **changes: object) -> Client:
    """Return a client with the bill of table 1.9 alone; other fields replace those of the row."""
    plain = ClientRow(
        number + 1, number, limit=80_000, sex=1, age=35, statuses=(0,) * 6,
        bills=(40_600, 0, 0, 0, 0, 0), payments=(0,) * 6, has_defaulted=False,
    )  # fmt: skip
    return client_of(plain._replace(**changes), on=ON, policy=LoanTerms())
