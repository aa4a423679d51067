"""``manage.py demo``: logins for every role and, the first time, a portfolio to watch at 9:00."""

import secrets
from argparse import ArgumentParser
from typing import Any

from django.utils.translation import gettext as _

from accounts.gateways.from_settings import identity_checks
from backoffice.core import clock
from backoffice.core.crypto import blind
from backoffice.management.base import SystemCommand
from loans.gateways.from_settings import debit_channel
from loans.management import portfolio
from loans.migration.operations import demo_customers, demo_loans
from loans.migration.operations.demo import create_logins, next_showing, show_portfolio
from loans.migration.operations.demo_customers import Providers
from loans.migration.operations.demo_loans import LIVES, PASSWORD
from loans.models import Loan
from loans.models.loan import LOAN_STATES
from risk.gateways.from_settings import credit_bureau
from risk.models import AssessmentState

# Without those that are mistaken for each other.
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


class Command(SystemCommand):
    """Sandbox only. Each run gives all logins a new password, printed here and nowhere else."""

    help = _("Give a sandbox its logins and, the first time, 2,000 customers of a real portfolio.")

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--password", help=_("of all logins; default is a random one"))
        parser.add_argument("--no-book", action="store_true", help=_("only the logins"))

    def perform(self, **options: Any) -> dict[str, Any]:
        password = options["password"] or _new_password()
        logins = create_logins(password=password)
        result = {
            "password": password,
            "logins": [{"username": one.username, "role": str(one.role)} for one in logins],
            "book": None if options["no_book"] else _portfolio(),
            "customers": None if options["no_book"] else _customers(),
        }
        result["borrowers"] = _borrowers() if result["book"] else None
        return result | {"now": clock.now().isoformat(" ", "minutes")}

    def show(self, result: dict[str, Any]) -> None:
        words = _("Logins, all with the password {password}")
        self.stdout.write(words.format(password=result["password"]))
        for login in result["logins"]:
            self.stdout.write(f"  {login['username']:<12} {login['role']}")
        if result["book"]:
            self.stdout.write(portfolio.counts(result["book"]))
        if result["customers"]:
            self.stdout.write(_("Assessed customers log in with these codes"))
            for openid, state in result["customers"].items():
                shown = AssessmentState(state).label if state else _("profile in review")
                self.stdout.write(f"  sandbox:{openid:<18} {shown}")
        if result["borrowers"]:
            words = _(
                "Customers with loans log in with these codes, transaction password {password}"
            )
            self.stdout.write(words.format(password=PASSWORD))
            states = dict(LOAN_STATES)
            for openid, state in result["borrowers"].items():
                self.stdout.write(f"  sandbox:{openid:<18} {states[state]}")
        self.stdout.write(_("Business clock: {now}").format(now=result["now"]))


def _new_password() -> str:
    return "-".join("".join(secrets.choice(_LETTERS) for _n in range(4)) for _group in range(3))


def _portfolio() -> dict[str, Any] | None:
    """Show loans of the last months, then the portfolio that falls due."""
    now = clock.now()
    with portfolio.sandbox_bank() as bank:
        demo_loans.show_loans(
            providers=_providers(), bank=bank, channel=debit_channel(),
            at=next_showing(now), wall_at=clock.wall(),
        )  # fmt: skip
        shown = show_portfolio(bank=bank, now=now)
    return portfolio.summary(shown.report) if shown else None


def _customers() -> dict[str, str] | None:
    shown = demo_customers.show_customers(
        providers=_providers(), at=clock.now(), wall_at=clock.wall()
    )
    return shown.states if shown else None


def _borrowers() -> dict[str, str]:
    """Return who has borrowed in the months before the demo, with the state of the first loan."""
    blinds = {blind(openid, "openid"): openid for openid in LIVES}
    loans = Loan.objects.filter(customer__wechat_accounts__openid_blind__in=blinds)
    rows = loans.order_by("-pk").values_list("customer__wechat_accounts__openid_blind", "state")
    states = {blinds[bytes(openid or b"")]: state for openid, state in rows}
    return {openid: states[openid] for openid in LIVES if openid in states}


def _providers() -> Providers:
    return Providers(identity_checks(), credit_bureau())
