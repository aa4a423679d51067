"""A synthetic portfolio of any size: bullet loans that fall due over a month, stored by COPY.

Every customer has one loan. A given share of the loans falls due on the business date, the others
evenly on the 29 days after it, and those near enough have their bill. The same seed gives the same
portfolio; generating again adds to it.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random

from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from backoffice.core import policy
from backoffice.core.errors import Refused
from loans.accounting.rules.accrual import interest_fen
from loans.billing.rules.minimum import minimum_fen
from loans.migration.operations import debts
from loans.migration.operations.admission import BATCH_CLIENTS, Purse, admit, alone
from loans.migration.operations.debts import LiveLoan
from loans.migration.operations.people import NUMBER_MAX, invent
from loans.migration.operations.writing import Client, account_of
from loans.policy import LoanTerms

# People of imported portfolios have the numbers below; an ID number belongs to one person.
NUMBER_FIRST = 1_000_001
DUE_SHARE_PPM = 33_000
NIGHTS = 30
_ORIGIN = "generated:"
_PPM = 1_000_000
_YUAN = 100
_LIMIT_STEP_FEN = 10_000
# One customer in this many has no money on the card.
_POOR_EVERY = 5


class TooManyLoansError(Refused):
    """There are not that many synthetic people."""

    code = "too-many-loans"
    message = _("{loans} more loans need more people than there are ID numbers for ({left} left).")
    remedy = _("Ask for fewer, or start with an empty sandbox.")


@dataclass(frozen=True, slots=True)
class Generated:
    """What was added to the portfolio: loans, bills due on the day, and the refusals to expect."""

    loans: int
    due: int
    due_fen: int
    to_be_refused: int


def generate(
    loans: int, *, bank: Purse, on: date, at: datetime, due_share_ppm: int, seed: int
) -> Generated:
    """Add a number of loans to a sandbox, ``due_share_ppm`` of a million due on the day.

    Raises:
        SandboxOnlyError: this is no sandbox.
        ImportUnderWayError: an import works on this database.
        TooManyLoansError: there are not that many synthetic people.
        NoBankError: the bank did not take the balances; what was stored before is complete.
        RowsRefusedError: the database refused rows; what was stored before is complete.
    """
    terms = policy.current(LoanTerms, on=on)
    due = due_fen = refused = 0
    with alone():
        first = NUMBER_FIRST + Customer.objects.filter(origin__startswith=_ORIGIN).count()
        if loans > NUMBER_MAX - first + 1:
            raise TooManyLoansError(loans=loans, left=NUMBER_MAX - first + 1)
        dice = Random(f"{seed}:{first}")  # nosec B311 a portfolio to look at, no secret
        for start in range(0, loans, BATCH_CLIENTS):
            lines = range(start, min(start + BATCH_CLIENTS, loans))
            days = [_days_ahead(n, due_share_ppm) for n in lines]
            clients = [
                _client(first + n, on, ahead, dice, terms)
                for n, ahead in zip(lines, days, strict=True)
            ]
            admit(clients, lines=[n + 1 for n in lines], bank=bank, on=on, at=at)
            today = [client for client, ahead in zip(clients, days, strict=True) if not ahead]
            due += len(today)
            due_fen += sum(client.loan.total_fen for client in today if client.loan)
            refused += sum(not client.funds_fen for client in today)
    return Generated(loans, due, due_fen, refused)


def _days_ahead(n: int, due_share_ppm: int) -> int:
    """Return in how many days the n-th loan falls due: the share today, the others later."""
    is_due = (n + 1) * due_share_ppm // _PPM > n * due_share_ppm // _PPM
    return 0 if is_due else 1 + n % (NIGHTS - 1)


def _client(number: int, on: date, ahead: int, dice: Random, terms: LoanTerms) -> Client:
    person = invent(number, sex=1 + number % 2, age=18 + dice.randrange(43), on=on)
    loan = _loan(on, ahead, dice, terms)
    funds_fen = loan.total_fen * debts.FUNDS_PERMILLE // 1000 if dice.randrange(_POOR_EVERY) else 0
    limit_fen = -(-2 * loan.principal_fen // _LIMIT_STEP_FEN) * _LIMIT_STEP_FEN
    return Client(f"{_ORIGIN}{number}", person, account_of(person), limit_fen, funds_fen, loan)


def _loan(on: date, ahead: int, dice: Random, terms: LoanTerms) -> LiveLoan:
    """Return a loan of 500 to 20,000 yuan drawn 30 nights before its due date (REPAY-1).

    Each has its bill already: nothing here issues one later.
    """
    principal_fen = _YUAN * dice.randrange(500, 20_001)
    rate_ppm = dice.randrange(terms.daily_rate_min_ppm, terms.daily_rate_max_ppm + 1, 50)
    drawn_on = on + timedelta(days=ahead - NIGHTS)
    owed_fen = interest_fen(principal_fen, rate_ppm, NIGHTS)
    total_fen = principal_fen + owed_fen
    least_fen = minimum_fen(total_fen, mandatory_fen=owed_fen, terms=terms)
    return LiveLoan(
        principal_fen,
        owed_fen,
        least_fen,
        rate_ppm,
        drawn_on,
        on + timedelta(days=ahead),
        charged_through=drawn_on,
    )
